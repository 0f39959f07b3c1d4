/* SPDX-License-Identifier: Apache-2.0 */
/* Which calendars a call is about. */
#include "server/api/api.h"

#include "caldav/calendar/store/store.h"

static bool is_among(const struct id *ids, size_t count, struct id id)
{
	for (size_t i = 0; i < count; i++)
		if (id_eq(ids[i], id))
			return true;
	return false;
}

bool calendar_is_open(const struct api_call *call, struct id calendar)
{
	const struct id_list *only = &call->actor.calendars;
	return !only->items || is_among(only->items, only->count, calendar);
}

err_t calendars_chosen(struct api_call *call, const struct id_list *named, const char *param, struct id_list *out)
{
	struct ctx *cx = &call->rq->cx;
	struct calendar_choice *calendars;
	size_t count, kept = 0;
	TRY(calendar_choices(cx, &call->actor, &calendars, &count));
	struct id *ids = arena_array(cx->mem, struct id, count + 1);
	for (size_t i = 0; i < count; i++)
		if (named ? is_among(named->items, named->count, calendars[i].id) : calendars[i].selected)
			ids[kept++] = calendars[i].id;
	for (size_t i = 0; named && i < named->count; i++)
		if (!is_among(ids, kept, named->items[i]))
			return REFUSE(cx, NOT_FOUND, param, "There is no such calendar.");
	*out = (struct id_list){ ids, kept };
	return OK;
}
