/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A letter of this server to the owner of an account, in their language: text and simple HTML that say the same. Made
 * part by part, and then written down in the transaction of what it tells of (mail.h).
 *
 * Its texts are in English, as literals or marked by SAY, and stand in the catalogue (server/data/wording.h).
 */
#pragma once

#include "server/data/wording.h"
#include "server/mail/mail.h"

struct letter; /* lives as long as cx->mem */

/* language: NULL is English. The server's name stands before the subject, whose values are given as below. */
__attribute__((sentinel)) struct letter *letter_new(
	struct ctx *cx, const struct language *language, const char *subject, ...);
/* A paragraph, with its values as wording_with() has them. They may have anything: nothing of it is read as HTML. */
__attribute__((sentinel)) void letter_say(struct letter *letter, const char *text, ...);
/* A line "name: value" of a list; nothing where the value is empty. */
void letter_fact(struct letter *letter, const char *name, struct str value);
/* A link of this server, on a line of its own. `path` begins with a slash. */
void letter_link(struct letter *letter, const char *label, struct str path);

/* Anybody may ask for one like it: it keeps no notice back (mail.h). */
void letter_was_asked_for(struct letter *letter);

/*
 * Written down, as mail_add() does. What cannot be mailed to (mail_is_address()), and all of a server that sends no
 * mail, is left out: `*sent_out`, which may be NULL, tells.
 */
MUST_CHECK err_t letter_send(struct ctx *cx, struct letter *letter, struct id account, struct str to, bool *sent_out);
