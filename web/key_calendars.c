/* SPDX-License-Identifier: Apache-2.0 */
#include "web/key_calendars.h"

#include "web/calendar_view.h"
#include "web/calendars.h"
#include "web/ticks.h"

err_t key_calendars_load(struct request *rq, struct key_calendars *out)
{
	for (size_t i = 0; i < ARRAY_LEN(out->worlds); i++) {
		const struct actor actor = calendars_actor(rq, i == 1);
		TRY(calendar_list(&rq->cx, &actor, &out->worlds[i].items, &out->worlds[i].count));
	}
	return OK;
}

static bool was_ticked(const struct request *rq, struct str id)
{
	for (size_t i = 0; i < rq->form.count; i++)
		if (str_eq(rq->form.fields[i].name, STR("calendar")) && str_eq(rq->form.fields[i].value, id))
			return true;
	return false;
}

void key_calendars_offer(struct request *rq, struct html_values *v, const struct key_calendars *all)
{
	bool test = str_eq(form_get(&rq->form, "mode"), STR("test"));
	for (size_t w = 0; w < ARRAY_LEN(all->worlds); w++) {
		const struct str *fills = calendar_fills(rq->cx.mem, all->worlds[w].items, all->worlds[w].count);
		for (size_t i = 0; i < all->worlds[w].count; i++) {
			const struct calendar *c = &all->worlds[w].items[i];
			struct html_values *row = html_add_row(v, "calendars");
			struct str id = id_text(rq->cx.mem, "cal", c->id);
			html_set(row, "calendar_id", id);
			html_set(row, "calendar_name", calendar_label(c));
			html_set(row, "color", fills[i]);
			html_set_flag(row, "of_test", w == 1);
			html_set_flag(row, "ticked", was_ticked(rq, id));
			html_set_flag(
				row, "focus", (w == 1) == test && !i); /* where an error of the list puts the cursor */
		}
	}
	html_set_flag(v, "only_some", str_eq(form_get(&rq->form, "calendars"), STR("some")));
}

static const struct calendar *find(const struct key_calendars *all, bool test, struct id id)
{
	for (size_t i = 0; i < all->worlds[test].count; i++)
		if (id_eq(all->worlds[test].items[i].id, id))
			return &all->worlds[test].items[i];
	return NULL;
}

err_t key_calendars_read(struct request *rq, bool test, struct id_list *out)
{
	struct id_list ticked;
	struct key_calendars all;
	TRY(ticks_read_calendars(rq, &ticked));
	*out = (struct id_list){ 0 };
	if (!ticked.items)
		return OK;
	TRY(key_calendars_load(rq, &all));
	struct id *ids = arena_array(rq->cx.mem, struct id, ticked.count);
	size_t count = 0;
	for (size_t i = 0; i < ticked.count; i++) {
		bool here = find(&all, test, ticked.items[i]) != NULL;
		if (!here && !find(&all, !test, ticked.items[i]))
			return REFUSE(&rq->cx, INVALID_VALUE, "calendar", "There is no such calendar among yours.");
		if (here)
			ids[count++] = ticked.items[i];
	}
	if (!count)
		return REFUSE(&rq->cx, INVALID_VALUE, "calendar",
			"Tick at least one calendar with %s data, or choose all.", test ? "test" : "live");
	*out = (struct id_list){ ids, count };
	return OK;
}

void key_calendars_show(struct html_values *v, const struct key_calendars *all, const struct key *k)
{
	size_t shown = 0;
	for (size_t i = 0; i < k->calendars.count; i++) {
		const struct calendar *c = find(all, id_is_test(k->account), k->calendars.items[i]);
		if (!c)
			continue;
		struct html_values *row = html_add_row(v, "in_calendars");
		html_set(row, "calendar_name", calendar_label(c));
		html_set_flag(row, "more", shown++ > 0);
	}
	html_set_flag(v, "only_calendars", k->calendars.items != NULL);
	html_set_flag(v, "no_calendars", k->calendars.items && !shown);
}
