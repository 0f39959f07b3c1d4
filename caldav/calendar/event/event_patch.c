/* SPDX-License-Identifier: Apache-2.0 */
/* The operations on an object. */
#include "caldav/calendar/event/event_edit.h"

/* What is to be changed: the component that stands for it, and what is read from there. */
struct subject {
	struct series_instance instance; /* of an instance */
	const struct timing *timing;
	struct event event;
};

static err_t subject_open(struct edits *e, struct str recurrence_id, struct str zone, struct subject *out)
{
	struct subject s = { .timing = &e->series->timings[0] };
	if (recurrence_id.ptr) {
		TRY(instance_find(e, recurrence_id, zone, &s.instance));
		TRY(event_read_instance(e->cx, e->object, &s.instance, zone, &s.event));
		s.timing = s.instance.timing;
	} else {
		TRY(event_read(e->cx, e->object, s.timing->comp, zone, &s.event));
	}
	*out = s;
	return OK;
}

/* The last proof: what is written now is read as what was asked for. */
static err_t read_back(struct ctx *cx, const struct event_changed *changed, const struct event_change *change,
	const struct event *to, unsigned fields)
{
	struct edits e;
	struct subject now;
	TRY(edits_open(cx, changed->data, &e));
	TRY(subject_open(&e, change->instance, change->zone, &now));
	if (fields & EVENT_START && now.event.start.us != to->start.us)
		return FAIL(cx, INTERNAL, "a start was written and is read as another");
	if (fields & EVENT_END && now.event.end.us != to->end.us)
		return FAIL(cx, INTERNAL, "an end was written and is read as another");
	return OK;
}

static err_t change_subject(struct edits *e, struct subject *s, const struct event_change *change, unsigned fields,
	struct event_changed *out)
{
	const struct series *was = e->series;
	struct ical *was_object = e->object;
	if (change->instance.ptr) {
		TRY(instance_separate(e, &s->instance, change->zone));
		s->timing = s->instance.timing;
	}
	TRY(fields_change(e, s->timing, &s->event, change, fields));
	if (!change->instance.ptr && was->recurs && was->master &&
		fields & (EVENT_START | EVENT_END | EVENT_RULE | EVENT_RDATES)) {
		TRY(edits_go_on(e));
		TRY(exceptions_change(e, was, was_object, fields, out));
	}
	return edits_apply(e, &out->data);
}

err_t event_patch(struct ctx *cx, struct str data, const struct event_change *change, struct event_changed *out)
{
	struct edits e;
	struct subject s;
	struct event_changed changed = { .data = data };
	unsigned fields = change->fields;
	if (change->instance.ptr)
		fields &= ~(unsigned)EVENT_RECURRENCE;
	TRY(edits_open(cx, data, &e));
	TRY(subject_open(&e, change->instance, change->zone, &s));
	fields = event_differs(&s.event, change->to, fields);
	TRY(event_check(cx, change->to, &s.event, fields));
	if (fields) {
		TRY(change_subject(&e, &s, change, fields, &changed));
		TRY(read_back(cx, &changed, change, change->to, fields));
	}
	*out = changed;
	return OK;
}

err_t event_cancel(struct ctx *cx, struct str data, struct str instance, struct str *out)
{
	struct edits e;
	struct subject s;
	const struct event cancelled = { .status = EVENT_CANCELLED };
	const struct event_change change = { .to = &cancelled };
	TRY(edits_open(cx, data, &e));
	if (instance.ptr) {
		TRY(subject_open(&e, instance, STR_ABSENT, &s));
		if (!s.timing->cancelled) {
			TRY(instance_separate(&e, &s.instance, STR_ABSENT));
			TRY(fields_change(&e, s.instance.timing, &s.event, &change, EVENT_STATUS));
		}
		return edits_apply(&e, out);
	}
	for (size_t i = 0; i < e.series->timing_count; i++)
		if (!e.series->timings[i].cancelled)
			TRY(fields_change(&e, &e.series->timings[i], &cancelled, &change, EVENT_STATUS));
	return edits_apply(&e, out);
}

err_t event_remove_instance(struct ctx *cx, struct str data, struct str recurrence_id, struct str *out)
{
	struct edits e;
	struct series_instance instance;
	TRY(edits_open(cx, data, &e));
	TRY(instance_find(&e, recurrence_id, STR_ABSENT, &instance));
	if (instance.own && !e.series->master && e.series->timing_count == 1)
		return REFUSE(cx, ICAL_OBJECT, "", "the object holds this instance alone: delete the object");
	if (instance.own) {
		instance_pass_on(&e, instance.own, STR_ABSENT);
		comp_remove(&e, instance.own->timing->comp);
	}
	if (series_makes(cx->mem, e.series, instance.original)) {
		const struct ical_comp *comp = e.series->master->comp;
		struct buf line = lines_new(&e);
		original_line(&e, &line, STR("EXDATE"), STR(""), instance.original);
		edit_add(&e, props_end(comp), 0, buf_str(&line));
		stamps_change(&e, comp, true);
	}
	return edits_apply(&e, out);
}
