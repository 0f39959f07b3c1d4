/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who makes an account themselves, where mail is sent: first they name their address, and whoever reads there goes on
 * by the link of a letter. Neither the page nor the time that it takes tells whether there is an account with the
 * address: its owner is told so by the letter, and nobody else.
 */
#pragma once

#include "server/mail/asked.h"

struct account;
struct account_new;

#define SIGN_UP_LINK_S (24 * 3600)

/*
 * Noted, whoever has the address.
 *
 * errors  those of letter_ask(); FORBIDDEN: past --accounts-max, which everybody is told
 */
MUST_CHECK err_t sign_up_ask(struct ctx *cx, struct str email, struct str language);

/* The letter to who asked, in the caller's transaction: with a link to go on, or that there is an account. */
MUST_CHECK err_t sign_up_letter(struct ctx *cx, const struct asked *who);

/* Whose address a link is about, without using it. NOT_FOUND for one that is none, was used, or is over. */
MUST_CHECK err_t sign_up_link_read(struct ctx *cx, struct str token, struct str *email_out);

/*
 * Use it: the account is made with the link's address, which is confirmed by it. All else stands in `in`.
 *
 * errors  NOT_FOUND as above; those of account_create()
 */
MUST_CHECK err_t sign_up_finish(struct ctx *cx, struct str token, const struct account_new *in, struct account *out);
