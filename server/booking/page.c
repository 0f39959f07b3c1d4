/* SPDX-License-Identifier: Apache-2.0 */
#include "server/booking/page.h"

#include "server/base/config.h"
#include "server/db/query.h"
#include "sql.h"

/* As it is stored: the hours are numbers in a list. */
struct page_row {
	struct id account, id;
	struct str slug, title, description, color, tz;
	struct int32_list durations, hours, exceptions;
	int32_t buffer_before, buffer_after, notice, step, horizon, per_day;
	struct id_list busy_calendars;
	struct id calendar;
	bool active, mail_guests, is_public;
	struct str_list questions;
	struct bool_list must_answer;
	struct str_list embed_origins;
	int64_t version;
	struct instant created_at, updated_at;
};

#define PAGE_COLS                                                                                                      \
	account, id, slug, title, description, color, tz, durations, hours, exceptions, buffer_before, buffer_after,   \
		notice, step, horizon, per_day, busy_calendars, calendar, active, mail_guests, is_public, questions,   \
		must_answer, embed_origins, version, created_at, updated_at
DB_RESULT(booking_page_get, struct page_row, PAGE_COLS);
DB_RESULT(booking_page_by_slug, struct page_row, PAGE_COLS);
DB_RESULT(booking_page_public, struct page_row, PAGE_COLS);
DB_RESULT(booking_page_older, struct page_row, PAGE_COLS);
DB_RESULT(booking_page_newer, struct page_row, PAGE_COLS);

struct created_row {
	struct str outcome;
};
DB_RESULT(booking_page_create, struct created_row, outcome);

bool booking_slug_fine(struct str slug)
{
	for (size_t i = 0; i < slug.len; i++) {
		char c = slug.ptr[i];
		bool dash = c == '-', edge = i == 0 || i + 1 == slug.len || slug.ptr[i - 1] == '-';
		if (!(c >= 'a' && c <= 'z') && !char_is_digit(c) && !(dash && !edge))
			return false;
	}
	return slug.len >= 3 && slug.len <= 64;
}

struct str booking_zone_name(const struct zone *zone)
{
	return zone == zone_utc() || zone == zone_by_name(STR("UTC")) ? STR("UTC") : zone_name(zone);
}

/* ---- from a row and to one ---- */

/* Exceptions: their triples stand in order, several of one day one after the other. */
static void read_exceptions(struct arena *mem, struct int32_list list, struct booking_page *out)
{
	struct hours_exception *items = arena_array(mem, struct hours_exception, list.count / 3 + 1);
	size_t count = 0;
	for (size_t i = 0; i + 2 < list.count; i += 3) {
		if (count == 0 || items[count - 1].day != list.items[i])
			items[count++].day = list.items[i];
		struct day_hours *hours = &items[count - 1].hours;
		if (list.items[i + 1] >= 0 && hours->count < HOURS_A_DAY_MAX)
			hours->spans[hours->count++] = (struct day_span){ list.items[i + 1], list.items[i + 2] };
	}
	out->exceptions = items;
	out->exception_count = count;
}

static void read_questions(struct arena *mem, const struct page_row *row, struct booking_page *out)
{
	struct booking_question *items = arena_array(mem, struct booking_question, row->questions.count + 1);
	for (size_t i = 0; i < row->questions.count; i++)
		items[i] = (struct booking_question){ row->questions.items[i],
			i < row->must_answer.count && row->must_answer.items[i] };
	out->questions = items;
	out->question_count = row->questions.count;
}

