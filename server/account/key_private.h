/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of server/account: what key.c, key_maker.c and key_authenticate.c share. */
#pragma once

#include "server/account/key.h"
#include "server/crypto/secret.h"

#define KEY_KINDS (KEY_PUBLISHABLE + 1)

/* What each kind is on the wire, as a caller, and what it may do. */
struct key_kind_row {
	enum secret_kind live, test;
	enum who who;
	uint64_t scopes;
	bool own_scopes; /* chosen when it is made, and stored: those count, not `scopes` */
	const char *name;
};
extern const struct key_kind_row key_kinds[KEY_KINDS];

/*
 * key_get() of a key that nobody changes until the transaction ends, nor the key `with`: another of the account, or
 * the same again. NOT_FOUND.
 */
MUST_CHECK err_t key_get_held(struct ctx *cx, struct id account, struct id key, struct id with, struct key *out);
