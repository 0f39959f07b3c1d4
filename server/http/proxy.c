/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/proxy.h"

#include <string.h>

struct proxy_list {
	struct network *items;
	size_t count;
};

err_t proxy_list_parse(struct ctx *cx, struct str text, const struct proxy_list **out)
{
	struct proxy_list *list = arena_new(cx->mem, struct proxy_list);
	struct str part;
	list->items = arena_array(cx->mem, struct network, text.len / 2 + 1);
	while (str_cut(&text, ',', &part)) {
		part = str_trim(part, STR_BLANK);
		if (!part.len)
			continue;
		if (!network_parse(part, &list->items[list->count++]))
			return REFUSE(cx, INVALID_VALUE, "trusted-proxy",
				"\"%.*s\" is not an address or a network like 10.0.0.0/8.", STR_ARG(part));
	}
	*out = list;
	return OK;
}

bool proxy_trusted(const struct proxy_list *list, struct address a)
{
	for (size_t i = 0; i < list->count; i++)
		if (network_holds(&list->items[i], a))
			return true;
	return false;
}

/* The last item of a comma list, which is cut off it. */
static bool cut_last(struct str *list, struct str *item)
{
	if (!list->ptr)
		return false;
	size_t at = list->len;
	while (at && list->ptr[at - 1] != ',')
		at--;
	*item = str_trim(str_from(*list, at), STR_BLANK);
	*list = at ? str_sub(*list, 0, at - 1) : STR_ABSENT;
	return true;
}

/* The value of `key` in one element of Forwarded (RFC 7239 §4), without quotes. */
static struct str forwarded_value(struct str element, struct str key)
{
	struct str pair, name;
	while (str_cut(&element, ';', &pair)) {
		pair = str_trim(pair, STR_BLANK);
		if (str_cut(&pair, '=', &name) && str_eq_nocase(name, key))
			return str_trim(pair, "\"");
	}
	return STR_ABSENT;
}

/* The first untrusted address from the right; the last one that was read when all are trusted. */
static struct address walk(const struct proxy_list *list, struct str hops, bool forwarded, struct address peer)
{
	struct str item;
	struct address hop, client = peer;
	while (proxy_trusted(list, client) && cut_last(&hops, &item)) {
		if (forwarded)
			item = forwarded_value(item, STR("for"));
		if (!address_parse(item, &hop))
			break;
		client = hop;
	}
	return client;
}

static struct str last_of(struct str list)
{
	struct str item = STR_ABSENT;
	(void)cut_last(&list, &item);
	return item;
}

struct address proxy_apply(struct request *rq, const struct proxy_list *list, struct address peer, bool tls)
{
	struct address client = peer;
	rq->secure = tls;
	if (proxy_trusted(list, peer)) {
		struct str x_for = request_header_list(rq, "X-Forwarded-For");
		struct str forwarded = request_header_list(rq, "Forwarded");
		struct address by_x = walk(list, x_for, false, peer), by_forwarded = walk(list, forwarded, true, peer);
		if (!x_for.ptr)
			client = by_forwarded;
		else if (!forwarded.ptr || memcmp(&by_x, &by_forwarded, sizeof by_x) == 0)
			client = by_x;
		struct str x_proto = last_of(request_header_list(rq, "X-Forwarded-Proto"));
		struct str proto = forwarded_value(last_of(forwarded), STR("proto"));
		struct str said = x_proto.ptr ? x_proto : proto;
		bool agree = !x_proto.ptr || !proto.ptr || str_eq_nocase(x_proto, proto);
		rq->secure = tls || (agree && str_eq_nocase(said, STR("https")));
	}
	rq->cx.client_ip = address_text(rq->cx.mem, client);
	return client;
}
