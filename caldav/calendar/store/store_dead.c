/* SPDX-License-Identifier: Apache-2.0 */
/* Dead properties (RFC 4918 §4): what clients keep on resources, as XML that is not understood here. */
#include <assert.h>

#include "caldav/calendar/store/store_private.h"

DB_RESULT(dead_property_list, struct dead_property, resource, ns, local, xml);
DB_RESULT(dead_property_of_calendar, struct dead_property, resource, ns, local, xml);
DB_RESULT(dead_property_of_object, struct dead_property, resource, ns, local, xml);
DB_RESULT(dead_property_change, struct outcome_row, outcome);

struct id dead_property_home(struct id account)
{
	account.octets[0] ^= 0x80; /* no UUIDv7 before the year 6429 has this bit */
	return account;
}

struct dead_lists dead_lists(struct arena *mem, const struct dead_property *items, size_t count)
{
	/* one more, so that the arrays of nothing are empty and not NULL */
	struct str *ns = arena_array(mem, struct str, count + 1);
	struct str *local = arena_array(mem, struct str, count + 1);
	struct str *xml = arena_array(mem, struct str, count + 1);
	for (size_t i = 0; i < count; i++) {
		assert(items[i].local.len && items[i].xml.len <= DEAD_PROPERTY_MAX);
		ns[i] = items[i].ns;
		local[i] = items[i].local;
		xml[i] = items[i].xml.ptr ? items[i].xml : STR("");
	}
	return (struct dead_lists){ { ns, count }, { local, count }, { xml, count } };
}

err_t dead_property_list(struct ctx *cx, const struct actor *actor, struct id_list resources,
	struct dead_property **out, size_t *count_out)
{
	assert(resources.items);
	return db_rows(
		cx, &sql_dead_property_list, dead_property_list, out, count_out, IN(actor->owner), IN(resources));
}

err_t dead_property_named(struct ctx *cx, const struct actor *actor, struct object_path path,
	struct dead_property **out, size_t *count_out)
{
	assert(path.calendar_name.ptr);
	if (!path.name.ptr)
		return db_rows(cx, &sql_dead_property_of_calendar, dead_property_of_calendar, out, count_out,
			IN(actor->owner), IN(actor->calendars), IN(path.calendar_name));
	return db_rows(cx, &sql_dead_property_of_object, dead_property_of_object, out, count_out, IN(actor->owner),
		IN(actor->calendars), IN(path.calendar_name), IN(path.name));
}

void dead_property_prefetch(struct ctx *cx, const struct actor *actor, struct object_path path)
{
	if (!path.name.ptr)
		db_prefetch(cx, &sql_dead_property_of_calendar, &sql_dead_property_of_calendar, IN(actor->owner),
			IN(actor->calendars), IN(path.calendar_name));
	else
		db_prefetch(cx, &sql_dead_property_of_object, &sql_dead_property_of_object, IN(actor->owner),
			IN(actor->calendars), IN(path.calendar_name), IN(path.name));
}

err_t dead_property_change(struct ctx *cx, const struct actor *actor, struct id calendar, struct id resource,
	const struct dead_property *change, size_t count)
{
	assert(!id_is_zero(resource));
	struct dead_lists dead = dead_lists(cx->mem, change, count);
	struct outcome_row got;
	TRY(db_row(cx, &sql_dead_property_change, ROW(dead_property_change, &got), IN_ACTOR(cx, actor),
		db_in_id_or_null(calendar), IN(resource), IN_DEAD(dead), IN((int32_t)DEAD_PROPERTIES_MAX)));
	enum outcome outcome = outcome_of(got.outcome);
	return outcome == OUTCOME_CHANGED ? OK : outcome_refusal(cx, outcome, STR_ABSENT);
}
