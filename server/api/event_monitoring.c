/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/events/{id}/monitoring: what a calendar server knows of an event's state, and nothing else. */
#include "caldav/calendar/view/alarm.h"
#include "server/api/api.h"
#include "server/api/event_target.h"
#include "server/mail/mail.h"

struct attendees_view {
	int64_t total, accepted, declined, tentative, needs_action;
};

struct undelivered_view {
	struct str email, reason;
	int64_t reply_status;
	struct instant at;
};

struct monitoring_view {
	struct str id, object, status;
	bool is_cancelled, livemode;
	int64_t last_change_sequence;
	struct instant updated_at, next_reminder_at;
	struct attendees_view attendees;
	struct json_list undelivered; /* of struct undelivered_view */
};

#define A(member) offsetof(struct attendees_view, member)
#define M(member) offsetof(struct monitoring_view, member)
#define U(member) offsetof(struct undelivered_view, member)

/* clang-format off */
static const struct json_field attendees_fields[] = {
	{ "total",        JSON_INT, JSON_READ_ONLY, A(total),        0, 0, 0, NULL, NULL, 0, 0, "All of them", "3" },
	{ "accepted",     JSON_INT, JSON_READ_ONLY, A(accepted),     0, 0, 0, NULL, NULL, 0, 0, "Who come", "1" },
	{ "declined",     JSON_INT, JSON_READ_ONLY, A(declined),     0, 0, 0, NULL, NULL, 0, 0, "Who do not", "1" },
	{ "tentative",    JSON_INT, JSON_READ_ONLY, A(tentative),    0, 0, 0, NULL, NULL, 0, 0, "Who may", "0" },
	{ "needs_action", JSON_INT, JSON_READ_ONLY, A(needs_action), 0, 0, 0, NULL, NULL, 0, 0, "Who have not answered, or otherwise", "1" },
};
static const struct json_field undelivered_fields[] = {
	{ "email",        JSON_STR,  JSON_READ_ONLY, U(email),  0, 0, 0, NULL, NULL, 0, 0, "Whose it is", "bob@example.org" },
	{ "reason",       JSON_STR,  JSON_READ_ONLY, U(reason), 0, 0, 0, NULL, NULL, 0, 0, "refused: by the mail server; no_smtputf8: it takes no addresses beyond ASCII; else why it was not reached for three days", "refused" },
	{ "reply_status", JSON_INT,  JSON_READ_ONLY | JSON_NULLABLE, U(reply_status), 0, 0, 0, NULL, NULL, 0, 0, "What the mail server said (RFC 5321); null: nothing", "550" },
	{ "at",           JSON_TIME, JSON_READ_ONLY, U(at),     0, 0, 0, NULL, NULL, 0, 0, "When it was given up", NULL },
};
static const struct json_field monitoring_fields[] = {
	{ "id",                   JSON_STR,    JSON_READ_ONLY, M(id),                   0, 0, 0, NULL, NULL, 0, 0, "The event's, or the instance's", "evt_0355WHuCFfRpMfB53mC9Z6" },
	{ "object",               JSON_STR,    JSON_READ_ONLY, M(object),               0, 0, 0, NULL, NULL, 0, 0, "event_monitoring", "event_monitoring" },
	{ "status",               JSON_STR,    JSON_READ_ONLY, M(status),               0, 0, 0, NULL, NULL, 0, 0, "confirmed, tentative or cancelled", "confirmed" },
	{ "is_cancelled",         JSON_BOOL,   JSON_READ_ONLY, M(is_cancelled),         0, 0, 0, NULL, NULL, 0, 0, "status is cancelled", NULL },
	{ "last_change_sequence", JSON_INT,    JSON_READ_ONLY, M(last_change_sequence), 0, 0, 0, NULL, NULL, 0, 0, "The number of its last change in its calendar's counter, which sync tokens count by: it grows with each change", "12" },
	{ "updated_at",           JSON_TIME,   JSON_READ_ONLY, M(updated_at),           0, 0, 0, NULL, NULL, 0, 0, "When that was", NULL },
	{ "next_reminder_at",     JSON_TIME,   JSON_READ_ONLY | JSON_NULLABLE, M(next_reminder_at), 0, 0, 0, NULL, NULL, 0, 0, "When an alarm rings next, of any instance within ten years; null where none does", NULL },
	{ "attendees",            JSON_OBJECT, JSON_READ_ONLY, M(attendees),            0, 0, 0, NULL, attendees_fields, ARRAY_LEN(attendees_fields), sizeof(struct attendees_view), "How they have answered", NULL },
	{ "undelivered",          JSON_OBJECTS, JSON_READ_ONLY, M(undelivered),         0, 0, 0, NULL, undelivered_fields, ARRAY_LEN(undelivered_fields), sizeof(struct undelivered_view), "Whom the last mail about it did not reach, and will not; of the last five days", NULL },
	{ "livemode",             JSON_BOOL,   JSON_READ_ONLY, M(livemode),             0, 0, 0, NULL, NULL, 0, 0, "false in test mode", "true" },
};
/* clang-format on */

