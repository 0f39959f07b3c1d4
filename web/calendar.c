/* SPDX-License-Identifier: Apache-2.0 */
/* GET /calendar: month, week, day and agenda, drawn here. */
#include "server/booking/page.h"
#include "web/calendar_list.h"
#include "web/calendar_month.h"
#include "web/manner.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"

#define ROWS_TOLD_MAX 9      /* of a day in a list, whose height the stylesheet then knows before it is laid out */
#define GRID_ENTRIES_MAX 500 /* what a grid of hours can show; of more the list stays */

/* ---- one entry ---- */

static void entry_values(struct request *rq, const struct calendar_view *view, const struct calendar_entry *e,
	int64_t day, struct html_values *row)
{
	html_set(row, "event_id", e->id);
	html_set(row, "event_title", e->title);
	html_set(row, "hue", e->hue);
	html_set(row, "time", calendar_entry_time(rq, e, day));
	html_set(row, "starts", e->all_day || e->from_day != day ? STR_ABSENT : time_of_day(rq, e->start));
	html_set(row, "location", e->location);
	html_set(row, "calendar_name",
		e->calendar < view->calendar_count ? calendar_label(&view->calendars[e->calendar]) : STR_ABSENT);
	html_set_flag(row, "cancelled", e->cancelled);
	html_set_flag(row, "tentative", e->tentative);
	html_set_flag(row, "repeats", e->recurring);
	html_set_flag(row, "lasting", entry_is_bar(e));
}

/* ---- month ---- */

static void slot_values(struct request *rq, const struct calendar_view *view, const struct month_slot *slot,
	int64_t day, struct html_values *row)
{
	static const struct str spans[] = { STR_INIT("span-1"), STR_INIT("span-2"), STR_INIT("span-3"),
		STR_INIT("span-4"), STR_INIT("span-5"), STR_INIT("span-6"), STR_INIT("span-7") };
	html_set_flag(row, "event", slot->days > 0);
	if (!slot->days)
		return;
	entry_values(rq, view, slot->entry, day, row);
	html_set(row, "span", spans[slot->days - 1]);
	html_set_flag(row, "from_before", slot->from_before);
	html_set_flag(row, "goes_on", slot->goes_on);
	html_set_flag(row, "fixed", slot->entry->fixed);
	html_set_flag(row, "has_edge", entry_is_bar(slot->entry) && !slot->entry->fixed && !slot->goes_on);
	html_set(row, "etag", slot->entry->etag);
	html_set(row, "wall_start", calendar_entry_start(rq->cx.mem, slot->entry));
	html_set(row, "wall_end", calendar_entry_end(rq->cx.mem, slot->entry));
}

/* Low windows show fewer lanes: what is not seen is told for each number of them, and the stylesheet chooses. */
static void hidden_values(struct arena *mem, const struct month_day *day, struct html_values *cell)
{
	static const struct str lane_count[] = { STR_INIT("1"), STR_INIT("2"), STR_INIT("3") };
	int hidden = day->hidden, told = 0;
	for (int lanes = MONTH_LANES; lanes > 0; lanes--) {
		if (hidden) {
			struct html_values *row = html_add_row(cell, "fewer");
			html_set(row, "lanes", lane_count[lanes - 1]);
			html_set(row, "more", str_fmt(mem, "%d", hidden));
			if (told++ == 0)
				html_set(cell, "lanes_most", lane_count[lanes - 1]);
		}
		hidden += day->lanes[lanes - 1].entry != NULL;
	}
}

static void count_values(struct arena *mem, const struct month_day *day, struct html_values *cell)
{
	html_set_flag(cell, "is_empty", day->entries == 0);
	html_set_flag(cell, "is_one", day->entries == 1);
	html_set(cell, "event_count", str_fmt(mem, "%d", day->entries));
	hidden_values(mem, day, cell);
}

static void day_values(struct request *rq, const struct calendar_view *view, const struct month_day *day, int64_t nth,
	struct html_values *cell)
{
	struct arena *mem = rq->cx.mem;
	int64_t at = view->first + nth, year, looked_at;
	int month, of_month, this_month, unused;
	int lanes = MONTH_LANES;
	civil_from_days(at, &year, &month, &of_month);
	civil_from_days(view->day, &looked_at, &this_month, &unused);
	html_set(cell, "number", str_fmt(mem, "%d", of_month));
	html_set(cell, "day_name", day_long(rq, at));
	html_set(cell, "day_date", day_text(mem, at));
	html_set(cell, "day_href", calendar_href(mem, view, VIEW_DAY, at));
	html_set_flag(cell, "is_today", at == view->today);
	html_set_flag(cell, "is_outside", month != this_month);
	count_values(mem, day, cell);
	while (lanes && !day->lanes[lanes - 1].entry)
		lanes--;
	for (int i = 0; i < lanes; i++) {
		if (day->lanes[i].entry)
			html_set(html_add_row(cell, "dots"), "hue", day->lanes[i].entry->hue);
		slot_values(rq, view, &day->lanes[i], at, html_add_row(cell, "slots"));
	}
}

