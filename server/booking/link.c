/* SPDX-License-Identifier: Apache-2.0 */
#include "server/booking/link.h"

#include "server/base/config.h"
#include "server/crypto/keyring.h"
#include "server/crypto/secret.h"

#define PURPOSE "booking-link"

struct str booking_link_token(struct ctx *cx, struct id account, struct id booking)
{
	const struct secret_parts parts = { .kind = SECRET_BOOKING, .account = account, .family = booking };
	return secret_new(cx->mem, &parts, keyring_key(cx->keys, cx->mem, PURPOSE));
}

struct str booking_link(struct ctx *cx, struct id account, struct id booking)
{
	return str_fmt(cx->mem, "%.*s/booking/%.*s", STR_ARG(cx->config->public_url),
		STR_ARG(booking_link_token(cx, account, booking)));
}

err_t booking_link_open(struct ctx *cx, struct str token, struct id *account_out, struct id *booking_out)
{
	struct secret_parts parts;
	if (!secret_parse(cx->mem, token, &parts) || parts.kind != SECRET_BOOKING ||
		!secret_tag_true(&parts, token, keyring_key(cx->keys, cx->mem, PURPOSE)))
		return FAIL(cx, NOT_FOUND, "no token of a booking, or one that was made up");
	*account_out = parts.account;
	*booking_out = parts.family;
	return OK;
}
