/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what a request presents to who it is. The syntax of a secret decides which authenticator is asked; each is one
 * database round trip, on every request: a revoked credential is dead in the very next one, on every instance.
 */
#pragma once

#include "server/auth/audience.h"
#include "server/base/ctx.h"

/* Kinds of callers; a route's `who` is a set of them. An empty set means nobody. */
enum who {
	NOBODY = 0,
	ANYONE = 1 << 0,           /* no credential is looked at */
	SESSION = 1 << 1,          /* browser session cookie; a POST must carry the form's token */
	TOKEN = 1 << 2,            /* cat_: an OAuth access token */
	ACCOUNT_KEY = 1 << 3,      /* cp_ */
	SECRET_KEY = 1 << 4,       /* sk_live_, sk_test_ */
	RESTRICTED_KEY = 1 << 5,   /* rk_ */
	PUBLISHABLE_KEY = 1 << 6,  /* pk_ */
	OPTIONAL_SESSION = 1 << 7, /* the handler shows something else to strangers: rq->principal may be NULL */
	/* What personal calendars are opened with on REST and CalDAV. */
	KEY = ACCOUNT_KEY | SECRET_KEY | RESTRICTED_KEY
};

#define PROVEN_S (15 * 60) /* as long a proof counts where credentials are made */

struct principal {
	enum who kind;
	struct id account;                   /* in its mode: the test twin has the last bit set */
	struct id credential;                /* key, session or connected account: for last-used, rates and audit */
	uint64_t scopes;                     /* what it may do; keys of full access have SCOPES_ALL | OWNER */
	struct id connected_account, client; /* TOKEN; else zero. No connected account: an app acts for itself */
	struct id family;                    /* TOKEN: the tokens that it ends with */
	struct id platform;         /* TOKEN: the account of its app, in its mode; the token's own of an app that nobody
				       registered */
	int16_t audience;           /* TOKEN: for these resources alone (audience.h); 0: for all */
	struct id_list calendars;   /* only these; items NULL: all */
	struct str_list origins;    /* only pages of these; items NULL: whoever */
	unsigned rate;              /* requests a second; 0: as everybody */
	struct str api_version;     /* of the key or app; absent: the newest (server/base/api_version.h) */
	struct str email, name, tz; /* of the account */
	struct str language;        /* that its owner chose (BCP 47); absent: none */
	int16_t hours,
		week_start; /* SESSION: 12 or 24; 1 Monday … 7 Sunday, as the pages tell times; 0: as their region */
	bool email_confirmed;      /* its owner has shown that they read there */
	struct str picture;        /* the tag of their picture (account_picture.h); absent: they have none */
	struct str csrf;           /* SESSION: what forms must carry (hex) */
	struct instant auth_time;  /* SESSION */
	struct instant proven_at;  /* SESSION: when they last proved who they are; auth_time or later */
	int16_t amr;               /* SESSION: by what they signed in (amr.h) */
	struct instant expires_at; /* TOKEN */
	int64_t ahead_s;           /* of the account's clock: see account_now() */
};

/* "session", "token", "account_key" …, of one kind of them; "other". */
const char *who_name(enum who kind);
/* The same principal as the audit log tells of it. A token is its connected account. */
struct ctx_by who_by(const struct principal *p);

enum transport { VIA_NONE, VIA_BASIC, VIA_BEARER, VIA_DPOP, VIA_COOKIE };

struct credential {
	enum transport transport;
	struct str username; /* Basic; form of the user as sent */
	struct str secret;
	/* DPoP: the proof beside it, absent if none was sent, and of which request it must be (server/jose/dpop.h) */
	struct str proof, url;
	const char *method;
	struct bytes x5t; /* of the certificate beside it (RFC 8705 §3.1), where this can matter; absent: none */
};

/* MALFORMED, CREDENTIALS_INVALID …: see errors.def. `out` on success only. */
typedef err_t authenticator_run(struct ctx *cx, const struct credential *sent, struct principal *out);

struct authenticator {
	const char *prefix; /* "cp_", "cat_", …; "" for sessions */
	authenticator_run *run;
};

/*
 * The Authorization header, split. Scheme names are case-insensitive (RFC 9110 §11.1); Basic is base64 of UTF-8 with a
 * colon (RFC 7617). Nothing sent gives VIA_NONE. CREDENTIALS_INVALID for what cannot be read;
 * out->transport is set then too, for the challenge.
 */
MUST_CHECK err_t credential_read(struct ctx *cx, struct str header, struct credential *out);
