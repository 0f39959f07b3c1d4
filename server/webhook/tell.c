/* SPDX-License-Identifier: Apache-2.0 */
#include "server/webhook/tell.h"

#include "caldav/calendar/store/outbox.h"
#include "server/account/account.h"
#include "server/auth/scope.h"
#include "server/crypto/digest.h"
#include "server/data/json.h"
#include "server/db/query.h"
#include "server/webhook/change.h"
#include "sql.h"

struct data_row {
	struct bytes data;
};
DB_RESULT(webhook_object_after, struct data_row, data);

struct number_row {
	int64_t sequence;
};
DB_RESULT(webhook_sequence, struct number_row, sequence);

static bool is_kind(const struct change_row *row, enum outbox_kind kind)
{
	return outbox_kind_of(row->kind) == kind;
}

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
	copy.data = bytes_str(data);
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

/* The event as this change left it. NOT_FOUND: gone since. */
static err_t object_then(struct ctx *cx, const struct change_row *row, struct object *out)
{
	struct actor actor = actor_of(row);
	if (row->seen)
		*out = *row->seen;
	else
		TRY(object_by_id(cx, &actor, row->object, out));
	return out->modseq != row->modseq ? as_it_was(cx, row, out) : OK;
}

static bool is_ours(err_t e)
{
	return e && (err_is(e, UNAVAILABLE) || err_is(e, INTERNAL));
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

static err_t tell_object(
	struct ctx *cx, const struct webhook_views *views, const struct change_row *row, struct told *told)
{
	struct object object;
	struct agenda_item item;
	bool created = is_kind(row, OUTBOX_OBJECT_CREATED);
	told->needs = EVENTS_READ;
	told->content.object_id = id_text(cx->mem, "evt", row->object);
	told->content.object_kind = STR("event");
	told->content.calendar_id = id_text(cx->mem, "cal", row->calendar);
	if (row->component && row->component != COMPONENT_VEVENT)
		return OK;
	if (is_kind(row, OUTBOX_OBJECT_DELETED)) {
		told->type = "event.deleted";
		told->of_booking = told->content.deleted = true; /* whose it was, nobody knows any more */
		return OK;
	}
	err_t e = object_then(cx, row, &object);
	if (err_is(e, NOT_FOUND)) { /* gone since: the row that tells so comes */
		told->type = created ? "event.created" : "event.updated";
		told->of_booking = told->content.deleted = true;
		return OK;
	}
	TRY(e);
	told->of_booking = views->may_be_booking(object.uid);
	e = agenda_event(cx, &object, row->tz, &item);
	if (!e)
		e = views->event(cx, &item, !id_is_test(row->account), &told->content.object);
	if (is_ours(e))
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

err_t webhook_tell_booking(
	struct ctx *cx, const struct webhook_views *views, const struct change_row *row, struct told *told)
{
	struct webhook_booking booking;
	struct number_row number;
	err_t e = views->booking(cx, row->account, row->object, &booking);
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
	TRY(db_row(cx, &sql_webhook_sequence, ROW(webhook_sequence, &number), IN(row->owner)));
	told->content.sequence = number.sequence;
	return OK;
}

static bool invites(const struct agenda_item *item, struct str email)
{
	return item->event.status != EVENT_CANCELLED && event_invites(&item->event, email);
}

/* Did it invite already before this change? Not, where that cannot be read any more: it is told rather twice than
 * never.
 */
static bool invited_before(struct ctx *cx, const struct change_row *row, const struct object *object, struct str email)
{
	struct agenda_item was;
	if (!row->before.ptr)
		return false;
	struct object before = object_with(cx, object, row->before);
	return !agenda_event(cx, &before, row->tz, &was) && invites(&was, email);
}

/* To the endpoint of a hosted calendar: an event in it became an invitation. */
static err_t tell_invitation(struct ctx *cx, const struct change_row *row, struct told *told)
{
	struct object object;
	struct account owner;
	struct agenda_item *item = arena_new(cx->mem, struct agenda_item);
	if (row->component && row->component != COMPONENT_VEVENT)
		return OK;
	err_t e = object_then(cx, row, &object);
	if (err_is(e, NOT_FOUND) || (!e && !id_eq(object.calendar, row->calendar)))
		return OK; /* gone from there since */
	TRY(e);
	TRY(account_by_id(cx, row->account, &owner));
	e = agenda_event(cx, &object, row->tz, item);
	if (e)
		return is_ours(e) ? e : OK;
	if (!invites(item, owner.email) || invited_before(cx, row, &object, owner.email))
		return OK;
	told->needs = EVENTS_READ;
	told->type = "invitation.received";
	told->invitation = item;
	return OK;
}

static err_t tell_calendar(
	struct ctx *cx, const struct webhook_views *views, const struct change_row *row, struct told *told)
{
	struct actor actor = actor_of(row);
	struct calendar calendar;
	told->needs = CALENDARS_READ;
	told->content.object_id = id_text(cx->mem, "cal", row->calendar);
	told->content.object_kind = STR("calendar");
	told->type = is_kind(row, OUTBOX_CALENDAR_CREATED)   ? "calendar.created"
		     : is_kind(row, OUTBOX_CALENDAR_CHANGED) ? "calendar.updated"
							     : "calendar.deleted";
	err_t e = calendar_by_id(cx, &actor, row->calendar, &calendar);
	if (err_is(e, NOT_FOUND) || is_kind(row, OUTBOX_CALENDAR_DELETED)) {
		told->content.deleted = true;
		return OK;
	}
	TRY(e);
	uint64_t rights = row->via == VIA_OWN ? actor.rights : (uint64_t)row->scopes;
	e = views->calendar(cx, &calendar, rights, &told->content.object);
	return err_is(e, TOO_LARGE) ? OK : e; /* then its ids alone */
}

static const struct connection_told {
	enum outbox_kind kind;
	const char *type, *status;
} connections_told[] = {
	{ OUTBOX_CONNECTION_MADE, "connected_account.authorized", "active" },
	{ OUTBOX_CONNECTION_CHANGED, "connected_account.scopes_changed", "active" },
	{ OUTBOX_CONNECTION_ENDED, "connected_account.deauthorized", "deauthorized" },
	{ OUTBOX_CONNECTION_PAUSED, "connected_account.deactivated", "deactivated" },
	{ OUTBOX_CONNECTION_RESUMED, "connected_account.reactivated", "active" },
};

/* A platform is told of its own connections. */
static err_t tell_connection(struct ctx *cx, const struct change_row *row, struct told *told)
{
	const struct connection_told *what = connections_told;
	while (!is_kind(row, what->kind))
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

/* An app is told of its own sessions with the user, the user of all. */
static err_t tell_voice(
	struct ctx *cx, const struct webhook_views *views, const struct change_row *row, struct told *told)
{
	struct webhook_voice session;
	err_t e = views->voice(cx, row->account, row->object, &session);
	if (err_is(e, NOT_FOUND))
		return OK; /* test data that were put back since */
	TRY(e);
	if (row->via != VIA_OWN && !id_eq(session.connection, row->connection))
		return OK;
	told->needs = VOICE_INVOKE;
	told->type = "voice.session_ended";
	told->content.object = session.object;
	told->content.object_id = id_text(cx->mem, "hub", row->object);
	told->content.object_kind = STR("voice_session");
	return OK;
}

err_t webhook_tell(struct ctx *cx, const struct webhook_views *views, const struct change_row *row, struct told *told)
{
	if (row->via == VIA_HOSTED)
		return tell_invitation(cx, row, told);
	switch (outbox_kind_of(row->kind)) {
	case OUTBOX_OBJECT_CREATED:
	case OUTBOX_OBJECT_CHANGED:
	case OUTBOX_OBJECT_DELETED:
		return tell_object(cx, views, row, told);
	case OUTBOX_CALENDAR_CREATED:
	case OUTBOX_CALENDAR_CHANGED:
	case OUTBOX_CALENDAR_DELETED:
		return tell_calendar(cx, views, row, told);
	case OUTBOX_CONNECTION_MADE:
	case OUTBOX_CONNECTION_ENDED:
	case OUTBOX_CONNECTION_CHANGED:
	case OUTBOX_CONNECTION_PAUSED:
	case OUTBOX_CONNECTION_RESUMED:
		return tell_connection(cx, row, told);
	case OUTBOX_VOICE_SESSION_ENDED:
		return tell_voice(cx, views, row, told);
	case OUTBOX_PROPERTIES_CHANGED: /* which REST does not show */
	case OUTBOX_KINDS:
		break;
	}
	return OK;
}
