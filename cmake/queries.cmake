# SPDX-License-Identifier: Apache-2.0
# sql/queries/*.sql and sql/migrations/*.sql become C: `generated/sql.h` declares `extern const struct query sql_NAME`
# for each `-- name: NAME`, and `sql_migrations[]`. The build tool is sql/embed.c.
file(GLOB sql_files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/sql/queries/*.sql")
file(GLOB migration_files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/sql/migrations/*.sql")
file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/generated")
file(GLOB embed_tool CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/sql/embed*.c")
add_executable(embed ${embed_tool})
target_compile_options(embed PRIVATE -Wall -Wextra)
target_compile_definitions(embed PRIVATE _GNU_SOURCE)
add_custom_command(
	OUTPUT "${CMAKE_BINARY_DIR}/generated/sql.h" "${CMAKE_BINARY_DIR}/generated/sql.c"
	COMMAND ${CMAKE_COMMAND} -E env ASAN_OPTIONS=detect_leaks=0 $<TARGET_FILE:embed> "${CMAKE_BINARY_DIR}/generated"
		${sql_files} ${migration_files}
	DEPENDS embed ${sql_files} ${migration_files} VERBATIM)
add_library(queries STATIC "${CMAKE_BINARY_DIR}/generated/sql.c" "${CMAKE_BINARY_DIR}/generated/sql.h")
target_include_directories(queries PUBLIC "${CMAKE_BINARY_DIR}/generated" PRIVATE "${CMAKE_SOURCE_DIR}")
