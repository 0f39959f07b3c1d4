/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key that manages keys hands on no more than it has: its end, the addresses that it may come from, its rate. Else
 * whoever has it for an hour, or from one place, makes one for ever and from everywhere.
 */
#pragma once

#include "server/account/key.h"

/*
 * The maker as it is, in the transaction that makes or changes what it hands on: until its end nobody takes from it,
 * revokes or rotates it, so that nothing is made of what it had. `changed`: the key that it changes, which is held,
 * too; or zero.
 *
 * errors  KEY_REVOKED: it ended, or got another secret, since the request began
 */
MUST_CHECK err_t key_maker_hold(struct ctx *cx, struct id account, struct id maker, struct id changed, struct key *out);
/*
 * What the maker gives a new key: what this leaves open is as the maker's. A publishable key stands on pages, and has
 * the maker's end alone.
 *
 * errors  INVALID_VALUE naming expires_at, allowed_ips or rate_limit: more than the maker has
 */
MUST_CHECK err_t key_maker_new(struct ctx *cx, const struct key *maker, struct key_new *in);
/* As key_maker_new(), of a change: what it leaves as it is needs not be the maker's. */
MUST_CHECK err_t key_maker_change(
	struct ctx *cx, const struct key *maker, const struct key *present, const struct key_change *change);
/* May the maker be told a new secret of this key? FORBIDDEN: it opens more than the maker's own does. */
MUST_CHECK err_t key_maker_rotate(struct ctx *cx, const struct key *maker, const struct key *key);
/* What an app gets has neither end nor addresses. FORBIDDEN: the maker has. */
MUST_CHECK err_t key_maker_app(struct ctx *cx, const struct key *maker);