static void month_values(
	struct request *rq, const struct calendar_view *view, const struct calendar_month *month, struct html_values *v)
{
	struct html_values *table = html_add_row(v, "month");
	weekday_values(rq, table);
	html_set_flag(table, "six_weeks", view->count > 5 * 7);
	for (int64_t week = 0; week < view->count / 7; week++) {
		struct html_values *row = html_add_row(table, "weeks");
		for (int64_t d = week * 7; d < week * 7 + 7; d++)
			day_values(rq, view, &month->days[d], d, html_add_row(row, "days"));
	}
}

/* ---- lists of days ---- */

/* Days without anything are left out of an agenda. */
static void list_values(
	struct request *rq, const struct calendar_view *view, const struct calendar_list *days, struct html_values *v)
{
	struct arena *mem = rq->cx.mem;
	struct html_values *list = html_add_row(v, "list");
	html_set_flag(list, "is_week", view->kind == VIEW_WEEK);
	html_set_flag(list, "goes_on", days->goes_on);
	if (view->kind == VIEW_DAY && days->days[0].hidden) {
		html_set_flag(v, "not_all", true);
		html_set(v, "most", str_fmt(mem, "%zu", days->days[0].count));
	}
	for (int64_t d = 0; d < view->count; d++) {
		const struct list_day *of = &days->days[d];
		int64_t day = view->first + d;
		if (view->kind == VIEW_AGENDA && !of->count)
			continue;
		struct html_values *row = html_add_row(list, "days");
		for (size_t i = 0; i < of->count; i++)
			entry_values(rq, view, of->entries[i], day, html_add_row(row, "entries"));
		html_set(row, "rows", of->count > ROWS_TOLD_MAX ? STR("many") : str_fmt(mem, "%zu", of->count));
		if (view->kind != VIEW_DAY)
			html_set(row, "more", of->hidden ? str_fmt(mem, "%zu", of->hidden) : STR_ABSENT);
		html_set(row, "day_name", day_long(rq, day));
		html_set(row, "day_short", day_short(rq, day));
		html_set(row, "day_date", day_text(mem, day));
		html_set(row, "day_href", calendar_href(mem, view, VIEW_DAY, day));
		html_set_flag(row, "is_today", day == view->today);
		html_set_flag(row, "is_weekend", day_of_week(day) >= 5);
	}
}

/* ---- around it ---- */

static struct str now_text(struct request *rq, const struct calendar_view *view)
{
	int64_t now = zone_to_local(view->zone, instant_s(account_now(&rq->cx)));
	return str_fmt(rq->cx.mem, "%.*sT%.*s", STR_ARG(day_text(rq->cx.mem, floor_div(now, DAY_S))),
		STR_ARG(clock_text(rq->cx.mem, now)));
}

static struct str heading(struct request *rq, const struct calendar_view *view)
{
	int64_t last = view->first + view->count - 1;
	if (view->q.ptr)
		return say(rq, "Search");
	if (view->kind == VIEW_DAY)
		return day_long(rq, view->day);
	if (view->kind == VIEW_MONTH)
		return month_long(rq, view->day);
	return say_with(rq, "{from} – {to}", "from", day_short(rq, view->first), "to", day_short(rq, last), NULL);
}

static void tab_values(struct arena *mem, const struct calendar_view *view, struct html_values *v)
{
	static const char *const labels[CALENDAR_VIEWS] = {
		[VIEW_MONTH] = "month", [VIEW_WEEK] = "week", [VIEW_DAY] = "day", [VIEW_AGENDA] = "agenda"
	};
	for (size_t i = 0; i < CALENDAR_VIEWS; i++) {
		struct html_values *row = html_add_row(v, "views");
		html_set_flag(row, str_c(mem, str_fmt(mem, "is_%s", labels[i])), true);
		html_set(row, "view_href", calendar_href(mem, view, (enum calendar_view_kind)i, view->day));
		html_set_flag(row, "is_current", view->kind == (enum calendar_view_kind)i && !view->q.ptr);
	}
	html_set(v, "view", str_of(labels[view->kind]));
}

