/* SPDX-License-Identifier: Apache-2.0 */
/* The requests of the account's keys and apps, for its developer: a list with filters, and each by its req_…. */
#include <string.h>

#include "oauth/client.h"
#include "server/account/caller.h"
#include "server/account/key.h"
#include "server/account/request_log.h"
#include "web/chart.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"

#define ROWS_SHOWN 50
#define ROUTE_MAX 200

/* clang-format off */
static const struct { const char *word; int16_t from, to; } statuses[] = {
	{ "", 0, 599 }, { "succeeded", 0, 399 }, { "failed", 400, 599 }, { "4xx", 400, 499 }, { "5xx", 500, 599 },
};
/* clang-format on */

/* What the address asks for; what makes no sense asks for nothing. */
struct logs_view {
	struct request_filter filter;
	const char *status;
	struct str key, app; /* as the address has them; absent: none */
	struct id before;
	bool test;
};

/* ---- names of keys and apps ---- */

struct names {
	struct key *keys;
	struct client *clients;
	size_t key_count, client_count;
};

static err_t names_load(struct request *rq, struct names *out)
{
	struct id account = rq->principal->account;
	TRY(key_list(&rq->cx, account, &out->keys, &out->key_count));
	return client_list(&rq->cx, account, &out->clients, &out->client_count);
}

static struct str key_name(const struct names *names, struct id id)
{
	for (size_t i = 0; i < names->key_count; i++)
		if (id_eq(names->keys[i].id, id))
			return names->keys[i].name;
	return STR_ABSENT;
}

/* Absent: a key that is gone. */
static struct str caller_name(struct request *rq, const struct names *names, struct id id)
{
	return id_eq(id, caller_documentation) ? say(rq, "API reference") : key_name(names, id);
}

static struct str client_name(const struct names *names, struct id id)
{
	for (size_t i = 0; i < names->client_count; i++)
		if (id_eq(names->clients[i].id, id))
			return names->clients[i].name;
	return STR_ABSENT;
}

/* ---- addresses ---- */

static void add_param(struct buf *out, const char *name, struct str value)
{
	if (!value.len)
		return;
	if (!str_has(buf_str(out), '?'))
		buf_char(out, '?');
	form_add(out, name, value);
}

/* The list as it is asked for, but with these of its filters. */
static struct str link_to(struct request *rq, const struct logs_view *asked)
{
	struct buf out = buf_new(rq->cx.mem, KIB(4));
	BUF_LIT(&out, "/logs");
	add_param(&out, "mode", asked->test ? STR("test") : STR_ABSENT);
	add_param(&out, "status", str_of(asked->status));
	add_param(&out, "route", asked->filter.route);
	add_param(&out, "key", asked->key);
	add_param(&out, "app", asked->app);
	return buf_str(&out);
}

static struct str link_with_status(struct request *rq, const struct logs_view *asked, const char *status)
{
	struct logs_view other = *asked;
	other.status = status;
	return link_to(rq, &other);
}

static struct str link_with_route(struct request *rq, const struct logs_view *asked, struct str route)
{
	struct logs_view other = *asked;
	other.filter.route = route;
	return link_to(rq, &other);
}

static struct str link_with_credential(
	struct request *rq, const struct logs_view *asked, struct str key, struct str app)
{
	struct logs_view other = *asked;
	other.key = key;
	other.app = app;
	return link_to(rq, &other);
}

/* ---- a row ---- */

static void who_values(struct request *rq, struct html_values *v, const struct request_row *row,
	const struct names *names, const struct logs_view *asked)
{
	struct arena *mem = rq->cx.mem;
	struct str key = caller_text(mem, row->credential);
	struct str app = id_is_zero(row->client) ? STR_ABSENT : id_text(mem, "cli", row->client);
	struct str name = key.ptr ? caller_name(rq, names, row->credential) : client_name(names, row->client);
	html_set(v, "who", name.len ? name : key.ptr ? key : app);
	html_set(v, "key_id", key);
	html_set(v, "app_id", app);
	if (key.ptr || app.ptr)
		html_set(v, "only_who", link_with_credential(rq, asked, key, app));
	if (!id_is_zero(row->connection))
		html_set(v, "connection", id_text(mem, "cpa", row->connection));
}

static void row_values(struct request *rq, struct html_values *v, const struct request_row *row,
	const struct names *names, const struct logs_view *asked)
{
	struct arena *mem = rq->cx.mem;
	html_set(v, "request_id", id_text(mem, "req", row->id));
	html_set(v, "method", row->method);
	html_set(v, "path", row->path);
	html_set(v, "route", row->route);
	html_set(v, "status", row->status == 599 ? say(rq, "cut") : str_fmt(mem, "%d", row->status));
	html_set_flag(v, "fine", row->status < 400);
	html_set_flag(v, "client_error", row->status >= 400 && row->status < 500);
	html_set_flag(v, "server_error", row->status >= 500);
	html_set(v, "took", chart_ms(rq, row->took_us));
	html_set(v, "code", row->code);
	html_set(v, "param", row->param);
	html_set(v, "message", row->message);
	html_set(v, "network", row->network);
	html_set(v, "agent", row->agent);
	html_set(v, "only_route", link_with_route(rq, asked, row->route));
	who_values(rq, v, row, names, asked);
	page_when(rq, v, "at", row->at);
}

/* ---- the list ---- */

