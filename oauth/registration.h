/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an app that nobody registered says of itself (RFC 7591 §2): at the registration endpoint, or in a document of
 * its own. Without a row: the client_id that the endpoint gives is the registration itself, authenticated by the
 * server's key, so that it is asked for nothing more than whether it is whole (docs/adr/0031).
 */
#pragma once

#include "oauth/client_auth.h"
#include "server/base/ctx.h"

enum client_registration { /* who says what the client is, as stored */
	REGISTERED_BY_OWNER = 0,
	REGISTERED_BY_ITSELF = 1,
	REGISTERED_BY_DOCUMENT = 2
};

/* Octets of one that is its own client_id: it stands in URLs, four characters for three octets. */
#define REGISTRATION_SEALED_MAX 768
#define REGISTRATION_PREFIX "open_"

struct registration {
	int16_t by; /* enum client_registration */
	struct str name;
	struct str_list redirects; /* sorted, each once, loopback ones without their port */
	uint64_t scopes;           /* at most these can be asked */
	int16_t grants;            /* enum grant_type, a set */
	struct str url;            /* of a document, and of one that changes: the client_id; else absent */
	struct str secret;         /* that it sent; of REGISTERED_BY_OWNER */
	struct client_means means;
};

/*
 * Read the metadata that a client sent, or that its document has. Unknown members are ignored, a method with a secret
 * becomes none, grants that such a client cannot have are left out: the answer tells what was registered (§3.2.1).
 *
 * out        with the URL of a document, which its client_id must be
 * given_out  the redirect URIs as they were sent, for the answer; NULL: not wanted
 * errors     INVALID_REDIRECT_URI; INVALID_CLIENT_METADATA, with the member
 * spec       RFC 7591 §2, §3.2.2; RFC 8252 §7, §8.4
 */
MUST_CHECK err_t registration_read(
	struct ctx *cx, struct str json, int16_t by, struct registration *out, struct str_list *given_out);

/* As octets, the same for the same registration, and back. False: they are none. */
struct bytes registration_pack(struct arena *mem, const struct registration *in);
bool registration_unpack(struct arena *mem, struct bytes packed, struct registration *out);

/* The id under which its row and its tokens are kept: the same for the same registration; of a document that of its
 * URL, whatever the document says by now. */
struct id registration_id(struct arena *mem, const struct registration *in);

/* Its client_id, "open_…". INVALID_CLIENT_METADATA: longer than REGISTRATION_SEALED_MAX. */
MUST_CHECK err_t registration_seal(struct ctx *cx, const struct registration *in, struct str *client_id_out);
/* False: not sealed here, or altered. */
bool registration_unseal(struct ctx *cx, struct str client_id, struct registration *out);
