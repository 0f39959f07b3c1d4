/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/signing_keys.h"

#include <pthread.h>

#include "server/crypto/keyring.h"
#include "server/crypto/seal.h"
#include "server/db/query.h"
#include "server/jose/signing.h"
#include "sql.h"

#define KEYS_MAX 24       /* next, active, and those that the function signing_keys_keep lets retire */
#define READ_SOON_MS 1000 /* who asks for a key that is not known has the set read again, this often at most */

DB_RESULT(signing_key_list, struct signing_key_row, kid, state, sealed, created_at, active_at, retired_at);

struct kept {
	bool complete;
};
DB_RESULT(signing_keys_keep, struct kept, complete);

/* Those of one reading. Its users hold it; the last one frees it. */
struct key_set {
	struct arena *mem;
	unsigned holders;
	uint64_t read_ms;
	struct signing_key keys[KEYS_MAX]; /* the active one first */
	size_t count;
};

/* A process has one database, and so one set. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct key_set *newest;

/* ---- keeping them in the database ---- */

static struct bytes seal_key(struct ctx *cx)
{
	return keyring_key(cx->keys, cx->mem, "signing-keys");
}

/* Who asks next has those that the database has then. */
static void forget(void);

static err_t keep(struct ctx *cx, bool force)
{
	struct kept kept = { false };
	/* One row a time: at the first start there are two to make. */
	for (int i = 0; i < 3 && !kept.complete; i++) {
		struct signing_key key;
		struct bytes der = signing_key_make(cx->mem);
		if (!signing_key_open(cx->mem, der, &key))
			return FAIL(cx, INTERNAL, "a key of our own does not open");
		TRY(db_row(cx, &sql_signing_keys_keep, ROW(signing_keys_keep, &kept), IN(key.kid),
			IN(seal(cx->mem, seal_key(cx), key.kid, der)), IN(cx->now), IN((int32_t)SIGNING_KEY_AGE_S),
			IN(force && !i)));
	}
	forget();
	return OK;
}

err_t signing_keys_keep(struct ctx *cx, void *unused)
{
	(void)unused;
	return keep(cx, false);
}

err_t signing_keys_rotate(struct ctx *cx)
{
	TRY(keep(cx, false)); /* there is a next one */
	return keep(cx, true);
}

err_t signing_key_withdraw(struct ctx *cx, struct str kid)
{
	size_t gone = 0;
	TRY(db_exec(cx, &sql_signing_key_withdraw, &gone, IN(kid)));
	return gone ? OK : FAIL(cx, NOT_FOUND, "no retired key of this name");
}

err_t signing_keys_list(struct ctx *cx, struct signing_key_row **out, size_t *count_out)
{
	return db_rows(cx, &sql_signing_key_list, signing_key_list, out, count_out, IN_NONE);
}

/* ---- keeping them in memory ---- */

static void release(void *held)
{
	struct key_set *set = held;
	pthread_mutex_lock(&lock);
	unsigned left = --set->holders;
	pthread_mutex_unlock(&lock);
	if (!left)
		arena_close(set->mem);
}

/* For the request: it has this set until its arena ends. */
static struct key_set *held(struct ctx *cx, struct key_set *set)
{
	arena_defer(cx->mem, release, set);
	return set;
}

static struct key_set *take_newest(struct ctx *cx, uint64_t fresh_ms)
{
	pthread_mutex_lock(&lock);
	struct key_set *set = newest && clock_monotonic_ms() - newest->read_ms < fresh_ms ? newest : NULL;
	if (set)
		set->holders++;
	pthread_mutex_unlock(&lock);
	return set ? held(cx, set) : NULL;
}

static void replace_newest(struct key_set *set)
{
	pthread_mutex_lock(&lock);
	struct key_set *old = newest;
	set->holders++;
	newest = set;
	pthread_mutex_unlock(&lock);
	if (old)
		release(old);
}

static void forget(void)
{
	pthread_mutex_lock(&lock);
	struct key_set *old = newest;
	newest = NULL;
	pthread_mutex_unlock(&lock);
	if (old)
		release(old);
}

static err_t open_rows(struct ctx *cx, const struct signing_key_row *rows, size_t count, struct key_set *set)
{
	for (size_t i = 0; i < count && set->count < KEYS_MAX; i++) {
		struct bytes der;
		if (!unseal(cx->mem, seal_key(cx), rows[i].kid, rows[i].sealed, &der) ||
			!signing_key_open(set->mem, der, &set->keys[set->count]))
			return FAIL(cx, INTERNAL,
				"the signing key %.*s does not open: is the secret key file another one?",
				STR_ARG(rows[i].kid));
		set->count++;
	}
	return OK;
}

static err_t read_set(struct ctx *cx, struct key_set **out)
{
	struct signing_key_row *rows;
	size_t count;
	TRY(signing_keys_list(cx, &rows, &count));
	if (!count || rows[0].state != SIGNING_ACTIVE) {
		TRY(keep(cx, false));
		TRY(signing_keys_list(cx, &rows, &count));
	}
	if (!count || rows[0].state != SIGNING_ACTIVE)
		return FAIL(cx, INTERNAL, "no active signing key");
	struct arena *mem = arena_open();
	struct key_set *set = arena_new(mem, struct key_set);
	*set = (struct key_set){ .mem = mem, .holders = 1, .read_ms = clock_monotonic_ms() };
	held(cx, set);
	TRY(open_rows(cx, rows, count, set));
	replace_newest(set);
	*out = set;
	return OK;
}

static err_t take(struct ctx *cx, uint64_t fresh_ms, struct key_set **out)
{
	*out = take_newest(cx, fresh_ms);
	return *out ? OK : read_set(cx, out);
}

/* ---- their use ---- */

err_t jwt_sign(struct ctx *cx, const char *typ, struct str claims, struct str *out)
{
	struct key_set *set;
	TRY(take(cx, SIGNING_KEYS_READ_MS, &set));
	*out = jwt_sign_by(cx->mem, &set->keys[0], typ, claims);
	return OK;
}

err_t jwt_verify(struct ctx *cx, const char *typ, struct str token, struct str *claims_out)
{
	struct key_set *set;
	TRY(take(cx, SIGNING_KEYS_READ_MS, &set));
	if (jwt_verify_by(cx->mem, set->keys, set->count, typ, token, claims_out))
		return OK;
	/* Another instance may have a newer key. */
	TRY(take(cx, READ_SOON_MS, &set));
	return jwt_verify_by(cx->mem, set->keys, set->count, typ, token, claims_out)
		       ? OK
		       : FAIL(cx, NOT_FOUND, "no token of ours");
}

err_t signing_keys_active(struct ctx *cx, struct str *kid_out)
{
	struct key_set *set;
	TRY(take(cx, SIGNING_KEYS_READ_MS, &set));
	*kid_out = set->keys[0].kid; /* the set is held until cx->mem ends */
	return OK;
}

err_t jwks_text(struct ctx *cx, struct str *out)
{
	struct key_set *set;
	TRY(take(cx, SIGNING_KEYS_READ_MS, &set));
	*out = jwks_of(cx->mem, set->keys, set->count);
	return OK;
}
