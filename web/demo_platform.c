/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of "Northwind CRM". It has its own app and listener, no database, and knows Calends by HTTP alone. */
#include <stdlib.h>
#include <string.h>

#include "server/auth/scope.h"
#include "server/base/config.h"
#include "server/crypto/digest.h"
#include "server/data/html.h"
#include "web/demo_oauth.h"
#include "web/json_view.h"
#include "web/pages.h"

#define COOKIE "northwind"
#define EVENTS_AHEAD_S (30 * INT64_C(86400))

struct platform {
	struct app app;
	struct demo demo;
	struct visitors *visitors;
};

static struct platform *platform_of(const struct request *rq)
{
	return rq->app->state;
}

/* ---- who is here ---- */

static void random_hex(struct arena *mem, char out[65])
{
	uint8_t octets[32];
	random_fill(octets, sizeof octets);
	memcpy(out, hex_of(mem, bytes_of(octets, sizeof octets)).ptr, 64);
	out[64] = '\0';
}

static struct str cookie_of(const struct request *rq)
{
	return request_cookie(rq, STR(COOKIE));
}

static void greet(struct request *rq, struct response *rs, struct visitor *out)
{
	if (visitors_find(platform_of(rq)->visitors, cookie_of(rq), out))
		return;
	*out = (struct visitor){ 0 };
	random_hex(rq->cx.mem, out->cookie);
	random_hex(rq->cx.mem, out->form_token);
	visitors_keep(platform_of(rq)->visitors, out);
	response_header(
		rs, "Set-Cookie", str_fmt(rq->cx.mem, COOKIE "=%s; Path=/; HttpOnly; SameSite=Lax", out->cookie));
}

/* A form of ours, from who is known. */
static err_t known_visitor(struct request *rq, struct visitor *out)
{
	struct str token = form_get(&rq->form, "token");
	if (!visitors_find(platform_of(rq)->visitors, cookie_of(rq), out) ||
		!bytes_same(bytes_of(token.ptr, token.len), bytes_of(out->form_token, strlen(out->form_token))))
		return FAIL(&rq->cx, CSRF, "unknown visitor or wrong token");
	return OK;
}

/* ---- the page ---- */

static struct html_values *values_new(struct request *rq, const char *title)
{
	struct html_values *v = html_values_new(rq->cx.mem);
	html_set(v, "title", str_of(title));
	html_set(v, "provider", rq->cx.config->brand);
	html_set(v, "provider_url", rq->cx.config->public_url);
	return v;
}

static void scope_ticks(struct html_values *v)
{
	const uint64_t asked = CALENDARS_READ | EVENTS_READ | EVENTS_WRITE | PROFILE_READ;
	for (size_t i = 0; i < scope_row_count; i++)
		if (asked & scope_rows[i].bit)
			html_set(html_add_row(v, "scopes"), "scope", str_of(scope_rows[i].name));
}

/* One call of the API with its answer. What cannot be reached is told in its place. */
static void add_call(struct request *rq, struct html_values *v, const struct visitor *visitor, struct str path)
{
	struct html_values *row = html_add_row(v, "calls");
	struct fetched got;
	html_set(row, "path", path);
	err_t e = demo_call(&rq->cx, visitor, path, &got);
	if (e) {
		html_set(row, "answer", err_text(e));
		return;
	}
	html_set(row, "status", str_fmt(rq->cx.mem, "%d", got.status));
	html_set_flag(row, "good", got.status == 200);
	html_set(row, "request_id", got.request_id);
	html_set(row, "answer", json_view(rq->cx.mem, got.body));
}

