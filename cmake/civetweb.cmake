# SPDX-License-Identifier: Apache-2.0
# civetweb, built from Debian's source package with the changes below. None of its code is in this repository: it is
# fetched once, checked against its SHA-256 and kept in build/.civetweb for all modes. Debian's own patches add only
# methods that are added here, so the upstream archive is all that is used. Packagers who have a copy of civetweb 1.15
# name it in CIVETWEB_SOURCE_DIR.

set(CIVETWEB_SOURCE_DIR "" CACHE PATH "A civetweb 1.15 source tree to use instead of Debian's source package")

set(civetweb_cache "${CMAKE_SOURCE_DIR}/build/.civetweb")
set(civetweb_archive civetweb_1.15+dfsg.orig.tar.xz)
set(civetweb_sha256 ec372e9737bc820118bbb735f46a07d41f795814ca0f38bc6e67048e7a460f33)
function(civetweb_is_whole out)
	set(${out} FALSE PARENT_SCOPE)
	if(EXISTS "${civetweb_cache}/${civetweb_archive}")
		file(SHA256 "${civetweb_cache}/${civetweb_archive}" sum)
		if(sum STREQUAL civetweb_sha256)
			set(${out} TRUE PARENT_SCOPE)
		endif()
	endif()
endfunction()

# apt-get source, as any user: with the system's own mirrors, as deb-src, in lists and a cache of ours.
function(civetweb_fetch_by_apt)
	find_program(apt_get apt-get)
	if(NOT apt_get)
		return()
	endif()
	set(folder "${civetweb_cache}/apt")
	file(MAKE_DIRECTORY "${folder}/sources" "${folder}/lists/partial" "${folder}/cache/archives/partial")
	file(GLOB lists /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources)
	foreach(list ${lists})
		file(READ "${list}" text)
		if(NOT text MATCHES "debian")
			continue()
		endif()
		string(REGEX REPLACE "(^|\n)Types:[^\n]*" "\\1Types: deb-src" text "${text}")
		string(REGEX REPLACE "(^|\n)deb([ \t])" "\\1deb-src\\2" text "${text}")
		get_filename_component(name "${list}" NAME)
		file(WRITE "${folder}/sources/${name}" "${text}")
	endforeach()
	set(options -qq -o Dir::Etc::sourcelist=/dev/null "-o" "Dir::Etc::sourceparts=${folder}/sources"
		-o "Dir::State::lists=${folder}/lists" -o "Dir::Cache=${folder}/cache" -o APT::Sandbox::User=)
	# A foreign list without sources fails here; what counts is whether the archive arrives.
	execute_process(COMMAND ${apt_get} ${options} update WORKING_DIRECTORY "${civetweb_cache}" OUTPUT_QUIET ERROR_QUIET)
	execute_process(COMMAND ${apt_get} ${options} source --download-only --tar-only civetweb
		WORKING_DIRECTORY "${civetweb_cache}" OUTPUT_QUIET ERROR_QUIET)
	file(REMOVE_RECURSE "${folder}")
endfunction()

function(civetweb_fetch)
	file(MAKE_DIRECTORY "${civetweb_cache}")
	file(LOCK "${civetweb_cache}/lock" GUARD FUNCTION TIMEOUT 300)
	civetweb_is_whole(whole)
	if(NOT whole)
		message(STATUS "Fetching civetweb's source")
		civetweb_fetch_by_apt()
		civetweb_is_whole(whole)
	endif()
	if(NOT whole)
		file(REMOVE "${civetweb_cache}/${civetweb_archive}")
		message(FATAL_ERROR "civetweb's source (${civetweb_archive}) could not be fetched from Debian, or its SHA-256 is "
			"not ${civetweb_sha256}. Put the file into ${civetweb_cache}, or configure with "
			"-DCIVETWEB_SOURCE_DIR=<a civetweb 1.15 source tree>.")
	endif()
	if(NOT EXISTS "${civetweb_cache}/source/src/civetweb.c")
		file(REMOVE_RECURSE "${civetweb_cache}/unpacked")
		file(ARCHIVE_EXTRACT INPUT "${civetweb_cache}/${civetweb_archive}" DESTINATION "${civetweb_cache}/unpacked")
		file(GLOB top "${civetweb_cache}/unpacked/*")
		file(RENAME "${top}" "${civetweb_cache}/source")
		file(REMOVE_RECURSE "${civetweb_cache}/unpacked")
	endif()
