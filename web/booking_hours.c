/* SPDX-License-Identifier: Apache-2.0 */
/* Hours as people write them: "9-12, 13:00–17:00". */
#include "web/booking_form.h"

#define TEXT_MAX ((size_t)64 * 1024)
#define DATE_LEN 10
#define DASH "\u2013"

/* ---- to text ---- */

/* "13:30" or "1:30 PM", as read_time() reads both. The end of a day is 24:00, or 12:00 AM. */
static void add_time(struct buf *out, int minutes, bool hours_12)
{
	int hour = minutes / 60;
	if (hours_12)
		buf_fmt(out, "%d:%02d %s", hour % 12 ? hour % 12 : 12, minutes % 60, hour % 24 < 12 ? "AM" : "PM");
	else
		buf_fmt(out, "%02d:%02d", hour, minutes % 60);
}

static void add_hours(struct buf *out, const struct day_hours *hours, bool hours_12)
{
	for (size_t i = 0; i < hours->count; i++) {
		buf_add(out, i ? STR(", ") : STR(""));
		add_time(out, hours->spans[i].from, hours_12);
		BUF_LIT(out, DASH);
		add_time(out, hours->spans[i].to, hours_12);
	}
}

struct str hours_as_text(struct arena *mem, const struct day_hours *hours, bool hours_12)
{
	struct buf out = buf_new(mem, TEXT_MAX);
	add_hours(&out, hours, hours_12);
	return str_dup(mem, buf_str(&out));
}

struct str exceptions_as_text(struct arena *mem, const struct booking_page *page, bool hours_12)
{
	struct buf out = buf_new(mem, TEXT_MAX);
	for (size_t i = 0; i < page->exception_count; i++) {
		const struct hours_exception *e = &page->exceptions[i];
		buf_fmt(&out, "%s%.*s", i ? "\n" : "", DATE_LEN,
			instant_rfc3339(mem, instant_of_s(e->day * DAY_S)).ptr);
		if (e->hours.count)
			BUF_LIT(&out, " ");
		add_hours(&out, &e->hours, hours_12);
	}
	return str_dup(mem, buf_str(&out));
}

/* ---- from text ---- */

/* "am" or "PM" at the end of an hour is taken off: 0 and 12 are what it adds; -1: there is none. */
static int cut_half(struct str *text)
{
	struct str end = str_from(*text, text->len < 2 ? 0 : text->len - 2);
	int half = str_eq_nocase(end, STR("am")) ? 0 : str_eq_nocase(end, STR("pm")) ? 12 : -1;
	if (half >= 0)
		*text = str_trim(str_sub(*text, 0, text->len - 2), STR_BLANK);
	return half;
}

/* "9", "09", "9:30", "09:30", "9 AM", "9:30pm". False: none of them. */
static bool read_time(struct arena *mem, struct str text, struct str *out)
{
	struct str rest = str_trim(text, STR_BLANK), hours;
	int half = cut_half(&rest);
	uint64_t h, m = 0;
	(void)str_cut(&rest, ':', &hours);
	if (!hours.len || hours.len > 2 || !str_to_u64(hours, half < 0 ? 24 : 12, &h) || (half >= 0 && !h))
		return false;
	if (rest.ptr && (rest.len != 2 || !str_to_u64(rest, 59, &m)))
		return false;
	if (half >= 0)
		h = h % 12 + (uint64_t)half;
	*out = str_fmt(mem, "%02d:%02d", (int)h, (int)m);
	return true;
}

/* Both sides of a dash, short or long. */
static bool read_span(struct arena *mem, struct str text, struct str *from, struct str *to)
{
	size_t at = str_find(text, STR(DASH)), len = sizeof DASH - 1;
	if (at == SIZE_MAX) {
		at = str_find(text, STR("-"));
		len = 1;
	}
	if (at == SIZE_MAX || !read_time(mem, str_sub(text, 0, at), from) ||
		!read_time(mem, str_from(text, at + len), to))
		return false;
	if (str_eq(*to, STR("00:00"))) /* 12 AM; nothing ends when its day begins */
		*to = STR("24:00");
	return true;
}

err_t hours_write(struct ctx *cx, const char *field, struct str text, const char *key, struct json *j)
{
	struct str rest = str_trim(text, STR_BLANK), one, from, to;
	json_array(j, key);
	while (rest.len && str_cut(&rest, ',', &one)) {
		if (!read_span(cx->mem, one, &from, &to))
			return REFUSE(cx, INVALID_VALUE, field,
				"Hours are written like 09:00-12:00, 13:00-17:00. An empty field is a day without "
				"any.");
		json_object(j, NULL);
		json_str(j, "start", from);
		json_str(j, "end", to);
		json_object_end(j);
	}
	json_array_end(j);
	return OK;
}

err_t exceptions_write(struct ctx *cx, const char *field, struct str text, struct json *j)
{
	struct str rest = text, line;
	json_array(j, field);
	while (rest.len && str_cut(&rest, '\n', &line)) {
		line = str_trim(line, STR_BLANK);
		if (!line.len)
			continue;
		json_object(j, NULL);
		json_str(j, "date", str_sub(line, 0, DATE_LEN));
		TRY(hours_write(cx, field, str_from(line, line.len < DATE_LEN ? line.len : DATE_LEN), "hours", j));
		json_object_end(j);
	}
	json_array_end(j);
	return OK;
}
