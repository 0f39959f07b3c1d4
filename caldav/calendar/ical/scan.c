/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/ical/scan.h"

#include <string.h>

struct scanner {
	struct ctx *cx;
	struct scan counts;
	struct str open[SCAN_DEPTH_MAX]; /* names of the components that we are in */
	size_t depth, line, timezones, dates, rules;
	bool ended;    /* END:VCALENDAR was seen */
	bool foldable; /* the line before may go on */

	/* The content line at hand, which folds continue. */
	size_t line_parameters;
	bool in_value, in_quotes, is_dates;
};

#define BAD(s, ...) REFUSE((s)->cx, ICAL_DATA, "", __VA_ARGS__)
#define LINE(s) (int)(s)->line

/* ---- components ---- */

static err_t component_begin(struct scanner *s, struct str name)
{
	if (!s->depth && (s->ended || s->counts.components))
		return BAD(s, "line %d: a second component behind the VCALENDAR", LINE(s));
	if (!s->depth && !str_eq_nocase(name, STR("VCALENDAR")))
		return BAD(s, "line %d: BEGIN:VCALENDAR expected", LINE(s));
	if (s->depth && str_eq_nocase(name, STR("VCALENDAR")))
		return BAD(s, "line %d: VCALENDAR inside a component", LINE(s));
	if (s->depth == SCAN_DEPTH_MAX)
		return BAD(s, "line %d: components are nested too deeply", LINE(s));
	if (++s->counts.components > SCAN_COMPONENTS_MAX)
		return BAD(s, "line %d: too many components (%d)", LINE(s), SCAN_COMPONENTS_MAX);
	if (str_eq_nocase(name, STR("VTIMEZONE")) && ++s->timezones > SCAN_TIMEZONES_MAX)
		return BAD(s, "line %d: too many VTIMEZONEs (%d)", LINE(s), SCAN_TIMEZONES_MAX);
	s->open[s->depth++] = name;
	return OK;
}

static err_t component_end(struct scanner *s, struct str name)
{
	if (!s->depth || !str_eq_nocase(s->open[s->depth - 1], name))
		return BAD(s, "line %d: END:%.*s without its BEGIN", LINE(s), STR_ARG(str_sub(name, 0, 40)));
	s->ended = --s->depth == 0;
	return OK;
}

/* ---- content lines ---- */

static bool is_name_char(char c)
{
	return char_is_alpha(c) || char_is_digit(c) || c == '-' || c == '_' || c == '.';
}

/* Parameters and the colon; commas of date lists. `rest` is the line behind its name, or a fold. */
static err_t rest_count(struct scanner *s, struct str rest)
{
	for (size_t i = 0; i < rest.len && !s->in_value; i++) {
		char c = rest.ptr[i];
		if (c == '"')
			s->in_quotes = !s->in_quotes;
		else if (c == ';' && !s->in_quotes && ++s->line_parameters > SCAN_PARAMETERS_MAX)
			return BAD(s, "line %d: too many parameters (%d)", LINE(s), SCAN_PARAMETERS_MAX);
		else if (c == ':' && !s->in_quotes) {
			s->in_value = true;
			rest = str_from(rest, i);
		}
	}
	if (s->in_value && s->is_dates)
		for (size_t i = 0; i < rest.len; i++)
			s->dates += rest.ptr[i] == ',';
	if (s->dates > SCAN_DATES_MAX)
		return BAD(s, "line %d: too many dates in EXDATE and RDATE (%d)", LINE(s), SCAN_DATES_MAX);
	return OK;
}

/* The content line before this one is over. */
static err_t line_finish(struct scanner *s)
{
	if (s->line > 1 && s->counts.components && !s->in_value)
		return BAD(s, "line %d: a property without a colon%s", LINE(s) - 1,
			s->in_quotes ? " (a quote is not closed)" : "");
	s->counts.parameters += s->line_parameters;
	return OK;
}

