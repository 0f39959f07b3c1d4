/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Letters that anybody may ask for, to an address that they name: for a new password (reset.h), to sign up (sign_up.h).
 * That one was asked for is noted, and that is all: a job looks whether there is such an account, so that neither the
 * answer nor the time that it takes tells. They wait in one queue; when very many do, those networks wait longer that
 * ask most.
 */
#pragma once

#include "server/base/ctx.h"
#include "server/mail/mailbox.h"

struct asked {
	struct id id;
	int16_t purpose;   /* enum mailbox_purpose */
	struct id account; /* zero: there is none, or, for a new password, none that may be signed in to */
	struct str email, network;
	struct str language; /* the account's, else that of the page by which it was asked for */
};

#define ASKS_AN_HOUR 5         /* for an address, of each purpose */
#define ASKS_FROM_A_NETWORK 20 /* in an hour, the same */

/*
 * language: of the page (a tag of the catalogue), in which the letter is for who has no account with another.
 *
 * errors  INVALID_VALUE (param "email"): no address that mail can go to, whoever has it; RATE_LIMITED;
 * MAIL_NOT_CONFIGURED; UNAVAILABLE: 1,000 wait, and this network has its share of them
 */
MUST_CHECK err_t letter_ask(struct ctx *cx, enum mailbox_purpose purpose, struct str email, struct str language);

/* A job: the letters are written. */
MUST_CHECK err_t asked_write(struct ctx *cx, void *unused);
