/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chunked coding of a body (RFC 9112 §7.1): the line that begins a chunk, and where the whole of it ends. Pure
 * functions over octets. Extensions are checked for their grammar and then ignored, as §7.1.1 says; what is not a line
 * of that grammar could end elsewhere for another parser, and is refused.
 */
#pragma once

#include "server/base/str.h"

/* A line with its extensions and CR LF; and all extensions of one body. */
#define CHUNK_LINE_MAX 1024
#define CHUNK_EXTENSIONS_MAX 4096

/*
 * The line that begins a chunk, with its CR LF: 1 to 8 hex digits, below 2^31, and extensions. `extensions` grows by
 * their octets. False: it is none, or the extensions are more than CHUNK_EXTENSIONS_MAX.
 */
bool chunk_line_read(struct str line, unsigned long *size, size_t *extensions);

/* How far a body is known; {0} before its first octet. */
struct chunk_scan {
	size_t at; /* octets of the body that are checked */
	unsigned long left;
	size_t extensions;
	enum { CHUNK_LINE, CHUNK_DATA, CHUNK_DATA_END, CHUNK_TRAILER } state;
};

enum chunk_verdict {
	CHUNK_MORE,
	CHUNK_END, /* the last chunk is there, and two octets of what is after it: CR LF, or the first of a trailer */
	CHUNK_BAD
};

/* `body`: all that came of it so far, of which the first scan->at octets were seen before. */
enum chunk_verdict chunk_scan(struct chunk_scan *scan, struct str body);
