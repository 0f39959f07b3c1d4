/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/key_maker.h"

#include <assert.h>

#include "server/account/key_private.h"
#include "server/base/address.h"

static bool network_within(const struct network *inner, const struct network *outer)
{
	return inner->bits >= outer->bits && network_holds(outer, inner->base);
}

static bool ip_within(struct str text, struct str_list all)
{
	struct network inner, outer;
	if (!network_parse(text, &inner))
		return false;
	for (size_t i = 0; i < all.count; i++)
		if (network_parse(all.items[i], &outer) && network_within(&inner, &outer))
			return true;
	return false;
}

/* items NULL: from anywhere, which lies within nothing else. */
static bool ips_within(struct str_list some, struct str_list all)
{
	if (!all.items)
		return true;
	for (size_t i = 0; i < some.count; i++)
		if (!ip_within(some.items[i], all))
			return false;
	return some.items;
}

static bool rate_within(int32_t some, int32_t all)
{
	return !all || (some && some <= all);
}

static bool end_within(struct instant some, struct instant all)
{
	return instant_is_none(all) || (!instant_is_none(some) && !instant_before(all, some));
}

static err_t check_ips(struct ctx *cx, const struct key *maker, struct str_list ips)
{
	if (ips_within(ips, maker->limits.ips))
		return OK;
	return REFUSE(cx, INVALID_VALUE, "allowed_ips",
		"The key that you use may come from some addresses alone, and gives no other key more of them. Name "
		"some of its own.");
}

static err_t check_rate(struct ctx *cx, const struct key *maker, int32_t rate)
{
	if (rate_within(rate, maker->limits.rate))
		return OK;
	return REFUSE(cx, INVALID_VALUE, "rate_limit",
		"The key that you use has %d requests a second, and gives no other key more.", (int)maker->limits.rate);
}

err_t key_maker_hold(struct ctx *cx, struct id account, struct id maker, struct id changed, struct key *out)
{
	assert(cx->tx);
	TRY(key_get_held(cx, account, maker, id_is_zero(changed) ? maker : changed, out));
	bool rotated = !instant_is_none(out->rotated_at) && instant_before(cx->now, out->rotated_at);
	return rotated || !key_is_alive(cx, out) ? FAIL(cx, KEY_REVOKED, "ended while it made something") : OK;
}

err_t key_maker_new(struct ctx *cx, const struct key *maker, struct key_new *in)
{
	if (instant_is_none(in->expires_at))
		in->expires_at = maker->expires_at;
	if (!end_within(in->expires_at, maker->expires_at))
		return REFUSE(cx, INVALID_VALUE, "expires_at",
			"The key that you use ends before, and no key that it makes outlives it.");
	if (in->kind == KEY_PUBLISHABLE)
		return OK;
	if (!in->limits.ips.items)
		in->limits.ips = maker->limits.ips;
	if (!in->limits.rate)
		in->limits.rate = maker->limits.rate;
	TRY(check_ips(cx, maker, in->limits.ips));
	return check_rate(cx, maker, in->limits.rate);
}

err_t key_maker_change(
	struct ctx *cx, const struct key *maker, const struct key *present, const struct key_change *change)
{
	if (present->kind == KEY_PUBLISHABLE)
		return OK;
	if (change->set_ips)
		TRY(check_ips(cx, maker, change->limits.ips));
	return change->set_rate ? check_rate(cx, maker, change->limits.rate) : OK;
}

err_t key_maker_rotate(struct ctx *cx, const struct key *maker, const struct key *key)
{
	bool within =
		ips_within(key->limits.ips, maker->limits.ips) && rate_within(key->limits.rate, maker->limits.rate);
	if (id_eq(key->id, maker->id))
		return OK;
	if (end_within(key->expires_at, maker->expires_at) && (within || key->kind == KEY_PUBLISHABLE))
		return OK;
	return REFUSE(cx, FORBIDDEN, "",
		"This key is limited less than the one that you use: it ends later, or may be used from elsewhere or "
		"more often. Its owner can rotate it on the API keys page.");
}

err_t key_maker_app(struct ctx *cx, const struct key *maker)
{
	if (instant_is_none(maker->expires_at) && !maker->limits.ips.items)
		return OK;
	return REFUSE(cx, FORBIDDEN, "",
		"The key that you use ends one day, or may come from some addresses alone. What an app gets has no "
		"such "
		"limits, so it registers and changes none. Its owner can on the page My apps.");
}
