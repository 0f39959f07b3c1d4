/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's secret key: 32 random octets in a file of mode 0600, shared by all instances on one database. Keys for
 * single purposes are derived from it by name (HKDF), so that none is used for two.
 */
#pragma once

#include "server/base/ctx.h"

#define KEYRING_KEY_SIZE 32

struct keyring;

/*
 * Read the file, or make it when absent. INVALID_VALUE with a text that says how to mend it: not 32 octets, writable by
 * others, no access. Readable by everyone is allowed (containers mount secrets so) and logged.
 */
MUST_CHECK err_t keyring_open(struct ctx *cx, const char *path, struct keyring **out);
void keyring_close(struct keyring *keys); /* NULL is fine; wipes */

/*
 * The key for a purpose, 32 octets: "refresh-tag", "known-browser" … Borrowed from mem. The name is a literal, and
 * never reused for something else: what was made with it is stored.
 */
struct bytes keyring_key(const struct keyring *keys, struct arena *mem, const char *purpose);
/* What tells two secret keys apart and nothing of either: 32 octets, stored in the database. Borrowed from mem. */
struct bytes keyring_mark(const struct keyring *keys, struct arena *mem);
