/* SPDX-License-Identifier: Apache-2.0 */
/* What a command stands on: the settings, the keys, the database (private or given). */
#pragma once

#include "server/base/config.h"
#include "server/crypto/keyring.h"
#include "server/db/embedded.h"

struct runtime {
	struct config config; /* with the defaults that depend on others filled in: data_dir, public_url */
	struct keyring *keys;
	struct embedded *embedded; /* NULL when --database-url names another */
	const char *database_url;
	struct db_pool *db;
};

/*
 * Fill in the settings that depend on others, and refuse those that cannot be: a public URL with a path, an address
 * without a port, a certificate without its key.
 */
MUST_CHECK err_t runtime_settle(struct ctx *cx, struct config *config);

/* Must the secret key be the one that the database was served with? A command that seals nothing does not ask. */
enum runtime_key { KEY_ANY, KEY_OF_DATABASE };

/* Keys, database, schema. With a key that is wrong nothing is migrated. Sets cx->config, cx->keys and cx->db. What was
 * opened before an error is closed again. */
MUST_CHECK err_t runtime_open(struct ctx *cx, const struct config *config, enum runtime_key key, struct runtime *out);
void runtime_close(struct runtime *runtime);
