/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/event_change.h"

/* ---- conditions ---- */

/*
 * The tags of a list as the store takes them, of either representation. Those that are not ours are left out: they
 * match nothing (RFC 9110 §13.1.1).
 */
static struct bytes_list tags_of(struct arena *mem, const struct etag_list *list, bool weak_counts)
{
	struct bytes_list out = { NULL, 0 };
	if (!list->items)
		return out;
	struct bytes *tags = arena_array(mem, struct bytes, list->count);
	for (size_t i = 0; i < list->count; i++) {
		const struct etag *tag = &list->items[i];
		struct str hex = tag->opaque;
		if (str_ends(hex, STR(ICAL_TAG)))
			hex.len -= sizeof ICAL_TAG - 1;
		if ((weak_counts || !tag->weak) && hex.len == (size_t)2 * ETAG_OCTETS &&
			hex_to(mem, hex, &tags[out.count]))
			out.count++;
	}
	out.items = tags;
	return out;
}

static struct preconditions conditions_of(const struct api_call *call)
{
	struct arena *mem = call->rq->cx.mem;
	return (struct preconditions){
		.match_any = call->if_match.any,
		.match = tags_of(mem, &call->if_match, false),
		.none_match_any = call->if_none_match.any,
		.none_match = tags_of(mem, &call->if_none_match, true),
	};
}

/* ---- what is named ---- */

static err_t scope_of(struct event_changing *c)
{
	bool following = str_eq(c->scope_sent, STR("this_and_following")), all = str_eq(c->scope_sent, STR("all"));
	if (c->target.instance.ptr) {
		c->scope = following ? SCOPE_FOLLOWING : all ? SCOPE_ALL : SCOPE_THIS;
		return OK;
	}
	c->scope = SCOPE_ALL;
	if (!c->scope_sent.ptr || all || !c->item.event.recurring)
		return OK;
	return REFUSE(&c->call->rq->cx, INVALID_VALUE, "scope",
		"This is the id of the whole series. Send the id of one instance (evt_…_…), or scope=all.");
}

static err_t find(void *to, const struct object *now)
{
	struct event_changing *c = to;
	if (now->component != COMPONENT_VEVENT)
		return FAIL(&c->call->rq->cx, NOT_FOUND, "a task or a journal, no event");
	c->target.object = *now;
	c->was = now->data;
	TRY(event_target_item(c->call, &c->target, &c->item));
	return scope_of(c);
}

static err_t plan(void *to, const struct object *now, struct object_plan *out)
{
	struct event_changing *c = to;
	(void)now;
	c->target.changed = (struct event_changed){ 0 };
	return c->make(c, out);
}

err_t event_change(struct event_changing *c)
{
	struct request *rq = c->call->rq;
	const struct change_params *params = c->call->params;
	struct str instance;
	struct id id;
	if (!event_id_parse(rq->args[0], &id, &instance))
		return FAIL(&rq->cx, NOT_FOUND, "not an event's id");
	c->scope_sent = params->scope;
	return event_change_of(c, id, instance);
}

err_t event_change_of(struct event_changing *c, struct id id, struct str instance)
{
	struct request *rq = c->call->rq;
	const struct preconditions when = conditions_of(c->call);
	const struct object_edit edit = { find, plan, c };
	struct object object, beside = { .data = STR_ABSENT };
	c->target = (struct event_target){ .instance = instance };
	err_t e = object_edit(&rq->cx, &c->call->actor, id, &when, &edit, &object, &beside);
	if (err_is(e, PRECONDITION)) /* of what find() was shown */
		e = api_tell_etag(c->call, e, etag_text(rq->cx.mem, c->target.object.etag));
	TRY(event_words(rq, e));
	c->target.object = beside.data.ptr ? beside : object;
	c->earlier = beside.data.ptr ? object : beside;
	if (beside.data.ptr || c->scope == SCOPE_ALL)
		c->target.instance = STR_ABSENT;
	return OK;
}

err_t event_cut(struct event_changing *c, struct event_parts *out)
{
	return event_split(&c->call->rq->cx, c->target.object.data, c->target.instance, out);
}

err_t event_change_write(struct event_changing *c, const struct event_change *edit, struct object_plan *out)
{
	struct ctx *cx = &c->call->rq->cx;
	if (c->scope == SCOPE_ALL && c->target.instance.ptr)
		TRY(event_patch_series(cx, c->target.object.data, edit, &c->target.changed));
	else
		TRY(event_patch(cx, c->target.object.data, edit, &c->target.changed));
	out->data = c->target.changed.data;
	return OK;
}
