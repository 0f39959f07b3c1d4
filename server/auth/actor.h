/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose data an operation is about, and what the asker may there. It goes through every operation on calendars, so that
 * these never compare accounts: sharing, platforms and proxies become rows that the resolver reads, not mechanisms.
 */
#pragma once

#include "server/auth/credential.h"

struct actor {
	struct id owner;          /* whose calendars, in their world: the test twin has the last bit set */
	struct id_list calendars; /* only these of them, all else is not there; items NULL: all */
	uint64_t rights;          /* scopes; OWNER */
};

/* The asker in their own tree. */
struct actor actor_own(const struct principal *p);

/* The server itself, which may everything there: samples, commands. */
struct actor actor_server(struct id owner);

/*
 * The asker in the tree of `owner`: the only place that decides what belongs to whom. No round trip for one's own.
 * errors  ACCOUNT_MISMATCH  nothing there is theirs, existing or not
 */
MUST_CHECK err_t actor_resolve(struct ctx *cx, const struct principal *p, struct id owner, struct actor *out);
