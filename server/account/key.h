/* SPDX-License-Identifier: Apache-2.0 */
/* API keys: cp_, sk_, rk_, pk_. Shown once; only a hash is kept. Rotation and revocation act in the next request. */
#pragma once

#include "server/account/key_limits.h"
#include "server/auth/credential.h"
#include "server/base/ctx.h"

#define KEYS_MAX 500 /* of one account, in each of its worlds, with the revoked ones that are still shown */
#define REVOKED_SHOWN_S (90 * 86400) /* how long lists tell of a revoked key */

enum key_kind { KEY_ACCOUNT = 1, KEY_SECRET = 2, KEY_RESTRICTED = 3, KEY_PUBLISHABLE = 4 };

const char *key_kind_name(enum key_kind kind); /* "account", "secret", "restricted", "publishable" */
bool key_kind_parse(struct str name, enum key_kind *out);

struct key {
	struct id id, account; /* account in its mode */
	enum key_kind kind;
	struct str prefix, name;
	uint64_t scopes;
	struct id_list calendars;
	struct key_limits limits;
	struct str api_version;                                                      /* server/base/api_version.h */
	struct instant created_at, rotated_at, expires_at, revoked_at, last_used_at; /* INSTANT_NONE where not */
	struct str last_used_ip, last_used_agent;                                    /* absent where not known */
};

struct key_new {
	struct id account; /* live id; test mode by `test` */
	enum key_kind kind;
	bool test;                /* not for KEY_ACCOUNT: INVALID_VALUE */
	struct str name;          /* 1 to 100 characters, no control or bidi characters */
	uint64_t scopes;          /* KEY_RESTRICTED only */
	struct id_list calendars; /* KEY_RESTRICTED only */
	struct key_limits limits;
	struct instant expires_at; /* INSTANT_NONE for never */
};

/* INVALID_VALUE, MISSING_FIELD with the parameter; FORBIDDEN past KEYS_MAX. The secret is told here and never again. */
MUST_CHECK err_t key_create(struct ctx *cx, const struct key_new *in, struct key *out, struct str *secret_out);
/* Live and test keys of the account, newest first; revoked ones for 90 days. */
MUST_CHECK err_t key_list(struct ctx *cx, struct id account, struct key **out, size_t *count_out);
/*
 * Since when nobody has used a key that still works, if that is KEY_UNUSED_S or longer: its last use, or when it was
 * made or rotated, if that was later. INSTANT_NONE for any other. Uses are told in real time, so this is, too, whatever
 * the sandbox's clock says.
 */
#define KEY_UNUSED_S (30 * INT64_C(86400))
struct instant key_unused_since(const struct ctx *cx, const struct key *key);
/* Does it open anything? Not when revoked, or past its end. */
bool key_is_alive(const struct ctx *cx, const struct key *key);

/* The keys of one world, in its account's own id: the newest before `bound`, or with `back` those that come after it,
 * the oldest first; with `unused` those alone that key_unused_since() tells of. */
MUST_CHECK err_t key_page(struct ctx *cx, struct id account, struct id bound, bool back, bool unused, size_t limit,
	struct key **out, size_t *count_out);
/* One key of exactly this account and mode. NOT_FOUND. */
MUST_CHECK err_t key_get(struct ctx *cx, struct id account, struct id key, struct key *out);

struct key_change {
	struct str name;                     /* absent: as it is */
	uint64_t scopes;                     /* KEY_RESTRICTED: it keeps those that are among these; 0: as they are */
	struct id_list calendars;            /* KEY_RESTRICTED: likewise; items NULL: as they are */
	struct instant expires_at;           /* not after this; INSTANT_NONE: as it is */
	bool set_ips, set_origins, set_rate; /* each alone: who changes one takes back no other's change of another */
	struct key_limits limits;            /* these may also become wider: servers move */
};

/*
 * Of a live key, as key_get() found it: its name, and less of what it may. A key never gets more rights than it was
 * made with: whoever holds its secret was not given them.
 *
 * errors  INVALID_VALUE with the parameter (also for what would be more), CONFLICT (revoked)
 */
MUST_CHECK err_t key_change(
	struct ctx *cx, const struct key *present, const struct key_change *change, struct key *out);

/* By id alone (CLI) or within one account (pages): account zero means any. NOT_FOUND; CONFLICT when a revoked key is to
 * be rotated. Revoking twice changes nothing. */
MUST_CHECK err_t key_rotate(struct ctx *cx, struct id account, struct id key, struct key *out, struct str *secret_out);
MUST_CHECK err_t key_revoke(struct ctx *cx, struct id account, struct id key, struct key *out);

/* The authenticators of modules.c for cp_, sk_, rk_, pk_: one statement. The username of Basic must be the owner's
 * e-mail (ASCII case-folded) or usr_ id; anything else, empty too, is CREDENTIALS_INVALID. Plan and deactivation are
 * checked here: PLAN_REQUIRED, ACCOUNT_DEACTIVATED. */
authenticator_run key_authenticate;
