/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/event/words.h"

#include <assert.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "server/base/buf.h"

/* Marks above, below and upon letters: accents, vowel points of Hebrew and Arabic. Below are marks that make another
 * letter (the dakuten of が), which stay. */
#define MARK_CLASS 10

static int32_t drop_marks(UChar *text, int32_t len)
{
	int32_t to = 0;
	for (int32_t i = 0; i < len; i++) /* half of a pair is no mark */
		if (u_getCombiningClass(text[i]) < MARK_CLASS)
			text[to++] = text[i];
	return to;
}

/* The result of a step in ICU's way: asked for its length first, since a character may become eighteen. */
struct wide {
	UChar *text;
	int32_t len;
};

static bool decompose(struct arena *mem, struct wide in, struct wide *out)
{
	UErrorCode error = U_ZERO_ERROR;
	const UNormalizer2 *nfkd = unorm2_getNFKDInstance(&error);
	int32_t len = unorm2_normalize(nfkd, in.text, in.len, NULL, 0, &error);
	if (error != U_BUFFER_OVERFLOW_ERROR)
		return false;
	error = U_ZERO_ERROR;
	out->text = arena_array(mem, UChar, (size_t)len + 1);
	out->len = unorm2_normalize(nfkd, in.text, in.len, out->text, len + 1, &error);
	return U_SUCCESS(error);
}

static bool fold_case(struct arena *mem, struct wide in, struct wide *out)
{
	UErrorCode error = U_ZERO_ERROR;
	int32_t most = 3 * in.len + 1; /* the longest folding has three units */
	out->text = arena_array(mem, UChar, (size_t)most);
	out->len = u_strFoldCase(out->text, most, in.text, in.len, U_FOLD_CASE_DEFAULT, &error);
	return U_SUCCESS(error);
}

/* Texts that differ in case and accents alone become the same. What ICU does not take stays as it is. */
static struct str text_fold(struct arena *mem, struct str s)
{
	UErrorCode error = U_ZERO_ERROR;
	struct wide in, plain, folded;
	int32_t len;
	if (s.len == 0 || str_is_ascii(s))
		return str_lower(mem, s);
	in.text = arena_array(mem, UChar, s.len + 1);
	u_strFromUTF8(in.text, (int32_t)s.len + 1, &in.len, s.ptr, (int32_t)s.len, &error);
	if (U_FAILURE(error) || !decompose(mem, in, &plain))
		return s;
	plain.len = drop_marks(plain.text, plain.len);
	if (!fold_case(mem, plain, &folded))
		return s;
	size_t most = 3 * (size_t)folded.len + 1;
	char *out = arena_array(mem, char, most);
	u_strToUTF8(out, (int32_t)most, &len, folded.text, folded.len, &error);
	return U_FAILURE(error) ? s : (struct str){ out, (size_t)len };
}

err_t words_read(struct ctx *cx, struct str text, struct words *out)
{
	struct str rest = str_trim(text_fold(cx->mem, text), STR_BLANK);
	struct str *words = arena_array(cx->mem, struct str, rest.len + 1); /* one character may become four words */
	size_t count = 0;
	assert(text.len <= WORDS_OCTETS_MAX);
	while (rest.len) {
		size_t len = 0;
		while (len < rest.len && !str_has(STR(STR_BLANK), rest.ptr[len]))
			len++;
		words[count++] = str_sub(rest, 0, len);
		rest = str_trim(str_from(rest, len), STR_BLANK);
	}
	if (!count)
		return REFUSE(cx, INVALID_VALUE, "q", "There is no word in it. Send what to look for, or leave q out.");
	out->list = (struct str_list){ words, count };
	return OK;
}

bool words_found(struct arena *mem, const struct words *sought, const struct event *event)
{
	const struct str texts[] = { event->title, event->location, event->description };
	struct str folded[ARRAY_LEN(texts)] = { 0 };
	bool found = true;
	struct arena_mark mark = arena_mark(mem);
	size_t ready = 0;
	for (size_t w = 0; w < sought->list.count && found; w++) {
		found = false;
		for (size_t i = 0; i < ARRAY_LEN(texts) && !found; i++) {
			if (i == ready)
				folded[ready++] = text_fold(mem, texts[i]);
			found = str_find(folded[i], sought->list.items[w]) != SIZE_MAX;
		}
	}
	arena_rewind(mem, mark);
	return found;
}

/* ---- beside an object ---- */

static void add_texts(struct arena *mem, const struct ical_comp *event, struct buf *out)
{
	static const struct str names[] = { STR_INIT("SUMMARY"), STR_INIT("LOCATION"), STR_INIT("DESCRIPTION") };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct str value = ical_value(event, names[i]);
		if (!value.len)
			continue;
		buf_add(out, text_fold(mem, ical_text(mem, value)));
		buf_char(out, '\n');
	}
}

struct str words_of(struct arena *mem, const struct ical *object)
{
	struct buf out = buf_new(mem, WORDS_KEPT_MAX);
	for (const struct ical_comp *c = object->root->child; c; c = c->next) {
		if (ical_component(c->name) && ical_component(c->name) != COMPONENT_VEVENT)
			return STR_ABSENT;
		if (ical_component(c->name))
			add_texts(mem, c, &out);
	}
	return out.full || out.len > WORDS_KEPT_MAX ? STR_ABSENT : buf_str(&out);
}

struct str_list words_patterns(struct arena *mem, const struct words *sought)
{
	struct str *patterns = arena_array(mem, struct str, sought->list.count);
	for (size_t w = 0; w < sought->list.count; w++) {
		struct str word = sought->list.items[w];
		struct buf out = buf_new(mem, SIZE_MAX);
		buf_char(&out, '%');
		for (size_t i = 0; i < word.len; i++) {
			if (str_has(STR("%_\\"), word.ptr[i]))
				buf_char(&out, '\\');
			buf_char(&out, word.ptr[i]);
		}
		buf_char(&out, '%');
		patterns[w] = buf_str(&out);
	}
	return (struct str_list){ patterns, sought->list.count };
}
