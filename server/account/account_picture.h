/* SPDX-License-Identifier: Apache-2.0 */
/* The picture of an account, as server/picture/ makes it. */
#pragma once

#include "server/base/ctx.h"

/* Of an octet string the first half of its SHA-256 in hex: where a picture is found in caches for ever. */
struct str picture_tag(struct arena *mem, struct bytes picture);

/* Of a live account. Absent: none any more. */
MUST_CHECK err_t account_picture_set(struct ctx *cx, struct id account, struct bytes picture);
/* NOT_FOUND: it has none, or another. */
MUST_CHECK err_t account_picture(struct ctx *cx, struct id account, struct str tag, struct bytes *out);

/*
 * Where a picture is shown without a sign-in, to whoever is shown the user: /pictures/usr_…/… with the tag and a MAC of
 * this server, so that nobody can make it up, not even who has the same picture (docs/adr/0054). It ends with the
 * picture, and while its account does not act. Of an account in either mode; absent where the tag is: there is none.
 */
struct str account_picture_url(struct ctx *cx, struct id account, struct str tag);
/* NOT_FOUND: none of ours, or not shown any more. name: what comes after the account. */
MUST_CHECK err_t account_picture_shown(struct ctx *cx, struct id account, struct str name, struct bytes *out);
