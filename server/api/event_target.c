/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/event_target.h"

err_t event_target_read(struct api_call *call, struct event_target *out)
{
	struct id id;
	struct event_target target = { .instance = STR_ABSENT };
	if (!event_id_parse(call->rq->args[0], &id, &target.instance))
		return FAIL(&call->rq->cx, NOT_FOUND, "not an event's id");
	TRY(object_shown(&call->rq->cx, &call->actor, id, &target.object));
	if (target.object.component != COMPONENT_VEVENT)
		return FAIL(&call->rq->cx, NOT_FOUND, "a task or a journal, no event");
	*out = target;
	return OK;
}

err_t event_target_item(struct api_call *call, const struct event_target *target, struct agenda_item *out)
{
	if (target->instance.ptr)
		return agenda_instance(&call->rq->cx, &target->object, target->instance, call->who.tz, out);
	return agenda_event(&call->rq->cx, &target->object, call->who.tz, out);
}

struct str event_tag(struct arena *mem, const struct object *object, bool as_ical)
{
	return as_ical ? str_fmt(mem, "\"%.*s" ICAL_TAG "\"", STR_ARG(hex_of(mem, object->etag)))
		       : etag_text(mem, object->etag);
}

void event_show(
	struct api_call *call, struct response *rs, const struct event_target *target, const struct agenda_item *item)
{
	struct event_view view;
	event_view_of(call->rq->cx.mem, item, !id_is_test(call->actor.owner), &view);
	view.dropped = event_view_dropped(call->rq->cx.mem, target->changed.dropped, target->changed.dropped_count);
	api_reply(call, rs, &view);
	response_header(rs, "ETag", view.etag);
}

err_t event_reply(struct api_call *call, struct response *rs, const struct event_target *target)
{
	struct agenda_item item;
	TRY(event_target_item(call, target, &item));
	event_show(call, rs, target, &item);
	return OK;
}

err_t event_calendar(struct api_call *call, struct str text, struct calendar *out)
{
	struct ctx *cx = &call->rq->cx;
	struct id id;
	if (!id_parse(text, "cal", &id))
		return REFUSE(cx, INVALID_VALUE, "calendar_id", "This is not the id of a calendar (cal_…).");
	err_t e = calendar_by_id(cx, &call->actor, id, out);
	return err_is(e, NOT_FOUND) ? REFUSE(cx, NOT_FOUND, "calendar_id", "There is no such calendar.") : e;
}

err_t event_words(struct request *rq, err_t e)
{
	if (err_is(e, UID_CONFLICT))
		return REFUSE(&rq->cx, UID_CONFLICT, "client_uid", "There is an event with this client_uid already.");
	if (err_is(e, FORBIDDEN))
		return REFUSE(&rq->cx, FORBIDDEN, "calendar_id", "This calendar is not writable.");
	if (err_is(e, DAV_PARENT_MISSING))
		return REFUSE(&rq->cx, NOT_FOUND, "calendar_id", "There is no such calendar.");
	return e;
}
