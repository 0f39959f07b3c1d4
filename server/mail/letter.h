/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A letter in the language of who gets it: text and HTML that say the same. Made part by part, and then written down in
 * the transaction of what it tells of (mail.h): to the owner of an account by letter_send(), to others with what else
 * goes along (invitation.h).
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
/* To somebody else in an account's name: this subject, as it is. */
struct letter *letter_to_others(struct ctx *cx, const struct language *language, struct str subject);
/* A paragraph, with its values as wording_with() has them. They may have anything: nothing of it is read as HTML. */
__attribute__((sentinel)) void letter_say(struct letter *letter, const char *text, ...);
/* A line "name: value" of a list; nothing where the value is empty. */
void letter_fact(struct letter *letter, const char *name, struct str value);
/* What a person wrote, apart from this server's own words; nothing where it is empty. */
void letter_quote(struct letter *letter, struct str text);
/* A link of this server, on a line of its own; the first is a button. `path` begins with a slash. */
void letter_link(struct letter *letter, const char *label, struct str path);
/* The same by its whole URL. */
void letter_link_to(struct letter *letter, const char *label, struct str url);
/* Why they get it, below all else: values as above. */
__attribute__((sentinel)) void letter_reason(struct letter *letter, const char *text, ...);

/* Anybody may ask for one like it: it keeps no notice back (mail.h). */
void letter_was_asked_for(struct letter *letter);

/* Its subject, language, text and HTML into a message. */
MUST_CHECK err_t letter_write(struct ctx *cx, struct letter *letter, struct mail_message *out);

/*
 * Written down, as mail_add() does. What cannot be mailed to (mail_is_address()), and all of a server that sends no
 * mail, is left out: `*sent_out`, which may be NULL, tells.
 */
MUST_CHECK err_t letter_send(struct ctx *cx, struct letter *letter, struct id account, struct str to, bool *sent_out);
