/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three modules as the router's tests have them (of DAV, of an API, of pages), and who calls: cp_good has all rights,
 * sk_good, rk_good, pk_good and cat_read what their kinds have, the cookie `session_8080=session` a session. cp_broken
 * is a database that is gone.
 */
#pragma once

#include "tests/support/memory_io.h"

static inline err_t show_args(struct request *rq, struct response *rs)
{
	struct buf *body = reply(rs, 200, "text/plain");
	for (size_t i = 0; i < rq->arg_count; i++)
		buf_fmt(body, "[%.*s]", STR_ARG(rq->args[i]));
	return OK;
}

static inline err_t show_kind(struct request *rq, struct response *rs)
{
	buf_fmt(reply(rs, 200, "text/plain"), "%d", rq->principal ? (int)rq->principal->kind : 0);
	return OK;
}

static inline err_t show_body(struct request *rq, struct response *rs)
{
	buf_add(reply(rs, 200, "text/plain"), rq->body);
	return OK;
}

/* The content of "file", or the name of who sent none. */
static inline err_t show_file(struct request *rq, struct response *rs)
{
	const struct form_file *file = form_file(&rq->form, "file");
	buf_add(reply(rs, 200, "text/plain"), file ? file->data : form_get(&rq->form, "name"));
	return OK;
}

static inline err_t half_then_fail(struct request *rq, struct response *rs)
{
	BUF_LIT(reply(rs, 200, "text/plain"), "half an answer");
	response_header(rs, "ETag", STR("\"1\""));
	return FAIL(&rq->cx, NOT_FOUND, "later");
}

static inline err_t show_csrf(struct request *rq, struct response *rs)
{
	buf_add(reply_page(rs, 200, FORMS_STAY), request_csrf(rq));
	return OK;
}

static int inner_status;
static struct str inner_retry_after;

/* Asks again while it is answered itself, with the same credential and Depth: the path of its query, or its own. */
static inline err_t ask_again(struct request *rq, struct response *rs)
{
	struct header headers[2] = { { STR("Authorization"), request_header(rq, "Authorization") },
		{ STR("Depth"), request_header(rq, "Depth") } };
	if (!rq->query.ptr)
		return show_kind(rq, rs);
	struct exchange *inner = exchange_new(
		rq->app, rq->method, str_c(test_mem, rq->query), STR(""), headers, headers[1].value.ptr ? 2 : 1);
	exchange_run(inner);
	inner_status = inner->rs.status;
	inner_retry_after = answered(inner, "Retry-After");
	return str_eq(rq->query, STR("/dav/")) ? FAIL(&rq->cx, NOT_FOUND, "and fails") : show_kind(rq, rs);
}

/* clang-format off */
static const struct route dav_routes[] = {
	{ METHOD_GET,      "/dav/:acct/:cal/:obj", TOKEN | KEY, EVENTS_READ, BODY_IGNORED,  0,       show_args, "", 0 },
	{ METHOD_PROPFIND, "/dav/",                KEY,         0,           BODY_XML, KIB(1),  show_kind, "", 0 },
	{ METHOD_PROPFIND, "/dav/deep",            KEY,         0,           BODY_XML, KIB(1),  ask_again, "", HEAVY_DEEP },
	{ METHOD_REPORT,   "/dav/deep",            KEY,         0,           BODY_XML, KIB(1),  ask_again, "", HEAVY },
};
static const struct route api_routes[] = {
	{ METHOD_GET,    "/v1/events",        TOKEN | KEY,     EVENTS_READ,  BODY_IGNORED, 0,      show_kind, "", CORS_KEYS },
	{ METHOD_POST,   "/v1/events",        TOKEN | KEY,     EVENTS_WRITE, BODY_JSON,    KIB(1), show_body, "", CORS_KEYS },
	{ METHOD_GET,    "/v1/events/latest", ANYONE,          0,            BODY_IGNORED, 0,      show_args, "", 0 },
	{ METHOD_GET,    "/v1/events/:event", ANYONE,          0,            BODY_IGNORED, 0,      show_args, "", 0 },
	{ METHOD_DELETE, "/v1/calendars/:id", KEY | TOKEN,     OWNER,        BODY_IGNORED, 0,      show_kind, "", 0 },
	{ METHOD_GET,    "/v1/nobody",        NOBODY,          0,            BODY_IGNORED, 0,      show_kind, "", 0 },
	{ METHOD_GET,    "/v1/folder/",       ANYONE,          0,            BODY_IGNORED, 0,      show_args, "", 0 },
	{ METHOD_GET,    "/v1/half",          ANYONE,          0,            BODY_IGNORED, 0,      half_then_fail, "", 0 },
	{ METHOD_GET,    "/v1/public",        PUBLISHABLE_KEY, 0,            BODY_IGNORED, 0,      show_kind, "", CORS_KEYS },
	{ METHOD_POST,   "/v1/any",           ANYONE,          0,            BODY_ANY,     10,     show_body, "", CORS_ANY },
};
static const struct route web_routes[] = {
	{ METHOD_GET,  "/",              OPTIONAL_SESSION, 0, BODY_IGNORED, 0,      show_csrf, "", 0 },
	{ METHOD_POST, "/sign-in",       OPTIONAL_SESSION, 0, BODY_FORM,    KIB(1), show_kind, "", 0 },
	{ METHOD_GET,  "/keys",          SESSION,          0, BODY_IGNORED, 0,      show_kind, "", 0 },
	{ METHOD_POST, "/keys",          SESSION,          0, BODY_FORM,    KIB(1), show_kind, "", 0 },
	{ METHOD_POST, "/files",         SESSION,          0, BODY_FILES,   KIB(1), show_file, "", 0 },
	{ METHOD_GET,  "/static/*rest",  ANYONE,           0, BODY_IGNORED, 0,      show_args, "", 0 },
};
/* clang-format on */

