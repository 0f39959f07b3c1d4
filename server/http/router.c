/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/router.h"

#include "server/base/log.h"
#include "server/data/multipart.h"
#include "server/db/query.h"
#include "server/http/access.h"
#include "server/http/contract.h"
#include "server/http/cors.h"
#include "server/http/match.h"
#include "server/http/refusal.h"

/* ---- OPTIONS ---- */

static err_t answer_options(struct request *rq, struct response *rs)
{
	bool preflight;
	request_leave_body(rq);
	TRY(cors_preflight(rq, rs, &preflight));
	if (!preflight)
		reply_empty(rs, 200);
	response_header(rs, "Allow", match_allow(rq->cx.mem, rq->app, &rq->path, false));
	return OK;
}

/* RFC 9110 §9.3.7: of the server in general. */
static err_t answer_for_server(struct request *rq, struct response *rs)
{
	TRY(access_count(rq));
	request_leave_body(rq);
	reply_empty(rs, 200);
	response_header(rs, "Allow", match_methods(rq->cx.mem, rq->app));
	return OK;
}

/* ---- bodies ---- */

static bool type_fits(enum body_kind kind, struct str type)
{
	switch (kind) {
	case BODY_FORM:
		return str_eq(type, STR(FORM_TYPE));
	case BODY_FILES:
		return str_eq(type, STR(FORM_TYPE)) || str_eq(type, STR(MULTIPART_TYPE));
	case BODY_JSON:
		return str_eq(type, STR("application/json"));
	case BODY_XML: /* what CalDAV's clients put and what they ask has one type in more than one of them */
		return !type.ptr || str_eq(type, STR("application/xml")) || str_eq(type, STR("text/xml")) ||
		       str_eq(type, STR("text/calendar"));
	case BODY_IGNORED:
	case BODY_REFUSED:
	case BODY_ICAL:
	case BODY_ANY:
		return true;
	}
	return false;
}

static err_t refuse_type(struct request *rq, enum body_kind kind)
{
	static const char *const wanted[] = {
		[BODY_FORM] = "The body is a form here: Content-Type: " FORM_TYPE ".",
		[BODY_FILES] = "The body is a form here: Content-Type: " FORM_TYPE " or " MULTIPART_TYPE ".",
		[BODY_JSON] = "The body is JSON here: Content-Type: application/json.",
		[BODY_XML] = "The body is XML here: Content-Type: application/xml.",
	};
	return REFUSE(&rq->cx, MEDIA_TYPE, "", "%s", wanted[kind]);
}

/* RFC 9110 §8.4, §15.5.16: bodies come as they are. */
static err_t check_coding(struct request *rq)
{
	struct str list = request_header_list(rq, "Content-Encoding"), coding;
	while (str_cut(&list, ',', &coding)) {
		coding = str_trim(coding, STR_BLANK);
		if (coding.len && !str_eq_nocase(coding, STR("identity")))
			return REFUSE(&rq->cx, MEDIA_TYPE, "Content-Encoding",
				"A body is taken without a content coding; this one has %.*s.", STR_ARG(coding));
	}
	return OK;
}

static err_t read_body(struct request *rq)
{
	const struct route *route = rq->route;
	if (route->body == BODY_IGNORED) {
		request_leave_body(rq);
		return OK;
	}
	if (rq->content_length)
		TRY(check_coding(rq));
	if (rq->content_length && !type_fits(route->body, request_media_type(rq)))
		return refuse_type(rq, route->body);
	TRY(request_read_body(rq, route->body_max));
	if (route->body == BODY_REFUSED && rq->body.len)
		return REFUSE(&rq->cx, MEDIA_TYPE, "", "A body means nothing here: this method is sent without one.");
	if (route->body == BODY_FORM || route->body == BODY_FILES)
		TRY(request_read_form(rq));
	/* RFC 6750 §2: not in the header and in the form, too. */
	if (rq->principal && rq->sent != VIA_COOKIE && form_count(&rq->form, "access_token"))
		return REFUSE(&rq->cx, MALFORMED, "access_token", "The token was sent in two ways.");
	return OK;
}

/* ---- the steps ---- */

static err_t find(struct request *rq, struct match *found)
{
	struct str raw = rq->target;
	raw.len -= rq->query.ptr ? rq->query.len + 1 : 0;
	while (str_starts(raw, STR("//"))) /* a base address that ended with a slash, and a path after it */
		raw = str_from(raw, 1);
	err_t e = path_parse(&rq->cx, raw, &rq->path);
	if (e) {
		rq->module = match_raw(rq->app, raw);
		return e;
	}
	match_find(rq->cx.mem, rq->app, &rq->path, rq->method, found);
	rq->module = found->module;
	rq->route = found->route;
	rq->arg_count = found->arg_count;
	for (size_t i = 0; i < found->arg_count; i++)
		rq->args[i] = found->args[i];
	return OK;
}

