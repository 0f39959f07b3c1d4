/* SPDX-License-Identifier: Apache-2.0 */
/* Reading of rules that name a calendar (RFC 7529 §4): libical's part of them, ours, and what is supported of both. */
#include <stdlib.h>

#include "caldav/calendar/recur/rscale_private.h"
#include "server/base/buf.h"

#define TEXT_MAX 1000 /* octets of a rule that names a calendar */

static void part_add(struct buf *out, struct str part)
{
	if (out->len)
		buf_char(out, ';');
	buf_add(out, part);
}

/*
 * The rule as two: what libical reads, and all else. UNTIL above all is none of its business: it would make its table
 * of time zones for it.
 */
static void split(struct ctx *cx, struct str text, struct str *theirs_out, struct str *ours_out)
{
	static const struct str names[] = { STR_INIT("RSCALE"), STR_INIT("SKIP"), STR_INIT("BYMONTH"),
		STR_INIT("BYMONTHDAY") };
	struct buf theirs = buf_new(cx->mem, text.len + 32), ours = buf_new(cx->mem, text.len + 1);
	struct str part;
	BUF_LIT(&theirs, "FREQ=YEARLY");
	while (str_cut(&text, ';', &part)) {
		struct str value = part, name;
		bool is_theirs = false;
		str_cut(&value, '=', &name);
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			is_theirs = is_theirs || str_eq_nocase(str_trim(name, STR_BLANK), names[i]);
		part_add(is_theirs ? &theirs : &ours, part);
	}
	*theirs_out = buf_str(&theirs);
	*ours_out = buf_str(&ours);
}

static err_t months_read(struct ctx *cx, const struct icalrecurrencetype *r, struct rscale *s)
{
	int most = months_most(s->calendar);
	for (size_t i = 0; i < ICAL_BY_MONTH_SIZE && r->by_month[i] != ICAL_RECURRENCE_ARRAY_MAX; i++) {
		int number = icalrecurrencetype_month_month(r->by_month[i]);
		if (number < 1 || number > most)
			return REFUSE(cx, ICAL_DATA, "RRULE", "RRULE: this calendar has no month %d", number);
		*(icalrecurrencetype_month_is_leap(r->by_month[i]) ? &s->leap_months : &s->months) |= UINT32_C(1)
												      << number;
	}
	return OK;
}

static err_t days_read(struct ctx *cx, const struct icalrecurrencetype *r, struct rscale *s)
{
	for (size_t i = 0; i < ICAL_BY_MONTHDAY_SIZE && r->by_month_day[i] != ICAL_RECURRENCE_ARRAY_MAX; i++) {
		int n = r->by_month_day[i];
		if (!n || n > 32 || n < -32)
			return REFUSE(cx, ICAL_DATA, "RRULE", "RRULE: BYMONTHDAY=%d is no day", n);
		*(n > 0 ? &s->days : &s->days_from_end) |= UINT64_C(1) << (n > 0 ? n : -n);
	}
	return OK;
}

/* What libical makes of the text: checked by us, since it takes much and drops more. */
static err_t theirs_read(struct ctx *cx, struct str text, struct icalrecurrencetype *r, struct rscale *s)
{
	static const struct str once[] = { STR_INIT("RSCALE"), STR_INIT("SKIP"), STR_INIT("BYMONTH"),
		STR_INIT("BYMONTHDAY") };
	struct str rest = text, part, name;
	unsigned seen = 0;
	s->calendar = months_calendar(str_of(r->rscale));
	if (!s->calendar)
		return REFUSE(cx, ICAL_RSCALE, "RRULE", "RSCALE=%.40s is no calendar that is supported", r->rscale);
	s->skip = r->skip;
	TRY(months_read(cx, r, s));
	TRY(days_read(cx, r, s));
	while (str_cut(&rest, ';', &part)) {
		str_cut(&part, '=', &name);
		name = str_trim(name, STR_BLANK);
		for (unsigned i = 0; i < ARRAY_LEN(once); i++) {
			if (!str_eq_nocase(name, once[i]))
				continue;
			if (seen & 1U << i)
				return REFUSE(cx, ICAL_DATA, "RRULE", "RRULE has %.*s twice", STR_ARG(name));
			seen |= 1U << i;
		}
		bool missed = (str_eq_nocase(name, STR("BYMONTH")) && !has_months(s)) ||
			      (str_eq_nocase(name, STR("BYMONTHDAY")) && !has_days(s)) ||
			      (str_eq_nocase(name, STR("SKIP")) && r->skip == ICAL_SKIP_UNDEFINED);
		if (missed)
			return REFUSE(cx, ICAL_DATA, "RRULE", "RRULE: %.*s=%.*s is not valid", STR_ARG(name),
				STR_ARG(str_sub(part, 0, 40)));
	}
	return OK;
}

