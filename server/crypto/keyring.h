/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's secret key: 32 random octets in a file of mode 0600, shared by all instances on one database. Keys for
 * single purposes are derived from it by name (HKDF), so that none is used for two.
 */
#pragma once

#include "server/base/ctx.h"

struct keyring;

/* Read the file, or make it when absent. INVALID_VALUE with a text: not 32 octets, readable by others, no access. */
MUST_CHECK err_t keyring_open(struct ctx *cx, const char *path, struct keyring **out);
void keyring_close(struct keyring *keys);

/* The key for a purpose, 32 octets: "refresh-tag", "webhook-secret" … Borrowed from mem. */
struct bytes keyring_key(const struct keyring *keys, struct arena *mem, const char *purpose);
