/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/address.h"

#include <arpa/inet.h>
#include <string.h>

#define IPV4_PREFIX_BITS 96
/* A customer is commonly given a /56 (RFC 6177 §2), which is 256 times a /64. */
#define IPV6_SITE_OCTETS 7

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
	if (!is_ipv4(a))
		memset(a.octets + IPV6_SITE_OCTETS, 0, sizeof a.octets - IPV6_SITE_OCTETS);
	return a;
}

struct str address_network(struct arena *mem, struct str client_ip)
{
	struct address a;
	return address_parse(client_ip, &a) ? address_text(mem, address_site(a)) : client_ip;
}

struct str address_range(struct arena *mem, struct str client_ip)
{
	struct address a;
	if (!address_parse(client_ip, &a))
		return STR_ABSENT;
	return str_fmt(
		mem, "%.*s/%d", STR_ARG(address_text(mem, address_site(a))), is_ipv4(a) ? 32 : 8 * IPV6_SITE_OCTETS);
}

struct str address_coarse(struct arena *mem, struct str ip)
{
	struct address a;
	if (!address_parse(ip, &a))
		return STR_ABSENT;
	bool ipv4 = is_ipv4(a);
	memset(a.octets + (ipv4 ? 15 : 6), 0, ipv4 ? 1 : 10);
	return str_fmt(mem, "%.*s/%d", STR_ARG(address_text(mem, a)), ipv4 ? 24 : 48);
}

bool network_parse(struct str text, struct network *out)
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

bool network_holds(const struct network *network, struct address a)
{
	size_t whole = network->bits / 8;
	unsigned rest = network->bits % 8;
	if (memcmp(network->base.octets, a.octets, whole) != 0)
		return false;
	return !rest || ((network->base.octets[whole] ^ a.octets[whole]) >> (8 - rest)) == 0;
}
