/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/base/log.h"
#include "server/crypto/digest.h"

#define PURPOSES_KEPT 32 /* a name for each place that calls keyring_key() */

/* What was derived already: a derivation is as much as all else that a nonce or a tag takes. */
struct derived {
	pthread_mutex_t lock;
	size_t count;
	struct {
		const char *purpose;
		uint8_t key[KEYRING_KEY_SIZE];
	} items[PURPOSES_KEPT];
};

struct keyring {
	struct arena *mem;
	uint8_t secret[KEYRING_KEY_SIZE];
	struct derived *derived;
};

static void close_file(void *fd)
{
	close((int)(intptr_t)fd);
}

static err_t file_open(struct ctx *cx, const char *path, int flags, int *out)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd < 0)
		return REFUSE(cx, INVALID_VALUE, "secret-key-file", "The secret key file %s cannot be opened: %s.",
			path, strerror(errno));
	arena_defer(cx->mem, close_file, (void *)(intptr_t)fd);
	*out = fd;
	return OK;
}

/* Made whole under another name and then linked: whoever reads it sees all of it, and the first of two makers wins. */
static err_t file_make(struct ctx *cx, const char *path)
{
	const char *fresh = str_fmt(cx->mem, "%s.new.%d", path, (int)getpid()).ptr;
	uint8_t key[KEYRING_KEY_SIZE];
	int fd;
	TRY(file_open(cx, fresh, O_WRONLY | O_CREAT | O_EXCL, &fd));
	random_fill(key, sizeof key);
	bool made = write(fd, key, sizeof key) == (ssize_t)sizeof key && fsync(fd) == 0 &&
		    (link(fresh, path) == 0 || errno == EEXIST);
	int why = errno;
	explicit_bzero(key, sizeof key);
	unlink(fresh);
	if (!made)
		return REFUSE(cx, INVALID_VALUE, "secret-key-file", "The secret key file %s cannot be made: %s.", path,
			strerror(why));
	return OK;
}

static err_t file_read(struct ctx *cx, const char *path, uint8_t key[KEYRING_KEY_SIZE])
{
	int fd;
	struct stat st;
	TRY(file_open(cx, path, O_RDONLY, &fd));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size != KEYRING_KEY_SIZE ||
		read(fd, key, KEYRING_KEY_SIZE) != KEYRING_KEY_SIZE)
		return REFUSE(cx, INVALID_VALUE, "secret-key-file",
			"The secret key file %s must hold exactly %d octets.", path, KEYRING_KEY_SIZE);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return REFUSE(cx, INVALID_VALUE, "secret-key-file",
			"The secret key file %s can be written by others: chmod 600 it.", path);
	if (st.st_mode & S_IROTH)
		log_event(LOG_WARN, "secret_key_file_readable_by_all", LOG_C("file", path));
	return OK;
}

err_t keyring_open(struct ctx *cx, const char *path, struct keyring **out)
{
	uint8_t secret[KEYRING_KEY_SIZE];
	if (access(path, F_OK) != 0)
		TRY(file_make(cx, path));
	TRY(file_read(cx, path, secret));

	struct arena *mem = arena_open();
	struct keyring *keys = arena_new(mem, struct keyring);
	keys->mem = mem;
	memcpy(keys->secret, secret, sizeof secret);
	explicit_bzero(secret, sizeof secret);
	keys->derived = arena_new(mem, struct derived);
	pthread_mutex_init(&keys->derived->lock, NULL);
	*out = keys;
	return OK;
}

void keyring_close(struct keyring *keys)
{
	if (!keys)
		return;
	pthread_mutex_destroy(&keys->derived->lock);
	arena_close(keys->mem);
}

static void derive(const struct keyring *keys, struct arena *mem, const char *purpose, uint8_t key[KEYRING_KEY_SIZE])
{
	struct str info = str_cat(mem, STR("calends "), str_of(purpose));
	hkdf_sha256(bytes_of(keys->secret, sizeof keys->secret), info, key, KEYRING_KEY_SIZE);
}

struct bytes keyring_key(const struct keyring *keys, struct arena *mem, const char *purpose)
{
	uint8_t *key = arena_take(mem, KEYRING_KEY_SIZE, 1);
	struct derived *d = keys->derived;
	size_t i = 0;
	pthread_mutex_lock(&d->lock);
	while (i < d->count && strcmp(d->items[i].purpose, purpose) != 0)
		i++;
	if (i < d->count) {
		memcpy(key, d->items[i].key, KEYRING_KEY_SIZE);
	} else {
		derive(keys, mem, purpose, key);
		if (i < PURPOSES_KEPT) {
			d->items[i].purpose = purpose;
			memcpy(d->items[i].key, key, KEYRING_KEY_SIZE);
			d->count++;
		}
	}
	pthread_mutex_unlock(&d->lock);
	return bytes_of(key, KEYRING_KEY_SIZE);
}

struct bytes keyring_mark(const struct keyring *keys, struct arena *mem)
{
	return keyring_key(keys, mem, "mark");
}
