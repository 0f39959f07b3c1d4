/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/proxy.h"

#include <arpa/inet.h>
#include <string.h>

#define IPV4_PREFIX_BITS 96

struct network {
	struct address base;
	unsigned bits;
};

struct proxy_list {
	struct network *items;
	size_t count;
};

static bool is_ipv4(struct address a)
{
	static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };
	return memcmp(a.octets, mapped, sizeof mapped) == 0;
}

static bool parse_bare(struct str text, struct address *out)
{
	char c_text[INET6_ADDRSTRLEN];
	if (!text.len || text.len >= sizeof c_text || memchr(text.ptr, 0, text.len))
		return false;
	memcpy(c_text, text.ptr, text.len);
	c_text[text.len] = 0;
	struct address a = { { [10] = 0xFF, [11] = 0xFF } };
	if (inet_pton(AF_INET, c_text, a.octets + 12) != 1 && inet_pton(AF_INET6, c_text, a.octets) != 1)
		return false;
	*out = a;
	return true;
}

bool address_parse(struct str text, struct address *out)
{
	struct str host;
	if (str_starts(text, STR("["))) {
		text = str_from(text, 1);
		return str_has(text, ']') && str_cut(&text, ']', &host) && parse_bare(host, out);
	}
	if (parse_bare(text, out))
		return true;
	/* With a port: one colon only, else it is no IPv4. */
	return str_cut(&text, ':', &host) && text.ptr && !str_has(text, ':') && parse_bare(host, out);
}

struct str address_text(struct arena *mem, struct address a)
{
	char text[INET6_ADDRSTRLEN];
	if (is_ipv4(a))
		inet_ntop(AF_INET, a.octets + 12, text, sizeof text);
	else
		inet_ntop(AF_INET6, a.octets, text, sizeof text);
	return str_dup(mem, str_of(text));
}

struct address address_site(struct address a)
{
	static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };
	if (memcmp(a.octets, mapped, sizeof mapped) != 0)
		memset(a.octets + 8, 0, 8);
	return a;
}

struct str address_network(struct arena *mem, struct str client_ip)
{
	struct address a;
	return address_parse(client_ip, &a) ? address_text(mem, address_site(a)) : client_ip;
}

static bool parse_network(struct str text, struct network *out)
{
	struct str host;
	uint64_t bits;
	if (!str_cut(&text, '/', &host) || !parse_bare(host, &out->base))
		return false;
	unsigned before = is_ipv4(out->base) ? IPV4_PREFIX_BITS : 0;
	out->bits = 128;
	if (!text.ptr)
		return true;
	if (!str_to_u64(text, 128 - before, &bits))
		return false;
	out->bits = (unsigned)bits + before;
	return true;
}

err_t proxy_list_parse(struct ctx *cx, struct str text, const struct proxy_list **out)
{
	struct proxy_list *list = arena_new(cx->mem, struct proxy_list);
	struct str part;
	list->items = arena_array(cx->mem, struct network, text.len / 2 + 1);
	while (str_cut(&text, ',', &part)) {
		part = str_trim(part, STR_BLANK);
		if (!part.len)
			continue;
		if (!parse_network(part, &list->items[list->count++]))
			return REFUSE(cx, INVALID_VALUE, "trusted-proxy",
				"\"%.*s\" is not an address or a network like 10.0.0.0/8.", STR_ARG(part));
	}
	*out = list;
	return OK;
}

static bool inside(const struct network *net, struct address a)
{
	size_t whole = net->bits / 8;
	unsigned rest = net->bits % 8;
	if (memcmp(net->base.octets, a.octets, whole) != 0)
		return false;
	return !rest || ((net->base.octets[whole] ^ a.octets[whole]) >> (8 - rest)) == 0;
}

bool proxy_trusted(const struct proxy_list *list, struct address a)
{
	for (size_t i = 0; i < list->count; i++)
		if (inside(&list->items[i], a))
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
