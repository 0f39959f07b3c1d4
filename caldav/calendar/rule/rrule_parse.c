/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of RFC 5545 §3.3.10, in any order and case; each part at most once. */
#include "caldav/calendar/rule/rrule.h"

#include "caldav/calendar/ical/dates.h"

#define NUMBER_MAX UINT64_C(4294967295)

static void set_add(struct rrule_set *set, int number)
{
	unsigned n = (unsigned)(number < 0 ? -number : number);
	(number < 0 ? set->minus : set->plus)[n / 64] |= UINT64_C(1) << n % 64;
}

/* [+-]digits within ±max, not 0. */
static bool signed_number(struct str text, uint64_t max, int *out)
{
	uint64_t n;
	bool minus = text.len && text.ptr[0] == '-';
	if (minus || (text.len && text.ptr[0] == '+'))
		text = str_from(text, 1);
	if (!str_to_u64(text, max, &n) || !n)
		return false;
	*out = minus ? -(int)n : (int)n;
	return true;
}

static bool weekday_of(struct str text, int *out)
{
	static const char names[7][3] = { "MO", "TU", "WE", "TH", "FR", "SA", "SU" };
	for (int i = 0; i < 7; i++)
		if (str_eq_nocase(text, str_of(names[i]))) {
			*out = i;
			return true;
		}
	return false;
}

/* ---- one function a part: false when the value is not one ---- */

static bool read_freq(struct rrule *r, struct str value)
{
	static const char *const names[] = { "SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq_nocase(value, str_of(names[i]))) {
			r->freq = (enum rrule_freq)i;
			return true;
		}
	return false;
}

static bool read_interval(struct rrule *r, struct str value)
{
	uint64_t n;
	if (!str_to_u64(value, NUMBER_MAX, &n) || !n)
		return false;
	r->interval = (int64_t)n;
	return true;
}

static bool read_count(struct rrule *r, struct str value)
{
	uint64_t n;
	if (!str_to_u64(value, NUMBER_MAX, &n) || !n)
		return false;
	r->count = (int64_t)n;
	return true;
}

static bool read_until(struct rrule *r, struct str value)
{
	struct wall w;
	if (!wall_parse(value, &w))
		return false;
	r->has_until = true;
	r->until = w.local;
	r->until_utc = w.utc;
	r->until_date = w.date;
	return true;
}

static bool read_wkst(struct rrule *r, struct str value)
{
	return weekday_of(value, &r->wkst);
}

static bool read_bits(struct str list, uint64_t least, uint64_t most, uint64_t *bits)
{
	struct str item;
	uint64_t n;
	while (str_cut(&list, ',', &item)) {
		if (!str_to_u64(item, most, &n) || n < least)
			return false;
		*bits |= UINT64_C(1) << n;
	}
	return true;
}

static bool read_set(struct str list, uint64_t most, struct rrule_set *set)
{
	struct str item;
	int n;
	while (str_cut(&list, ',', &item)) {
		if (!signed_number(item, most, &n))
			return false;
		set_add(set, n);
	}
	return true;
}

static bool read_seconds(struct rrule *r, struct str value)
{
	if (!read_bits(value, 0, 60, &r->seconds))
		return false;
	if (r->seconds >> 60 & 1) /* without leap seconds 60 is 59 (§3.3.10) */
		r->seconds = (r->seconds & ~(UINT64_C(1) << 60)) | UINT64_C(1) << 59;
	return true;
}

static bool read_minutes(struct rrule *r, struct str value)
{
	return read_bits(value, 0, 59, &r->minutes);
}

static bool read_hours(struct rrule *r, struct str value)
{
	uint64_t bits = 0;
	bool good = read_bits(value, 0, 23, &bits);
	r->hours = (uint32_t)bits;
	return good;
}

static bool read_months(struct rrule *r, struct str value)
{
	uint64_t bits = 0;
	bool good = read_bits(value, 1, 12, &bits);
	r->months = (uint16_t)bits;
	return good;
}

static bool read_days(struct rrule *r, struct str list)
{
	struct str item;
	int weekday, n;
	while (str_cut(&list, ',', &item)) {
		size_t digits = item.len < 2 ? 0 : item.len - 2;
		if (!weekday_of(str_from(item, digits), &weekday))
			return false;
		if (!digits) {
			r->weekdays = (uint8_t)(r->weekdays | 1U << weekday);
			continue;
		}
		if (!signed_number(str_sub(item, 0, digits), 53, &n))
			return false;
		(n < 0 ? r->nth_minus : r->nth_plus)[weekday] |= UINT64_C(1) << (n < 0 ? -n : n);
	}
	return true;
}

