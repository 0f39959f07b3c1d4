/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include "server/net/address_rules.h"

static const char *special(const char *text)
{
	uint8_t octets[16];
	bool v6 = strchr(text, ':');
	assert_int_equal(inet_pton(v6 ? AF_INET6 : AF_INET, text, octets), 1);
	return address_special(bytes_of(octets, v6 ? 16 : 4));
}

TEST(public_addresses_are_called)
{
	static const char *const cases[] = { "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255",
		"100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255",
		"172.32.0.0", "192.0.1.0", "192.0.3.0", "192.88.98.255", "192.167.255.255", "192.169.0.0",
		"198.17.255.255", "198.20.0.0", "198.51.99.255", "203.0.114.0", "223.255.255.255",
		"2606:4700:4700::1111", "2001:4860:4860::8888", "2001:200::1", "2003::1", "2a00::1", "3ffe:ffff::1" };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (special(cases[i]))
			fail_msg("%s is called %s", cases[i], special(cases[i]));
}

TEST(special_addresses_are_told_by_their_kind) /* RFC 6890; the edges of each block */
{
	static const struct {
		const char *address, *what;
	} cases[] = {
		{ "0.0.0.0", "this network" },
		{ "0.255.255.255", "this network" },
		{ "10.0.0.0", "private network" },
		{ "10.255.255.255", "private network" },
		{ "100.64.0.0", "shared by a carrier" },
		{ "100.127.255.255", "shared by a carrier" },
		{ "127.0.0.1", "loopback" },
		{ "127.255.255.255", "loopback" },
		{ "169.254.169.254", "link-local" },
		{ "172.16.0.0", "private network" },
		{ "172.31.255.255", "private network" },
		{ "192.0.0.8", "protocol assignment" },
		{ "192.0.2.255", "documentation" },
		{ "192.88.99.1", "6to4 relay" },
		{ "192.168.255.255", "private network" },
		{ "198.18.0.0", "benchmarking" },
		{ "198.19.255.255", "benchmarking" },
		{ "198.51.100.1", "documentation" },
		{ "203.0.113.1", "documentation" },
		{ "224.0.0.1", "multicast" },
		{ "239.255.255.255", "multicast" },
		{ "240.0.0.1", "reserved" },
		{ "255.255.255.255", "broadcast" },
		{ "::", "unspecified" },
		{ "::1", "loopback" },
		{ "::7f00:1", "IPv4-compatible" },
		{ "::ffff:127.0.0.1", "IPv4-mapped" },
		{ "::ffff:8.8.8.8", "IPv4-mapped" },
		{ "::ffff:0:8.8.8.8", "reserved" },
		{ "64:ff9b::7f00:1", "NAT64" },
		{ "64:ff9b::808:808", "NAT64" },
		{ "64:ff9b:1::a00:1", "NAT64" },
		{ "100::1", "discard" },
		{ "2001::1", "Teredo" },
		{ "2001:2::1", "protocol assignment" },
		{ "2001:20::1", "protocol assignment" },
		{ "2001:1ff:ffff::1", "protocol assignment" },
		{ "2001:db8::1", "documentation" },
		{ "2002:7f00:1::1", "6to4" },
		{ "2002:808:808::1", "6to4" },
		{ "3fff::1", "documentation" },
		{ "4000::1", "reserved" },
		{ "5f00::1", "reserved" },
		{ "fc00::1", "private network" },
		{ "fd12:3456:789a::1", "private network" },
		{ "fe80::1", "link-local" },
		{ "febf::1", "link-local" },
		{ "fec0::1", "site-local" },
		{ "ff02::1", "multicast" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *what = special(cases[i].address);
		if (!what || strcmp(what, cases[i].what) != 0)
			fail_msg("%s is %s, not %s", cases[i].address, what ? what : "public", cases[i].what);
	}
}

TEST(what_is_no_internet_address_is_refused)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	assert_string_equal(sockaddr_special((const struct sockaddr *)&local), "unknown");
	assert_string_equal(address_special(bytes_of("\x7f\0\0", 3)), "unknown");
}

TESTS(RUN(public_addresses_are_called), RUN(special_addresses_are_told_by_their_kind),
	RUN(what_is_no_internet_address_is_refused))
