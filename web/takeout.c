/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Download my data": a ZIP file of all that an account has, in both of its worlds. Its lists are those of REST, in the
 * form that is documented there, asked for page by page; calendars are what their export is. So nothing of it is ever
 * in memory as a whole, and no connection of the database is held while somebody reads slowly.
 */
#include "web/takeout.h"

#include "caldav/calendar/view/calendar_label.h"
#include "caldav/calendar/view/document.h"
#include "server/account/account_picture.h"
#include "server/account/takeout.h"
#include "server/account/usage.h"
#include "server/data/json_tree.h"
#include "server/http/disposition.h"
#include "web/own_call.h"
#include "web/page.h"
#include "web/pages.h"

#define TARGET_MAX KIB(8)
#define ITEMS_MAX MIB(8) /* of a page */

/* The operations of REST whose lists are files; `what` is told in README.txt. */
/* clang-format off */
static const struct list_file { const char *name, *operation, *query, *what; } list_files[] = {
	{ "calendars.json",          "listCalendars",         NULL, "Your calendars. Their events are in the folder calendars, as iCalendar files." },
	{ "booking_pages.json",      "listBookingPages",      NULL, "Your booking pages." },
	{ "bookings.json",           "listBookings",          NULL, "What was booked on them." },
	{ "api_keys.json",           "listApiKeys",           NULL, "Your API keys, without their secrets, and when they were used last." },
	{ "connected_apps.json",     "listGrants",            NULL, "The apps that you let into your account." },
	{ "apps.json",               "listOauthApps",         NULL, "The apps that you registered, without their secrets." },
	{ "connected_accounts.json", "listConnectedAccounts", NULL, "The people who connected to these." },
	{ "webhook_endpoints.json",  "listWebhookEndpoints",  NULL, "Where webhooks are sent to." },
	{ "webhook_events.json",     "listWebhookEvents",     NULL, "What they told of." },
	{ "audit.json",              "listAudit",             NULL, "What became of sign-ins, keys and apps, by whom and from where." },
	{ "usage.json",              "listUsage",             "group_by=day,api_key,connected_account,route", "How much the API was used, by day." },
	{ "webhook_usage.json",      "listWebhookUsage",      "group_by=day,webhook_endpoint", "How many webhooks were sent, by day." },
};
#define DELIVERIES "webhook_deliveries.json"
static const struct { const char *name, *what; } other_files[] = {
	{ DELIVERIES,            "Each time a webhook was sent, and what came of it." },
	{ "consents.json",       "What you let apps do, each time that you decided." },
	{ "properties.json",     "What calendar programs keep beside your calendars and events." },
	{ "voice_sessions.json", "Voice sessions." },
	{ "request_log.json",    "The last requests of your keys and apps." },
};
/* clang-format on */

/* ---- lists ---- */

static const char *folder(const struct takeout *t)
{
	return t->test ? "test" : "live";
}

static bool is_of_account(const char *name)
{
	return str_eq(str_of(name), STR("sessions.json"));
}

struct json takeout_list(struct takeout *t, const char *name)
{
	struct ctx *cx = &t->rq->cx;
	zip_file(t->zip, is_of_account(name) ? str_of(name) : str_fmt(cx->mem, "%s/%s", folder(t), name), cx->now);
	struct json j = json_begin(zip_out(t->zip));
	json_array(&j, NULL);
	return j;
}

void takeout_list_end(struct takeout *t, struct json *j)
{
	j->out = zip_out(t->zip);
	json_array_end(j);
}

void takeout_items(struct takeout *t, struct json *j, struct buf *items)
{
	*items = buf_new(t->rq->cx.mem, ITEMS_MAX);
	j->out = items;
}

err_t takeout_items_end(struct takeout *t, const struct buf *items)
{
	if (items->full)
		return FAIL(&t->rq->cx, INTERNAL, "a page of a list is too large");
	buf_add(zip_out(t->zip), buf_str(items));
	return OK;
}

