/* SPDX-License-Identifier: Apache-2.0 */
#include "web/booking_form.h"

#include <string.h>

#define TEXT_MAX ((size_t)64 * 1024)
#define SLUG_MAX 64

static const struct {
	const char *name;  /* of the field, and as REST has it */
	const char *shown; /* in the template */
	bool is_number;
} fields[BOOKING_FIELDS] = {
	[BOOKING_TITLE] = { "title", "f_title", false },
	[BOOKING_SLUG] = { "slug", "f_slug", false },
	[BOOKING_DESCRIPTION] = { "description", "f_description", false },
	[BOOKING_DURATIONS] = { "durations", "f_durations", false },
	[BOOKING_MONDAY] = { "monday", "f_monday", false },
	[BOOKING_MONDAY + 1] = { "tuesday", "f_tuesday", false },
	[BOOKING_MONDAY + 2] = { "wednesday", "f_wednesday", false },
	[BOOKING_MONDAY + 3] = { "thursday", "f_thursday", false },
	[BOOKING_MONDAY + 4] = { "friday", "f_friday", false },
	[BOOKING_MONDAY + 5] = { "saturday", "f_saturday", false },
	[BOOKING_SUNDAY] = { "sunday", "f_sunday", false },
	[BOOKING_EXCEPTIONS] = { "exceptions", "f_exceptions", false },
	[BOOKING_ZONE] = { "timezone", "f_timezone", false },
	[BOOKING_QUESTIONS] = { "questions", "f_questions", false },
	[BOOKING_EMBED_ORIGINS] = { "embed_origins", "f_embed_origins", false },
	[BOOKING_BUFFER_BEFORE] = { "buffer_before_minutes", "f_buffer_before_minutes", true },
	[BOOKING_BUFFER_AFTER] = { "buffer_after_minutes", "f_buffer_after_minutes", true },
	[BOOKING_NOTICE] = { "minimum_notice_minutes", "f_minimum_notice_minutes", true },
	[BOOKING_HORIZON] = { "horizon_days", "f_horizon_days", true },
	[BOOKING_STEP] = { "slot_step_minutes", "f_slot_step_minutes", true },
	[BOOKING_PER_DAY] = { "bookings_per_day", "f_bookings_per_day", true },
	[BOOKING_CALENDAR] = { "calendar_id", "f_calendar_id", false },
};

/* ---- of a page ---- */

static struct str number_text(struct arena *mem, int32_t number)
{
	return str_fmt(mem, "%d", (int)number);
}

static struct str durations_text(struct arena *mem, const struct booking_page *page)
{
	struct buf out = buf_new(mem, TEXT_MAX);
	for (size_t i = 0; i < page->duration_count; i++)
		buf_fmt(&out, "%s%d", i ? ", " : "", (int)page->durations[i]);
	return str_dup(mem, buf_str(&out));
}

/* One a line; what must be answered ends with a star. */
static struct str questions_text(struct arena *mem, const struct booking_page *page)
{
	struct buf out = buf_new(mem, TEXT_MAX);
	for (size_t i = 0; i < page->question_count; i++)
		buf_fmt(&out, "%s%.*s%s", i ? "\n" : "", STR_ARG(page->questions[i].text),
			page->questions[i].required ? " *" : "");
	return str_dup(mem, buf_str(&out));
}

static struct str lines_of(struct arena *mem, struct str_list list)
{
	struct buf out = buf_new(mem, TEXT_MAX);
	for (size_t i = 0; i < list.count; i++)
		buf_fmt(&out, "%s%.*s", i ? "\n" : "", STR_ARG(list.items[i]));
	return str_dup(mem, buf_str(&out));
}

void booking_form_of(struct arena *mem, const struct booking_page *page, bool hours_12, struct booking_form *out)
{
	struct booking_form form = {
		.is_public = page->is_public, .mail_guests = page->mail_guests, .busy = page->busy_calendars
	};
	struct str *value = form.value;
	value[BOOKING_TITLE] = page->title;
	value[BOOKING_SLUG] = page->slug;
	value[BOOKING_DESCRIPTION] = page->description;
	value[BOOKING_DURATIONS] = durations_text(mem, page);
	for (int day = 0; day < 7; day++)
		value[BOOKING_MONDAY + day] = hours_as_text(mem, &page->hours.days[day], hours_12);
	value[BOOKING_EXCEPTIONS] = exceptions_as_text(mem, page, hours_12);
	value[BOOKING_ZONE] = page->tz;
	value[BOOKING_QUESTIONS] = questions_text(mem, page);
	value[BOOKING_EMBED_ORIGINS] = lines_of(mem, page->embed_origins);
	value[BOOKING_BUFFER_BEFORE] = number_text(mem, page->buffer_before);
	value[BOOKING_BUFFER_AFTER] = number_text(mem, page->buffer_after);
	value[BOOKING_NOTICE] = number_text(mem, page->notice);
	value[BOOKING_HORIZON] = number_text(mem, page->horizon);
	value[BOOKING_STEP] = number_text(mem, page->step);
	value[BOOKING_PER_DAY] = page->per_day ? number_text(mem, page->per_day) : STR("");
	value[BOOKING_CALENDAR] = id_text(mem, "cal", page->calendar);
	*out = form;
}

