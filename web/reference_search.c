/* SPDX-License-Identifier: Apache-2.0 */
/* Operations that have the words of a search: in their names, or in what they take. */
#include "web/reference.h"

enum { IN_NAME = 4, IN_FIELD = 1 };

/* Begins a word of `text` with this one? Ids are several words: a capital begins one. */
static bool has_word(struct str text, struct str word)
{
	for (size_t at = 0; at + word.len <= text.len; at++) {
		char before = at ? text.ptr[at - 1] : ' ', c = text.ptr[at];
		bool begins = (!char_is_alpha(before) && !char_is_digit(before)) || (c >= 'A' && c <= 'Z');
		if (begins && str_eq_nocase(str_sub(text, at, at + word.len), word))
			return true;
	}
	return false;
}

static bool in_fields(const struct json_field *fields, size_t count, struct str word)
{
	for (size_t i = 0; i < count; i++)
		if (has_word(str_of(fields[i].name), word) || has_word(str_of(fields[i].doc), word) ||
			in_fields(fields[i].fields, fields[i].field_count, word))
			return true;
	return false;
}

static unsigned weigh(const struct reference_operation *op, struct str word)
{
	const struct contract *c = op->contract;
	if (has_word(str_of(c->id), word) || has_word(str_of(op->route->path), word) ||
		has_word(str_of(op->group->title), word) || has_word(str_of(c->summary), word) ||
		str_eq_nocase(str_of(c->id), word))
		return IN_NAME;
	bool takes = in_fields(c->params, c->param_count, word) ||
		     (c->body && in_fields(c->body->fields, c->body->count, word));
	return takes ? IN_FIELD : 0;
}

static unsigned weigh_all(const struct reference_operation *op, const struct str *words, size_t count)
{
	unsigned sum = 0;
	for (size_t i = 0; i < count; i++) {
		unsigned one = weigh(op, words[i]);
		if (!one)
			return 0;
		sum += one;
	}
	return sum;
}

struct hit {
	const struct reference_operation *op;
	unsigned weight;
};

/* Into its place among those that are kept; of the same weight the earlier one stays before. */
static size_t keep(struct hit *hits, size_t kept, struct hit hit)
{
	size_t at = kept;
	while (at > 0 && hits[at - 1].weight < hit.weight)
		at--;
	if (at == REFERENCE_FOUND_MAX)
		return kept;
	if (kept < REFERENCE_FOUND_MAX)
		kept++;
	for (size_t i = kept - 1; i > at; i--)
		hits[i] = hits[i - 1];
	hits[at] = hit;
	return kept;
}

size_t reference_search(
	struct arena *mem, struct html_values *v, const struct app *app, const struct str *words, size_t count)
{
	struct hit hits[REFERENCE_FOUND_MAX];
	size_t all_count, kept = 0;
	const struct reference_operation *all = reference_operations(mem, app, &all_count);
	for (size_t i = 0; i < all_count && count; i++) {
		unsigned weight = weigh_all(&all[i], words, count);
		if (weight)
			kept = keep(hits, kept, (struct hit){ &all[i], weight });
	}
	for (size_t i = 0; i < kept; i++)
		reference_row(mem, html_add_row(v, "operations"), hits[i].op);
	return kept;
}
