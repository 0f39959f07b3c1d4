/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/address_rules.h"

#include <netinet/in.h>

struct rule {
	uint8_t base[16];
	unsigned bits;
	const char *what;
};

/* clang-format off */
static const struct rule ipv4_rules[] = {
	{ { 0 },                  8, "this network" },        /* RFC 791 §3.2; 0.0.0.0 reaches this host */
	{ { 10 },                 8, "private network" },     /* RFC 1918 */
	{ { 100, 64 },           10, "shared by a carrier" }, /* RFC 6598: CGNAT */
	{ { 127 },                8, "loopback" },            /* RFC 1122 §3.2.1.3 */
	{ { 169, 254 },          16, "link-local" },          /* RFC 3927; clouds keep their metadata here */
	{ { 172, 16 },           12, "private network" },     /* RFC 1918 */
	{ { 192, 0, 0 },         24, "protocol assignment" }, /* RFC 6890 §2.1 */
	{ { 192, 0, 2 },         24, "documentation" },       /* RFC 5737 */
	{ { 192, 88, 99 },       24, "6to4 relay" },          /* RFC 7526 */
	{ { 192, 168 },          16, "private network" },     /* RFC 1918 */
	{ { 198, 18 },           15, "benchmarking" },        /* RFC 2544 */
	{ { 198, 51, 100 },      24, "documentation" },       /* RFC 5737 */
	{ { 203, 0, 113 },       24, "documentation" },       /* RFC 5737 */
	{ { 224 },                4, "multicast" },           /* RFC 5771 */
	{ { 255, 255, 255, 255 }, 32, "broadcast" },          /* RFC 919 §7 */
	{ { 240 },                4, "reserved" },            /* RFC 1112 §4 */
};

/* The first that holds counts. What is not in 2000::/3, the only space for the public (RFC 4291 §2.4), is refused after them. */
static const struct rule ipv6_rules[] = {
	{ { [15] = 1 },                             128, "loopback" },            /* RFC 4291 §2.5.3 */
	{ { 0 },                                    128, "unspecified" },         /* §2.5.2 */
	{ { [10] = 0xFF, [11] = 0xFF },              96, "IPv4-mapped" },         /* §2.5.5.2 */
	{ { 0 },                                     96, "IPv4-compatible" },     /* §2.5.5.1 */
	{ { 0, 0x64, 0xFF, 0x9B },                   96, "NAT64" },               /* RFC 6052 §2.1 */
	{ { 0, 0x64, 0xFF, 0x9B, 0, 1 },             48, "NAT64" },               /* RFC 8215 */
	{ { 0x01 },                                  64, "discard" },             /* RFC 6666 */
	{ { 0xFC },                                   7, "private network" },     /* RFC 4193 */
	{ { 0xFE, 0x80 },                            10, "link-local" },          /* RFC 4291 §2.5.6 */
	{ { 0xFE, 0xC0 },                            10, "site-local" },          /* RFC 3879 */
	{ { 0xFF },                                   8, "multicast" },           /* RFC 4291 §2.7 */
	{ { 0x20, 0x01, 0, 0 },                      32, "Teredo" },              /* RFC 4380 §2.6 */
	{ { 0x20, 0x01 },                            23, "protocol assignment" }, /* RFC 6890 §2.3: benchmarking, ORCHID … */
	{ { 0x20, 0x01, 0x0D, 0xB8 },                32, "documentation" },       /* RFC 3849 */
	{ { 0x3F, 0xFF },                            20, "documentation" },       /* RFC 9637 */
	{ { 0x20, 0x02 },                            16, "6to4" },                /* RFC 3056 §2 */
};
/* clang-format on */

static bool rule_holds(const struct rule *rule, const uint8_t *octets)
{
	size_t whole = rule->bits / 8;
	unsigned rest = rule->bits % 8;
	for (size_t i = 0; i < whole; i++)
		if (rule->base[i] != octets[i])
			return false;
	return !rest || ((rule->base[whole] ^ octets[whole]) >> (8 - rest)) == 0;
}

static const char *validate(const struct rule *rules, size_t count, const uint8_t *octets)
{
	for (size_t i = 0; i < count; i++)
		if (rule_holds(&rules[i], octets))
			return rules[i].what;
	return NULL;
}

#define GLOBAL_UNICAST_MASK 0xE0
#define GLOBAL_UNICAST 0x20

const char *address_special(struct bytes address)
{
	if (address.len == 4)
		return validate(ipv4_rules, ARRAY_LEN(ipv4_rules), address.ptr);
	if (address.len != 16)
		return "unknown";
	const char *what = validate(ipv6_rules, ARRAY_LEN(ipv6_rules), address.ptr);
	if (!what && (address.ptr[0] & GLOBAL_UNICAST_MASK) != GLOBAL_UNICAST)
		what = "reserved";
	return what;
}

const char *sockaddr_special(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return address_special(bytes_of(&((const struct sockaddr_in *)(const void *)address)->sin_addr, 4));
	if (address->sa_family == AF_INET6)
		return address_special(bytes_of(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16));
	return "unknown";
}