endfunction()

if(CIVETWEB_SOURCE_DIR)
	set(civetweb_source "${CIVETWEB_SOURCE_DIR}")
else()
	civetweb_fetch()
	set(civetweb_source "${civetweb_cache}/source")
endif()

# civetweb_change(ANCHOR TEXT): in civetweb_text, put TEXT where ANCHOR stands, which must be exactly one place.
macro(civetweb_change anchor replacement)
	string(FIND "${civetweb_text}" "${anchor}" first)
	string(FIND "${civetweb_text}" "${anchor}" last REVERSE)
	if(first EQUAL -1 OR NOT first EQUAL last)
		message(FATAL_ERROR "civetweb's source is not the one that our changes know: not exactly once in it: ${anchor}")
	endif()
	string(REPLACE "${anchor}" "${replacement}" civetweb_text "${civetweb_text}")
endmacro()

file(READ "${civetweb_source}/src/civetweb.c" civetweb_text)

# Methods of CalDAV that its table lacks: with the others, it answers 400 before any callback. Only the name matters.
civetweb_change([[{"REPORT", 1, 1, 1, 1, 1},]]
	[[{"REPORT", 1, 1, 1, 1, 1}, {"MKCALENDAR", 0, 1, 0, 1, 0}, {"ACL", 0, 1, 0, 1, 0}, {"COPY", 0, 1, 0, 1, 0},
	{"MOVE", 0, 1, 0, 1, 0}, {"SEARCH", 0, 1, 1, 1, 1},]])
# The head is here, whole and checked (server/http/arrival.h), before civetweb looks.
civetweb_change([[read_message(NULL, conn, conn->buf, conn->buf_size, &conn->data_len);]]
	[[civet_head_len(conn->client.peer);]])