/* The answer of an operation, asked for by whose data they are, as if with a key that may all. */
static err_t ask(struct takeout *t, const struct operation *operation, struct str target, const struct cJSON **out)
{
	struct request *rq = t->rq;
	const struct subrequest sub = { .operation = operation, .target = target, .unrated = true };
	struct subanswer answer;
	TRY(own_subrequest(rq, &sub, SECRET_KEY, t->test, &answer));
	TRY(answer.error);
	return json_tree_parse(&rq->cx, answer.body, out);
}

/* What is done with the items of a page. */
typedef err_t item_writer(struct takeout *t, struct json *j, const struct cJSON *item);

static err_t write_item(struct takeout *t, struct json *j, const struct cJSON *item)
{
	(void)t;
	json_tree_write(j, NULL, item);
	return OK;
}

/* All pages of a list. The cursor outlives its page. */
static err_t each_item(struct takeout *t, struct json *j, const char *operation_id, struct str path, struct str query,
	item_writer *write)
{
	struct ctx *cx = &t->rq->cx;
	struct operation operation = operation_find(t->rq->app, str_of(operation_id));
	struct buf target = buf_new(t->kept, TARGET_MAX);
	buf_fmt(&target, "%.*s?limit=100%s%.*s", STR_ARG(path), query.len ? "&" : "", STR_ARG(query));
	size_t first_len = target.len;
	for (bool more = true; more && zip_flush_if_large(t->zip);) {
		struct arena_mark mark = arena_mark(cx->mem);
		const struct cJSON *page, *cursor;
		struct buf items;
		ctx_go_on(cx);
		TRY(ask(t, &operation, buf_str(&target), &page));
		takeout_items(t, j, &items);
		for (const struct cJSON *item = json_tree_first(json_tree_member(page, STR("data"))); item;
			item = json_tree_next(item))
			TRY(write(t, j, item));
		TRY(takeout_items_end(t, &items));
		cursor = json_tree_member(page, STR("next_cursor"));
		more = cursor && json_tree_type(cursor) == JSON_IS_TEXT;
		target.len = first_len;
		if (more) {
			BUF_LIT(&target, "&");
			form_add(&target, "starting_after", json_tree_text(cursor));
		}
		arena_rewind(cx->mem, mark);
	}
	return OK;
}

/* "2026-11-29" */
static struct str day_before(struct request *rq, int days)
{
	return usage_day_text(rq->cx.mem, (int32_t)(instant_s(rq->cx.now) / DAY_S) - days);
}

static err_t write_list(struct takeout *t, const struct list_file *file)
{
	struct operation operation = operation_find(t->rq->app, str_of(file->operation));
	struct str query = str_of(file->query ? file->query : "");
	if (query.len)
		query = str_fmt(t->rq->cx.mem, "%.*s&from=%.*s", STR_ARG(query),
			STR_ARG(day_before(t->rq, USAGE_DAYS_KEPT - 1)));
	struct json j = takeout_list(t, file->name);
	TRY(each_item(t, &j, file->operation, str_of(operation.route->path), query, write_item));
	takeout_list_end(t, &j);
	return OK;
}

static err_t write_deliveries_of(struct takeout *t, struct json *j, const struct cJSON *endpoint)
{
	struct str path = str_fmt(t->rq->cx.mem, "/v1/webhook_endpoints/%.*s/deliveries",
		STR_ARG(json_tree_text(json_tree_member(endpoint, STR("id")))));
	return each_item(t, j, "listWebhookDeliveries", path, STR(""), write_item);
}

static err_t write_deliveries(struct takeout *t)
{
	struct json j = takeout_list(t, DELIVERIES);
	TRY(each_item(t, &j, "listWebhookEndpoints", STR("/v1/webhook_endpoints"), STR(""), write_deliveries_of));
	takeout_list_end(t, &j);
	return OK;
}

/* ---- calendars ---- */

static bool flush(void *zip)
{
	return zip_flush_if_large(zip);
}

