/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authorization requests that wait for their user. What the client asked was checked once and is stored; pages and
 * forms carry a random reference to it and no parameter of it, so that nothing can be altered on the way.
 */
#pragma once

#include "oauth/client.h"

#define AUTH_REQUEST_LIFETIME_S 600
#define STATE_MAX 2048
#define NONCE_MAX 1024
#define LOGIN_HINT_MAX 254

enum prompt { PROMPT_NONE = 1, PROMPT_LOGIN = 2, PROMPT_CONSENT = 4, PROMPT_SELECT_ACCOUNT = 8 }; /* a set */

/* What a device shows and where it is (device.h); hash NULL: it is no device that asks. */
struct asking_device {
	struct bytes hash; /* of its code */
	struct str user_code, ip, agent;
};

struct auth_request {
	struct asking_device device;
	struct id client_id;
	struct str kept_client; /* of one that nobody registered (open_client_kept()); absent for another */
	struct str redirect_uri, state, nonce,
		login_hint; /* absent where not sent; redirect_uri is the one in effect */
	struct str subject; /* who must be there (openid_request.h): usr_…, SUBJECT_UNKNOWN; absent: whoever */
	uint64_t scopes;
	int16_t audience;                    /* what it is for (server/auth/audience.h); 0: all */
	struct bytes dpop_jkt;               /* the key that the code is for; absent: any (RFC 9449 §10) */
	struct bytes challenge;              /* 32 octets: SHA-256 of the verifier */
	int16_t response_mode;               /* enum response_mode (redirect.h) */
	int16_t prompt;                      /* enum prompt, a set */
	struct str language;                 /* the first of ui_locales that the pages have (BCP 47); absent: none */
	int64_t max_age_s;                   /* -1: none */
	bool mfa_only;                       /* its acr is essential, and of two factors */
	bool with_details;                   /* it came with authorization_details (details.h); */
	struct id_list calendars;            /* these were named; items NULL: the user chooses */
	bool include_granted;                /* and what the connection has already (include_granted_scopes) */
	struct str error, error_description; /* what is wrong with it: told to the client once the user is known */
	struct instant created_at, expires_at, decided_at;
};

/* Who is at the browser: the session's account (live id) and when they proved who they are. Zero: nobody yet. */
struct consent_user {
	struct id account;
	struct instant auth_time;
	int16_t amr; /* by what (server/auth/amr.h) */
};

/* Of an id_token_hint that cannot be verified: nobody is known to be that user, and nobody not to be. */
#define SUBJECT_UNKNOWN "-"

/* Store it for AUTH_REQUEST_LIFETIME_S. reference_out: 43 characters for URLs and forms; only its hash is stored. */
MUST_CHECK err_t auth_request_store(struct ctx *cx, const struct auth_request *in, struct str *reference_out);

/* One that its app pushed: it can be opened (par.h) for lifetime_s, and from then on waits as any other. */
MUST_CHECK err_t auth_request_store_pushed(
	struct ctx *cx, const struct auth_request *in, int64_t lifetime_s, struct str *reference_out);

/* NOT_FOUND: no such reference, too old, or its client is gone. One that was decided is given, with decided_at set. */
MUST_CHECK err_t auth_request_load(
	struct ctx *cx, struct str reference, struct auth_request *out, struct client *client_out);

/* From now on it is decided; whoever comes first. CONFLICT when it was already. */
MUST_CHECK err_t auth_request_claim(struct ctx *cx, struct str reference);
/* That CONFLICT, for who has loaded a request with decided_at set. */
MUST_CHECK err_t auth_request_decided(struct ctx *cx);

/* Must the user sign in (again) first: nobody there, prompt=login, or max_age went by (OpenID Connect Core §3.1.2.1),
 * or with one factor where two are asked for? */
bool auth_request_needs_sign_in(const struct ctx *cx, const struct auth_request *rq, const struct consent_user *user);
/* Is the user, who is there, another than the client asks for (OpenID Connect Core §3.1.2.1 id_token_hint, §5.5.1)? */
bool auth_request_is_of_another(
	struct ctx *cx, const struct auth_request *rq, const struct client *client, const struct consent_user *user);
