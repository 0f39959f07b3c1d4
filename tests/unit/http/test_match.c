/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/data/uri.h"
#include "server/http/match.h"

static struct path path_of(const char *text)
{
	struct path path;
	assert_ok(path_parse(&test_cx, str_of(text), &path));
	return path;
}

/* The values between bars where the pattern fits, else "no". */
static struct str fitted(const char *pattern, const char *text)
{
	struct path path = path_of(text);
	struct str args[PATH_ARGS_MAX];
	struct buf out = buf_new(test_mem, 4096);
	size_t count = 0;
	if (!path_fits(test_mem, &path, pattern, args, &count))
		return STR("no");
	for (size_t i = 0; i < count; i++)
		buf_fmt(&out, "|%.*s", STR_ARG(args[i]));
	return buf_str(&out);
}

TEST(a_pattern_fits_by_segments_and_by_the_slash_at_the_end)
{
	static const struct {
		const char *pattern, *path, *fitted;
	} cases[] = {
		{ "/", "/", "" },
		{ "/", "/a", "no" },
		{ "/a", "/", "no" },
		{ "/a", "/a", "" },
		{ "/a", "/A", "no" },
		{ "/a", "/a/", "no" },
		{ "/a/", "/a/", "" },
		{ "/a/", "/a", "no" },
		{ "/a", "/a/b", "no" },
		{ "/a/b", "/a", "no" },
		{ "/a/:x", "/a/b", "|b" },
		{ "/a/:x", "/a/b/", "no" },
		{ "/a/:x/", "/a/b/", "|b" },
		{ "/a/:x", "/a", "no" },
		{ "/a/:x/c/:y", "/a/b/c/d", "|b|d" },
		{ "/a/:x/c/:y", "/a/b/e/d", "no" },
		{ "/a/:x", "/a/b%2Fc", "|b/c" }, /* one segment, whatever is in it */
		{ "/a/*rest", "/a/b", "|b" },
		{ "/a/*rest", "/a/b/c/d", "|b/c/d" },
		{ "/a/*rest", "/a/b/c/", "|b/c/" },
		{ "/a/*rest", "/a", "no" },
		{ "/a/*rest", "/a/", "no" },
		{ "/a/*rest", "/a/b%2Fc", "no" }, /* which would be the file b/c */
		{ "/a/:x/*rest", "/a/b/c/d", "|b|c/d" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str got = fitted(cases[i].pattern, cases[i].path);
		if (!str_eq(got, str_of(cases[i].fitted)))
			fail_msg("%s of %s: %.*s", cases[i].pattern, cases[i].path, STR_ARG(got));
	}
}

/* clang-format off */
static const struct route dav_routes[] = {
	{ METHOD_GET,  "/dav/:cal",  0, 0, BODY_IGNORED, 0, NULL, "", 0 },
	{ METHOD_PUT,  "/dav/:cal",  0, 0, BODY_IGNORED, 0, NULL, "", CORS_ANY },
};
static const struct route pages_routes[] = {
	{ METHOD_GET,  "/",          0, 0, BODY_IGNORED, 0, NULL, "", 0 },
	{ METHOD_GET,  "/keys",      0, 0, BODY_IGNORED, 0, NULL, "", 0 },
	{ METHOD_GET,  "/dav/:cal",  0, 0, BODY_IGNORED, 0, NULL, "", 0 },
	{ METHOD_POST, "/dav/:cal",  0, 0, BODY_IGNORED, 0, NULL, "", 0 },
};
static const struct route forms_routes[] = {
	{ METHOD_POST, "/keys",      0, 0, BODY_IGNORED, 0, NULL, "", CORS_KEYS },
	{ METHOD_POST, "/keys/new",  0, 0, BODY_IGNORED, 0, NULL, "", 0 },
	{ METHOD_POST, "/keys/:key", 0, 0, BODY_IGNORED, 0, NULL, "", 0 },
};
/* clang-format on */
static const struct module dav = {
	.name = "dav", .prefix = "/dav/", .routes = dav_routes, .route_count = ARRAY_LEN(dav_routes), .auth_first = true
};
static const struct module pages = {
	.name = "pages", .prefix = "", .routes = pages_routes, .route_count = ARRAY_LEN(pages_routes)
};
static const struct module forms = {
	.name = "forms", .prefix = "", .routes = forms_routes, .route_count = ARRAY_LEN(forms_routes)
};
static const struct module *const modules[] = { &dav, &pages, &forms };
static const struct app app = { .modules = modules, .module_count = ARRAY_LEN(modules) };

static struct match found(enum method method, const char *text)
{
	struct path path = path_of(text);
	struct match m;
	match_find(test_mem, &app, &path, method, &m);
	return m;
}

TEST(the_first_row_that_fits_path_and_method_is_the_one)
{
	struct match m = found(METHOD_POST, "/keys/new");
	assert_ptr_equal(m.route, &forms_routes[1]);
	assert_int_equal(m.arg_count, 0);
	m = found(METHOD_POST, "/keys/old");
	assert_ptr_equal(m.route, &forms_routes[2]);
	assert_int_equal(m.arg_count, 1);
	assert_str(m.args[0], STR("old"));
	/* HEAD is answered by the row of GET (RFC 9110 §9.3.2), which asks nothing of other methods. */
	assert_ptr_equal(found(METHOD_HEAD, "/keys").route, &pages_routes[1]);
	assert_null(found(METHOD_HEAD, "/keys/new").route);
}

TEST(two_modules_share_a_path_by_methods)
{
	struct match m = found(METHOD_POST, "/keys");
	assert_ptr_equal(m.module, &forms);
	assert_ptr_equal(m.route, &forms_routes[0]);
	assert_ptr_equal(found(METHOD_GET, "/keys").module, &pages);
	/* Nobody has the method: the first that has the path says so. */
	m = found(METHOD_DELETE, "/keys");
	assert_null(m.route);
	assert_true(m.path_known);
	assert_ptr_equal(m.module, &pages);
	m = found(METHOD_DELETE, "/keys/old");
	assert_true(m.path_known);
	assert_ptr_equal(m.module, &forms);
	m = found(METHOD_GET, "/nowhere");
	assert_false(m.path_known);
	assert_null(m.route);
	assert_ptr_equal(m.module, &pages);
}

TEST(a_module_that_authenticates_first_has_all_below_its_prefix)
{
	assert_ptr_equal(found(METHOD_GET, "/dav/x").route, &dav_routes[0]);
	const struct {
		enum method method;
		const char *path;
		bool known;
	} cases[] = {
		{ METHOD_POST, "/dav/x", true },
		{ METHOD_GET, "/dav/x/y", false },
		{ METHOD_GET, "/dav", false },
		{ METHOD_GET, "/dav/", false },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct match m = found(cases[i].method, cases[i].path);
		assert_ptr_equal(m.module, &dav);
		assert_null(m.route);
		assert_int_equal(m.path_known, cases[i].known);
	}
	assert_ptr_equal(found(METHOD_GET, "/davy").module, &pages);
	assert_ptr_equal(match_raw(&app, STR("/dav/%zz")), &dav);
	assert_ptr_equal(match_raw(&app, STR("/%zz")), &pages);
}

static struct str allowed(const char *text, bool cors)
{
	struct path path = path_of(text);
	return match_allow(test_mem, &app, &path, cors);
}

TEST(allow_names_each_method_of_the_path_once) /* RFC 9110 §10.2.1 */
{
	assert_str(allowed("/keys", false), STR("OPTIONS, GET, HEAD, POST"));
	assert_str(allowed("/dav/x", false), STR("OPTIONS, GET, HEAD, PUT, POST")); /* two rows for GET */
	assert_str(allowed("/nowhere", false), STR("OPTIONS"));
	/* What a page of another site may send. */
	assert_str(allowed("/keys", true), STR("POST"));
	assert_str(allowed("/dav/x", true), STR("PUT"));
	assert_str(allowed("/keys/new", true), STR(""));
}

TESTS(RUN(a_pattern_fits_by_segments_and_by_the_slash_at_the_end),
	RUN(the_first_row_that_fits_path_and_method_is_the_one), RUN(two_modules_share_a_path_by_methods),
	RUN(a_module_that_authenticates_first_has_all_below_its_prefix), RUN(allow_names_each_method_of_the_path_once))