static err_t supported(struct ctx *cx, const struct rrule *rule, const struct rscale *s)
{
	bool by_months = has_months(s) || has_days(s);
	if (rule->parts & (RRULE_BYYEARDAY | RRULE_BYWEEKNO))
		return REFUSE(
			cx, ICAL_RSCALE, "RRULE", "BYYEARDAY and BYWEEKNO are not supported together with RSCALE");
	if (rule->freq < RRULE_DAILY && by_months)
		return REFUSE(cx, ICAL_RSCALE, "RRULE", "a FREQ below DAILY is not supported together with RSCALE");
	if (rule->freq == RRULE_WEEKLY && by_months && (rule->parts & RRULE_BYSETPOS))
		return REFUSE(cx, ICAL_RSCALE, "RRULE", "BYSETPOS in weeks is not supported together with RSCALE");
	return OK;
}

static bool names_calendar(struct str text)
{
	struct str part, name;
	while (str_cut(&text, ';', &part)) {
		str_cut(&part, '=', &name);
		if (str_eq_nocase(str_trim(name, STR_BLANK), STR("RSCALE")))
			return true;
	}
	return false;
}

/* The Gregorian calendar without SKIP is rule/'s, all of it. */
static bool is_plain(const struct rscale *s)
{
	return s->calendar == months_calendar(STR("gregorian")) && s->skip == ICAL_SKIP_OMIT;
}

static struct str without_rscale(struct ctx *cx, struct str text)
{
	struct buf rest = buf_new(cx->mem, text.len + 1);
	struct str part;
	while (str_cut(&text, ';', &part)) {
		if (str_starts_nocase(str_trim(part, STR_BLANK), STR("RSCALE=")) ||
			str_starts_nocase(str_trim(part, STR_BLANK), STR("SKIP=")))
			continue;
		part_add(&rest, part);
	}
	return buf_str(&rest);
}

err_t rscale_read(struct ctx *cx, struct str text, struct rrule *rule_out, const struct rscale **scale_out)
{
	struct rrule rule;
	*scale_out = NULL;
	if (!names_calendar(text))
		return rrule_parse(cx, text, rule_out);
	struct str theirs_text, ours;
	split(cx, text, &theirs_text, &ours);
	const char *c_text = text.len <= TEXT_MAX ? str_c(cx->mem, theirs_text) : NULL;
	if (!c_text)
		return REFUSE(cx, ICAL_DATA, "RRULE", "RRULE is longer than %d octets", TEXT_MAX);
	TRY(rrule_parse(cx, ours, &rule));
	struct rscale *s = arena_new(cx->mem, struct rscale);
	struct icalrecurrencetype theirs = icalrecurrencetype_from_string(c_text);
	err_t e = theirs.rscale ? theirs_read(cx, text, &theirs, s)
				: REFUSE(cx, ICAL_DATA, "RRULE", "RRULE: not a rule with RSCALE (RFC 7529 §4): %.*s",
					  STR_ARG(str_sub(text, 0, 80)));
	free(theirs.rscale);
	TRY(e);
	if (is_plain(s))
		return rrule_parse(cx, without_rscale(cx, text), rule_out);
	TRY(supported(cx, &rule, s));
	bool other = rule.freq >= RRULE_MONTHLY || has_months(s) || has_days(s);
	if (rule.freq < RRULE_MONTHLY) /* rule/ asks day_passes() for these */
		rule.parts |= (has_months(s) ? RRULE_BYMONTH : 0U) | (has_days(s) ? RRULE_BYMONTHDAY : 0U);
	*rule_out = rule;
	*scale_out = other ? s : NULL;
	return OK;
}
