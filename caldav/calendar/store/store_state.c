/* SPDX-License-Identifier: Apache-2.0 */
/* What is there now, for requests that are conditional on it; and held, so that it is still so when they write. */
#include <assert.h>

#include "caldav/calendar/store/store_private.h"

struct locked {
	struct id id;
};

DB_RESULT(resource_states, struct resource_state, nth, calendar, modseq, prop_version, etag, updated_at);
DB_RESULT(account_lock, struct locked, id);
DB_RESULT(calendar_lock, struct locked, id);

err_t resource_states(struct ctx *cx, const struct actor *actor, const struct object_path *paths, size_t count,
	struct resource_state **out, size_t *count_out)
{
	struct str *calendars = arena_array(cx->mem, struct str, count + 1);
	struct str *objects = arena_array(cx->mem, struct str, count + 1);
	for (size_t i = 0; i < count; i++) {
		assert(paths[i].calendar_name.ptr && paths[i].name.ptr);
		calendars[i] = paths[i].calendar_name;
		objects[i] = paths[i].name;
	}
	return db_rows(cx, &sql_resource_states, resource_states, out, count_out, IN(actor->owner),
		IN(actor->calendars), IN(((struct str_list){ calendars, count })),
		IN(((struct str_list){ objects, count })));
}

err_t calendar_lock(
	struct ctx *cx, const struct actor *actor, struct str_list names, bool account_too, struct id_list *out)
{
	assert(cx->tx && names.items); /* without a transaction the locks would be gone before the answer is here */
	struct locked *rows, owner;
	size_t count;
	if (account_too)
		TRY(db_row(cx, &sql_account_lock, ROW(account_lock, &owner), IN(actor->owner)));
	TRY(db_rows(cx, &sql_calendar_lock, calendar_lock, &rows, &count, IN(actor->owner), IN(actor->calendars),
		IN(names)));
	struct id *ids = arena_array(cx->mem, struct id, count + 1);
	for (size_t i = 0; i < count; i++)
		ids[i] = rows[i].id;
	*out = (struct id_list){ ids, count };
	return OK;
}
