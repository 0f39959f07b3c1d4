/* SPDX-License-Identifier: Apache-2.0 */
/*
 * That somebody reads at an address: they come back by a link that was mailed there. By it an address is confirmed, an
 * account gets another one, and who forgot their password sets a new one (reset.h). A link is good once, and for a
 * while; a newer one for the same purpose takes its place. Only its hash is stored, and it ends with the password.
 *
 * Where no mail is sent nothing asks for a confirmed address, and an address changes at once.
 */
#pragma once

#include "server/base/ctx.h"
#include "server/data/catalogue.h"

/* The last one is of nobody's account: sign_up.h. */
enum mailbox_purpose { MAILBOX_CONFIRM = 1, MAILBOX_CHANGE = 2, MAILBOX_RESET = 3, MAILBOX_SIGN_UP = 4 };

#define MAILBOX_LINK_S (24 * 3600) /* to confirm, or to change */
#define RESET_LINK_S (30 * 60)

/* Whether this server sends mail at all. */
bool mailbox_is_possible(const struct ctx *cx);

/*
 * A letter with a link to confirm the account's address, in the language of the page that asks. No error where no mail
 * is sent. errors  RATE_LIMITED: 5 an hour for an account, and for an address
 */
MUST_CHECK err_t mailbox_ask_confirm(
	struct ctx *cx, struct id account, struct str email, const struct language *language);

/*
 * Another address for the account: a letter to it has the link that makes it so. Where no mail is sent it is so at
 * once, which `*at_once` tells. Whether somebody has the address already is not told before the link is used.
 *
 * errors  those of email_fold(); INVALID_VALUE (param "email": it is the account's, or no mail can go there);
 *         RATE_LIMITED; CONFLICT (at once: the address is taken)
 */
MUST_CHECK err_t mailbox_ask_change(struct ctx *cx, struct id account, struct str now_email, struct str email,
	const struct language *language, bool *at_once);

/* A new link, in the caller's transaction if there is one: its path below --public-url. `word`: as in web/routes.c. */
MUST_CHECK err_t mailbox_link_new(struct ctx *cx, struct id account, enum mailbox_purpose purpose, const char *word,
	struct str email, int64_t lifetime_s, struct str *path_out);

/* What a link is about. */
struct mailbox_link {
	struct id account;        /* live */
	struct str email;         /* to which the letter went */
	struct str account_email; /* the account's address by now */
	bool confirmed;           /* somebody has shown that they read at that one */
};
/* Without using it. NOT_FOUND for one that is none, was used, or is over. */
MUST_CHECK err_t mailbox_link_read(
	struct ctx *cx, enum mailbox_purpose purpose, struct str token, struct mailbox_link *out);

/*
 * Use it: for who is signed in to the account alone, which the caller has seen (docs/adr/0045-claimed.md). NOT_FOUND as
 * above.
 */
MUST_CHECK err_t mailbox_confirm(struct ctx *cx, struct str token);
/* CONFLICT (param "email"): somebody has the address meanwhile. */
MUST_CHECK err_t mailbox_change(struct ctx *cx, struct str token);

/* The account and hash of a token; NOT_FOUND for what none of ours can be. */
MUST_CHECK err_t mailbox_token_read(struct ctx *cx, struct str token, struct id *account_out, struct bytes *hash_out);
