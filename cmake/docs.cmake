# SPDX-License-Identifier: Apache-2.0
# The Markdown that docs/site/contents names becomes C (web/docs_pages.h). The build tool is web/build/docs, with md4c.
pkg_check_modules(MD4C REQUIRED IMPORTED_TARGET md4c)
file(GLOB docs_tool CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/web/build/docs/*.c")
file(GLOB docs_files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/docs/*.md" "${CMAKE_SOURCE_DIR}/docs/site/*")
add_executable(docs ${docs_tool})
calends_flags(docs)
target_link_libraries(docs PRIVATE base PkgConfig::MD4C)
add_custom_command(
	OUTPUT "${CMAKE_BINARY_DIR}/generated/docs_pages.c"
	COMMAND ${CMAKE_COMMAND} -E env ASAN_OPTIONS=detect_leaks=0 $<TARGET_FILE:docs>
		"${CMAKE_SOURCE_DIR}/docs/site/contents" "${CMAKE_BINARY_DIR}/generated/docs_pages.c"
	DEPENDS docs ${docs_files} "${CMAKE_SOURCE_DIR}/CHANGELOG.md" VERBATIM)
add_library(docs_pages STATIC "${CMAKE_BINARY_DIR}/generated/docs_pages.c")
target_include_directories(docs_pages PRIVATE "${CMAKE_SOURCE_DIR}")
