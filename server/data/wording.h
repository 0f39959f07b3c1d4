/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts for people, with values in them, and days and hours as people write them: what pages and letters have in
 * common. English is the key of a text (catalogue.h). Pages say theirs through web/say.h, which knows who asks.
 */
#pragma once

#include <stdarg.h>

#include "server/base/arena.h"
#include "server/base/clock.h"
#include "server/data/catalogue.h"

/* Marks a text of a static table, which is told of later, so that tests/support/messages.py finds it. */
#define SAY(text) text

/* How somebody is told texts and times: in which language (NULL: English), and whether 14:30 is 2:30 PM to them. */
struct locale {
	const struct language *language;
	bool hours_12;
};

/* By what is kept of an account: a tag, absent or unknown for English; 12, 24 or 0 hours on a clock. */
struct locale locale_of(struct str language_tag, int hours);

/* english is a literal, or one that SAY marks. */
struct str wording(const struct language *language, const char *english);

/*
 * The same with values: each {name} in the text becomes the value after that name, a struct str; the list ends with
 * NULL.
 */
__attribute__((sentinel)) struct str wording_with(
	struct arena *mem, const struct language *language, const char *english, ...);
/* Of a list that is begun; the caller ends it. */
struct str wording_filled(struct arena *mem, struct str text, va_list values);

/* ---- days and hours: days are counted from 1970-01-01, seconds are those of a clock from then on ---- */

struct str weekday_word(const struct language *language, int weekday);
struct str weekday_short_word(const struct language *language, int weekday);
/* Of 1 to 12. */
struct str month_word(const struct language *language, int month);
struct str month_short_word(const struct language *language, int month);
/* "Tuesday, 24 November 2026"; "Tue, 24 Nov 2026"; "Tue 24 Nov". */
struct str day_words(struct arena *mem, const struct language *language, int64_t day);
struct str day_words_short(struct arena *mem, const struct language *language, int64_t day);
struct str day_words_without_year(struct arena *mem, const struct language *language, int64_t day);
/* "14:30" or "2:30 PM"; whole days do not count. */
struct str clock_words(struct arena *mem, struct locale locale, int64_t local);