static err_t write_calendar(struct takeout *t, const struct actor *actor, const struct calendar *calendar)
{
	struct ctx *cx = &t->rq->cx;
	struct buf *out = zip_out(t->zip);
	struct arena_mark mark = arena_mark(cx->mem);
	struct str name = zip_name(cx->mem, calendar_label(calendar)), id = id_text(cx->mem, "cal", calendar->id);
	zip_file(t->zip, str_fmt(cx->mem, "%s/calendars/%.*s-%.*s.ics", folder(t), STR_ARG(name), STR_ARG(id)),
		calendar->updated_at);
	document_begin(cx, calendar, out);
	TRY(document_objects(cx, actor, calendar, &(struct document_out){ out, flush, t->zip }));
	BUF_LIT(out, DOCUMENT_END);
	ctx_go_on(cx);
	arena_rewind(cx->mem, mark);
	return OK;
}

static err_t write_calendars(struct takeout *t)
{
	struct actor actor = actor_own(t->rq->principal);
	struct calendar *calendars;
	size_t count;
	actor.owner = id_in_mode(actor.owner, t->test);
	TRY(calendar_list(&t->rq->cx, &actor, &calendars, &count));
	for (size_t i = 0; i < count && zip_flush_if_large(t->zip); i++)
		TRY(write_calendar(t, &actor, &calendars[i]));
	return OK;
}

/* ---- all of it ---- */

static void write_readme(struct takeout *t)
{
	struct buf *out = zip_out(t->zip);
	zip_file(t->zip, STR("README.txt"), t->rq->cx.now);
	BUF_LIT(out, "A copy of the data of your account.\r\n\r\n"
		     "profile.json: who you are here, and how you sign in.\r\n"
		     "sessions.json: the browsers in which you are signed in.\r\n"
		     "picture.webp: your picture, if you have one.\r\n"
		     "The folder live has your data, the folder test those of test mode:\r\n\r\n");
	for (size_t i = 0; i < ARRAY_LEN(list_files); i++)
		buf_fmt(out, "%s: %s\r\n", list_files[i].name, list_files[i].what);
	for (size_t i = 0; i < ARRAY_LEN(other_files); i++)
		buf_fmt(out, "%s: %s\r\n", other_files[i].name, other_files[i].what);
	BUF_LIT(out,
		"\r\nPasswords, keys and other secrets are not in it: of most of them the server has no copy.\r\n");
}

static err_t write_picture(struct takeout *t)
{
	const struct principal *who = t->rq->principal;
	struct bytes picture;
	if (!who->picture.ptr)
		return OK;
	err_t e = account_picture(&t->rq->cx, who->account, who->picture, &picture);
	if (err_is(e, NOT_FOUND)) /* another one meanwhile */
		return OK;
	TRY(e);
	zip_file(t->zip, STR("picture.webp"), t->rq->cx.now);
	buf_add(zip_out(t->zip), bytes_str(picture));
	return OK;
}

static err_t write_world(struct takeout *t)
{
	TRY(write_calendars(t));
	for (size_t i = 0; i < ARRAY_LEN(list_files); i++)
		TRY(write_list(t, &list_files[i]));
	TRY(write_deliveries(t));
	return takeout_world_rows(t);
}

static err_t write_all(struct takeout *t)
{
	write_readme(t);
	TRY(takeout_account_files(t));
	TRY(write_picture(t));
	TRY(write_world(t));
	t->test = true;
	return write_world(t);
}

static bool send(void *response, struct str octets)
{
	struct response *rs = response;
	buf_add(&rs->body, octets);
	return response_flush_if_large(rs);
}

static void close_arena(void *mem)
{
	arena_close(mem);
}

err_t takeout_page(struct request *rq, struct response *rs)
{
	struct html_values *v = page_new(rq, "Download my data", "profile");
	html_set(v, "a_day", str_fmt(rq->cx.mem, "%d", TAKEOUTS_A_DAY));
	return page_reply(rs, 200, "takeout", v);
}

err_t takeout_post(struct request *rq, struct response *rs)
{
	struct takeout t = { .rq = rq, .kept = arena_open() };
	arena_defer(rq->cx.mem, close_arena, t.kept);
	TRY(takeout_begin(&rq->cx, rq->principal->account));
	response_stream(rs, 200, "application/zip");
	response_attachment(rs, str_cat(rq->cx.mem, STR("calends-"), day_before(rq, 0)), ".zip");
	t.zip = zip_open(t.kept, send, rs);
	TRY(write_all(&t));
	return zip_close(&rq->cx, t.zip);
}