static err_t line_begin(struct scanner *s, struct str line)
{
	size_t n = 0;
	while (n < line.len && is_name_char(line.ptr[n]))
		n++;
	struct str name = str_sub(line, 0, n);
	if (!n || n == line.len || (line.ptr[n] != ':' && line.ptr[n] != ';'))
		return BAD(s, "line %d: not a property (NAME:value expected)", LINE(s));
	s->line_parameters = 0;
	s->in_value = s->in_quotes = false;
	s->is_dates = str_eq_nocase(name, STR("EXDATE")) || str_eq_nocase(name, STR("RDATE"));
	s->dates += s->is_dates;
	s->rules += str_eq_nocase(name, STR("RRULE")) || str_eq_nocase(name, STR("EXRULE"));
	if (s->rules > SCAN_RULES_MAX)
		return BAD(s, "line %d: too many recurrence rules (%d)", LINE(s), SCAN_RULES_MAX);
	s->foldable = false; /* a fold in these two would make of them what was not counted here */
	struct str value = str_trim(str_from(line, n + 1), " \t");
	if (line.ptr[n] == ':' && str_eq_nocase(name, STR("BEGIN"))) {
		TRY(component_begin(s, value));
	} else if (line.ptr[n] == ':' && str_eq_nocase(name, STR("END"))) {
		TRY(component_end(s, value));
	} else {
		s->foldable = true;
		if (!s->depth)
			return BAD(s, "line %d: %s", LINE(s),
				s->ended ? "something behind the VCALENDAR" : "BEGIN:VCALENDAR expected");
		if (++s->counts.properties > SCAN_PROPERTIES_MAX)
			return BAD(s, "line %d: too many properties (%d)", LINE(s), SCAN_PROPERTIES_MAX);
	}
	return rest_count(s, str_from(line, n));
}

static bool is_blank(struct str line)
{
	return !str_trim(line, STR_BLANK).len;
}

/* ---- octets ---- */

/* Eight octets at once: is each printable ASCII or the like (no control, no high bit)? */
static bool plain_eight(const char *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof word);
	uint64_t high = word & UINT64_C(0x8080808080808080);
	uint64_t low = (word - UINT64_C(0x2020202020202020)) & ~word & UINT64_C(0x8080808080808080);
	uint64_t del = word ^ UINT64_C(0x7F7F7F7F7F7F7F7F);
	del = (del - UINT64_C(0x0101010101010101)) & ~del & UINT64_C(0x8080808080808080);
	return !(high | low | del);
}

/* No control characters but TAB; UTF-8 (RFC 5545 §3.1, §3.1.4). */
static err_t octets_check(struct scanner *s, struct str line)
{
	bool ascii = true;
	size_t i = 0;
	while (i < line.len) {
		if (line.len - i >= 8 && plain_eight(line.ptr + i)) {
			i += 8;
			continue;
		}
		unsigned char c = (unsigned char)line.ptr[i++];
		if ((c < 0x20 && c != '\t') || c == 0x7F)
			return BAD(s, "line %d: control character 0x%02X", LINE(s), c);
		ascii = ascii && c < 0x80;
	}
	if (!ascii && !str_is_utf8(line))
		return BAD(s, "line %d: not UTF-8", LINE(s));
	return OK;
}

static err_t line_scan(struct scanner *s, struct str line)
{
	s->line++;
	if (line.len > SCAN_LINE_MAX)
		return BAD(s, "line %d: longer than %d octets", LINE(s), (int)SCAN_LINE_MAX);
	TRY(octets_check(s, line));
	if (!line.len || (is_blank(line) && (s->ended || !s->counts.components))) {
		s->foldable = false;
		return OK; /* sloppy but harmless */
	}
	if (line.ptr[0] != ' ' && line.ptr[0] != '\t') {
		TRY(line_finish(s));
		return line_begin(s, line);
	}
	if (!s->foldable)
		return BAD(s, "line %d: a continuation of nothing", LINE(s));
	return rest_count(s, str_from(line, 1));
}

err_t scan_ical(struct ctx *cx, struct str data, struct scan *out)
{
	struct scanner s = { .cx = cx };
	if (str_starts(data, STR("\xEF\xBB\xBF")))
		data = str_from(data, 3);
	const char *at = data.ptr, *end = data.ptr + data.len, *text_end = at;
	while (at < end) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		struct str line = { at, (size_t)((feed ? feed : end) - at) };
		at = feed ? feed + 1 : end;
		if (line.len && line.ptr[line.len - 1] == '\r')
			line.len--;
		bool was_open = !s.ended;
		TRY(line_scan(&s, line));
		if (was_open)
			text_end = at;
	}
	if (!s.ended)
		return BAD(&s, s.depth ? "END:%.*s is missing" : "BEGIN:VCALENDAR is missing",
			STR_ARG(s.depth ? s.open[s.depth - 1] : STR("")));
	s.counts.text = (struct str){ data.ptr, (size_t)(text_end - data.ptr) };
	*out = s.counts;
	return OK;
}