/* The same view with this calendar in or out. */
static struct str toggled(struct arena *mem, const struct calendar_view *view, const struct calendar *calendar)
{
	struct calendar_view other = *view;
	struct id *off = arena_array(mem, struct id, view->off.count + 1);
	size_t count = 0;
	for (size_t i = 0; i < view->off.count; i++)
		if (!id_eq(view->off.items[i], calendar->id))
			off[count++] = view->off.items[i];
	if (count == view->off.count)
		off[count++] = calendar->id;
	other.off = (struct id_list){ off, count };
	return calendar_href(mem, &other, view->kind, view->day);
}

static void legend_values(struct arena *mem, const struct calendar_view *view, struct html_values *v)
{
	for (size_t i = 0; i < view->calendar_count; i++) {
		const struct calendar *c = &view->calendars[i];
		if (!c->selected)
			continue;
		struct html_values *row = html_add_row(v, "calendars");
		html_set(row, "calendar_name", calendar_label(c));
		html_set(row, "hue", view->hues[i]);
		html_set_flag(row, "is_shown", calendar_is_shown(view, c));
		html_set_flag(row, "is_fixed", !c->writable);
		html_set(row, "toggle_href", toggled(mem, view, c));
	}
}

static struct html_values *frame_values(
	struct request *rq, const struct calendar_view *view, const struct calendar_entries *entries)
{
	struct arena *mem = rq->cx.mem;
	struct html_values *v = page_new(rq, "Calendar", "calendar");
	struct str here = calendar_href(mem, view, view->kind, view->day);
	struct calendar_view other = *view;
	other.test = !view->test;
	other.off = (struct id_list){ NULL, 0 };
	html_set(v, "heading", heading(rq, view));
	html_set(v, "date", day_text(mem, view->day));
	html_set(v, "today", day_text(mem, view->today));
	html_set(v, "from", day_text(mem, view->first));
	html_set(v, "to", day_text(mem, view->first + view->count));
	html_set_flag(v, "by_grid",
		(view->kind == VIEW_WEEK || view->kind == VIEW_DAY) && entries->count <= GRID_ENTRIES_MAX);
	html_set(v, "q", view->q);
	html_set_flag(v, "mode_test", view->test);
	html_set(v, "live_href", view->test ? calendar_href(mem, &other, view->kind, view->day) : here);
	html_set(v, "test_href", view->test ? here : calendar_href(mem, &other, view->kind, view->day));
	html_set(v, "before_href", calendar_href(mem, view, view->kind, calendar_step(view, -1)));
	html_set(v, "today_href", calendar_href(mem, view, view->kind, view->today));
	html_set(v, "after_href", calendar_href(mem, view, view->kind, calendar_step(view, 1)));
	html_set(v, "month_href", calendar_href(mem, view, VIEW_MONTH, view->day));
	html_set(v, "now", now_text(rq, view));
	html_set(v, "zone", booking_zone_name(view->zone));
	html_set(v, "week_start", str_fmt(mem, "%d", request_manner(rq)->week_start % 7));
	html_set_flag(v, "hours_12", request_manner(rq)->hours_12);
	html_set(v, "more_pattern", say(rq, "+{more} more"));
	html_set(v, "am", say(rq, "{time} AM"));
	html_set(v, "pm", say(rq, "{time} PM"));
	html_set_flag(v, "nothing", entries->count == 0);
	html_set_flag(v, "not_all", entries->more);
	html_set(v, "most", str_fmt(mem, "%zu", entries->count));
	for (size_t i = 0; i < view->off.count; i++)
		html_set(html_add_row(v, "off"), "off_id", id_text(mem, "cal", view->off.items[i]));
	tab_values(mem, view, v);
	legend_values(mem, view, v);
	return v;
}

err_t calendar_page_show(struct request *rq, struct response *rs)
{
	struct calendar_view view;
	struct calendar_entries entries;
	TRY(calendar_view_read(rq, &view));
	struct calendar_month *month = arena_new(rq->cx.mem, struct calendar_month);
	struct calendar_list list;
	TRY(view.kind == VIEW_MONTH ? calendar_month_read(rq, &view, &entries, month)
				    : calendar_list_read(rq, &view, &entries, &list));
	struct html_values *v = frame_values(rq, &view, &entries);
	if (view.kind == VIEW_MONTH)
		month_values(rq, &view, month, v);
	else
		list_values(rq, &view, &list, v);
	page_notice(rq, v);
	return page_reply(rs, 200, "calendar", v);
}