static err_t read_view(struct request *rq, struct logs_view *out)
{
	const struct form *params;
	struct logs_view asked = { .status = "" };
	memset(&asked.before, 0xFF, sizeof asked.before);
	TRY(request_params(rq, &params));
	asked.test = str_eq(form_get(params, "mode"), STR("test"));
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		if (i == 0 || str_eq(form_get(params, "status"), str_of(statuses[i].word))) {
			asked.status = statuses[i].word;
			asked.filter.status_from = statuses[i].from;
			asked.filter.status_to = statuses[i].to;
		}
	struct str route = form_get(params, "route");
	if (route.len && route.len <= ROUTE_MAX)
		asked.filter.route = route;
	if (caller_parse(form_get(params, "key"), &asked.filter.credential))
		asked.key = form_get(params, "key");
	if (id_parse(form_get(params, "app"), "cli", &asked.filter.client))
		asked.app = form_get(params, "app");
	struct id before;
	if (id_parse(form_get(params, "before"), "req", &before))
		asked.before = before;
	*out = asked;
	return OK;
}

static void filter_values(
	struct request *rq, struct html_values *v, const struct logs_view *asked, const struct names *names)
{
	static const struct {
		const char *word, *list;
	} tabs[] = { { "", "all" }, { "succeeded", "succeeded" }, { "failed", "failed" } };
	for (size_t i = 0; i < ARRAY_LEN(tabs); i++) {
		struct html_values *tab = html_add_row(v, tabs[i].list);
		html_set(tab, "href", link_with_status(rq, asked, tabs[i].word));
		html_set_flag(tab, "here", str_eq(str_of(asked->status), str_of(tabs[i].word)));
	}
	struct logs_view none = { .status = "", .test = asked->test };
	html_set_flag(v, "mode_test", asked->test);
	html_set(v, "mode_path", STR("/logs"));
	html_set(v, "no_filter", link_to(rq, &none));
	html_set(v, "route_asked", asked->filter.route);
	html_set(v, "route_off", link_with_route(rq, asked, STR_ABSENT));
	struct str by = asked->key.ptr ? caller_name(rq, names, asked->filter.credential)
				       : client_name(names, asked->filter.client);
	html_set(v, "who_asked", by.len ? by : asked->key.ptr ? asked->key : asked->app);
	html_set(v, "who_off", link_with_credential(rq, asked, STR_ABSENT, STR_ABSENT));
	html_set_flag(v, "filtered", asked->filter.route.ptr || asked->key.ptr || asked->app.ptr || *asked->status);
}

/* The field "Find a request" sends the id here. */
static bool lead_to_request(struct request *rq, struct response *rs)
{
	const struct form *params;
	struct id id;
	if (request_params(rq, &params) || !id_parse(str_trim(form_get(params, "request"), STR_BLANK), "req", &id))
		return false;
	reply_redirect(rs, 303, str_fmt(rq->cx.mem, "/logs/%.*s", STR_ARG(id_text(rq->cx.mem, "req", id))));
	return true;
}

err_t logs_page(struct request *rq, struct response *rs)
{
	struct html_values *v = page_new(rq, "Logs", "logs");
	struct logs_view asked;
	struct names names;
	struct request_row *rows;
	size_t count;
	const struct form *params;
	TRY(read_view(rq, &asked));
	if (lead_to_request(rq, rs))
		return OK;
	TRY(request_params(rq, &params));
	html_set_flag(v, "no_request_id", form_get(params, "request").len > 0);
	TRY(names_load(rq, &names));
	TRY(request_log_page(&rq->cx, id_in_mode(rq->principal->account, asked.test), &asked.filter, asked.before,
		ROWS_SHOWN + 1, &rows, &count));
	filter_values(rq, v, &asked, &names);
	html_set_flag(v, "any", count > 0);
	for (size_t i = 0; i < count && i < ROWS_SHOWN; i++)
		row_values(rq, html_add_row(v, "rows"), &rows[i], &names, &asked);
	if (count > ROWS_SHOWN) {
		struct buf older = buf_new(rq->cx.mem, KIB(4));
		buf_add(&older, link_to(rq, &asked));
		add_param(&older, "before", id_text(rq->cx.mem, "req", rows[ROWS_SHOWN - 1].id));
		html_set(v, "older", buf_str(&older));
	}
	if (form_get(params, "before").len)
		html_set(v, "newest", link_to(rq, &asked));
	return page_reply(rs, 200, "logs", v);
}

/* ---- one ---- */

/* In whichever world of the account it is: who has an id from an error does not know. */
static err_t find(struct request *rq, struct request_row *out, bool *test_out)
{
	struct id id;
	if (!id_parse(rq->args[0], "req", &id))
		return FAIL(&rq->cx, NOT_FOUND, "no request id");
	err_t e = OK;
	for (int test = 0; test < 2; test++) {
		e = request_log_get(&rq->cx, id_in_mode(rq->principal->account, test), id, out);
		*test_out = test;
		if (!err_is(e, NOT_FOUND))
			return e;
	}
	return REFUSE(&rq->cx, NOT_FOUND, "",
		"There is no such request among those of your keys and apps. It is told a second after its answer, "
		"kept "
		"for %d days, and of more than %d a second of one account not all are kept.",
		REQUEST_LOG_DAYS, REQUEST_LOG_A_SECOND);
}

err_t log_entry_page(struct request *rq, struct response *rs)
{
	struct request_row row;
	struct names names;
	struct logs_view asked = { .status = "" };
	TRY(find(rq, &row, &asked.test));
	TRY(names_load(rq, &names));
	struct html_values *v = page_new(rq, "Request", "logs");
	row_values(rq, v, &row, &names, &asked);
	html_set_flag(v, "mode_test", asked.test);
	html_set(v, "back", link_to(rq, &asked));
	html_set_flag(v, "of_oauth", str_starts(row.path, STR("/oauth/")));
	return page_reply(rs, 200, "log_entry", v);
}
