/* SPDX-License-Identifier: Apache-2.0 */
/* Of the copy of all data: what no operation of REST shows. */
#include "server/account/takeout.h"

#include "server/account/account.h"
#include "server/account/caller.h"
#include "server/account/passkey.h"
#include "server/account/request_log.h"
#include "server/account/resources.h"
#include "server/account/second_factor.h"
#include "server/account/session.h"
#include "server/auth/scope.h"
#include "web/manner.h"
#include "web/takeout.h"

#define PAGE_ROWS 200
#define PAGE_PROPERTIES 20 /* of 64 KiB each */
#define WORD_MAX KIB(64)

/* ---- the account ---- */

static err_t write_passkeys(struct takeout *t, struct json *j)
{
	struct passkey *keys;
	size_t count;
	TRY(passkey_list(&t->rq->cx, t->rq->principal->account, &keys, &count));
	json_array(j, "passkeys");
	for (size_t i = 0; i < count; i++) {
		json_object(j, NULL);
		json_id(j, "id", "psk", keys[i].id);
		json_str(j, "name", keys[i].name);
		json_time(j, "created_at", keys[i].created_at);
		json_time(j, "last_used_at", keys[i].last_used_at);
		json_object_end(j);
	}
	json_array_end(j);
	return OK;
}

static err_t write_person(struct takeout *t)
{
	struct ctx *cx = &t->rq->cx;
	struct id id = t->rq->principal->account;
	struct takeout_person person;
	struct second_factors factors;
	struct account account;
	TRY(takeout_person(cx, id, &person));
	TRY(second_factors_of(cx, id, &factors));
	TRY(account_by_id(cx, id, &account));
	zip_file(t->zip, STR("profile.json"), cx->now);
	struct json j = json_begin(zip_out(t->zip));
	json_object(&j, NULL);
	json_id(&j, "id", "usr", person.id);
	json_str(&j, "email", person.email);
	json_time(&j, "email_confirmed_at", person.email_confirmed_at);
	json_str(&j, "name", person.name);
	json_str(&j, "timezone", person.tz);
	json_str(&j, "language", person.language);
	json_str(&j, "page_language", person.page_language);
	json_str(&j, "time_format", manner_hours_word(person.hours));
	json_str(&j, "week_start", manner_week_word(person.week_start));
	json_str(&j, "plan", str_of(plan_name(account.plan)));
	json_time(&j, "created_at", person.created_at);
	json_time(&j, "authenticator_app_since", factors.totp_since);
	json_int(&j, "recovery_codes_left", factors.recovery_codes);
	TRY(write_passkeys(t, &j));
	json_object_end(&j);
	return OK;
}

static err_t write_sessions(struct takeout *t)
{
	struct session_seen *sessions;
	size_t count;
	TRY(session_list(&t->rq->cx, t->rq->principal->account, &sessions, &count));
	struct json j = takeout_list(t, "sessions.json");
	for (size_t i = 0; i < count; i++) {
		json_object(&j, NULL);
		json_id(&j, "id", "ses", sessions[i].id);
		json_time(&j, "created_at", sessions[i].created_at);
		json_time(&j, "last_seen_at", sessions[i].seen_at);
		json_str(&j, "ip", sessions[i].ip);
		json_str(&j, "user_agent", sessions[i].agent);
		json_object_end(&j);
	}
	takeout_list_end(t, &j);
	return OK;
}

err_t takeout_account_files(struct takeout *t)
{
	TRY(write_person(t));
	return write_sessions(t);
}

/* ---- a world ---- */

static struct id world_of(const struct takeout *t)
{
	return id_in_mode(t->rq->principal->account, t->test);
}

static void write_request(struct arena *mem, struct json *j, const struct request_row *row)
{
	json_object(j, NULL);
	json_id(j, "id", "req", row->id);
	json_time(j, "at", row->at);
	json_str(j, "api_key", caller_text(mem, row->credential));
	json_id(j, "client_id", "cli", row->client);
	json_id(j, "connected_account", "cpa", row->connection);
	json_str(j, "method", row->method);
	json_str(j, "route", row->route);
	json_str(j, "path", row->path);
	json_int(j, "status", row->status);
	json_int(j, "took_us", row->took_us);
	json_str(j, "code", row->code);
	json_str(j, "param", row->param);
	json_str(j, "message", row->message);
	json_str(j, "network", row->network);
	json_str(j, "user_agent", row->agent);
	json_object_end(j);
}

/* RFC 9562 §5.7 */
static struct instant made_at(struct id id)
{
	int64_t ms = 0;
	for (int i = 0; i < 6; i++)
		ms = ms * 256 + id.octets[i];
	return (struct instant){ ms * 1000 };
}

static void write_consent(struct json *j, struct arena *mem, const struct takeout_consent *row)
{
	json_object(j, NULL);
	json_time(j, "at", made_at(row->id));
	json_id(j, "connected_account", "cpa", row->connection);
	json_id(j, "client_id", "cli", row->client);
	json_str(j, "asked", scope_text(mem, row->asked));
	json_str(j, "granted", scope_text(mem, row->granted));
	if (row->calendars.items) {
		json_array(j, "calendars");
		for (size_t i = 0; i < row->calendars.count; i++)
			json_id(j, NULL, "cal", row->calendars.items[i]);
		json_array_end(j);
	} else {
		json_null(j, "calendars");
	}
	json_str(j, "wording", row->wording);
	json_str(j, "ip", row->ip);
	json_str(j, "user_agent", row->agent);
	json_object_end(j);
}

