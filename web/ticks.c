/* SPDX-License-Identifier: Apache-2.0 */
#include "web/ticks.h"

#include "server/auth/scope.h"
#include "web/calendar_view.h"
#include "web/say.h"

const char *const calendar_colors[CALENDAR_COLORS] = { "#4f46c8", "#0b7a75", "#b3420d", "#8a2d8f", "#1f6fb8", "#487a16",
	"#b02a54", "#6b5b3e" };

void ticks_of_scopes(
	struct request *rq, struct html_values *v, const char *list, uint64_t offered, uint64_t ticked, uint64_t held)
{
	bool first = true;
	for (size_t i = 0; i < scope_row_count; i++) {
		const struct scope_row *scope = &scope_rows[i];
		if (!(offered & scope->bit))
			continue;
		struct html_values *row = html_add_row(v, list);
		html_set(row, "scope", str_of(scope->name));
		html_set(row, "sentence", say(rq, scope->sentence));
		html_set_flag(row, "sensitive", scope->risk == SENSITIVE);
		html_set_flag(row, "ticked", ticked & scope->bit);
		html_set_flag(row, "is_new", !(held & scope->bit));
		html_set_flag(row, "focus", first); /* where an error of the list puts the cursor */
		first = false;
	}
}

bool ticks_is_chosen(struct id_list chosen, struct id id)
{
	for (size_t i = 0; i < chosen.count; i++)
		if (id_eq(chosen.items[i], id))
			return true;
	return !chosen.items;
}

void ticks_of_calendars(
	struct arena *mem, struct html_values *v, const struct calendar *calendars, size_t count, struct id_list chosen)
{
	const struct str *fills = calendar_fills(mem, calendars, count);
	for (size_t i = 0; i < count; i++) {
		struct html_values *row = html_add_row(v, "calendars");
		html_set(row, "calendar_id", id_text(mem, "cal", calendars[i].id));
		html_set(row, "calendar_name", calendar_label(&calendars[i]));
		html_set(row, "color", fills[i]);
		html_set_flag(row, "ticked", ticks_is_chosen(chosen, calendars[i].id));
		html_set_flag(row, "focus", i == 0);
	}
}

struct str_list ticks_scope_names(struct arena *mem, uint64_t scopes)
{
	struct str *names = arena_array(mem, struct str, scope_row_count + 1);
	size_t count = 0;
	for (size_t i = 0; i < scope_row_count; i++)
		if (scopes & scope_rows[i].bit)
			names[count++] = str_of(scope_rows[i].name);
	return (struct str_list){ names, count };
}

err_t ticks_read_scopes(struct request *rq, uint64_t *out)
{
	return ticks_read_named(rq, "scope", out);
}

err_t ticks_read_named(struct request *rq, const char *name, uint64_t *out)
{
	uint64_t scopes = 0;
	for (size_t i = 0; i < rq->form.count; i++) {
		uint64_t one;
		if (!str_eq(rq->form.fields[i].name, str_of(name)))
			continue;
		if (!scope_parse(rq->form.fields[i].value, &one))
			return REFUSE(&rq->cx, INVALID_VALUE, name, "There is no such permission.");
		scopes |= one;
	}
	*out = scopes;
	return OK;
}

struct id_list ticks_sent_calendars(struct request *rq)
{
	struct id *ids = arena_array(rq->cx.mem, struct id, FORM_FIELDS_MAX);
	size_t count = 0;
	for (size_t i = 0; i < rq->form.count; i++)
		if (str_eq(rq->form.fields[i].name, STR("calendar")) &&
			id_parse(rq->form.fields[i].value, "cal", &ids[count]))
			count++;
	return (struct id_list){ ids, count };
}

err_t ticks_read_calendars(struct request *rq, struct id_list *out)
{
	struct id *ids = arena_array(rq->cx.mem, struct id, FORM_FIELDS_MAX);
	size_t count = 0;

	struct str which = form_get(&rq->form, "calendars");
	if (str_eq(which, STR("all"))) {
		*out = (struct id_list){ 0 };
		return OK;
	}
	if (!str_eq(which, STR("some")))
		return REFUSE(&rq->cx, INVALID_VALUE, "calendars", "Choose all calendars, or some of them.");
	for (size_t i = 0; i < rq->form.count; i++)
		if (str_eq(rq->form.fields[i].name, STR("calendar")) &&
			!id_parse(rq->form.fields[i].value, "cal", &ids[count++]))
			return REFUSE(&rq->cx, INVALID_VALUE, "calendar", "There is no such calendar.");
	if (!count)
		return REFUSE(&rq->cx, INVALID_VALUE, "calendar", "Tick at least one calendar, or choose all of them.");
	*out = (struct id_list){ ids, count };
	return OK;
}
