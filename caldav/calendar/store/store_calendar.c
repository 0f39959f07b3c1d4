/* SPDX-License-Identifier: Apache-2.0 */
/* Calendars: read, made, changed, renamed, copied, deleted. Its functions are in sql/migrations. */
#include <assert.h>

#include "caldav/calendar/store/store_private.h"

#define CALENDAR_FIELDS                                                                                                \
	id, account, name, displayname, description, description_lang, color, timezone, tzid, ord, components, transp, \
		selected, writable, is_public, organizer_name, prop_version, modseq, min_modseq, objects, size,        \
		created_at, updated_at

DB_RESULT(calendar_list, struct calendar, CALENDAR_FIELDS);
DB_RESULT(calendar_after, struct calendar, CALENDAR_FIELDS);
DB_RESULT(calendar_before, struct calendar, CALENDAR_FIELDS);
DB_RESULT(calendar_by_name, struct calendar, CALENDAR_FIELDS);
DB_RESULT(calendar_by_name_with_key, struct calendar, CALENDAR_FIELDS);
DB_RESULT(calendar_by_id, struct calendar, CALENDAR_FIELDS);
DB_RESULT(calendar_choices, struct calendar_choice, id, selected);
DB_RESULT(calendar_choices_with_key, struct calendar_choice, id, selected);
DB_RESULT(calendar_create, struct outcome_row, outcome);
DB_RESULT(calendar_update, struct outcome_row, outcome);
DB_RESULT(calendar_delete, struct outcome_row, outcome);
DB_RESULT(calendar_relied_on, struct calendar_reliance, keys, keys_alone, apps, apps_alone, pages);
struct relocated {
	struct str outcome;
	int64_t copied;
};
DB_RESULT(calendar_relocate, struct relocated, outcome, copied);

/* With the id, since a calendar made anew at the same URL counts from the beginning (RFC 4918 §8.6). */
struct str calendar_tag(struct arena *mem, struct id calendar, int64_t modseq, int64_t prop_version)
{
	return str_fmt(mem, "W/\"%.*s-%lld-%lld\"", STR_ARG(id_text(mem, "cal", calendar)), (long long)modseq,
		(long long)prop_version);
}

struct str calendar_etag(struct arena *mem, const struct calendar *c)
{
	return calendar_tag(mem, c->id, c->modseq, c->prop_version);
}

err_t calendar_list(struct ctx *cx, const struct actor *actor, struct calendar **out, size_t *count_out)
{
	return db_rows(cx, &sql_calendar_list, calendar_list, out, count_out, IN(actor->owner), IN(actor->calendars));
}

err_t calendar_choices(struct ctx *cx, const struct actor *actor, struct calendar_choice **out, size_t *count_out)
{
	return db_rows(
		cx, &sql_calendar_choices, calendar_choices, out, count_out, IN(actor->owner), IN(actor->calendars));
}

void calendar_choices_prefetch(struct ctx *cx, struct id account, struct bytes key)
{
	const struct id_list all = { NULL, 0 };
	db_prefetch(cx, &sql_calendar_choices_with_key, &sql_calendar_choices, IN(account), IN(all), IN(key));
}

err_t calendars_by_names(
	struct ctx *cx, const struct actor *actor, struct str_list names, const char *param, struct id_list *out)
{
	struct calendar *calendars;
	size_t count;
	*out = (struct id_list){ 0 };
	if (!names.items)
		return OK;
	struct id *ids = arena_array(cx->mem, struct id, names.count + 1);
	TRY(calendar_list(cx, actor, &calendars, &count));
	for (size_t i = 0; i < names.count; i++) {
		size_t at = id_parse(names.items[i], "cal", &ids[i]) ? 0 : count;
		while (at < count && !id_eq(calendars[at].id, ids[i]))
			at++;
		if (at == count)
			return err_refuse_(cx->mem, INVALID_VALUE, param, __FILE__, __LINE__,
				"There is no calendar \"%.*s\" here.", STR_ARG(names.items[i]));
	}
	*out = (struct id_list){ ids, names.count };
	return OK;
}

