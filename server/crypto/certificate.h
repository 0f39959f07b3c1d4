/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that clients show (RFC 5280): octets of others, of which nothing is believed until it is checked here.
 */
#pragma once

#include "server/base/ctx.h"

#define CERTIFICATE_MAX ((size_t)16 * 1024) /* octets of one */
#define CERTIFICATE_CHAIN_MAX 8             /* more are not looked at */

struct certificate {
	struct bytes der;          /* absent: none was shown */
	const struct bytes *chain; /* what came with it: those that may lead to a root */
	size_t chain_count;
};

/* Of what is one certificate in DER, and no more: its SHA-256 (RFC 8705 §3.1, x5t#S256). Else absent. */
struct bytes certificate_thumbprint(struct arena *mem, struct bytes der);

/* What a certificate can be known by (RFC 8705 §2.1.2); as stored. */
enum certificate_name {
	CERTIFICATE_SUBJECT = 1, /* RFC 4514; blanks after separators and case do not matter */
	CERTIFICATE_DNS = 2,
	CERTIFICATE_URI = 3,
	CERTIFICATE_IP = 4,
	CERTIFICATE_EMAIL = 5,
};
bool certificate_is_named(struct arena *mem, struct bytes der, enum certificate_name kind, struct str name);
/* Could a certificate be known by this? An address must be one, nothing is empty or longer than 1,024 octets. */
bool certificate_name_fits(struct arena *mem, enum certificate_name kind, struct str name);

/* Whom one believes about others: certificates of authorities. */
struct trust;
/* INVALID_VALUE with `option`: the file has none in PEM. */
MUST_CHECK err_t trust_open(struct ctx *cx, const char *option, struct str file, struct trust **out);
void trust_close(struct trust *trust); /* NULL: nothing */
/* Does it lead to one of them, at this moment, and may it speak for a client (RFC 5280 §6)? From any thread. */
bool trust_leads(const struct trust *trust, struct arena *mem, const struct certificate *shown);