static inline void dav_header(struct request *rq, struct response *rs)
{
	(void)rq;
	response_header(rs, "DAV", STR("1"));
}

static inline err_t unrouted(struct request *rq, bool path_known)
{
	assert_non_null(rq->principal);
	return path_known ? FAIL(&rq->cx, CONFLICT, "path") : FAIL(&rq->cx, PRECONDITION, "no path");
}

static const struct module dav = { .name = "dav",
	.prefix = "/dav/",
	.audience = AUDIENCE_DAV,
	.routes = dav_routes,
	.route_count = ARRAY_LEN(dav_routes),
	.auth_first = true,
	.basic = KEY,
	.unrouted = unrouted,
	.every_answer = dav_header };
static const struct module api = { .name = "api",
	.prefix = "/v1/",
	.audience = AUDIENCE_API,
	.routes = api_routes,
	.route_count = ARRAY_LEN(api_routes),
	.rate_limited = true };
static const struct module web = {
	.name = "web", .prefix = "", .routes = web_routes, .route_count = ARRAY_LEN(web_routes)
};
static const struct module *const modules[] = { &dav, &api, &web };

static inline err_t authenticate_any(struct ctx *cx, const struct credential *sent, struct principal *out)
{
	static const struct {
		struct str secret;
		enum who kind;
		uint64_t scopes;
	} known[] = {
		{ STR_INIT("cp_good"), ACCOUNT_KEY, SCOPES_ALL | OWNER },
		{ STR_INIT("sk_good"), SECRET_KEY, SCOPES_ALL | OWNER },
		{ STR_INIT("rk_good"), RESTRICTED_KEY, EVENTS_READ },
		{ STR_INIT("cat_read"), TOKEN, EVENTS_READ },
		{ STR_INIT("pk_good"), PUBLISHABLE_KEY, 0 },
		{ STR_INIT("session"), SESSION, SCOPES_ALL | OWNER },
	};
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (!str_eq(sent->secret, known[i].secret))
			continue;
		*out = (struct principal){ .kind = known[i].kind,
			.scopes = known[i].scopes,
			.csrf = STR("aabb"),
			.credential = { { (uint8_t)(i + 1) } } };
		return OK;
	}
	if (str_eq(sent->secret, STR("cp_broken")))
		return FAIL(cx, UNAVAILABLE, "database gone");
	return FAIL(cx, str_starts(sent->secret, STR("cat_")) ? TOKEN_INVALID : KEY_REVOKED, "unknown");
}

static const struct authenticator authenticators[] = { { "cp_", authenticate_any }, { "sk_", authenticate_any },
	{ "rk_", authenticate_any }, { "pk_", authenticate_any }, { "cat_", authenticate_any },
	{ "", authenticate_any } };

static const struct config config = { .public_url = STR_INIT("http://127.0.0.1:8080") };

static inline err_t shop_alone(struct ctx *cx, struct str origin, bool *out)
{
	(void)cx;
	*out = str_eq(origin, STR("https://shop.example"));
	return OK;
}

static const struct app app = { .modules = modules,
	.module_count = ARRAY_LEN(modules),
	.authenticators = authenticators,
	.authenticator_count = ARRAY_LEN(authenticators),
	.config = &config,
	.origin_known = shop_alone };

#define GET(target, ...) exchange_run(exchange_new(&app, METHOD_GET, target, STR(""), __VA_ARGS__))

static inline struct exchange *bearer(enum method method, const char *target, const char *secret)
{
	const struct header h = { STR("Authorization"), str_cat(test_mem, STR("Bearer "), str_of(secret)) };
	return exchange_run(exchange_new(&app, method, target, STR(""), &h, 1));
}
