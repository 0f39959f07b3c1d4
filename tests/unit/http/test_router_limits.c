/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/router_app.h"

#include "server/http/concurrency.h"
#include "server/http/limit.h"

TEST(each_credential_has_its_rate)
{
	struct app limited = app;
	limited.limiter = limiter_open(1, 2);
	const struct header good = H("Authorization", "Bearer cp_good"), bad = H("Authorization", "Bearer cp_bad");
	struct exchange *x = exchange_run(exchange_new(&limited, METHOD_GET, "/v1/events", STR(""), &good, 1));
	assert_str(answered(x, "X-RateLimit-Limit"), STR("2"));
	assert_str(answered(x, "X-RateLimit-Remaining"), STR("1"));
	assert_str(answered(x, "X-RateLimit-Reset"), STR("1764000001"));
	assert_str(answered(x, "RateLimit-Policy"), STR("\"default\";q=2;w=2"));
	assert_str(answered(x, "RateLimit"), STR("\"default\";r=1;t=1"));
	exchange_run(exchange_new(&limited, METHOD_GET, "/v1/events", STR(""), &good, 1));
	x = exchange_run(exchange_new(&limited, METHOD_GET, "/v1/events", STR(""), &good, 1));
	assert_int_equal(x->rs.status, 429);
	assert_str(answered(x, "Retry-After"), STR("1"));
	assert_str(answered(x, "X-RateLimit-Remaining"), STR("0"));
	assert_str(answered(x, "RateLimit"), STR("\"default\";r=0;t=1"));
	/* Failed tries count against the address, and do not hurt the credential's own. */
	int statuses[3];
	for (int i = 0; i < 3; i++)
		statuses[i] =
			exchange_run(exchange_new(&limited, METHOD_GET, "/v1/events", STR(""), &bad, 1))->rs.status;
	assert_int_equal(statuses[0], 401);
	assert_int_equal(statuses[2], 429);
	limiter_close(limited.limiter);
}

static int status_inside(
	const struct app *at, enum method method, const char *target, const char *secret, const char *depth)
{
	const struct header headers[] = { { STR("Authorization"), str_cat(test_mem, STR("Bearer "), str_of(secret)) },
		{ STR("Depth"), str_of(depth) } };
	inner_status = 0;
	exchange_run(exchange_new(at, method, target, STR(""), headers, depth ? 2 : 1));
	return inner_status;
}

TEST(an_account_has_a_number_of_requests_at_a_time)
{
	struct app limited = app;
	limited.heavy = concurrency_open(1, 0);
	for (int i = 0; i < 3; i++) { /* what ended, also in an error, has left */
		assert_int_equal(status_inside(&limited, METHOD_REPORT, "/dav/deep?/dav/deep", "cp_good", NULL), 429);
		assert_str(inner_retry_after, STR("1"));
		assert_int_equal(status_inside(&limited, METHOD_PROPFIND, "/dav/deep?/dav/", "cp_good", "1"), 200);
	}
	assert_int_equal(status_inside(&limited, METHOD_PROPFIND, "/dav/deep?/dav/deep", "cp_good", "1"), 429);
	assert_int_equal(status_inside(&limited, METHOD_PROPFIND, "/dav/deep?/dav/deep", "cp_good", NULL), 429);
	assert_int_equal(status_inside(&limited, METHOD_PROPFIND, "/dav/deep?/dav/deep", "cp_good", "0"), 200);
	/* Depth makes no report lighter. */
	assert_int_equal(status_inside(&limited, METHOD_REPORT, "/dav/deep?/dav/deep", "cp_good", "0"), 429);
	assert_int_equal(status_inside(&app, METHOD_REPORT, "/dav/deep?/dav/deep", "cp_good", NULL), 200);
	concurrency_close(limited.heavy);
	/* Light ones have a number, too. */
	limited.heavy = NULL;
	limited.callers = concurrency_open(1, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(status_inside(&limited, METHOD_PROPFIND, "/dav/deep?/dav/", "cp_good", "0"), 429);
	concurrency_close(limited.callers);
}

TESTS(RUN(each_credential_has_its_rate), RUN(an_account_has_a_number_of_requests_at_a_time))