#define IN_IF(given, value) ((given) ? IN(value) : IN_NULL(DB_BOOL))

err_t calendar_page(struct ctx *cx, const struct actor *actor, const struct calendar_page *page, struct calendar **out,
	size_t *count_out)
{
	assert(page->limit > 0);
	if (page->back)
		return db_rows(cx, &sql_calendar_before, calendar_before, out, count_out, IN(actor->owner),
			IN(actor->calendars), IN(page->ord), IN(page->name), IN((int32_t)page->limit),
			IN_IF(page->has_selected, page->selected), IN_IF(page->has_writable, page->writable));
	return db_rows(cx, &sql_calendar_after, calendar_after, out, count_out, IN(actor->owner), IN(actor->calendars),
		IN(page->ord), IN(page->name), IN((int32_t)page->limit), IN_IF(page->has_selected, page->selected),
		IN_IF(page->has_writable, page->writable));
}

err_t calendar_by_name(struct ctx *cx, const struct actor *actor, struct str name, struct calendar *out)
{
	return db_row(cx, &sql_calendar_by_name, ROW(calendar_by_name, out), IN(actor->owner), IN(actor->calendars),
		IN(name));
}

void calendar_prefetch(struct ctx *cx, struct id account, struct str name, struct bytes key)
{
	const struct id_list all = { NULL, 0 };
	db_prefetch(cx, &sql_calendar_by_name_with_key, &sql_calendar_by_name, IN(account), IN(all), IN(name), IN(key));
}

err_t calendar_by_id(struct ctx *cx, const struct actor *actor, struct id id, struct calendar *out)
{
	return db_row(
		cx, &sql_calendar_by_id, ROW(calendar_by_id, out), IN(actor->owner), IN(actor->calendars), IN(id));
}

/* Who is limited to single calendars would not see what it made, and learns of no name that is taken. */
static err_t may_make(struct ctx *cx, const struct actor *actor)
{
	if (actor->calendars.items)
		return REFUSE(cx, FORBIDDEN, "", "This access is limited to single calendars: it makes no others.");
	return OK;
}

err_t calendar_create(struct ctx *cx, const struct actor *actor, struct str name, int16_t components,
	const struct calendar_change *with, struct id *id_out)
{
	assert(name.len && name.len <= NAME_MAX_OCTETS && components && !(components & ~COMPONENTS_ALL));
	struct id id = id_new(cx->now);
	struct dead_lists dead = dead_lists(cx->mem, with->dead, with->dead_count);
	struct outcome_row got;

	TRY(may_make(cx, actor));
	TRY(db_row(cx, &sql_calendar_create, ROW(calendar_create, &got), IN_ACTOR(cx, actor), IN(id), IN(name),
		IN(components), IN(with->displayname), IN(with->description), IN(with->color), IN(with->timezone),
		IN(with->tzid), IN(with->ord), IN(with->transp), IN_DEAD(dead), IN((int32_t)CALENDARS_MAX),
		IN((int32_t)DEAD_PROPERTIES_MAX), IN(with->is_public), IN(with->organizer_name),
		IN(with->description_lang)));
	enum outcome outcome = outcome_of(got.outcome);
	if (outcome == OUTCOME_NAME_TAKEN)
		return FAIL(cx, CONFLICT, "calendar name is taken");
	if (outcome != OUTCOME_CREATED)
		return outcome_refusal(cx, outcome, STR_ABSENT);
	*id_out = id;
	return OK;
}

/* The bits of calendar_update in 0080_description_lang.sql. */
static int32_t fields_set(const struct calendar_change *c)
{
	return c->set_displayname | c->set_description << 1 | c->set_color << 2 | c->set_timezone << 3 |
	       c->set_tzid << 4 | c->set_ord << 5 | c->set_transp << 6 | c->set_selected << 7 | c->set_writable << 8 |
	       c->set_is_public << 9 | c->set_organizer_name << 10;
}

