/* SPDX-License-Identifier: Apache-2.0 */
/* Who forgot their password sets a new one by a link that is mailed to them (mailbox.h). */
#pragma once

#include "server/mail/asked.h"

/* The letter to who asked and has an account, in the caller's transaction. */
MUST_CHECK err_t reset_letter(struct ctx *cx, const struct asked *who);

/*
 * A new password by a link. It ends all sessions; keys and apps stay, unless nobody had shown before that they read at
 * the address: then all that lets somebody in ends with it (docs/adr/0045-claimed.md). Their address is confirmed by
 * it.
 *
 * errors  NOT_FOUND: the link is none, was used, or is over; those of password_hash()
 */
MUST_CHECK err_t reset_password(struct ctx *cx, struct str token, struct str password);
