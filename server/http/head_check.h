/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head check: one pure function over the raw head of a request, before civetweb has touched it. What two parsers
 * could read in two ways is refused here, so that no second request can hide in the first one's body (RFC 9112 §11.2),
 * and what civetweb would silently drop or misread never reaches it. After a refusal the connection closes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define HEAD_TARGET_MAX (20 * 1024) /* an authorization request with everything at its limit, escaped */
#define HEAD_LINES_MAX 64

struct head_fault {
	int status;
	const char *reason; /* for the client */
};

/*
 * NULL when the head may pass. `head` ends with the empty line. Two forms of the target are rewritten in place to what
 * civetweb understands: "OPTIONS *" to "OPTIONS /", and an absolute form of our own authority to origin form.
 *
 *   400  line ends, NUL and control characters, white space where none may be, obs-fold, targets beyond RFC 3986,
 *        Host (RFC 9112 §3.2), Content-Length and Transfer-Encoding (§6), two Authorization
 *   414  target over HEAD_TARGET_MAX    417  Expect    431  more than HEAD_LINES_MAX    501  method    505  version
 */
const struct head_fault *head_check(char *head, size_t len);

/* Does an Accept line of this head, whole or not, name text/html: is it from a browser that would show a page? */
bool head_wants_page(const char *head, size_t len);

/* A chunk's size line, with its CR LF (RFC 9112 §7.1, without extensions): 1 to 8 hex digits, below 2^31. */
bool chunk_size_read(const char *line, size_t len, unsigned long *out);