static void page_of(struct arena *mem, const struct page_row *row, struct booking_page *out)
{
	*out = (struct booking_page){
		.account = row->account,
		.id = row->id,
		.slug = row->slug,
		.title = row->title,
		.description = row->description,
		.color = row->color,
		.tz = row->tz,
		.durations = row->durations.items,
		.duration_count = row->durations.count,
		.buffer_before = row->buffer_before,
		.buffer_after = row->buffer_after,
		.notice = row->notice,
		.step = row->step,
		.horizon = row->horizon,
		.per_day = row->per_day,
		.busy_calendars = row->busy_calendars,
		.calendar = row->calendar,
		.active = row->active,
		.mail_guests = row->mail_guests,
		.is_public = row->is_public,
		.embed_origins = row->embed_origins,
		.version = row->version,
		.created_at = row->created_at,
		.updated_at = row->updated_at,
	};
	for (size_t i = 0; i + 1 < row->hours.count; i += 2) {
		int32_t from = row->hours.items[i], day = from / DAY_MINUTES % 7;
		struct day_hours *hours = &out->hours.days[day];
		if (hours->count < HOURS_A_DAY_MAX)
			hours->spans[hours->count++] = (struct day_span){ from - day * DAY_MINUTES,
				row->hours.items[i + 1] - day * DAY_MINUTES };
	}
	read_exceptions(mem, row->exceptions, out);
	read_questions(mem, row, out);
}

static struct int32_list hours_list(struct arena *mem, const struct working_hours *hours)
{
	int32_t *items = arena_array(mem, int32_t, (size_t)7 * HOURS_A_DAY_MAX * 2 + 1);
	size_t count = 0;
	for (int day = 0; day < 7; day++)
		for (size_t i = 0; i < hours->days[day].count; i++) {
			items[count++] = day * DAY_MINUTES + hours->days[day].spans[i].from;
			items[count++] = day * DAY_MINUTES + hours->days[day].spans[i].to;
		}
	return (struct int32_list){ items, count };
}

static struct int32_list exceptions_list(struct arena *mem, const struct booking_page *page)
{
	int32_t *items = arena_array(mem, int32_t, page->exception_count * HOURS_A_DAY_MAX * 3 + 1);
	size_t count = 0;
	for (size_t i = 0; i < page->exception_count; i++) {
		const struct hours_exception *e = &page->exceptions[i];
		for (size_t k = 0; k < e->hours.count || k == 0; k++) {
			bool closed = e->hours.count == 0;
			items[count++] = (int32_t)e->day;
			items[count++] = closed ? -1 : e->hours.spans[k].from;
			items[count++] = closed ? -1 : e->hours.spans[k].to;
		}
	}
	return (struct int32_list){ items, count };
}

static struct str_list questions_list(struct arena *mem, const struct booking_page *page)
{
	struct str *items = arena_array(mem, struct str, page->question_count + 1);
	for (size_t i = 0; i < page->question_count; i++)
		items[i] = page->questions[i].text;
	return (struct str_list){ items, page->question_count };
}

static struct bool_list must_list(struct arena *mem, const struct booking_page *page)
{
	bool *items = arena_array(mem, bool, page->question_count + 1);
	for (size_t i = 0; i < page->question_count; i++)
		items[i] = page->questions[i].required;
	return (struct bool_list){ items, page->question_count };
}

/* None is an empty list there. */
static struct str_list origins_list(const struct booking_page *page)
{
	static const struct str nothing;
	return page->embed_origins.count ? page->embed_origins : (struct str_list){ &nothing, 0 };
}

#define IN_PAGE(mem, p)                                                                                                \
	IN((p)->account), IN((p)->id), IN((p)->slug), IN((p)->title), IN((p)->description), IN((p)->color),            \
		IN((p)->tz), IN(((struct int32_list){ (p)->durations, (p)->duration_count })),                         \
		IN(hours_list((mem), &(p)->hours)), IN(exceptions_list((mem), (p))), IN((p)->buffer_before),           \
		IN((p)->buffer_after), IN((p)->notice), IN((p)->step), IN((p)->horizon), IN((p)->per_day),             \
		IN((p)->busy_calendars), IN((p)->calendar), IN((p)->active), IN((p)->mail_guests), IN((p)->is_public), \
		IN(questions_list((mem), (p))), IN(must_list((mem), (p))), IN(origins_list(p))

/* ---- operations ---- */

