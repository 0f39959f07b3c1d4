/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formats of our secrets. Every secret carries its account id
 * under the hash, so that authentication is one statement on one node: altering the id changes the hash.
 *
 *   cp_  + 64 lower-case hex: 16 random octets, then the account (product format; no checksum possible)
 *   sk_live_ sk_test_ rk_live_ rk_test_ pk_live_ pk_test_
 *        + region digit + base62 of (random 24, account 16) in 54 digits + CRC
 *   cat_ + base62 of (version 1, expiry hour 3, random 24, account 16) in 60 digits + CRC
 *   crt_ + base62 of (random 24, account 16, family 16, generation 4, tag 8) in 92 digits + CRC
 *   cac_ + base62 of (random 24, account 16, family 16) in 76 digits + CRC
 *   cls_ + base62 of (random 32) in 43 digits + CRC        (a client secret is sent beside its client id)
 *   cds_ + the same                                    (a device code, RFC 8628; both of a login flow)
 *   cri_ + the same                                    (by which an app registers itself, RFC 7591)
 *   crm_ + the same                                    (by which it manages that, RFC 7592)
 *   ses_ + base62 of (random 24, account 16) in 54 digits + CRC
 *   cml_ + the same                                     (a link in a letter: mail/mailbox.h)
 *   cft_ + base62 of (account 16, calendar 16, tag 24) in 76 digits + CRC   (nothing of it is stored:
 * caldav/calendar/feed.h)
 *   cbk_ + the same with a booking in the calendar's place (booking/link.h)
 *
 * CRC: 6 base62 digits of the CRC-32 of all before. Random octets come before the account, or all keys of an account
 * would list the same prefix. The tag proves that a generation was issued here: the first 8 octets of HMAC-SHA-256 of
 * what stands before it. Of a feed it is all the secret there is, and longer.
 *
 * Junk is refused by syntax and checksum without a visit to the database.
 */
#pragma once

#include "server/base/id.h"

enum secret_kind {
	SECRET_CP,
	SECRET_SK_LIVE,
	SECRET_SK_TEST,
	SECRET_RK_LIVE,
	SECRET_RK_TEST,
	SECRET_PK_LIVE,
	SECRET_PK_TEST,
	SECRET_ACCESS,
	SECRET_REFRESH,
	SECRET_CODE,
	SECRET_CLIENT,
	SECRET_SESSION,
	SECRET_FEED,
	SECRET_BOOKING,
	SECRET_DEVICE,
	SECRET_REGISTRATION,
	SECRET_MANAGE,
	SECRET_MAILBOX,
	SECRET_KINDS
};

struct secret_parts {
	enum secret_kind kind;
	struct id account;   /* zero where the kind carries none */
	struct id family;    /* SECRET_REFRESH, SECRET_CODE; of a SECRET_FEED the calendar, of a SECRET_BOOKING that */
	uint32_t generation; /* SECRET_REFRESH */
	uint32_t
		expiry_hour; /* SECRET_ACCESS: Unix hours, under 2^24; names the slot of the token ring. Not trusted. */
	struct bytes tag;    /* SECRET_REFRESH: 8 octets of HMAC; SECRET_FEED, SECRET_BOOKING: 24 */
};

/* A new secret of this kind; `parts` gives what it carries (kind, account, family, generation, expiry_hour). For
 * SECRET_REFRESH `tag_key` is the server's MAC key (32 octets), for SECRET_FEED the calendar's, for SECRET_BOOKING that
 * of links, else absent. */
struct str secret_new(struct arena *mem, const struct secret_parts *parts, struct bytes tag_key);

/* Syntax, checksum and fields. False for anything that none of our formats has. */
bool secret_parse(struct arena *mem, struct str text, struct secret_parts *out);

/* SECRET_REFRESH, SECRET_FEED, SECRET_BOOKING: was it really issued with this key? (constant time) */
bool secret_tag_true(const struct secret_parts *parts, struct str text, struct bytes tag_key);

/* What lists show: kind prefix and 6 characters, "cp_8f3a1c". */
struct str secret_prefix(struct arena *mem, struct str secret);
