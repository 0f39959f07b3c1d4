# SPDX-License-Identifier: Apache-2.0
# web/templates/*.html, web/static/* and web_npm_files (npm.cmake) become C (server/data/html.h), files also in their
# compressed form, and so does web/messages/*.po (server/data/catalogue.h). The build tools are web/build/*.c.
file(GLOB web_files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/web/templates/*.html" "${CMAKE_SOURCE_DIR}/web/static/*.*")
file(GLOB message_files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/web/messages/*.po")
list(APPEND web_files ${web_npm_files} "${CMAKE_BINARY_DIR}/generated/app.css")
find_package(PkgConfig REQUIRED)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/generated")
# web/static/app/*.css are one stylesheet, app.css, in the order of their names.
file(GLOB app_sheets CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/web/static/app/*.css")
list(SORT app_sheets)
add_custom_command(
	OUTPUT "${CMAKE_BINARY_DIR}/generated/app.css"
	COMMAND sh -c "cat \"$@\" >\"$0\"" "${CMAKE_BINARY_DIR}/generated/app.css" ${app_sheets}
	DEPENDS ${app_sheets} VERBATIM)
foreach(tool compile messages)
	add_executable(${tool} web/build/${tool}.c)
	target_compile_options(${tool} PRIVATE -Wall -Wextra)
	target_compile_definitions(${tool} PRIVATE _GNU_SOURCE)
endforeach()
target_link_libraries(compile PRIVATE PkgConfig::ZLIB)
add_custom_command(
	OUTPUT "${CMAKE_BINARY_DIR}/generated/web_files.c"
	COMMAND ${CMAKE_COMMAND} -E env ASAN_OPTIONS=detect_leaks=0 $<TARGET_FILE:compile>
		"${CMAKE_BINARY_DIR}/generated/web_files.c" ${web_files}
	DEPENDS compile ${web_files} VERBATIM)
add_custom_command(
	OUTPUT "${CMAKE_BINARY_DIR}/generated/messages.c"
	COMMAND ${CMAKE_COMMAND} -E env ASAN_OPTIONS=detect_leaks=0 $<TARGET_FILE:messages>
		"${CMAKE_BINARY_DIR}/generated/messages.c" ${message_files}
	DEPENDS messages ${message_files} VERBATIM)
add_library(templates STATIC "${CMAKE_BINARY_DIR}/generated/web_files.c" "${CMAKE_BINARY_DIR}/generated/messages.c")
target_include_directories(templates PRIVATE "${CMAKE_SOURCE_DIR}")
