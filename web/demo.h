/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `--demo`: an account to sign in with, a key, a few events, and a third-party platform ("Northwind CRM") on an address
 * of its own that walks the Connect flow as any other platform would: over HTTP, with nothing but its client id,
 * secret and tokens.
 */
#pragma once

#include "server/base/buf.h"
#include "server/http/router.h"

struct demo {
	struct str email, password; /* password absent: its owner has set another one */
	struct str key;             /* an account key */
	struct str client_id, client_secret, redirect_uri;
	struct str account_id; /* usr_… */
};

/*
 * Make what is missing: accounts of a user and of the platform's owner, sample events, key, client. What must be told
 * again at the next start is kept in DATA_DIR/demo.json, mode 0600.
 *
 * out     texts live in cx->mem, which must outlive the platform
 * errors  those of account, key and client; INVALID_VALUE ("demo-listen") for an address that is not of this computer
 */
MUST_CHECK err_t demo_prepare(struct ctx *cx, struct demo *out);

/* What the operator is told at start: addresses, sign-in, key, and curl lines that work when pasted. */
void demo_banner(struct ctx *cx, const struct demo *demo, struct buf *out);

/* An app for a second civet on config->demo_listen. It has no database. Closed after that civet. */
struct app *demo_platform_open(struct ctx *cx, const struct demo *demo);
void demo_platform_close(struct app *platform);
