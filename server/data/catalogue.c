/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/catalogue.h"

#define RANGES_MAX 32 /* of a header; what comes after them is not looked at */

struct str catalogue_tag(const struct language *language)
{
	return str_of(language ? language->tag : "en");
}

struct str catalogue_text(const struct language *language, struct str english)
{
	size_t from = 0, to = language ? language->count : 0;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = str_cmp(english, language->texts[middle].english);
		if (order == 0)
			return language->texts[middle].text;
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return english;
}

/* "de" is "de" and "de-AT", not "den". */
static bool is_of(struct str tag, const char *language)
{
	struct str primary = str_of(language);
	return str_starts_nocase(tag, primary) && (tag.len == primary.len || tag.ptr[primary.len] == '-');
}

#ifdef CALENDS_DEV
static const struct language mirrored = { .tag = "en-XB", .name = "English, from right to left", .rtl = true };
#endif

bool catalogue_find(struct str tag, const struct language **out)
{
	*out = NULL;
#ifdef CALENDS_DEV
	if (is_of(tag, mirrored.tag)) {
		*out = &mirrored;
		return true;
	}
#endif
	for (size_t i = 0; i < catalogue_language_count; i++)
		if (is_of(tag, catalogue_languages[i].tag)) {
			*out = &catalogue_languages[i];
			return true;
		}
	return is_of(tag, "en");
}

/* "q=0.8" as 800; what is no quality is none. */
static int quality_of(struct str params)
{
	struct str value = str_trim(params, STR_BLANK);
	if (!str_starts_nocase(value, STR("q=")))
		return 1000;
	value = str_from(value, 2);
	int quality = value.len && value.ptr[0] == '1' ? 1000 : 0, unit = 100;
	for (size_t i = 2; i < value.len && i < 5 && quality < 1000; i++, unit /= 10)
		quality += value.ptr[i] >= '0' && value.ptr[i] <= '9' ? (value.ptr[i] - '0') * unit : 0;
	return quality;
}

/* The next range of a header, and how much it is liked. False: that were all. */
static bool next_range(struct str *rest, struct str *tag, int *quality)
{
	struct str params;
	if (!str_cut(rest, ',', &params))
		return false;
	str_cut(&params, ';', tag);
	*tag = str_trim(*tag, STR_BLANK);
	*quality = params.ptr ? quality_of(params) : 1000;
	return true;
}

const struct language *catalogue_choose(struct str accept_language)
{
	const struct language *best = NULL, *language;
	int best_quality = 0, quality;
	struct str rest = accept_language, tag;
	for (int i = 0; i < RANGES_MAX && next_range(&rest, &tag, &quality); i++)
		if (quality > best_quality && catalogue_find(tag, &language)) {
			best = language;
			best_quality = quality;
		}
	return best;
}

struct str catalogue_liked(struct str accept_language)
{
	int best_quality = 0, quality;
	struct str rest = accept_language, tag, best = STR_ABSENT;
	for (int i = 0; i < RANGES_MAX && next_range(&rest, &tag, &quality); i++)
		if (quality > best_quality && !str_eq(tag, STR("*"))) {
			best = tag;
			best_quality = quality;
		}
	return best;
}
