/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/region.h"

#include <stdio.h>
#include <string.h>
#include <unicode/uloc.h>
#include <unicode/ures.h>

#define LOCALE_MAX 160
#define TAG_MAX 35 /* RFC 5646 §4.4.1 */
#define BOTH_MAX (ULOC_LANG_CAPACITY + ULOC_COUNTRY_CAPACITY)

struct locale_name {
	char language[ULOC_LANG_CAPACITY], region[ULOC_COUNTRY_CAPACITY];
};

/* A language of two or three letters, and then letters, digits and hyphens alone: ICU guesses of other things, too. */
static bool is_tag(struct str tag)
{
	size_t letters = 0;
	while (letters < tag.len && char_is_alpha(tag.ptr[letters]))
		letters++;
	for (size_t i = letters; i < tag.len; i++)
		if (!char_is_alpha(tag.ptr[i]) && !(tag.ptr[i] >= '0' && tag.ptr[i] <= '9') && tag.ptr[i] != '-')
			return false;
	return tag.len <= TAG_MAX && (letters == 2 || letters == 3);
}

static bool locale_name_of(struct str tag, struct locale_name *out)
{
	char text[TAG_MAX + 1] = "", locale[LOCALE_MAX], whole[LOCALE_MAX];
	UErrorCode e = U_ZERO_ERROR;
	int32_t parsed = 0;
	if (!is_tag(tag))
		return false;
	memcpy(text, tag.ptr, tag.len);
	uloc_forLanguageTag(text, locale, LOCALE_MAX, &parsed, &e);
	if (U_FAILURE(e) || parsed != (int32_t)tag.len)
		return false;
	uloc_addLikelySubtags(locale, whole, LOCALE_MAX, &e);
	uloc_getLanguage(whole, out->language, sizeof out->language, &e);
	uloc_getCountry(whole, out->region, sizeof out->region, &e);
	return e == U_ZERO_ERROR && *out->region;
}

/* Where a language has hours of its own in a region ("fr_CA"), that goes before the region. */
static bool hours_12(const UResourceBundle *data, const struct locale_name *name)
{
	UErrorCode e = U_ZERO_ERROR, none = U_ZERO_ERROR;
	char both[BOTH_MAX + 2];
	int32_t len = 0;
	UResourceBundle *all = ures_getByKey(data, "timeData", NULL, &e);
	snprintf(both, sizeof both, "%s_%s", name->language, name->region);
	UResourceBundle *own = ures_getByKey(all, both, NULL, &none);
	if (U_FAILURE(none))
		own = ures_getByKey(all, name->region, NULL, &e);
	const UChar *preferred = ures_getStringByKey(own, "preferred", &len, &e);
	bool out = U_SUCCESS(e) && len == 1 && (preferred[0] == 'h' || preferred[0] == 'K');
	ures_close(own);
	ures_close(all);
	return out;
}

/* The first of the numbers that ICU keeps of a region's weeks is UCAL_SUNDAY (1) … UCAL_SATURDAY (7). */
static int week_start(const UResourceBundle *data, const struct locale_name *name)
{
	UErrorCode e = U_ZERO_ERROR;
	int32_t len = 0;
	UResourceBundle *all = ures_getByKey(data, "weekData", NULL, &e);
	UResourceBundle *own = ures_getByKey(all, name->region, NULL, &e);
	const int32_t *numbers = ures_getIntVector(own, &len, &e);
	int out = U_SUCCESS(e) && len > 0 && numbers[0] > 1 && numbers[0] <= 7 ? (int)numbers[0] - 1 : 1;
	if (U_SUCCESS(e) && len > 0 && numbers[0] == 1)
		out = 7;
	ures_close(own);
	ures_close(all);
	return out;
}

struct manner region_manner(struct str tag)
{
	struct manner out = { .week_start = 1 };
	UErrorCode e = U_ZERO_ERROR;
	struct locale_name name = { 0 };
	if (!locale_name_of(tag, &name))
		return out;
	UResourceBundle *data = ures_openDirect(NULL, "supplementalData", &e);
	if (U_SUCCESS(e))
		out = (struct manner){ hours_12(data, &name), week_start(data, &name) };
	ures_close(data);
	return out;
}
