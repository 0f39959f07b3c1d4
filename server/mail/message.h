/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message as it is mailed (RFC 5322, MIME), in ASCII, but for a recipient who has it else (RFC 6532), and lines of 78
 * octets. What comes from outside (names, titles, texts) cannot leave its place: header fields are quoted or encoded
 * words (RFC 2047), bodies quoted-printable or base64, and the boundaries have characters that neither has.
 */
#pragma once

#include "server/base/ctx.h"

#define MAIL_ADDRESS_MAX 254 /* octets (RFC 5321 §4.5.3.1.3) */

/*
 * One address that is mailed to, strictly: a local part of dot-atoms of 64 octets at most, which may have letters
 * beyond ASCII (RFC 6531 §3.3), and the name of a host, which may be an internationalized one. What RFC 5322 also
 * allows (quoted local parts, literals) is refused.
 */
bool mail_is_address(struct str text);

/*
 * An address as it is sent to: its host in ASCII (RFC 5890), so that any mail server takes it, unless the local part is
 * beyond ASCII. Of what is no address, that itself.
 */
struct str mail_address_sent(struct arena *mem, struct str address);
/* Only servers that offer SMTPUTF8 take it (RFC 6531 §3.1). */
bool mail_needs_utf8(struct str address);

struct mail_person {
	struct str email, name; /* name absent: none */
};

struct mail_message {
	struct mail_person from;
	struct mail_person reply_to; /* email absent: none */
	struct str subject, text;    /* UTF-8; control characters are left out */
	struct str language;         /* in which they are (BCP 47); absent: not told */
	struct str html;             /* the same as a page, of whole lines; absent: none */
	struct str calendar;         /* an iTIP message; absent: none */
	struct str method;           /* its METHOD */
	struct id id;                /* a random one: the boundaries are made of it */
	struct instant date;
};

/*
 * All but the lines of each recipient (mail_message_head): the same for all of them.
 *
 * Text, and beside it the same as HTML; where there is a calendar, the same as text/calendar with its method, too (RFC
 * 6047 §2.4), of which a mail program makes buttons, and a file invite.ics for those that do not.
 */
struct str mail_message_write(struct arena *mem, const struct mail_message *message);

/* Message-ID and To: what stands before it for one recipient, as mail_address_sent() has it. `key` is the left side of
 * the id. */
struct str mail_message_head(struct arena *mem, struct str key, struct str from, struct str to);
