/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head check: one pure function over the raw head of a request, before civetweb has touched it. What two parsers
 * could read in two ways is refused here, so that no second request can hide in the first one's body (RFC 9112 §11.2),
 * and what civetweb would silently drop or misread never reaches it. After a refusal the connection closes.
 */
#pragma once

#include "server/base/str.h"

#define HEAD_TARGET_MAX (20 * 1024) /* an authorization request with everything at its limit, escaped */
#define HEAD_LINES_MAX 64

struct head_fault {
	int status;
	const char *reason; /* for the client */
};

/* What a head that may pass says of the body after it (RFC 9112 §6). */
struct head_framing {
	bool chunked;
	bool expects_continue; /* the client sends it after 100 Continue (RFC 9110 §10.1.1: never in HTTP/1.0) */
	uint64_t length;       /* 0: none, or chunked */
};

/* Octets of the token (RFC 9110 §5.6.2) that `s` begins with. */
size_t head_token_len(struct str s);

/*
 * NULL when the head may pass, and `framing` is set. `head` ends with the empty line. Two forms of the target are
 * rewritten in place to what civetweb understands: "OPTIONS *" to "OPTIONS /", and an absolute form of our own
 * authority to origin form.
 *
 *   400  line ends, NUL and control characters, white space where none may be, obs-fold, targets beyond RFC 3986,
 *        Host (RFC 9112 §3.2), Content-Length and Transfer-Encoding (§6), two Authorization
 *   414  target over HEAD_TARGET_MAX    417  Expect    431  more than HEAD_LINES_MAX    501  method    505  version
 */
const struct head_fault *head_check(char *head, size_t len, struct head_framing *framing);

/* The path of the target in origin form, as it was sent, of a head that may be refused and cut anywhere; "" when there
 * is none. It borrows. */
struct str head_path(const char *head, size_t len);

/* Does an Accept line of this head, whole or not, name text/html: is it from a browser that would show a page? */
bool head_wants_page(const char *head, size_t len);
