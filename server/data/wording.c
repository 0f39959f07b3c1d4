/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/wording.h"

#include "server/base/buf.h"
#include "server/base/clock.h"

#define FILLED_MAX ((size_t)16 * 1024)

struct locale locale_of(struct str language_tag, int hours)
{
	struct locale locale = { NULL, hours == 12 };
	if (language_tag.len && !catalogue_find(language_tag, &locale.language))
		locale.language = NULL;
	return locale;
}

/* ---- texts ---- */

struct str wording(const struct language *language, const char *english)
{
	return catalogue_text(language, str_of(english));
}

static struct str value_of(struct str name, va_list values)
{
	const char *given;
	while ((given = va_arg(values, const char *))) {
		struct str value = va_arg(values, struct str);
		if (str_eq(str_of(given), name))
			return value;
	}
	return STR_ABSENT;
}

struct str wording_filled(struct arena *mem, struct str text, va_list values)
{
	struct str rest = text, before, name;
	struct buf out = buf_new(mem, FILLED_MAX);
	while (str_cut(&rest, '{', &before)) {
		buf_add(&out, before);
		if (!rest.ptr || !str_cut(&rest, '}', &name))
			break;
		va_list from_the_first;
		va_copy(from_the_first, values);
		buf_add(&out, value_of(name, from_the_first));
		va_end(from_the_first);
	}
	return buf_str(&out);
}

struct str wording_with(struct arena *mem, const struct language *language, const char *english, ...)
{
	va_list values;
	va_start(values, english);
	struct str out = wording_filled(mem, wording(language, english), values);
	va_end(values);
	return out;
}

/* ---- days and hours ---- */

static const char *const months[12] = { SAY("January"), SAY("February"), SAY("March"), SAY("April"), SAY("May"),
	SAY("June"), SAY("July"), SAY("August"), SAY("September"), SAY("October"), SAY("November"), SAY("December") };
static const char *const short_months[12] = { SAY("Jan"), SAY("Feb"), SAY("Mar"), SAY("Apr"), SAY("May"), SAY("Jun"),
	SAY("Jul"), SAY("Aug"), SAY("Sep"), SAY("Oct"), SAY("Nov"), SAY("Dec") };
static const char *const weekdays[7] = { SAY("Monday"), SAY("Tuesday"), SAY("Wednesday"), SAY("Thursday"),
	SAY("Friday"), SAY("Saturday"), SAY("Sunday") };
static const char *const short_weekdays[7] = { SAY("Mon"), SAY("Tue"), SAY("Wed"), SAY("Thu"), SAY("Fri"), SAY("Sat"),
	SAY("Sun") };

struct str weekday_word(const struct language *language, int weekday)
{
	return wording(language, weekdays[weekday]);
}

struct str weekday_short_word(const struct language *language, int weekday)
{
	return wording(language, short_weekdays[weekday]);
}

struct str month_word(const struct language *language, int month)
{
	return wording(language, months[month - 1]);
}

struct str month_short_word(const struct language *language, int month)
{
	return wording(language, short_months[month - 1]);
}

static struct str whole_day(struct arena *mem, const struct language *language, int64_t day, bool words_are_short)
{
	int64_t year;
	int month, of_month, weekday = day_of_week(day);
	civil_from_days(day, &year, &month, &of_month);
	return wording_with(mem, language, "{weekday}, {day} {month} {year}", "weekday",
		words_are_short ? weekday_short_word(language, weekday) : weekday_word(language, weekday), "day",
		str_fmt(mem, "%d", of_month), "month",
		words_are_short ? month_short_word(language, month) : month_word(language, month), "year",
		str_fmt(mem, "%lld", (long long)year), NULL);
}

struct str day_words(struct arena *mem, const struct language *language, int64_t day)
{
	return whole_day(mem, language, day, false);
}

struct str day_words_short(struct arena *mem, const struct language *language, int64_t day)
{
	return whole_day(mem, language, day, true);
}

struct str day_words_without_year(struct arena *mem, const struct language *language, int64_t day)
{
	int64_t year;
	int month, of_month;
	civil_from_days(day, &year, &month, &of_month);
	return wording_with(mem, language, "{weekday} {day} {month}", "weekday",
		weekday_short_word(language, day_of_week(day)), "day", str_fmt(mem, "%d", of_month), "month",
		month_short_word(language, month), NULL);
}

struct str clock_words(struct arena *mem, struct locale locale, int64_t local)
{
	int64_t of_day = floor_mod(local, DAY_S);
	int hour = (int)(of_day / 3600), minute = (int)(of_day / 60 % 60);
	if (!locale.hours_12)
		return str_fmt(mem, "%02d:%02d", hour, minute);
	struct str time = str_fmt(mem, "%d:%02d", hour % 12 ? hour % 12 : 12, minute);
	return hour < 12 ? wording_with(mem, locale.language, "{time} AM", "time", time, NULL)
			 : wording_with(mem, locale.language, "{time} PM", "time", time, NULL);
}
