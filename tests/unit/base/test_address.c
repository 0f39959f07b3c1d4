/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/base/address.h"

static struct address address(const char *text)
{
	struct address a;
	assert_true(address_parse(str_of(text), &a));
	return a;
}

TEST(addresses_come_with_and_without_ports)
{
	static const struct {
		const char *text, *plain;
	} cases[] = { { "192.0.2.1:80", "192.0.2.1" }, { "[2001:db8::1]", "2001:db8::1" },
		{ "[2001:db8::1]:80", "2001:db8::1" }, { "2001:DB8::1", "2001:db8::1" },
		{ "::ffff:192.0.2.1", "192.0.2.1" } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_str(address_text(test_mem, address(cases[i].text)), str_of(cases[i].plain));
	static const char *const bad[] = { "", "unknown", "_hidden", "192.0.2", "192.0.2.1.1", "[::1", "1:2:3" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct address a;
		assert_false(address_parse(str_of(bad[i]), &a));
	}
}

TEST(an_ipv6_customer_is_one_network)
{
	assert_str(address_network(test_mem, STR("2001:db8:1:2:3:4:5:6")), STR("2001:db8:1::"));
	assert_str(address_network(test_mem, STR("192.0.2.7")), STR("192.0.2.7"));
	assert_str(address_network(test_mem, STR("::ffff:192.0.2.7")), STR("192.0.2.7"));
	assert_str(address_network(test_mem, STR("not an address")), STR("not an address"));
}

TEST(a_network_holds_what_shares_its_bits)
{
	static const struct {
		const char *network, *text;
		bool holds;
	} cases[] = {
		{ "10.0.0.0/8", "10.255.0.1", true },
		{ "10.0.0.0/8", "11.0.0.0", false },
		{ "172.16.0.0/12", "172.31.255.255", true },
		{ "172.16.0.0/12", "172.32.0.0", false },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.0", false },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "2001:db8::1", true },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct network n;
		assert_true(network_parse(str_of(cases[i].network), &n));
		assert_true(network_holds(&n, address(cases[i].text)) == cases[i].holds);
	}
	static const char *const bad[] = { "", "/8", "10.0.0.0/", "10.0.0.0/33", "fd00::/129", "10.0.0.0/8/8",
		"10.0.0.0/-1" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct network n;
		assert_false(network_parse(str_of(bad[i]), &n));
	}
}

TESTS(RUN(addresses_come_with_and_without_ports), RUN(an_ipv6_customer_is_one_network),
	RUN(a_network_holds_what_shares_its_bits))
