/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/router_app.h"

#include "server/http/head.h"
#include "server/http/header_alias.h"
#include "server/http/version.h"

#define YEAR_S (365 * INT64_C(86400))

TEST(the_table_goes_from_the_newest_day_to_the_oldest_and_old_ones_live_a_year)
{
	assert_ptr_equal(api_version_newest(), &api_versions[0]);
	assert_int_equal(api_version_newest()->deprecated_s, 0);
	for (size_t i = 0; i < api_version_count; i++) {
		const struct api_version *v = &api_versions[i];
		assert_ptr_equal(api_version_find(str_of(v->name)), v);
		assert_int_equal(strlen(v->name), 10);
		if (i)
			assert_true(strcmp(v->name, v[-1].name) < 0);
		if (v->deprecated_s)
			assert_true(v->sunset_s >= v->deprecated_s + YEAR_S);
	}
	assert_null(api_version_find(STR("2001-01-01")));
	assert_null(api_version_find(STR("")));
	/* What was kept for a key that outlived its version. */
	assert_ptr_equal(api_version_kept(STR("2001-01-01")), &api_versions[api_version_count - 1]);
}

static struct response *told(const struct config *settings, const struct api_version *version)
{
	struct exchange *x = exchange_new(&app, METHOD_GET, "/v1/events", STR(""), NULL, 0);
	struct response *rs = arena_new(test_mem, struct response);
	x->rq.cx.config = settings;
	response_begin(rs, &x->rq);
	version_tell(rs, version);
	return rs;
}

TEST(an_old_version_says_since_when_and_until_when) /* RFC 9745 §2.1, RFC 8594 §3 */
{
	static const struct config branded = { .public_url = STR_INIT("http://127.0.0.1"), .brand = STR_INIT("Acme") };
	static const struct api_version old = { "2020-01-01", 1590969600, 1622505600 };
	static const struct api_version in_use = { "2021-01-01", 0, 0 };
	struct response *rs = told(&branded, &old);
	assert_str(head_value(rs, "Api-Version"), STR("2020-01-01"));
	assert_str(head_value(rs, "Acme-Version"), STR("2020-01-01"));
	assert_str(head_value(rs, "Deprecation"), STR("@1590969600"));
	assert_str(head_value(rs, "Sunset"), STR("Tue, 01 Jun 2021 00:00:00 GMT"));
	assert_str(head_value(rs, "Acme-Deprecation-Date"), STR("2020-06-01"));
	rs = told(&branded, &in_use);
	assert_str(head_value(rs, "Api-Version"), STR("2021-01-01"));
	assert_false(response_has(rs, "Deprecation") || response_has(rs, "Sunset") ||
		     response_has(rs, "Acme-Deprecation-Date"));
}

TEST(a_brand_that_is_no_header_name_has_no_alias)
{
	static const struct config odd = { .public_url = STR_INIT("http://127.0.0.1"),
		.brand = STR_INIT("Acme, Inc.") };
	struct response *rs = told(&odd, api_version_newest());
	assert_null(header_alias(rs->rq, "Version"));
	assert_str(head_value(rs, "Api-Version"), str_of(api_version_newest()->name));
}

TESTS(RUN(the_table_goes_from_the_newest_day_to_the_oldest_and_old_ones_live_a_year),
	RUN(an_old_version_says_since_when_and_until_when), RUN(a_brand_that_is_no_header_name_has_no_alias))
