/* SPDX-License-Identifier: Apache-2.0 */
/* Scopes as a 64-bit mask at run time and in the database; as text only at the edges (RFC 6749 §3.3). */
#pragma once

#include "server/base/ctx.h"

enum scope_risk { LOW, MEDIUM, SENSITIVE };

enum scope_bit {
#define SCOPE(name, bit, ...) name = 1 << (bit),
#include "server/auth/scopes.def"
#undef SCOPE
	/* What no token can be granted: managing credentials, booking pages, what the public sees. Keys of full access
	   and the owner's pages do. */
	OWNER = 1 << 29,
	/* For REPORT: the report's own table names the scope, and its handler asks for it (scopes_require). */
	BY_REPORT = 1 << 30
};

enum {
	/* What opens something: all that a key can have. */
	SCOPES_ALL = 0
#define SCOPE(name, ...) | name
#define IDENTITY(...)
#include "server/auth/scopes.def"
#undef SCOPE
	,
	SCOPES_IDENTITY = OPENID | OPENID_EMAIL | OPENID_PROFILE,
	SCOPES_ASKABLE = SCOPES_ALL | SCOPES_IDENTITY /* by an app */
};

struct scope_row {
	uint64_t bit;
	const char *name;
	enum scope_risk risk;
	const char *sentence, *opens;
};
extern const struct scope_row scope_rows[];
extern const size_t scope_row_count;

/* "events:read profile:read", in table order. */
struct str scope_text(struct arena *mem, uint64_t scopes);

/* One or more known names with single blanks between; order and repetition do not matter. False: unknown or ill-formed.
 */
bool scope_parse(struct str text, uint64_t *out);

/*
 * What apps call scopes in other products' words, and what that is here. Kept beside what it means, in bits above the
 * enum's, so that an app is told its grant in the words that it asked in. Nothing opens by these bits.
 */
struct scope_alias {
	uint64_t bit;
	const char *name;
	uint64_t means; /* 0: nothing to be granted */
	const char *doc;
};
#define SCOPE_CALENDAR_CLIENT (UINT64_C(1) << 32)
#define SCOPE_OFFLINE (UINT64_C(1) << 33)
extern const struct scope_alias scope_aliases[];
extern const size_t scope_alias_count;

/* Their bits, without what they mean. */
#define SCOPES_SPOKEN (SCOPE_CALENDAR_CLIENT | SCOPE_OFFLINE)

/* As scope_parse(), with aliases: their bits, and those that they mean. */
bool scope_parse_spoken(struct str text, uint64_t *out);
/* `granted` with those aliases of `spoken` that it has all of. */
uint64_t scope_spoken(uint64_t spoken, uint64_t granted);
/* As scope_text(), and then the aliases. */
struct str scope_text_spoken(struct arena *mem, uint64_t scopes);
/* The first name that neither knows; absent where there is none, or the text is ill-formed. */
struct str scope_unknown(struct str text);
/*
 * Why one of the two does not take this text, for the app that asked (OAuth 2.1 §3.2.4).
 *
 * errors  INVALID_SCOPE (scope), always: with the name that is none, or that this grant has no use for
 */
MUST_CHECK err_t scope_refused(struct ctx *cx, struct str text);

/*
 * OK when `held` has every one of `needed`: a route asks the credential's scopes (access.c), and whatever is about
 * somebody's calendars asks the actor's rights there, once it is known whose they are.
 *
 * errors  INSUFFICIENT_SCOPE, with all of `needed` named; KEY_KIND_NOT_ALLOWED when OWNER is missing, since no scope
 *         could give it
 */
MUST_CHECK err_t scopes_require(struct ctx *cx, uint64_t held, uint64_t needed);
