/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/reports/filter_plan.h"

#include <string.h>

#include "caldav/reports/filter_match.h"

/* ---- making it ---- */

static int16_t component_of(struct str name)
{
	if (str_eq(name, STR("VEVENT")))
		return COMPONENT_VEVENT;
	if (str_eq(name, STR("VTODO")))
		return COMPONENT_VTODO;
	return str_eq(name, STR("VJOURNAL")) ? COMPONENT_VJOURNAL : 0;
}

static bool is_alnum(char c)
{
	return char_is_alpha(c) || char_is_digit(c);
}

/* The longest run of letters and digits: no escape, fold or quoting can stand inside. */
static struct str longest_run(struct str text)
{
	struct str best = STR_ABSENT;
	for (size_t i = 0; i < text.len;) {
		size_t start = i;
		while (i < text.len && is_alnum(text.ptr[i]))
			i++;
		if (i - start > best.len)
			best = str_sub(text, start, i);
		i += i == start;
	}
	return best;
}

/* Long enough to be rare, short enough that the search stays linear. */
#define NEEDLE_MAX 32

static void plan_text(struct filter_plan *plan, const struct text_match *text)
{
	/* In i;unicode-casemap "cafe" is in "café", and "2" in "½". */
	if (!text->set || text->negate || text->collation == COLLATION_UNICODE)
		return;
	struct str run = str_sub(longest_run(text->text), 0, NEEDLE_MAX);
	if (run.len >= 2 && run.len > plan->needle.len)
		plan->needle = run;
}

/* A UID shorter than this may well be part of another one. */
#define UID_SURE 20

static void plan_props(struct filter_plan *plan, const struct comp_filter *comp)
{
	for (size_t i = 0; i < comp->prop_count; i++) {
		const struct prop_filter *p = &comp->props[i];
		if (p->absent)
			continue;
		plan_text(plan, &p->text);
		for (size_t k = 0; k < p->param_count; k++)
			if (!p->params[k].absent && (!p->any || p->param_count == 1))
				plan_text(plan, &p->params[k].text);
		if (str_eq(p->name, STR("UID")) && p->text.set && !p->text.negate &&
			p->text.collation != COLLATION_UNICODE && p->text.text.len >= UID_SURE)
			plan->uid = &p->text;
	}
}

/* One comp-filter directly inside VCALENDAR. */
static void plan_comp(struct filter_plan *plan, const struct comp_filter *comp, int16_t *allowed)
{
	int16_t bit = component_of(comp->name);
	if (!bit) {
		plan->exact = false; /* VTIMEZONE, X-…: only a parse tells */
		return;
	}
	if (comp->absent) {
		*allowed = (int16_t)(*allowed & ~bit); /* an object holds one kind (RFC 4791 §4.1) */
		return;
	}
	*allowed = (int16_t)(*allowed & bit);
	if (comp->prop_count || comp->comp_count)
		plan->exact = false;
	if (comp->range.set) {
		if (plan->range.set)
			plan->exact = false; /* two ranges: the first narrows, the parse checks */
		else
			plan->range = comp->range;
	}
	if (!comp->any || comp->prop_count + comp->comp_count == 1)
		plan_props(plan, comp);
}

/* One of several is enough: the kinds of all of them, and all else is for the parse. */
static void plan_any(const struct comp_filter *root, struct filter_plan *plan)
{
	int16_t kinds = root->prop_count ? COMPONENTS_ALL : 0;
	for (size_t i = 0; i < root->comp_count; i++) {
		int16_t bit = component_of(root->comps[i].name);
		kinds = (int16_t)(kinds | (bit && !root->comps[i].absent ? bit : COMPONENTS_ALL));
	}
	plan->exact = false;
	plan->components = kinds == COMPONENTS_ALL ? 0 : kinds;
	plan->nothing = root->absent;
}

void filter_plan_make(const struct comp_filter *root, struct filter_plan *out)
{
	struct filter_plan plan = { .exact = root->prop_count == 0 };
	int16_t allowed = COMPONENTS_ALL;
	if (root->any && root->prop_count + root->comp_count > 1) {
		plan_any(root, &plan);
		*out = plan;
		return;
	}
	for (size_t i = 0; i < root->comp_count; i++)
		plan_comp(&plan, &root->comps[i], &allowed);
	plan.components = allowed == COMPONENTS_ALL ? 0 : allowed;
	plan.nothing = root->absent || allowed == 0;
	*out = plan;
}

/* ---- what it says of data and UID ---- */

/* After a fold (RFC 5545 §3.1) that begins at `at`, or `at`. */
static size_t past_fold(struct str data, size_t at)
{
	for (;;) {
		size_t next = at;
		if (next < data.len && data.ptr[next] == '\r')
			next++;
		if (next + 1 >= data.len || data.ptr[next] != '\n' ||
			(data.ptr[next + 1] != ' ' && data.ptr[next + 1] != '\t'))
			return at;
		at = next + 2;
	}
}

static bool run_at(struct str data, size_t at, struct str run)
{
	for (size_t i = 0; i < run.len; i++) {
		if (i)
			at = past_fold(data, at);
		if (at >= data.len || char_lower(data.ptr[at]) != char_lower(run.ptr[i]))
			return false;
		at++;
	}
	return true;
}

/* Where `c` is next at or after `at`; data.len if nowhere. */
static size_t next_of(struct str data, size_t at, char c)
{
	const char *found = at < data.len ? memchr(data.ptr + at, c, data.len - at) : NULL;
	return found ? (size_t)(found - data.ptr) : data.len;
}

bool filter_may_hold(const struct filter_plan *plan, struct str data)
{
	if (!plan->needle.len)
		return true;
	/* Both cases of the first letter, each looked for once. */
	char lower = char_lower(plan->needle.ptr[0]);
	char upper = lower >= 'a' && lower <= 'z' ? (char)(lower - 'a' + 'A') : lower;
	size_t a = next_of(data, 0, lower), b = next_of(data, 0, upper);
	while (a < data.len || b < data.len) {
		size_t at = a < b ? a : b;
		if (run_at(data, at, plan->needle))
			return true;
		if (a == at)
			a = next_of(data, at + 1, lower);
		if (b == at)
			b = next_of(data, at + 1, upper);
	}
	return false;
}

bool filter_uid(struct arena *mem, const struct filter_plan *plan, struct str uid)
{
	return !plan->uid || !uid.ptr || text_matches(mem, uid, plan->uid);
}
