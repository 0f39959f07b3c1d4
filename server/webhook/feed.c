/* SPDX-License-Identifier: Apache-2.0 */
#include "server/webhook/feed.h"

#include "server/auth/scope.h"
#include "server/base/log.h"
#include "server/crypto/digest.h"
#include "server/data/json.h"
#include "server/db/query.h"
#include "server/webhook/body.h"
#include "server/webhook/change.h"
#include "server/webhook/webhook.h"
#include "sql.h"

#define ROWS_AT_ONCE 100

/* A row of the outbox, for one who is told of it. */
struct change_row {
	int32_t scanned;
	struct id change, account;
	struct str kind;
	struct id calendar, object, request, owner;
	int32_t via; /* enum via */
	struct id connection, client;
	int64_t scopes;
	struct str tz;
	int64_t sequence;
	int64_t modseq;
	struct bytes before; /* of the object; absent: not kept */
	int16_t component;
};
DB_RESULT(webhook_changes, struct change_row, scanned, change, account, kind, calendar, object, request, owner, via,
	connection, client, scopes, tz, sequence, modseq, before, component);

enum via { VIA_OWN, VIA_CONNECTION, VIA_PLATFORM };

struct data_row {
	struct bytes data;
};
DB_RESULT(webhook_object_after, struct data_row, data);

struct woken {
	struct id_list endpoints;
};
DB_RESULT(webhook_event_add, struct woken, endpoints);

struct number_row {
	int64_t sequence;
};
DB_RESULT(webhook_feed_number, struct number_row, sequence);

struct feed {
	const struct webhook_views *views;
	struct id *accounts, *endpoints; /* whose queues are to be woken */
	size_t count;
};

/* ---- what happened ---- */

struct told {
	const char *type; /* NULL: nothing that anybody is told of */
	bool of_booking;  /* the event may be that of a booking, which is told of as well */
	uint64_t needs;
	struct webhook_content content;
};

/* The calendars of the account are all seen: who is told of which, the statement decides. */
static struct actor actor_of(const struct change_row *row)
{
	return actor_server(row->account);
}

/* A UUIDv7 begins with its milliseconds (RFC 9562 §5.7). */
static struct instant time_of(struct id id)
{
	int64_t ms = 0;
	for (size_t i = 0; i < 6; i++)
		ms = ms << 8 | id.octets[i];
	return (struct instant){ ms * 1000 };
}

/* An object as it was with this data. */
static struct object object_with(struct ctx *cx, const struct object *object, struct bytes data)
{
	struct object copy = *object;
	copy.data = (struct str){ (const char *)data.ptr, data.len };
	copy.etag = secret_hash(cx->mem, copy.data);
	copy.etag.len = ETAG_OCTETS;
	return copy;
}

/* Changed again since: the object as this change left it, where that was kept. Asked after the object was read, or
 * another change could come in between. */
static err_t as_it_was(struct ctx *cx, const struct change_row *row, struct object *object)
{
	struct data_row after;
	err_t e = db_row(cx, &sql_webhook_object_after, ROW(webhook_object_after, &after), IN(row->account),
		IN(row->object), IN(row->modseq));
	if (err_is(e, NOT_FOUND))
		return OK;
	TRY(e);
	*object = object_with(cx, object, after.data);
	object->updated_at = time_of(row->change);
	return OK;
}

/* What it was cannot be read any more, or was not kept: then all that is known is that it is another. */
static const char *type_of_change(
	struct ctx *cx, const struct change_row *row, const struct object *object, const struct agenda_item *item)
{
	struct agenda_item was;
	if (!row->before.ptr)
		return "event.updated";
	struct object before = object_with(cx, object, row->before);
	if (agenda_event(cx, &before, row->tz, &was))
		return "event.updated";
	return webhook_change_type(&was.event, &item->event);
}