/* What REST makes of a page that says nothing of it (server/api/booking_pages.c), open to anybody. */
void booking_form_fresh(struct arena *mem, struct str tz, bool hours_12, struct booking_form *out)
{
	static const int32_t half_an_hour[] = { 30 };
	struct booking_page page = { .tz = tz.len ? tz : STR("UTC"),
		.durations = half_an_hour,
		.duration_count = 1,
		.notice = 60,
		.horizon = 60,
		.step = 30,
		.is_public = true,
		.mail_guests = true };
	for (size_t day = 0; day < 5; day++)
		page.hours.days[day] = (struct day_hours){ { { 9 * 60, 17 * 60 } }, 1 };
	booking_form_of(mem, &page, hours_12, out);
	out->value[BOOKING_CALENDAR] = STR("");
}

/* ---- as it was sent ---- */

static struct str with_line_feeds(struct arena *mem, struct str text)
{
	struct buf out = buf_new(mem, text.len + 1);
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '\r')
			buf_char(&out, text.ptr[i]);
	return str_dup(mem, buf_str(&out));
}

static struct id_list ticked(struct arena *mem, const struct form *sent)
{
	struct id *ids = arena_array(mem, struct id, sent->count + 1);
	size_t count = 0;
	if (!str_eq(form_get(sent, "calendars"), STR("some")))
		return (struct id_list){ NULL, 0 };
	for (size_t i = 0; i < sent->count; i++)
		if (str_eq(sent->fields[i].name, STR("calendar")) &&
			id_parse(sent->fields[i].value, "cal", &ids[count]))
			count++;
	return (struct id_list){ ids, count };
}

void booking_form_read(struct arena *mem, const struct form *sent, struct booking_form *out)
{
	*out = (struct booking_form){
		.is_public = form_count(sent, "is_public") > 0,
		.mail_guests = form_count(sent, "mail_guests") > 0,
		.busy = ticked(mem, sent),
	};
	for (size_t i = 0; i < BOOKING_FIELDS; i++)
		out->value[i] = str_trim(with_line_feeds(mem, form_get(sent, fields[i].name)), " \t\n");
}

void booking_form_values(struct html_values *v, const struct booking_form *form)
{
	for (size_t i = 0; i < BOOKING_FIELDS; i++)
		html_set(v, fields[i].shown, form->value[i]);
	html_set_flag(v, "is_public", form->is_public);
	html_set_flag(v, "mail_guests", form->mail_guests);
	html_set_flag(v, "only_some", form->busy.items != NULL);
}

/* ---- to a body ---- */

/* "Café & Kuchen 2027" is "caf-kuchen-2027". */
static struct str slug_of(struct arena *mem, struct str title)
{
	struct buf out = buf_new(mem, SLUG_MAX + 1);
	for (size_t i = 0; i < title.len && out.len < SLUG_MAX; i++) {
		char c = char_lower(title.ptr[i]);
		if (char_is_alpha(c) || char_is_digit(c))
			buf_char(&out, c);
		else if (out.len && out.ptr[out.len - 1] != '-')
			buf_char(&out, '-');
	}
	return str_dup(mem, str_trim(buf_str(&out), "-"));
}

static err_t write_number(struct ctx *cx, const char *name, struct str text, struct json *j)
{
	uint64_t number;
	if (!str_to_u64(text, INT32_MAX, &number))
		return REFUSE(cx, INVALID_VALUE, name, "This is not a whole number.");
	json_int(j, name, (int64_t)number);
	return OK;
}