static const struct json_resource monitoring_resource = {
	.name = "event_monitoring",
	JSON_FIELDS(monitoring_fields),
	.size = sizeof(struct monitoring_view),
	.reads = EVENTS_READ,
	.doc = "The state of an event, as far as a calendar server knows it.",
};

static struct attendees_view attendees_of(const struct event *event)
{
	struct attendees_view view = { .total = (int64_t)event->attendee_count };
	for (size_t i = 0; i < event->attendee_count; i++)
		switch (event->attendees[i].status) {
		case PARTSTAT_ACCEPTED:
			view.accepted++;
			break;
		case PARTSTAT_DECLINED:
			view.declined++;
			break;
		case PARTSTAT_TENTATIVE:
			view.tentative++;
			break;
		case PARTSTAT_NEEDS_ACTION:
		case PARTSTAT_OTHER:
			view.needs_action++;
			break;
		}
	return view;
}

static err_t undelivered_of(struct ctx *cx, struct id account, struct id object, struct json_list *out)
{
	struct mail_undelivered *rows;
	size_t count;
	TRY(mail_undelivered(cx, account, object, &rows, &count));
	struct undelivered_view *views = arena_array(cx->mem, struct undelivered_view, count + 1);
	for (size_t i = 0; i < count; i++)
		views[i] = (struct undelivered_view){ rows[i].recipient, rows[i].fault, rows[i].status,
			rows[i].finished_at };
	*out = (struct json_list){ views, count };
	return OK;
}

static err_t run_monitoring(struct api_call *call, struct response *rs)
{
	struct ctx *cx = &call->rq->cx;
	struct event_target target;
	struct agenda_item item;
	struct event_view event;
	bool live = !id_is_test(call->actor.owner);
	TRY(event_target_read(call, &target));
	TRY(event_target_item(call, &target, &item));
	event_view_of(cx->mem, &item, live, &event);
	struct monitoring_view view = { .id = event.id,
		.object = STR("event_monitoring"),
		.status = event.status,
		.is_cancelled = event.is_cancelled,
		.last_change_sequence = target.object.modseq,
		.updated_at = target.object.updated_at,
		.attendees = attendees_of(&item.event),
		.livemode = live };
	TRY(undelivered_of(cx, call->actor.owner, target.object.id, &view.undelivered));
	TRY(alarm_next(cx, &target.object, target.instance, call->who.tz, &view.next_reminder_at));
	api_reply(call, rs, &view);
	return OK;
}

static const struct json_field id_param[] = {
	{ .name = "event",
		.kind = JSON_STR,
		.flags = JSON_IN_PATH,
		.doc = "Its `id`; of one instance, that instance's",
		.example = "evt_0355WHuCFfRpMfB53mC9Z6" },
};

const struct contract get_event_monitoring = {
	.id = "getEventMonitoring",
	.summary = "The state of an event: its status, its last change, its next reminder, how its attendees have "
		   "answered, and whom mail about it did not reach.",
	PARAMS(id_param, struct str),
	.answer = &monitoring_resource,
	.status = 200,
	ERRORS(NOT_FOUND, TOO_COSTLY),
	.run = run_monitoring,
};
