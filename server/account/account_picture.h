/* SPDX-License-Identifier: Apache-2.0 */
/* The picture of an account, as server/picture/ makes it. */
#pragma once

#include "server/base/ctx.h"

/* Of an octet string the first half of its SHA-256 in hex: where a picture is found in caches for ever. */
struct str picture_tag(struct arena *mem, struct bytes picture);

/* Absent: none any more. */
MUST_CHECK err_t account_picture_set(struct ctx *cx, struct id account, struct bytes picture);
/*
 * Where whoever is shown the user finds their picture, without a credential: only who was told the address knows it,
 * and another picture has another. Absent: there is none.
 */
MUST_CHECK err_t account_picture_url(struct ctx *cx, struct id account, struct str *out);
/* So that it costs no round trip: what account_picture_url() asks goes with the authentication of the account's key. */
void account_picture_prefetch(struct ctx *cx, struct id account, struct bytes key);
/* NOT_FOUND: it has none, or another. */
MUST_CHECK err_t account_picture(struct ctx *cx, struct id account, struct str tag, struct bytes *out);

/*
 * Where a picture is shown without a sign-in: /pictures/usr_…/… with the tag and a MAC of this server, so that nobody
 * can make it up, not even who has the same picture (docs/adr/0054). It ends with the picture, and while its account
 * does not act.
 */
struct str account_picture_path(struct ctx *cx, struct id account, struct str tag);
/* NOT_FOUND: none of ours, or not shown any more. name: what comes after the account. */
MUST_CHECK err_t account_picture_shown(struct ctx *cx, struct id account, struct str name, struct bytes *out);