static err_t slug_taken(struct ctx *cx)
{
	return REFUSE(cx, CONFLICT, "slug", "Another page of this server has this slug. Choose another.");
}

err_t booking_page_create(struct ctx *cx, const struct booking_page *page)
{
	struct created_row made;
	TRY(db_row(cx, &sql_booking_page_create, ROW(booking_page_create, &made), IN_PAGE(cx->mem, page)));
	if (str_eq(made.outcome, STR("taken")))
		return slug_taken(cx);
	if (str_eq(made.outcome, STR("full")))
		return REFUSE(cx, FORBIDDEN, "",
			"There are %d booking pages already, which is as many as there can be. Delete one.",
			BOOKING_PAGES_MAX);
	return OK;
}

err_t booking_page_change(struct ctx *cx, const struct booking_page *page)
{
	size_t changed;
	err_t e = db_exec(cx, &sql_booking_page_change, &changed, IN_PAGE(cx->mem, page), IN(page->version));
	if (err_is(e, CONFLICT))
		return slug_taken(cx);
	TRY(e);
	return changed ? OK : FAIL(cx, PRECONDITION, "another version of the page");
}

err_t booking_page_delete(struct ctx *cx, struct id account, struct id page, int64_t version)
{
	size_t gone;
	TRY(db_exec(cx, &sql_booking_page_delete, &gone, IN(account), IN(page), IN(version)));
	if (gone)
		return OK;
	return version ? FAIL(cx, PRECONDITION, "another version of the page") : FAIL(cx, NOT_FOUND, "the page");
}

err_t booking_page_get(struct ctx *cx, const struct actor *actor, struct id id, struct booking_page *out)
{
	struct page_row row;
	TRY(db_row(cx, &sql_booking_page_get, ROW(booking_page_get, &row), IN(actor->owner), IN(actor->calendars),
		IN(id)));
	page_of(cx->mem, &row, out);
	return OK;
}

err_t booking_page_by_slug(struct ctx *cx, const struct actor *actor, struct str slug, struct booking_page *out)
{
	struct page_row row;
	if (!booking_slug_fine(slug))
		return FAIL(cx, NOT_FOUND, "no slug");
	TRY(db_row(cx, &sql_booking_page_by_slug, ROW(booking_page_by_slug, &row), IN(actor->owner),
		IN(actor->calendars), IN(slug)));
	page_of(cx->mem, &row, out);
	return OK;
}

err_t booking_page_public(struct ctx *cx, struct str slug, struct booking_page *out)
{
	struct page_row row;
	if (!booking_slug_fine(slug))
		return FAIL(cx, NOT_FOUND, "no slug");
	TRY(db_row(cx, &sql_booking_page_public, ROW(booking_page_public, &row), IN(slug)));
	page_of(cx->mem, &row, out);
	return OK;
}

struct str booking_page_url(struct ctx *cx, const struct booking_page *page)
{
	return str_fmt(cx->mem, "%.*s/book/%.*s", STR_ARG(cx->config->public_url), STR_ARG(page->slug));
}

err_t booking_page_page(struct ctx *cx, const struct actor *actor, struct id bound, bool back, size_t limit,
	struct booking_page **out, size_t *count_out)
{
	struct page_row *rows;
	size_t count;
	if (back)
		TRY(db_rows(cx, &sql_booking_page_newer, booking_page_newer, &rows, &count, IN(actor->owner),
			IN(actor->calendars), IN(bound), IN((int32_t)limit)));
	else
		TRY(db_rows(cx, &sql_booking_page_older, booking_page_older, &rows, &count, IN(actor->owner),
			IN(actor->calendars), IN(bound), IN((int32_t)limit)));
	struct booking_page *pages = arena_array(cx->mem, struct booking_page, count + 1);
	for (size_t i = 0; i < count; i++)
		page_of(cx->mem, &rows[i], &pages[i]);
	*out = pages;
	*count_out = count;
	return OK;
}