static void write_voice_session(struct json *j, struct arena *mem, const struct takeout_voice_session *row)
{
	json_object(j, NULL);
	json_id(j, "id", "hub", row->id);
	json_id(j, "connected_account", "cpa", row->connection);
	json_str(j, "scopes", scope_text(mem, row->scopes));
	json_str(j, "origin", row->origin);
	json_time(j, "created_at", row->created_at);
	json_time(j, "expires_at", row->expires_at);
	json_time(j, "ended_at", row->ended_at);
	json_object_end(j);
}

static void write_property(struct json *j, const struct takeout_property *row)
{
	json_object(j, NULL);
	json_id(j, "calendar", "cal", id_is_zero(row->calendar) ? row->event_calendar : row->calendar);
	json_str(j, "event", row->event_name);
	json_str(j, "namespace", row->ns);
	json_str(j, "name", row->name);
	json_str(j, "xml", row->xml);
	json_object_end(j);
}

/* Where the next page begins; its texts outlive the page. */
struct position {
	struct id id;
	struct buf ns, name;
};

/* Writes a page after the position, and moves the position to its last row; `more_out`: there is another. */
typedef err_t page_writer(struct takeout *t, struct json *j, struct position *position, bool *more_out);

static err_t requests_page(struct takeout *t, struct json *j, struct position *position, bool *more_out)
{
	const struct request_filter all = { .status_to = 599 };
	struct request_row *rows;
	size_t count;
	TRY(request_log_page(&t->rq->cx, world_of(t), &all, position->id, PAGE_ROWS, &rows, &count));
	for (size_t i = 0; i < count; i++)
		write_request(t->rq->cx.mem, j, &rows[i]);
	if (count)
		position->id = rows[count - 1].id;
	*more_out = count == PAGE_ROWS;
	return OK;
}

static err_t consents_page(struct takeout *t, struct json *j, struct position *position, bool *more_out)
{
	struct takeout_consent *rows;
	size_t count;
	TRY(takeout_consents(&t->rq->cx, world_of(t), position->id, PAGE_ROWS, &rows, &count));
	for (size_t i = 0; i < count; i++)
		write_consent(j, t->rq->cx.mem, &rows[i]);
	if (count)
		position->id = rows[count - 1].id;
	*more_out = count == PAGE_ROWS;
	return OK;
}

static err_t voice_sessions_page(struct takeout *t, struct json *j, struct position *position, bool *more_out)
{
	struct takeout_voice_session *rows;
	size_t count;
	TRY(takeout_voice_sessions(&t->rq->cx, world_of(t), position->id, PAGE_ROWS, &rows, &count));
	for (size_t i = 0; i < count; i++)
		write_voice_session(j, t->rq->cx.mem, &rows[i]);
	if (count)
		position->id = rows[count - 1].id;
	*more_out = count == PAGE_ROWS;
	return OK;
}

static err_t properties_page(struct takeout *t, struct json *j, struct position *position, bool *more_out)
{
	const struct takeout_property after = {
		.resource = position->id, .ns = buf_str(&position->ns), .name = buf_str(&position->name)
	};
	struct takeout_property *rows;
	size_t count;
	TRY(takeout_properties(&t->rq->cx, world_of(t), &after, PAGE_PROPERTIES, &rows, &count));
	for (size_t i = 0; i < count; i++)
		write_property(j, &rows[i]);
	if (count) {
		const struct takeout_property *last = &rows[count - 1];
		position->id = last->resource;
		buf_clear(&position->ns);
		buf_clear(&position->name);
		buf_add(&position->ns, last->ns);
		buf_add(&position->name, last->name);
	}
	*more_out = count == PAGE_PROPERTIES;
	return OK;
}

static err_t write_pages(struct takeout *t, const char *name, struct id from, page_writer *page)
{
	struct ctx *cx = &t->rq->cx;
	struct position position = { .id = from, .ns = buf_new(t->kept, WORD_MAX), .name = buf_new(t->kept, WORD_MAX) };
	struct json j = takeout_list(t, name);
	for (bool more = true; more && zip_flush_if_large(t->zip);) {
		struct arena_mark mark = arena_mark(cx->mem);
		struct buf items;
		ctx_go_on(cx);
		takeout_items(t, &j, &items);
		TRY(page(t, &j, &position, &more));
		TRY(takeout_items_end(t, &items));
		arena_rewind(cx->mem, mark);
	}
	takeout_list_end(t, &j);
	return OK;
}

err_t takeout_world_rows(struct takeout *t)
{
	struct id first = { { 0 } }, newest;
	memset(&newest, 0xff, sizeof newest);
	TRY(write_pages(t, "consents.json", first, consents_page));
	TRY(write_pages(t, "properties.json", first, properties_page));
	TRY(write_pages(t, "voice_sessions.json", first, voice_sessions_page));
	return write_pages(t, "request_log.json", newest, requests_page);
}
