/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/known_browser.h"

#include <string.h>

#include "server/crypto/keyring.h"
#include "server/crypto/seal.h"

#define CONTEXT STR("known browser")

static struct bytes seal_key(struct ctx *cx)
{
	return keyring_key(cx->keys, cx->mem, "known-browser");
}

struct known_browser known_browser_read(struct ctx *cx, struct str cookie)
{
	struct known_browser browser = { 0 };
	struct bytes sealed, plain;
	if (!cookie.len || !base64url_to(cx->mem, cookie, &sealed) ||
		!unseal(cx->mem, seal_key(cx), CONTEXT, sealed, &plain) || plain.len != 2 * sizeof(struct id))
		return browser;
	memcpy(&browser.account, plain.ptr, sizeof browser.account);
	memcpy(&browser.number, plain.ptr + sizeof browser.account, sizeof browser.number);
	return browser;
}

struct str known_browser_cookie(struct ctx *cx, struct known_browser was, struct id account)
{
	uint8_t plain[2 * sizeof(struct id)];
	struct id live = id_in_mode(account, false), number = id_eq(was.account, live) ? was.number : id_new(cx->now);
	memcpy(plain, &live, sizeof live);
	memcpy(plain + sizeof live, &number, sizeof number);
	return base64url_of(cx->mem, seal(cx->mem, seal_key(cx), CONTEXT, bytes_of(plain, sizeof plain)));
}
