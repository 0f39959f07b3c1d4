/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS of our own: the settings that every connection has, and the certificate that a new one is given. The certificate
 * can be changed while the server runs; connections that are open keep theirs.
 */
#pragma once

#include "server/base/ctx.h"

struct tls;
struct ssl_st;

struct tls_files {
	struct str cert; /* PEM: the server's certificate first, then those that lead to a root */
	struct str key;  /* PEM, without a passphrase */
};

/* What a certificate says of itself. */
struct tls_facts {
	struct str subject;
	struct instant begins, expires;
	bool names_host; /* the host that was asked for */
};

/*
 * Read both files. One that is expired, or not valid yet, is taken with a warning in the log: clients will say so.
 * `files` must live as long as what is opened. errors  INVALID_VALUE  a file cannot be read or holds no PEM, others can
 * write the key, they do not fit each other, or the certificate is too weak for OpenSSL's settings; the text names file
 * and reason
 */
MUST_CHECK err_t tls_open(struct ctx *cx, struct tls_files files, struct tls **out);
void tls_close(struct tls *tls);

/* Read the files again, for connections that come from now on. An error changes nothing; as tls_open. */
MUST_CHECK err_t tls_reload(struct ctx *cx, struct tls *tls, struct tls_facts *out);

/* What is in the files, checked as tls_open does. `host`: a name or an address. */
MUST_CHECK err_t tls_look(struct ctx *cx, struct tls_files files, struct str host, struct tls_facts *out);

/* The server's side of a new connection, on this descriptor, which must not block. NULL without memory. */
struct ssl_st *tls_begin(struct tls *tls, int fd);
/* OpenSSL's SSL_CTX, as long as `tls` lives. */
void *tls_context(struct tls *tls);
