# SPDX-License-Identifier: Apache-2.0
# web/templates/*.html, web/static/* and web_npm_files (npm.cmake) become C (server/data/html.h), files also in their
# compressed form. The build tool is web/build/compile.c.
file(GLOB web_files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/web/templates/*.html" "${CMAKE_SOURCE_DIR}/web/static/*")
list(APPEND web_files ${web_npm_files})
find_package(PkgConfig REQUIRED)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/generated")
add_executable(compile web/build/compile.c)
target_compile_options(compile PRIVATE -Wall -Wextra)
target_compile_definitions(compile PRIVATE _GNU_SOURCE)
target_link_libraries(compile PRIVATE PkgConfig::ZLIB)
add_custom_command(
	OUTPUT "${CMAKE_BINARY_DIR}/generated/web_files.c"
	COMMAND ${CMAKE_COMMAND} -E env ASAN_OPTIONS=detect_leaks=0 $<TARGET_FILE:compile>
		"${CMAKE_BINARY_DIR}/generated/web_files.c" ${web_files}
	DEPENDS compile ${web_files} VERBATIM)
add_library(templates STATIC "${CMAKE_BINARY_DIR}/generated/web_files.c")
target_include_directories(templates PRIVATE "${CMAKE_SOURCE_DIR}")