static void connected_values(struct request *rq, struct html_values *v, const struct visitor *visitor)
{
	struct arena *mem = rq->cx.mem;
	struct instant now = instant_of_s(instant_s(rq->cx.now));
	int64_t left = instant_s(visitor->expires_at) - instant_s(now);
	html_set_flag(v, "connected", true);
	html_set(v, "access", str_fmt(mem, "%.12s…", visitor->access));
	html_set(v, "connected_account", str_dup(mem, str_of(visitor->connected_account)));
	html_set(v, "granted", str_dup(mem, str_of(visitor->scope)));
	html_set(v, "mode", visitor->live ? STR("live") : STR("test"));
	long long minutes = left > 0 ? (long long)(left + 59) / 60 : 0;
	html_set(v, "minutes", str_fmt(mem, minutes == 1 ? "%lld more minute" : "%lld more minutes", minutes));

	struct str from = instant_rfc3339(mem, now), to = instant_rfc3339(mem, instant_add_s(now, EVENTS_AHEAD_S));
	add_call(rq, v, visitor, STR("/v1/profile"));
	add_call(rq, v, visitor, STR("/v1/calendars"));
	add_call(rq, v, visitor, str_fmt(mem, "/v1/events?from=%.*s&to=%.*s", STR_ARG(from), STR_ARG(to)));
}

static err_t reply_demo(
	struct request *rq, struct response *rs, int status, const struct visitor *visitor, struct str alert)
{
	struct html_values *v = values_new(rq, "Integrations");
	html_set(v, "token", str_dup(rq->cx.mem, str_of(visitor->form_token)));
	html_set(v, "alert", alert);
	if (visitor->access[0])
		connected_values(rq, v, visitor);
	else
		scope_ticks(v);
	/* Connect is a form that leads to the provider. */
	struct buf *out = reply_page(rs, status, FORMS_LEAD_AWAY);
	return html_render(&rq->cx, out, "demo", v);
}

static err_t home(struct request *rq, struct response *rs)
{
	struct visitor visitor;
	greet(rq, rs, &visitor);
	return reply_demo(rq, rs, 200, &visitor, STR_ABSENT);
}

/* ---- the buttons ---- */

static err_t begin(struct request *rq, struct response *rs)
{
	struct visitor visitor;
	uint64_t scopes = 0, one;
	TRY(known_visitor(rq, &visitor));
	for (size_t i = 0; i < rq->form.count; i++)
		if (str_eq(rq->form.fields[i].name, STR("scope")) && scope_parse(rq->form.fields[i].value, &one))
			scopes |= one;
	if (!scopes)
		return reply_demo(rq, rs, 400, &visitor, STR("Tick at least one thing to ask for."));
	struct str url = demo_authorize_url(&rq->cx, &platform_of(rq)->demo, scope_text(rq->cx.mem, scopes), &visitor);
	visitors_keep(platform_of(rq)->visitors, &visitor);
	reply_redirect(rs, 303, url);
	return OK;
}

/* RFC 9207: an answer that names another issuer, or none, may come from a mix-up. */
static err_t check_answer(struct request *rq, const struct form *params, struct visitor *out)
{
	if (!visitors_claim(platform_of(rq)->visitors, cookie_of(rq), form_get(params, "state"), out))
		return REFUSE(
			&rq->cx, FORBIDDEN, "state", "This answer belongs to no request of yours, or came twice.");
	if (!str_eq(form_get(params, "iss"), rq->cx.config->public_url))
		return REFUSE(&rq->cx, FORBIDDEN, "iss", "This answer does not come from the server that was asked.");
	return OK;
}

static err_t callback(struct request *rq, struct response *rs)
{
	const struct form *params;
	struct visitor visitor;
	TRY(request_params(rq, &params));
	TRY(check_answer(rq, params, &visitor));

	struct str error = form_get(params, "error");
	if (str_eq(error, STR("access_denied")))
		return reply_demo(rq, rs, 200, &visitor, STR("You did not allow the access, so nothing is connected."));
	if (error.ptr)
		return reply_demo(rq, rs, 400, &visitor,
			str_fmt(rq->cx.mem, "%.*s: %.*s", STR_ARG(error),
				STR_ARG(form_get(params, "error_description"))));
	err_t e = demo_redeem(&rq->cx, &platform_of(rq)->demo, form_get(params, "code"), &visitor);
	if (e)
		return reply_demo(rq, rs, 502, &visitor, err_text(e));
	explicit_bzero(visitor.state, sizeof visitor.state);
	explicit_bzero(visitor.verifier, sizeof visitor.verifier);
	visitors_keep(platform_of(rq)->visitors, &visitor);
	reply_redirect(rs, 303, STR("/"));
	return OK;
}

