/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redirect URIs: which may be registered, which one sent equals a registered one, and how an answer is put into one
 * (OAuth 2.1 §2.3, §4.1.2, §8.4).
 */
#pragma once

#include "server/base/buf.h"
#include "server/base/ctx.h"
#include "server/data/form.h"

#define REDIRECT_URI_MAX 2048

/*
 * May it be registered? https with a plain host; http only for 127.0.0.1, [::1] and, by a public client, localhost;
 * a private-use scheme with a dot in it, by a public client. No userinfo, fragment, wildcard or dot segment; in the
 * query no name that an answer may have. INVALID_VALUE (redirect_uri) says what is wrong.
 */
MUST_CHECK err_t redirect_uri_check(struct ctx *cx, struct str uri, bool public_client);

/* Is it http to this computer: 127.0.0.1, [::1] or localhost, any port? */
bool redirect_is_loopback(struct str uri);

/*
 * Is it https to this computer (localhost, 127.0.0.0/8)? For whoever develops a web app there: nobody has a certificate
 * for it that all trust, so native apps have no use for one, and whoever listens there may be anybody.
 */
bool redirect_is_https_here(struct str uri);

/* Octet by octet the same, but for the port of a loopback host (OAuth 2.1 §4.1.1, §8.4.2). */
bool redirect_uri_matches(struct str registered, struct str sent);

/* For people: the host, "this computer" for loopback, the scheme of a private-use one. */
struct str redirect_host(struct arena *mem, struct str uri);

/* How an answer goes back (OAuth 2.0 Multiple Response Type Encoding Practices §2.1, Form Post Response Mode). */
enum response_mode { RESPONSE_QUERY, RESPONSE_FRAGMENT, RESPONSE_FORM_POST };
struct response_mode_row {
	const char *name;
	enum response_mode mode;
};
extern const struct response_mode_row response_modes[];
extern const size_t response_mode_count;

/* The answer of the authorization endpoint. Absent texts are left out. */
struct redirect_answer {
	enum response_mode mode;
	struct str redirect_uri, state, iss; /* iss: RFC 9207, in each answer */
	struct str code;
	struct str error, error_description;
};
/* In the query or the fragment of the client's URI. */
struct str redirect_answer_url(struct arena *mem, const struct redirect_answer *answer);
/* As the fields of a form that is sent to the client's URI. */
struct form redirect_answer_form(struct arena *mem, const struct redirect_answer *answer);