static bool read_monthdays(struct rrule *r, struct str value)
{
	return read_set(value, 31, &r->monthdays);
}

static bool read_yeardays(struct rrule *r, struct str value)
{
	return read_set(value, 366, &r->yeardays);
}

static bool read_weeks(struct rrule *r, struct str value)
{
	return read_set(value, 53, &r->weeks);
}

static bool read_positions(struct rrule *r, struct str value)
{
	return read_set(value, 366, &r->positions);
}

static const struct {
	struct str name;
	bool (*read)(struct rrule *r, struct str value);
	enum rrule_part part; /* 0: none */
} parts[] = {
	{ STR_INIT("FREQ"), read_freq, 0 },
	{ STR_INIT("INTERVAL"), read_interval, 0 },
	{ STR_INIT("COUNT"), read_count, 0 },
	{ STR_INIT("UNTIL"), read_until, 0 },
	{ STR_INIT("WKST"), read_wkst, 0 },
	{ STR_INIT("BYSECOND"), read_seconds, RRULE_BYSECOND },
	{ STR_INIT("BYMINUTE"), read_minutes, RRULE_BYMINUTE },
	{ STR_INIT("BYHOUR"), read_hours, RRULE_BYHOUR },
	{ STR_INIT("BYDAY"), read_days, RRULE_BYDAY },
	{ STR_INIT("BYMONTHDAY"), read_monthdays, RRULE_BYMONTHDAY },
	{ STR_INIT("BYYEARDAY"), read_yeardays, RRULE_BYYEARDAY },
	{ STR_INIT("BYWEEKNO"), read_weeks, RRULE_BYWEEKNO },
	{ STR_INIT("BYMONTH"), read_months, RRULE_BYMONTH },
	{ STR_INIT("BYSETPOS"), read_positions, RRULE_BYSETPOS },
};

/* RFC 7529: another calendar, or another treatment of days that do not exist, is not ours. */
static err_t read_rscale(struct ctx *cx, struct str name, struct str value, bool *known)
{
	*known = true;
	if (str_eq_nocase(name, STR("RSCALE"))) {
		if (!str_eq_nocase(value, STR("GREGORIAN")))
			return REFUSE(cx, ICAL_RSCALE, "RRULE", "RSCALE=%.*s is not supported", STR_ARG(value));
	} else if (str_eq_nocase(name, STR("SKIP"))) {
		if (!str_eq_nocase(value, STR("OMIT")))
			return REFUSE(cx, ICAL_RSCALE, "RRULE", "SKIP=%.*s is not supported", STR_ARG(value));
	} else {
		*known = false;
	}
	return OK;
}

static err_t read_part(struct ctx *cx, struct str part, struct rrule *r, unsigned *seen)
{
	struct str name, value = part;
	str_cut(&value, '=', &name);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (!str_eq_nocase(name, parts[i].name))
			continue;
		if (*seen & 1U << i)
			return REFUSE(cx, ICAL_DATA, "RRULE", "RRULE has %.*s twice", STR_ARG(name));
		*seen |= 1U << i;
		r->parts |= parts[i].part;
		if (!value.len || !parts[i].read(r, value))
			return REFUSE(cx, ICAL_DATA, "RRULE", "RRULE: %.*s is not valid", STR_ARG(part));
		return OK;
	}
	bool known;
	TRY(read_rscale(cx, name, value, &known));
	if (!known)
		return REFUSE(cx, ICAL_DATA, "RRULE", "RRULE: %.*s is unknown", STR_ARG(name));
	return OK;
}

err_t rrule_parse(struct ctx *cx, struct str text, struct rrule *out)
{
	struct rrule r = { .interval = 1 };
	struct str part;
	unsigned seen = 0;
	while (str_cut(&text, ';', &part)) {
		part = str_trim(part, STR_BLANK);
		if (part.len) /* a stray semicolon harms nobody */
			TRY(read_part(cx, part, &r, &seen));
	}
	if (!(seen & 1))
		return REFUSE(cx, ICAL_DATA, "RRULE", "RRULE has no FREQ");
	if (r.count && r.has_until)
		return REFUSE(cx, ICAL_DATA, "RRULE", "RRULE has both COUNT and UNTIL");
	*out = r;
	return OK;
}
