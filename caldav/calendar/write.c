/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/write.h"

#include <assert.h>

#include "caldav/calendar/validate.h"

#define TRIES 3 /* of an edit against concurrent writers */

err_t object_put(struct ctx *cx, const struct actor *actor, const struct object_write *in,
	enum put_outcome *outcome_out, struct object *out)
{
	struct ical_facts facts;
	TRY(ical_validate(cx, in->data, &facts));
	return object_store(cx, actor, in, &facts, outcome_out, out);
}

err_t object_delete(struct ctx *cx, const struct actor *actor, struct object_path at, const struct preconditions *when)
{
	assert(at.calendar_name.ptr && at.name.ptr);
	return object_bury(cx, actor, at, when);
}

err_t object_move(struct ctx *cx, const struct actor *actor, struct object_path from, struct object_path to,
	bool overwrite, const struct preconditions *when, bool *created_out)
{
	assert(from.name.ptr && to.name.ptr);
	return object_relocate(cx, actor, from, to, false, overwrite, when, created_out);
}

err_t object_copy(struct ctx *cx, const struct actor *actor, struct object_path from, struct object_path to,
	bool overwrite, const struct preconditions *when, bool *created_out)
{
	assert(from.name.ptr && to.name.ptr);
	return object_relocate(cx, actor, from, to, true, overwrite, when, created_out);
}

/* RFC 9110 §13.1.1. */
static err_t must_match(struct ctx *cx, const struct preconditions *when, struct bytes etag)
{
	if (!when->match.items)
		return OK;
	for (size_t i = 0; i < when->match.count; i++)
		if (bytes_same(when->match.items[i], etag))
			return OK;
	return FAIL(cx, PRECONDITION, "If-Match");
}

err_t object_edit(struct ctx *cx, const struct actor *actor, struct id id, const struct preconditions *when,
	object_plan *plan, void *to, struct object *out)
{
	for (int i = 0; i < TRIES; i++) {
		struct object now;
		enum put_outcome outcome;
		TRY(object_by_id(cx, actor, id, &now));
		TRY(must_match(cx, when, now.etag));
		struct object_write write = {
			.calendar_name = now.calendar_name, .name = now.name, .when.match = { &now.etag, 1 }
		};
		TRY(plan(to, &now, &write.data));
		err_t e = object_put(cx, actor, &write, &outcome, out);
		if (err_is(e, PRECONDITION) && !when->match.items && !when->match_any)
			continue;
		TRY(e);
		out->data = write.data;
		out->calendar_name = now.calendar_name;
		return OK;
	}
	return REFUSE(cx, CONFLICT, "", "Others change this event at the same time. Try again.");
}