static err_t tell_object(struct ctx *cx, const struct feed *feed, const struct change_row *row, struct told *told)
{
	struct actor actor = actor_of(row);
	struct object object;
	struct agenda_item item;
	bool created = str_eq(row->kind, STR("object_created"));
	told->needs = EVENTS_READ;
	told->content.object_id = id_text(cx->mem, "evt", row->object);
	told->content.object_kind = STR("event");
	told->content.calendar_id = id_text(cx->mem, "cal", row->calendar);
	if (row->component && row->component != COMPONENT_VEVENT)
		return OK;
	if (str_eq(row->kind, STR("object_deleted"))) {
		told->type = "event.deleted";
		told->of_booking = told->content.deleted = true; /* whose it was, nobody knows any more */
		return OK;
	}
	err_t e = object_by_id(cx, &actor, row->object, &object);
	if (err_is(e, NOT_FOUND)) { /* gone since: the row that tells so comes */
		told->type = created ? "event.created" : "event.updated";
		told->of_booking = told->content.deleted = true;
		return OK;
	}
	TRY(e);
	told->of_booking = feed->views->may_be_booking(object.uid);
	if (object.modseq != row->modseq)
		TRY(as_it_was(cx, row, &object));
	e = agenda_event(cx, &object, row->tz, &item);
	if (!e)
		e = feed->views->event(cx, &item, !id_is_test(row->account), &told->content.object);
	if (e && (err_is(e, UNAVAILABLE) || err_is(e, INTERNAL)))
		return e;
	told->type = created ? "event.created" : e ? "event.updated" : type_of_change(cx, row, &object, &item);
	return OK;
}

/* What the change of its event is to a booking; NULL: nothing. */
static const char *booking_type(const char *event_type, const struct webhook_booking *booking)
{
	static const char *const types[][2] = {
		{ "event.created", "booking.created" },
		{ "event.rescheduled", "booking.rescheduled" },
		{ "event.cancelled", "booking.cancelled" },
		{ "event.deleted", "booking.cancelled" },
	};
	if (str_eq(str_of(event_type), STR("event.deleted")) && !booking->cancelled)
		return NULL; /* it was made anew, or moved to another calendar by making it there */
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_eq(str_of(event_type), str_of(types[i][0])))
			return types[i][1];
	return NULL;
}

/* The same change once more, of the booking whose event it is. */
static err_t tell_booking(struct ctx *cx, const struct feed *feed, const struct change_row *row, struct told *told)
{
	struct webhook_booking booking;
	struct number_row number;
	err_t e = feed->views->booking(cx, row->account, row->object, &booking);
	if (err_is(e, NOT_FOUND))
		return OK;
	TRY(e);
	const char *type = booking_type(told->type, &booking);
	if (!type)
		return OK;
	*told = (struct told){ .type = type,
		.needs = EVENTS_READ,
		.content = { .object = booking.object,
			.object_id = booking.id,
			.object_kind = STR("booking"),
			.calendar_id = told->content.calendar_id } };
	TRY(db_row(cx, &sql_webhook_feed_number, ROW(webhook_feed_number, &number), IN(row->owner)));
	told->content.sequence = number.sequence;
	return OK;
}

static err_t tell_calendar(struct ctx *cx, const struct feed *feed, const struct change_row *row, struct told *told)
{
	struct actor actor = actor_of(row);
	struct calendar calendar;
	told->needs = CALENDARS_READ;
	told->content.object_id = id_text(cx->mem, "cal", row->calendar);
	told->content.object_kind = STR("calendar");
	told->type = str_eq(row->kind, STR("calendar_created"))   ? "calendar.created"
		     : str_eq(row->kind, STR("calendar_changed")) ? "calendar.updated"
								  : "calendar.deleted";
	err_t e = calendar_by_id(cx, &actor, row->calendar, &calendar);
	if (err_is(e, NOT_FOUND) || str_eq(row->kind, STR("calendar_deleted"))) {
		told->content.deleted = true;
		return OK;
	}
	TRY(e);
	e = feed->views->calendar(cx, &calendar, &told->content.object);
	return err_is(e, TOO_LARGE) ? OK : e; /* then its ids alone */
}

static const struct connection_told {
	const char *kind, *type, *status;
} connections_told[] = {
	{ "connection_made", "connected_account.authorized", "active" },
	{ "connection_changed", "connected_account.scopes_changed", "active" },
	{ "connection_ended", "connected_account.deauthorized", "deauthorized" },
	{ "connection_paused", "connected_account.deactivated", "deactivated" },
	{ "connection_resumed", "connected_account.reactivated", "active" },
};