static err_t refresh(struct request *rq, struct response *rs)
{
	struct visitor visitor;
	TRY(known_visitor(rq, &visitor));
	err_t e = demo_refresh(&rq->cx, &platform_of(rq)->demo, &visitor);
	if (err_is(e, INVALID_GRANT)) {
		/* The user cut us off: forget what is worth nothing. */
		visitor.access[0] = visitor.refresh[0] = '\0';
		visitors_keep(platform_of(rq)->visitors, &visitor);
		return reply_demo(rq, rs, 200, &visitor,
			str_fmt(rq->cx.mem, "The connection has ended. %.*s", STR_ARG(err_text(e))));
	}
	if (e)
		return reply_demo(rq, rs, 502, &visitor, err_text(e));
	visitors_keep(platform_of(rq)->visitors, &visitor);
	reply_redirect(rs, 303, STR("/"));
	return OK;
}

static err_t disconnect(struct request *rq, struct response *rs)
{
	struct visitor visitor;
	TRY(known_visitor(rq, &visitor));
	err_t e = demo_disconnect(&rq->cx, &platform_of(rq)->demo, &visitor);
	visitors_keep(platform_of(rq)->visitors, &visitor);
	if (e)
		return reply_demo(rq, rs, 502, &visitor, err_text(e));
	reply_redirect(rs, 303, STR("/"));
	return OK;
}

static void demo_show_error(struct request *rq, struct response *rs, err_t e)
{
	int status = err_row(e->kind)->api_status;
	struct html_values *v = values_new(rq, "That did not work");
	html_set(v, "alert", err_text(e));
	html_set_flag(v, "broken", true);
	struct buf *out = reply_page(rs, status, FORMS_STAY);
	if (html_render(&rq->cx, out, "demo", v))
		buf_add(out, err_text(e));
}

/* ---- the app ---- */

/* clang-format off */
static const struct route routes[] = {
	/* method     path           who     scope body          at most  handler      source */
	{ METHOD_GET,  "/",           ANYONE, 0, BODY_IGNORED, 0,      home,        "page", 0 },
	{ METHOD_POST, "/connect",    ANYONE, 0, BODY_FORM,    KIB(8), begin,       "OAuth 2.1 §4.1.1", SENSITIVE_BODY },
	{ METHOD_GET,  "/callback",   ANYONE, 0, BODY_IGNORED, 0,      callback,    "OAuth 2.1 §4.1.2", SENSITIVE_BODY },
	{ METHOD_POST, "/refresh",    ANYONE, 0, BODY_FORM,    KIB(8), refresh,     "OAuth 2.1 §4.3", SENSITIVE_BODY },
	{ METHOD_POST, "/disconnect", ANYONE, 0, BODY_FORM,    KIB(8), disconnect,  "RFC 7009", SENSITIVE_BODY },
	{ METHOD_GET,  "/static/:file", ANYONE, 0, BODY_IGNORED, 0,      static_file, "page", 0 },
};
/* clang-format on */

static const struct module platform_module = {
	.name = "Demo platform",
	.prefix = "",
	.routes = routes,
	.route_count = ARRAY_LEN(routes),
	.show_error = demo_show_error,
};
static const struct module *const modules[] = { &platform_module };

struct app *demo_platform_open(struct ctx *cx, const struct demo *demo)
{
	struct platform *platform = arena_new(cx->mem, struct platform);
	platform->demo = *demo;
	platform->visitors = visitors_open();
	platform->app = (struct app){
		.modules = modules,
		.module_count = 1,
		.config = cx->config,
		.keys = cx->keys,
		.state = platform,
	};
	return &platform->app;
}

void demo_platform_close(struct app *app)
{
	struct platform *platform = app->state;
	visitors_close(platform->visitors);
}