err_t calendar_update(struct ctx *cx, const struct actor *actor, struct str name, const struct calendar_change *change)
{
	assert(name.ptr && change->only_version >= 0);
	struct dead_lists dead = dead_lists(cx->mem, change->dead, change->dead_count);
	struct outcome_row got;

	TRY(db_row(cx, &sql_calendar_update, ROW(calendar_update, &got), IN_ACTOR(cx, actor), IN(name),
		change->only_version ? IN(change->only_version) : IN_NULL(DB_INT8), IN(fields_set(change)),
		IN(change->displayname), IN(change->description), IN(change->color), IN(change->timezone),
		IN(change->tzid), IN(change->ord), IN(change->transp), IN(change->selected), IN(change->writable),
		IN_DEAD(dead), IN((int32_t)DEAD_PROPERTIES_MAX), IN(change->is_public), IN(change->organizer_name),
		IN(change->description_lang)));
	enum outcome outcome = outcome_of(got.outcome);
	return outcome == OUTCOME_CHANGED ? OK : outcome_refusal(cx, outcome, STR_ABSENT);
}

err_t calendar_relied_on(struct ctx *cx, const struct actor *actor, struct id calendar, struct calendar_reliance *out)
{
	assert(!id_is_zero(calendar));
	return db_row(cx, &sql_calendar_relied_on, ROW(calendar_relied_on, out), IN(actor->owner), IN(calendar));
}

err_t calendar_delete(struct ctx *cx, const struct actor *actor, struct str name)
{
	assert(name.len);
	struct outcome_row got;
	TRY(db_row(cx, &sql_calendar_delete, ROW(calendar_delete, &got), IN_ACTOR(cx, actor), IN(name)));
	enum outcome outcome = outcome_of(got.outcome);
	return outcome == OUTCOME_DELETED ? OK : outcome_refusal(cx, outcome, STR_ABSENT);
}

struct relocation {
	struct str from, to;
	bool keep, deep, overwrite;
};

static err_t relocate(
	struct ctx *cx, const struct actor *actor, const struct relocation *in, bool *created_out, int64_t *copied_out)
{
	assert(in->from.len && in->to.len && in->to.len <= NAME_MAX_OCTETS && !str_eq(in->from, in->to));
	struct relocated got;
	TRY(may_make(cx, actor));
	TRY(db_row(cx, &sql_calendar_relocate, ROW(calendar_relocate, &got), IN_ACTOR(cx, actor), IN(in->from),
		IN(in->to), IN(in->keep), IN(in->deep), IN(in->overwrite), IN(id_new(cx->now)),
		IN((int32_t)CALENDARS_MAX), db_in_storage_max(cx)));
	enum outcome outcome = outcome_of(got.outcome);
	if (outcome != OUTCOME_CREATED && outcome != OUTCOME_CHANGED)
		return outcome_refusal(cx, outcome, STR_ABSENT);
	*created_out = outcome == OUTCOME_CREATED;
	*copied_out = got.copied;
	return OK;
}

err_t calendar_move(
	struct ctx *cx, const struct actor *actor, struct str from, struct str to, bool overwrite, bool *created_out)
{
	int64_t copied;
	struct relocation in = { .from = from, .to = to, .deep = true, .overwrite = overwrite };
	return relocate(cx, actor, &in, created_out, &copied);
}

err_t calendar_copy(struct ctx *cx, const struct actor *actor, struct str from, struct str to, bool deep,
	bool overwrite, bool *created_out, int64_t *objects_out)
{
	struct relocation in = { .from = from, .to = to, .keep = true, .deep = deep, .overwrite = overwrite };
	return relocate(cx, actor, &in, created_out, objects_out);
}
