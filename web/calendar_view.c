/* SPDX-License-Identifier: Apache-2.0 */
#include "web/calendar_view.h"

#include "caldav/calendar/sandbox.h"
#include "web/manner.h"

#define AGENDA_DAYS 30
#define HREF_MAX KIB(16)
/* Around the day that is looked at, when words are sought. */
#define SOUGHT_BEFORE 366
#define SOUGHT_DAYS (4 * 366)

static const char *const names[CALENDAR_VIEWS] = {
	[VIEW_MONTH] = "month", [VIEW_WEEK] = "week", [VIEW_DAY] = "day", [VIEW_AGENDA] = "agenda"
};

const struct zone *viewer_zone(const struct request *rq)
{
	const struct zone *zone = rq->principal->tz.len ? zone_by_name(rq->principal->tz) : NULL;
	return zone ? zone : zone_utc();
}

bool calendar_in_test(struct request *rq)
{
	const struct form *params;
	err_t e = request_params(rq, &params);
	return (!e && str_eq(form_get(params, "mode"), STR("test"))) ||
	       str_eq(form_get(&rq->form, "mode"), STR("test"));
}

err_t calendar_actor(struct request *rq, bool test, struct actor *out)
{
	struct actor actor = actor_own(rq->principal);
	actor.owner = id_in_mode(actor.owner, test);
	if (test)
		TRY(sandbox_ahead(&rq->cx, actor.owner, &rq->cx.ahead_s));
	*out = actor;
	return OK;
}

/* ---- which days ---- */

static int64_t month_first(int64_t day)
{
	int64_t year;
	int month, of_month;
	civil_from_days(day, &year, &month, &of_month);
	return days_from_civil(year, month, 1);
}

/* The same day so many months on, or the last of that month. */
static int64_t month_add(int64_t day, int months)
{
	int64_t year, next_first;
	int month, of_month;
	civil_from_days(day, &year, &month, &of_month);
	int64_t index = year * 12 + month - 1 + months;
	int64_t first = days_from_civil(floor_div(index, 12), (int)floor_mod(index, 12) + 1, 1);
	next_first = days_from_civil(floor_div(index + 1, 12), (int)floor_mod(index + 1, 12) + 1, 1);
	int64_t same = first + of_month - 1;
	return same < next_first ? same : next_first - 1;
}

static void choose_days(struct request *rq, struct calendar_view *v)
{
	switch (v->kind) {
	case VIEW_WEEK:
		v->first = week_begin(rq, v->day);
		v->count = 7;
		return;
	case VIEW_DAY:
		v->first = v->day;
		v->count = 1;
		return;
	case VIEW_AGENDA:
		v->first = v->q.ptr ? v->day - SOUGHT_BEFORE : v->day;
		v->count = v->q.ptr ? SOUGHT_DAYS : AGENDA_DAYS;
		return;
	case VIEW_MONTH:
	case CALENDAR_VIEWS:
		v->first = week_begin(rq, month_first(v->day));
		v->count = week_begin(rq, month_add(month_first(v->day), 1) + 6) - v->first;
	}
}

int64_t calendar_step(const struct calendar_view *view, int direction)
{
	switch (view->kind) {
	case VIEW_MONTH:
		return month_add(month_first(view->day), direction);
	case VIEW_WEEK:
		return view->day + 7 * direction;
	case VIEW_DAY:
		return view->day + direction;
	case VIEW_AGENDA:
	case CALENDAR_VIEWS:
		break;
	}
	return direction > 0 && !view->q.ptr ? view->first + view->count : view->day + AGENDA_DAYS * direction;
}

/* ---- the query ---- */

static enum calendar_view_kind kind_of(struct str text)
{
	for (size_t i = 0; i < CALENDAR_VIEWS; i++)
		if (str_eq(text, str_of(names[i])))
			return (enum calendar_view_kind)i;
	return VIEW_MONTH;
}

static struct id_list read_off(struct arena *mem, const struct form *params)
{
	struct id *ids = arena_array(mem, struct id, params->count + 1);
	size_t count = 0;
	for (size_t i = 0; i < params->count; i++)
		if (str_eq(params->fields[i].name, STR("off")) && id_parse(params->fields[i].value, "cal", &ids[count]))
			count++;
	return (struct id_list){ ids, count };
}

err_t calendar_view_read(struct request *rq, struct calendar_view *out)
{
	const struct form *params;
	struct calendar_view v = { .zone = viewer_zone(rq), .test = calendar_in_test(rq) };
	int64_t farthest = days_from_civil(9998, 1, 1);
	TRY(request_params(rq, &params));
	TRY(calendar_actor(rq, v.test, &v.actor));
	TRY(calendar_list(&rq->cx, &v.actor, &v.calendars, &v.calendar_count));
	v.hues = calendar_hues(rq->cx.mem, v.calendars, v.calendar_count);
	v.off = read_off(rq->cx.mem, params);
	v.q = str_trim(form_get(params, "q"), STR_BLANK);
	if (!v.q.len)
		v.q = STR_ABSENT;
	v.kind = v.q.ptr ? VIEW_AGENDA : kind_of(form_get(params, "view"));
	v.today = floor_div(zone_to_local(v.zone, instant_s(account_now(&rq->cx))), DAY_S);
	if (!day_parse(form_get(params, "date"), &v.day) || v.day > farthest || v.day < -farthest / 4)
		v.day = v.today;
	choose_days(rq, &v);
	*out = v;
	return OK;
}

struct str calendar_href(struct arena *mem, const struct calendar_view *view, enum calendar_view_kind kind, int64_t day)
{
	struct buf out = buf_new(mem, HREF_MAX);
	BUF_LIT(&out, "/calendar?");
	form_add(&out, "view", str_of(names[kind]));
	form_add(&out, "date", day_text(mem, day));
	if (view->test)
		form_add(&out, "mode", STR("test"));
	for (size_t i = 0; i < view->off.count; i++)
		form_add(&out, "off", id_text(mem, "cal", view->off.items[i]));
	return buf_str(&out);
}

/* ---- calendars ---- */

size_t calendar_view_find(const struct calendar_view *view, struct id calendar)
{
	for (size_t i = 0; i < view->calendar_count; i++)
		if (id_eq(view->calendars[i].id, calendar))
			return i;
	return SIZE_MAX;
}

bool calendar_is_shown(const struct calendar_view *view, const struct calendar *calendar)
{
	for (size_t i = 0; i < view->off.count; i++)
		if (id_eq(view->off.items[i], calendar->id))
			return false;
	return calendar->selected;
}