civetweb_change([[if (parse_http_request(conn->buf, conn->buf_size, &conn->request_info)]]
	[[if ((*err = civet_head_fault(conn->client.peer, ebuf, ebuf_len)) != 0)
		return 0;
	if (parse_http_request(conn->buf, conn->buf_size, &conn->request_info)]])
# OPTIONS * has a path like any other (RFC 9112 §3.2.4): the router knows it. Without one, no callback is asked.
civetweb_change([[conn->request_info.local_uri_raw = 0;]]
	[[conn->request_info.local_uri_raw = conn->request_info.request_uri;]])
# Tabs are legal in values; the head check decides where.
civetweb_change([[&& !isprint(c)]] [[&& (c != '\t') && !isprint(c)]])
# A chunk's line with its extensions, without the overflow and whatever else strtoul forgives.
civetweb_change([[for (i = 0; i < (sizeof(lenbuf) - 1); i++) {]]
	[[end = civet_chunk_line(conn, &chunkSize);
				for (i = 0; 0;) {]])
# What waits for a peer waits in the park, or has a place in its ledger (server/http/park.h).
civetweb_change([[if ((n = pull_all(NULL, conn, (char *)buf, (int)len64)) >= 0) {]]
	[[if ((n = civet_pull(conn->client.peer, (char *)buf, (int)len64)) >= 0) {]])
civetweb_change([[/* Mark connection as "data sent" */]]
	[[return civet_push(conn->client.peer, (const char *)buf, (int)len);]])
# Connections by network, and out of descriptors: no spinning.
civetweb_change([[} else if (check_acl(ctx, &so.rsa) != 1) {]]
	[[civet_accept_failed();
	} else if (!civet_admit(ctx, &so.rsa.sa)) {
		closesocket(so.sock);
	} else if (check_acl(ctx, &so.rsa) != 1) {]])
# The stop flag orders what threads see; as it is, it is a plain number.
civetweb_change([[#define STOP_FLAG_IS_ZERO(f) ((*(f)) == 0)]]
	[[#define STOP_FLAG_IS_ZERO(f) (__atomic_load_n((f), __ATOMIC_ACQUIRE) == 0)]])
civetweb_change([[#define STOP_FLAG_IS_TWO(f) ((*(f)) == 2)]]
	[[#define STOP_FLAG_IS_TWO(f) (__atomic_load_n((f), __ATOMIC_ACQUIRE) == 2)]])
civetweb_change([[#define STOP_FLAG_ASSIGN(f, v) ((*(f)) = (v))]]
	[[#define STOP_FLAG_ASSIGN(f, v) __atomic_store_n((f), (v), __ATOMIC_RELEASE)]])
# Between the park and the workers (server/http/civet_glue.inl).
civetweb_change([[unsigned char in_use;    /* 0: invalid, 1: valid, 2: free */]]
	[[unsigned char in_use;    /* 0: invalid, 1: valid, 2: free */
	int arrived;
	struct peer *peer;]])
civetweb_change([[produce_socket(ctx, &so);]] [[civet_take_new(ctx, &so);]])
civetweb_change([[if (sslize(conn, SSL_accept, NULL)) {]] [[if (civet_arrive(conn)) {]])
civetweb_change([[/* process HTTP connection */]]
	[[if (!civet_arrive(conn)) {
				close_connection(conn);
				continue;
			}
			/* process HTTP connection */]])
civetweb_change([[conn->handled_requests = 0;]]
	[[conn->handled_requests = 0;
	conn->data_len = conn->client.arrived;]])
civetweb_change([[} while (keep_alive);]] [[} while (keep_alive && civet_go_on(conn));]])
civetweb_change([[/* Set close flag, so keep-alive loops will stop */]]
	[[civet_end(conn);
	/* Set close flag, so keep-alive loops will stop */]])
string(PREPEND civetweb_text [[#include "server/http/civet_hooks.h"
]])
string(APPEND civetweb_text [[
#include "server/http/civet_glue.inl"
]])

set(civetweb_build "${CMAKE_BINARY_DIR}/civetweb")
file(WRITE "${civetweb_build}/civetweb.c.new" "${civetweb_text}")
execute_process(COMMAND "${CMAKE_COMMAND}" -E copy_if_different "${civetweb_build}/civetweb.c.new"
	"${civetweb_build}/civetweb.c")
# Asked for by NO_FILESYSTEMS. Written when they change, so that a second server/run compiles nothing.
file(CONFIGURE OUTPUT "${civetweb_build}/external_log_access.inl" @ONLY CONTENT
	"static void log_access(const struct mg_connection *conn) { (void)conn; }\n")
file(CONFIGURE OUTPUT "${civetweb_build}/external_mg_cry_internal_impl.inl" @ONLY CONTENT [[
static void mg_cry_internal_impl(const struct mg_connection *conn, const char *func, unsigned line, const char *fmt,
	va_list ap)
{
	char text[512];
	(void)func;
	(void)line;
	vsnprintf(text, sizeof text, fmt, ap);
	if (conn && conn->phys_ctx->callbacks.log_message)
		conn->phys_ctx->callbacks.log_message(conn, text);
}
]])

# Touched pages alone count; sanitizers need more.
if(MODE STREQUAL release)
	set(civetweb_stack 262144)
else()
	set(civetweb_stack 1048576)
endif()
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET openssl)
add_library(civetweb STATIC "${civetweb_build}/civetweb.c")
target_include_directories(civetweb PUBLIC "${civetweb_source}/include"
	PRIVATE "${civetweb_build}" "${civetweb_source}/src" "${CMAKE_SOURCE_DIR}")
target_compile_definitions(civetweb PRIVATE _GNU_SOURCE NO_CGI NO_FILES NO_FILESYSTEMS NO_CACHING NO_SSL_DL
	OPENSSL_API_3_0 USE_IPV6 USE_X_DOM_SOCKET USE_STACK_SIZE=${civetweb_stack} SOCKET_TIMEOUT_QUANTUM=500
	MG_EXTERNAL_FUNCTION_log_access MG_EXTERNAL_FUNCTION_mg_cry_internal_impl)
target_compile_options(civetweb PRIVATE -w ${mode_options})
target_link_libraries(civetweb PUBLIC PkgConfig::OPENSSL Threads::Threads)