/* What is empty and has no meaning then is as it was, or as new ones are. */
static err_t write_numbers(struct ctx *cx, const struct booking_form *form, struct json *j)
{
	for (size_t i = 0; i < BOOKING_FIELDS; i++)
		if (fields[i].is_number && form->value[i].len)
			TRY(write_number(cx, fields[i].name, form->value[i], j));
	if (!form->value[BOOKING_PER_DAY].len)
		json_null(j, fields[BOOKING_PER_DAY].name);
	return OK;
}

static err_t write_durations(struct ctx *cx, struct str text, struct json *j)
{
	struct str rest = text, one;
	uint64_t minutes;
	json_array(j, "durations");
	while (rest.len && str_cut(&rest, ',', &one)) {
		if (!str_to_u64(str_trim(one, STR_BLANK), INT32_MAX, &minutes))
			return REFUSE(cx, INVALID_VALUE, "durations",
				"Lengths are whole minutes with commas between them, like 30, 60.");
		json_object(j, NULL);
		json_int(j, "minutes", (int64_t)minutes);
		json_object_end(j);
	}
	json_array_end(j);
	return OK;
}

static void write_questions(struct str text, struct json *j)
{
	struct str rest = text, line;
	json_array(j, "questions");
	while (rest.len && str_cut(&rest, '\n', &line)) {
		line = str_trim(line, STR_BLANK);
		bool required = str_ends(line, STR("*"));
		if (required)
			line = str_trim(str_sub(line, 0, line.len - 1), STR_BLANK);
		if (!line.len)
			continue;
		json_object(j, NULL);
		json_str(j, "question", line);
		json_bool(j, "required", required);
		json_object_end(j);
	}
	json_array_end(j);
}

static void write_origins(struct str text, struct json *j)
{
	struct str rest = text, line;
	json_array(j, "embed_origins");
	while (rest.len && str_cut(&rest, '\n', &line)) {
		line = str_trim(line, STR_BLANK);
		if (line.len)
			json_str(j, NULL, line);
	}
	json_array_end(j);
}

static err_t write_hours(struct ctx *cx, const struct booking_form *form, struct json *j)
{
	json_object(j, "working_hours");
	for (size_t i = BOOKING_MONDAY; i <= BOOKING_SUNDAY; i++)
		TRY(hours_write(cx, fields[i].name, form->value[i], fields[i].name, j));
	json_object_end(j);
	return OK;
}

static void write_calendars(struct arena *mem, const struct booking_form *form, struct json *j)
{
	json_str_if(j, "calendar_id", form->value[BOOKING_CALENDAR].len ? form->value[BOOKING_CALENDAR] : STR_ABSENT);
	if (!form->busy.items) {
		json_null(j, "busy_calendar_ids");
		return;
	}
	json_array(j, "busy_calendar_ids");
	for (size_t i = 0; i < form->busy.count; i++)
		json_str(j, NULL, id_text(mem, "cal", form->busy.items[i]));
	json_array_end(j);
}

err_t booking_form_body(struct ctx *cx, const struct booking_form *form, struct buf *out)
{
	const struct str *value = form->value;
	struct json j = json_begin(out);
	struct str slug = value[BOOKING_SLUG].len ? value[BOOKING_SLUG] : slug_of(cx->mem, value[BOOKING_TITLE]);
	json_object(&j, NULL);
	json_str(&j, "title", value[BOOKING_TITLE]);
	json_str(&j, "slug", slug);
	json_str(&j, "description", value[BOOKING_DESCRIPTION].len ? value[BOOKING_DESCRIPTION] : STR_ABSENT);
	json_str(&j, "timezone", value[BOOKING_ZONE]);
	TRY(write_durations(cx, value[BOOKING_DURATIONS], &j));
	TRY(write_hours(cx, form, &j));
	TRY(exceptions_write(cx, "exceptions", value[BOOKING_EXCEPTIONS], &j));
	write_questions(value[BOOKING_QUESTIONS], &j);
	write_origins(value[BOOKING_EMBED_ORIGINS], &j);
	TRY(write_numbers(cx, form, &j));
	write_calendars(cx->mem, form, &j);
	json_bool(&j, "is_public", form->is_public);
	json_bool(&j, "mail_guests", form->mail_guests);
	json_object_end(&j);
	return OK;
}

struct str booking_form_field_of(struct arena *mem, struct str param)
{
	struct str rest =
		str_starts(param, STR("working_hours.")) ? str_from(param, sizeof "working_hours." - 1) : param;
	struct str name = STR_ABSENT;
	if (!param.len)
		return STR_ABSENT;
	(void)str_cut(&rest, '[', &name);
	return str_dup(mem, name);
}
