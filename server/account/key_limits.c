/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/key_limits.h"

#include "server/base/address.h"
#include "server/data/uri.h"

static err_t check_ips(struct ctx *cx, struct str_list ips)
{
	struct network network;
	if (ips.items && (ips.count == 0 || ips.count > KEY_IPS_MAX))
		return REFUSE(cx, INVALID_VALUE, "allowed_ips", "Name 1 to %d addresses or networks, or none: null.",
			KEY_IPS_MAX);
	for (size_t i = 0; i < ips.count; i++)
		if (!network_parse(ips.items[i], &network))
			return REFUSE(cx, INVALID_VALUE, "allowed_ips",
				"\"%.*s\" is no address and no network. Write 192.0.2.7, 192.0.2.0/24 or "
				"2001:db8::/56.",
				STR_ARG(ips.items[i]));
	return OK;
}

static err_t clean_origins(struct ctx *cx, struct str_list in, struct str_list *out)
{
	*out = in;
	if (!in.items)
		return OK;
	if (in.count == 0 || in.count > KEY_ORIGINS_MAX)
		return REFUSE(
			cx, INVALID_VALUE, "allowed_origins", "Name 1 to %d origins, or none: null.", KEY_ORIGINS_MAX);
	struct str *origins = arena_array(cx->mem, struct str, in.count);
	for (size_t i = 0; i < in.count; i++) {
		origins[i] = uri_origin(cx->mem, in.items[i]);
		if (!origins[i].ptr)
			return REFUSE(cx, INVALID_VALUE, "allowed_origins",
				"\"%.*s\" is no origin. Write https:// and the host, and the port if it is not 443.",
				STR_ARG(in.items[i]));
	}
	*out = (struct str_list){ origins, in.count };
	return OK;
}

err_t key_limits_clean(struct ctx *cx, const struct key_limits *in, struct key_limits *out)
{
	struct str_list origins;
	TRY(check_ips(cx, in->ips));
	TRY(clean_origins(cx, in->origins, &origins));
	if (in->rate < 0 || in->rate > KEY_RATE_MAX)
		return REFUSE(
			cx, INVALID_VALUE, "rate_limit", "A rate is 1 to %d requests a second, or null.", KEY_RATE_MAX);
	*out = (struct key_limits){ .ips = in->ips, .origins = origins, .rate = in->rate };
	return OK;
}

err_t key_limits_admit(struct ctx *cx, struct str_list ips)
{
	struct address client;
	struct network network;
	bool known = address_parse(cx->client_ip, &client);
	if (!ips.items)
		return OK;
	for (size_t i = 0; known && i < ips.count; i++)
		if (network_parse(ips.items[i], &network) && network_holds(&network, client))
			return OK;
	return REFUSE(cx, IP_NOT_ALLOWED, "",
		"This key may not be used from your address, %.*s. Its owner can allow it.",
		STR_ARG(known ? cx->client_ip : STR("which is not known")));
}