/* A platform is told of its own connections. */
static err_t tell_connection(struct ctx *cx, const struct feed *feed, const struct change_row *row, struct told *told)
{
	const struct connection_told *what = connections_told;
	(void)feed;
	while (!str_eq(row->kind, str_of(what->kind)))
		what++;
	if (row->via != VIA_PLATFORM)
		return OK;
	struct buf out = buf_new(cx->mem, 2048);
	struct json j = json_begin(&out);
	json_object(&j, NULL);
	json_id(&j, "id", "cpa", row->connection);
	json_str(&j, "object", STR("connected_account"));
	json_id(&j, "client_id", "cli", row->client);
	json_str(&j, "status", str_of(what->status));
	json_str(&j, "scope", scope_text(cx->mem, (uint64_t)row->scopes));
	json_bool(&j, "livemode", !id_is_test(row->account));
	json_object_end(&j);
	told->type = what->type;
	told->content.object = buf_str(&out);
	told->content.object_id = id_text(cx->mem, "cpa", row->connection);
	told->content.object_kind = STR("connected_account");
	return OK;
}

static err_t tell_nothing(struct ctx *cx, const struct feed *feed, const struct change_row *row, struct told *told)
{
	(void)cx, (void)feed, (void)row, (void)told;
	return OK;
}

static const struct {
	const char *kind; /* outbox.def */
	err_t (*tell)(struct ctx *cx, const struct feed *feed, const struct change_row *row, struct told *told);
} tellers[] = {
	{ "object_created", tell_object }, { "object_changed", tell_object }, { "object_deleted", tell_object },
	{ "calendar_created", tell_calendar }, { "calendar_changed", tell_calendar },
	{ "calendar_deleted", tell_calendar }, { "connection_made", tell_connection },
	{ "connection_ended", tell_connection }, { "connection_changed", tell_connection },
	{ "connection_paused", tell_connection }, { "connection_resumed", tell_connection },
	{ "properties_changed", tell_nothing }, /* which REST does not show */
};

static err_t tell(struct ctx *cx, const struct feed *feed, const struct change_row *row, struct told *told)
{
	for (size_t i = 0; i < ARRAY_LEN(tellers); i++)
		if (str_eq(row->kind, str_of(tellers[i].kind)))
			return tellers[i].tell(cx, feed, row, told);
	return OK;
}

/* ---- a turn ---- */

static void wake_later(struct feed *feed, const struct change_row *row, struct id_list endpoints)
{
	for (size_t i = 0; i < endpoints.count; i++) {
		feed->accounts[feed->count] = row->owner;
		feed->endpoints[feed->count++] = endpoints.items[i];
	}
}

static err_t add(struct ctx *cx, struct feed *feed, const struct change_row *row, struct told *told)
{
	struct woken woken;
	struct webhook_content *content = &told->content;
	content->id = id_new(cx->now);
	content->type = told->type;
	content->sequence = content->sequence ? content->sequence : row->sequence;
	content->connection = row->connection;
	content->request = row->request;
	content->live = !id_is_test(row->account);
	struct str body = webhook_body(cx, content);
	struct id user = row->via == VIA_OWN ? (struct id){ { 0 } } : row->account;
	TRY(db_row(cx, &sql_webhook_event_add, ROW(webhook_event_add, &woken), IN(row->owner), IN(content->id),
		IN(str_of(told->type)), IN(content->sequence), db_in_id_or_null(row->connection),
		db_in_id_or_null(user), IN(told->needs), db_in_id_or_null(row->calendar),
		db_in_id_or_null(row->request), IN(cx->now), IN(bytes_of(body.ptr, body.len)), IN(row->change),
		IN(row->via)));
	wake_later(feed, row, woken.endpoints);
	return OK;
}

/* What the connection may read is asked again when it is sent; but a scope that it never had costs no event. */
static bool may_hear(const struct change_row *row, const struct told *told)
{
	return told->type && (row->via == VIA_OWN || (told->needs & ~(uint64_t)row->scopes) == 0);
}