static err_t no_route(struct request *rq, struct response *rs, const struct match *found)
{
	TRY(access_count(rq));
	if (rq->method == METHOD_OPTIONS && found->path_known)
		return answer_options(rq, rs);
	if (rq->method != METHOD_OPTIONS && rq->module && rq->module->unrouted)
		return rq->module->unrouted(rq, found->path_known);
	return found->path_known ? FAIL(&rq->cx, METHOD_NOT_ALLOWED, "not in the table")
				 : FAIL(&rq->cx, NOT_FOUND, "no route");
}

static err_t validate_page(struct request *rq)
{
	return rq->route ? cors_check(rq, rq->route) : OK;
}

/*
 * A failed authentication counts against the address; who is over the limit hears that first. A page shall read why it
 * was refused: whose credential is good has it looked up before it is counted, a stranger after.
 */
static err_t identify(struct request *rq, unsigned who)
{
	err_t e = access_identify(rq, who);
	if (rq->principal)
		TRY(validate_page(rq));
	TRY(access_count(rq));
	if (!rq->principal)
		TRY(validate_page(rq));
	return e;
}

static err_t serve(struct request *rq, struct response *rs)
{
	struct match found = { 0 };
	if (str_eq(rq->target, STR("*"))) /* the head check lets OPTIONS alone ask for it */
		return answer_for_server(rq, rs);
	TRY(find(rq, &found));
	bool strangers_too = rq->method == METHOD_OPTIONS || (rq->route && (rq->route->who & ANYONE));
	/* Under /dav/ a stranger learns nothing of what exists. */
	if (rq->module && rq->module->auth_first && !strangers_too)
		TRY(identify(rq, rq->route ? rq->route->who : TOKEN | KEY));
	if (!rq->route)
		return no_route(rq, rs, &found);
	if (!rq->module->auth_first)
		TRY(identify(rq, rq->route->who));
	TRY(access_allows(rq));
	TRY(access_enter(rq));
	TRY(read_body(rq));
	ctx_go_on(&rq->cx); /* a body may have taken its time */
	TRY(access_check_form(rq));
	TRY(access_check_proof(rq));
	TRY(rq->route->run(rq, rs));
	return response_fits(rs);
}

static void show_error_of(struct request *rq, struct response *rs, err_t e)
{
	if (rs->head_sent) {
		response_break(rs);
		return;
	}
	request_leave_body(rq);
	response_clear(rs);
	if (e->kind == METHOD_NOT_ALLOWED && rq->module)
		response_header(rs, "Allow", match_allow(rq->cx.mem, rq->app, &rq->path, false));
	if (e->kind == MEDIA_TYPE && str_eq(e->param, STR("Content-Encoding"))) /* RFC 9110 §12.5.3 */
		response_header(rs, "Accept-Encoding", STR("identity"));
	if (e->kind == INVALID_VALUE && str_eq(e->param, STR("Sec-WebSocket-Version"))) /* RFC 6455 §4.2.2 */
		response_header(rs, "Sec-WebSocket-Version", STR("13"));
	if (e->retry_after_s)
		response_header(rs, "Retry-After", str_fmt(rq->cx.mem, "%d", e->retry_after_s));
	if (e->etag.ptr)
		response_header(rs, "ETag", e->etag);
	if (rq->module && rq->module->show_error)
		rq->module->show_error(rq, rs, e);
	else
		reply_error(rq, rs, e);
}

/* ---- the log line ---- */

static struct str source_of(struct arena *mem, err_t e)
{
	return e->file ? str_fmt(mem, "%s:%d", e->file, e->line) : STR_ABSENT;
}

static struct str path_logged(const struct request *rq)
{
	struct str path = rq->target;
	path.len -= rq->query.ptr ? rq->query.len + 1 : 0;
	return rq->module && rq->module->secret_paths ? str_of(rq->module->prefix) : path;
}

static void log_request(struct request *rq, const struct response *rs, err_t e, uint64_t begun_us)
{
	bool ours = rs->status >= 500 || rs->broken;
	if (!log_enabled(ours ? LOG_WARN : LOG_INFO))
		return;
	struct arena *mem = rq->cx.mem;
	const struct principal *p = rq->principal;
	uint64_t us = clock_monotonic_us() - begun_us;
	log_event(ours ? LOG_WARN : LOG_INFO, "request", LOG_STR("id", id_text(mem, "req", rq->cx.request_id)),
		LOG_C("method", method_name(rq->method)), LOG_STR("path", path_logged(rq)),
		LOG_INT("status", rs->status),
		LOG_STR("ms",
			str_fmt(mem, "%llu.%03llu", (unsigned long long)us / 1000, (unsigned long long)us % 1000)),
		LOG_INT("bytes", rs->sent), LOG_INT("db", rq->cx.round_trips), LOG_STR("ip", rq->cx.client_ip),
		LOG_C("as", p ? who_name(p->kind) : NULL),
		LOG_STR("credential", p ? id_uuid(mem, p->credential) : STR_ABSENT), LOG_C("error", rq->error_code),
		LOG_STR("detail", e ? e->detail : STR_ABSENT),
		LOG_STR("at", e && ours ? source_of(mem, e) : STR_ABSENT), LOG_C("broken", rs->broken ? "yes" : NULL));
}

