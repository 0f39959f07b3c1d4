/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto/password.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <argon2.h>

#include "server/crypto/digest.h"
#include "server/crypto/opaque_string.h"

/* OWASP's first choice; about 0.1 s and 19 MiB. */
#define PASSES 2
#define MEMORY_KIB 19456
#define LANES 1
#define SALT_SIZE 16
#define HASH_SIZE 32
#define ENCODED_MAX 128

#define AT_ONCE 2
#define QUEUE_MAX 50

/* In dev builds tests may say less, but where they are about hashing: they make and open accounts by the thousand. */
static uint32_t memory_kib(void)
{
#ifdef CALENDS_DEV
	const char *told = getenv("CALENDS_DEV_PASSWORD_KIB");
	if (told)
		return (uint32_t)strtoul(told, NULL, 10);
#endif
	return MEMORY_KIB;
}

/* Hashing is the dearest thing a stranger can ask for: two at once, a short queue, and the rest is turned away. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t freed = PTHREAD_COND_INITIALIZER;
static unsigned running, queued;

static bool enter(void)
{
	pthread_mutex_lock(&lock);
	bool admitted = queued < QUEUE_MAX;
	if (admitted) {
		queued++;
		while (running >= AT_ONCE)
			pthread_cond_wait(&freed, &lock);
		queued--;
		running++;
	}
	pthread_mutex_unlock(&lock);
	return admitted;
}

static void leave(void)
{
	pthread_mutex_lock(&lock);
	running--;
	pthread_cond_signal(&freed);
	pthread_mutex_unlock(&lock);
}

static err_t queue_full(struct ctx *cx)
{
	struct err *e = FAIL(cx, UNAVAILABLE, "more than %d passwords wait to be hashed", QUEUE_MAX);
	e->retry_after_s = 2;
	return e;
}

err_t password_hash(struct ctx *cx, struct str password, struct str *out)
{
	struct str prepared;
	bool is_text = opaque_string(cx->mem, password, &prepared);
	if (!is_text && password.len >= PASSWORD_MIN && password.len <= PASSWORD_MAX)
		return REFUSE(cx, INVALID_VALUE, "password", "A password has no control characters.");
	if (!is_text || prepared.len < PASSWORD_MIN || prepared.len > PASSWORD_MAX)
		return REFUSE(cx, INVALID_VALUE, "password", "A password has %d to %d characters.", PASSWORD_MIN,
			PASSWORD_MAX);
	uint8_t salt[SALT_SIZE];
	random_fill(salt, sizeof salt);
	char *encoded = arena_take(cx->mem, ENCODED_MAX, 1);
	if (!enter())
		return queue_full(cx);
	int rc = argon2id_hash_encoded(PASSES, memory_kib(), LANES, prepared.ptr, prepared.len, salt, sizeof salt,
		HASH_SIZE, encoded, ENCODED_MAX);
	leave();
	if (rc != ARGON2_OK)
		return FAIL(cx, INTERNAL, "argon2: %s", argon2_error_message(rc));
	*out = str_of(encoded);
	return OK;
}

static err_t verify(struct ctx *cx, struct str password, const char *encoded, bool *out)
{
	static const uint8_t no_salt[SALT_SIZE] = { 0 };
	if (!enter())
		return queue_full(cx);
	int rc;
	if (encoded) {
		rc = argon2id_verify(encoded, password.ptr, password.len);
	} else { /* nothing to compare with: the same work for the same time */
		uint8_t hash[HASH_SIZE];
		argon2id_hash_raw(PASSES, memory_kib(), LANES, password.ptr, password.len, no_salt, sizeof no_salt,
			hash, sizeof hash);
		rc = ARGON2_VERIFY_MISMATCH;
	}
	leave();
	if (rc != ARGON2_OK && rc != ARGON2_VERIFY_MISMATCH)
		return FAIL(cx, INTERNAL, "argon2: %s", argon2_error_message(rc));
	*out = rc == ARGON2_OK;
	return OK;
}

err_t password_verify(struct ctx *cx, struct str password, struct str encoded, bool *out)
{
	struct str sent = str_sub(password, 0, PASSWORD_MAX), prepared;
	bool as_prepared = false, as_sent = false;
	if (!opaque_string(cx->mem, password, &prepared))
		prepared = sent;
	bool fits = password.len <= OPAQUE_STRING_MAX && prepared.len <= PASSWORD_MAX;
	const char *text = fits ? str_c(cx->mem, encoded) : NULL;
	prepared = str_sub(prepared, 0, PASSWORD_MAX);
	TRY(verify(cx, prepared, text, &as_prepared));
	/* Both in any case: what it costs depends on what was typed, not on what is stored. */
	if (!str_eq(prepared, sent))
		TRY(verify(cx, sent, sent.len == password.len ? text : NULL, &as_sent));
	*out = as_prepared || as_sent;
	return OK;
}