/* What objects were before changes that are told now is of no more use. */
static err_t forget_before(struct ctx *cx, const struct change_row *rows, size_t count)
{
	struct id *accounts = arena_array(cx->mem, struct id, count), *objects = arena_array(cx->mem, struct id, count);
	int64_t *modseqs = arena_array(cx->mem, int64_t, count);
	size_t told = 0;
	for (size_t i = 0; i < count; i++) {
		if (!rows[i].before.ptr)
			continue;
		accounts[told] = rows[i].account;
		objects[told] = rows[i].object;
		modseqs[told++] = rows[i].modseq;
	}
	if (!told)
		return OK;
	return db_exec(cx, &sql_webhook_objects_told, NULL, IN(((struct id_list){ accounts, told })),
		IN(((struct id_list){ objects, told })), IN(((struct int64_list){ modseqs, told })));
}

static err_t tell_all(struct ctx *cx, struct feed *feed, const struct change_row *rows, size_t count)
{
	feed->accounts = arena_array(cx->mem, struct id, 2 * count * WEBHOOK_ENDPOINTS_MAX);
	feed->endpoints = arena_array(cx->mem, struct id, 2 * count * WEBHOOK_ENDPOINTS_MAX);
	for (size_t i = 0; i < count; i++) {
		struct told told = { 0 };
		if (!rows[i].kind.ptr)
			continue; /* the last: how many there were */
		TRY(tell(cx, feed, &rows[i], &told));
		if (!may_hear(&rows[i], &told))
			continue;
		TRY(add(cx, feed, &rows[i], &told));
		if (!told.of_booking)
			continue;
		const char *of_event = told.type;
		TRY(tell_booking(cx, feed, &rows[i], &told));
		if (told.type != of_event)
			TRY(add(cx, feed, &rows[i], &told));
	}
	if (feed->count)
		TRY(db_exec(cx, &sql_webhook_wake, NULL, IN(((struct id_list){ feed->accounts, feed->count })),
			IN(((struct id_list){ feed->endpoints, feed->count }))));
	return OK;
}

enum turn { TELL, PASS_OVER };

/* One transaction: so many rows of the outbox, and the cursor behind them. */
static err_t turn(
	struct ctx *cx, const struct webhook_views *views, enum turn what, int32_t limit, int32_t *scanned_out)
{
	struct arena_mark mark = arena_mark(cx->mem);
	struct feed feed = { .views = views };
	struct change_row *rows;
	size_t count;
	cx->now = instant_now();
	ctx_go_on(cx);
	TRY(db_begin(cx));
	TRY(db_rows(cx, &sql_webhook_changes, webhook_changes, &rows, &count, IN(limit)));
	if (what == TELL)
		TRY(tell_all(cx, &feed, rows, count));
	TRY(forget_before(cx, rows, count));
	TRY(db_commit(cx));
	*scanned_out = count ? rows[count - 1].scanned : 0;
	arena_rewind(cx->mem, mark);
	return OK;
}

/*
 * A row that cannot be told must not hold up all that come after it, of whatever account: row by row up to it, and then
 * it is passed over.
 */
static err_t turn_by_row(struct ctx *cx, const struct webhook_views *views)
{
	int32_t scanned;
	for (int32_t i = 0; i < ROWS_AT_ONCE; i++) {
		db_rollback(cx);
		err_t e = turn(cx, views, TELL, 1, &scanned);
		if (err_is(e, UNAVAILABLE) || (!e && !scanned))
			return e;
		if (!e)
			continue;
		log_event(LOG_ERROR, "webhook_row_passed_over", LOG_C("error", err_row(e->kind)->name),
			LOG_STR("detail", e->said.ptr ? e->said : e->detail));
		db_rollback(cx);
		return turn(cx, views, PASS_OVER, 1, &scanned);
	}
	return OK;
}

err_t webhook_feed(struct ctx *cx, void *views)
{
	int32_t scanned;
	do {
		err_t e = turn(cx, views, TELL, ROWS_AT_ONCE, &scanned);
		if (e)
			return err_is(e, UNAVAILABLE) ? e : turn_by_row(cx, views);
	} while (scanned >= ROWS_AT_ONCE && !deadline_passed(cx->until));
	return OK;
}