void router_run(struct request *rq, struct response *rs)
{
	uint64_t begun_us = clock_monotonic_us();
	response_begin(rs, rq);
	err_t e = serve(rq, rs);
	if (e) {
		rq->error_code = err_row(e->kind)->api_code;
		rq->failed = e;
		show_error_of(rq, rs, e);
	}
	/* Before the answer is written: no connection waits on a slow reader. */
	db_end(&rq->cx);
	response_end(rs);
	access_leave(rq);
	if (rq->app->answered)
		rq->app->answered(rq, rs->broken ? 599 : rs->status, clock_monotonic_us() - begun_us);
	log_request(rq, rs, e, begun_us);
}

/* ---- for docs ---- */

static void print_who(struct buf *out, unsigned who)
{
	/* clang-format off */
	static const struct { unsigned bit; const char *name; } names[] = {
		{ ANYONE, "anyone" }, { SESSION, "session" }, { OPTIONAL_SESSION, "optional session" }, { TOKEN, "token" },
		{ ACCOUNT_KEY, "account key" }, { SECRET_KEY, "secret key" }, { RESTRICTED_KEY, "restricted key" },
		{ PUBLISHABLE_KEY, "publishable key" },
	};
	/* clang-format on */
	size_t before = out->len;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (who & names[i].bit)
			buf_fmt(out, "%s%s", out->len > before ? ", " : "", names[i].name);
	if (out->len == before)
		BUF_LIT(out, "nobody");
}

static void print_scopes(struct buf *out, uint64_t scopes)
{
	struct str named = scope_text(out->mem, scopes);
	buf_add(out, named);
	if (scopes & OWNER)
		buf_fmt(out, "%sowner", named.len ? " " : "");
	if (scopes & BY_REPORT)
		buf_fmt(out, "%sby report", named.len ? " " : "");
}

static void print_row(struct buf *out, const struct route *route)
{
	static const char *const bodies[] = { [BODY_IGNORED] = "",
		[BODY_REFUSED] = "none",
		[BODY_FORM] = "form",
		[BODY_FILES] = "form with files",
		[BODY_JSON] = "JSON",
		[BODY_XML] = "XML",
		[BODY_ICAL] = "iCalendar",
		[BODY_ANY] = "any" };
	buf_fmt(out, "| %s | `%s` | ", method_name(route->method), route->path);
	print_who(out, route->who);
	if (route->flags & PROVEN_LATELY)
		BUF_LIT(out, ", proven lately");
	BUF_LIT(out, " | ");
	print_scopes(out, route->scopes);
	buf_fmt(out, " | %s", bodies[route->body]);
	if (route->body != BODY_IGNORED && route->body != BODY_REFUSED)
		buf_fmt(out, ", %zu KiB", (route->body_max + 1023) / 1024);
	const char *heavy = route->flags & HEAVY ? "yes" : route->flags & HEAVY_DEEP ? "unless Depth: 0" : "";
	buf_fmt(out, " | %s | %s |\n", heavy, route->source ? route->source : "");
}

/* Under the table of a module with contracts: each call, and each resource once. */
static void print_contracts(struct buf *out, const struct module *module)
{
	const struct json_resource **told =
		arena_array(out->mem, const struct json_resource *, 2 * module->route_count);
	size_t count = 0;
	for (size_t i = 0; i < module->route_count; i++) {
		const struct contract *c = module->contracts[i];
		const struct json_resource *named[] = { c->answer, c->body };
		buf_fmt(out, "\n### %s `%s`\n\n", method_name(module->routes[i].method), module->routes[i].path);
		contract_print(out, c);
		for (size_t n = 0; n < ARRAY_LEN(named); n++) {
			size_t k = 0;
			while (k < count && told[k] != named[n])
				k++;
			if (named[n] && k == count)
				told[count++] = named[n];
		}
	}
	for (size_t k = 0; k < count; k++)
		resource_print(out, told[k]);
}

void router_print(const struct app *app, struct buf *out)
{
	for (size_t m = 0; m < app->module_count; m++) {
		const struct module *module = app->modules[m];
		buf_fmt(out,
			"%s## %s\n\n| method | path | who | scope | body | heavy | source |\n"
			"| --- | --- | --- | --- | --- | --- | --- |\n",
			m ? "\n" : "", module->name);
		for (size_t i = 0; i < module->route_count; i++)
			print_row(out, &module->routes[i]);
		if (module->contracts)
			print_contracts(out, module);
	}
}
