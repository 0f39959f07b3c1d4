/* SPDX-License-Identifier: Apache-2.0 */
/* Who forgot their password sets a new one by a link that is mailed to them (mailbox.h). */
#pragma once

#include "server/base/ctx.h"

/*
 * Noted, and that is all: a job looks whether there is such an account, so that neither the answer nor the time that
 * it takes tells. What is no address is an address that nobody has.
 *
 * errors  RATE_LIMITED: 5 an hour for an address, 20 from a network; MAIL_NOT_CONFIGURED; UNAVAILABLE: 1,000 wait,
 *         and this network has its share of them
 */
MUST_CHECK err_t reset_ask(struct ctx *cx, struct str email);

/* A job: letters to those who have an account. */
MUST_CHECK err_t resets_write(struct ctx *cx, void *unused);

/*
 * A new password by a link. It ends all sessions; keys and apps stay, unless nobody had shown before that they read at
 * the address: then all that lets somebody in ends with it (docs/adr/0045-claimed.md). Their address is confirmed by
 * it.
 *
 * errors  NOT_FOUND: the link is none, was used, or is over; those of password_hash()
 */
MUST_CHECK err_t reset_password(struct ctx *cx, struct str token, struct str password);
