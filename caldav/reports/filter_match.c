/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/reports/filter_match.h"

#include "caldav/calendar/view/time_range.h"
#include "server/data/casemap.h"

struct str text_collated(struct arena *mem, struct str text, enum collation collation)
{
	switch (collation) {
	case COLLATION_OCTET:
		return text;
	case COLLATION_UNICODE:
		return unicode_casemap(mem, text);
	case COLLATION_ASCII:
		break;
	}
	return str_lower(mem, text);
}

bool text_matches(struct arena *mem, struct str text, const struct text_match *match)
{
	struct str collated = text_collated(mem, text, match->collation);
	switch (match->type) {
	case MATCH_CONTAINS:
		return str_find(collated, match->text) != SIZE_MAX;
	case MATCH_EQUALS:
		return str_eq(collated, match->text);
	case MATCH_STARTS:
		return str_starts(collated, match->text);
	case MATCH_ENDS:
		return str_ends(collated, match->text);
	}
	return false;
}

static bool text_fits(struct arena *mem, const struct text_match *m, struct str value)
{
	return !m->set || text_matches(mem, value, m) != m->negate;
}

struct matching {
	struct ctx *cx;
	struct ical *object;
	struct str zone;
};

static bool param_fits(struct arena *mem, const struct param_filter *f, const struct ical_prop *prop)
{
	struct str value = ical_param(prop, f->name);
	return f->absent ? !value.ptr : value.ptr && text_fits(mem, &f->text, value);
}

static bool params_fit(struct arena *mem, const struct prop_filter *f, const struct ical_prop *prop)
{
	for (size_t i = 0; i < f->param_count; i++)
		if (param_fits(mem, &f->params[i], prop) == f->any)
			return f->any;
	return !f->any || !f->param_count;
}

/* RFC 4791 §9.7.2: some property of this name meets all of it. */
static err_t prop_fits(const struct matching *m, const struct prop_filter *f, const struct ical_comp *comp, bool *out)
{
	const struct ical_prop *prop = ical_prop(comp, f->name);
	*out = f->absent ? prop == NULL : false;
	if (f->absent)
		return OK;
	if (f->range.set) {
		bool in_range = false;
		TRY(prop_in_time_range(
			m->cx, m->object, comp, f->name, f->range.start, f->range.end, m->zone, &in_range));
		if (!in_range)
			return OK;
		*out = f->param_count == 0 && !f->text.set;
	}
	struct arena_mark mark = arena_mark(m->cx->mem);
	for (; prop && !*out; prop = ical_prop_again(prop)) {
		*out = params_fit(m->cx->mem, f, prop) &&
		       text_fits(m->cx->mem, &f->text, ical_text(m->cx->mem, prop->value));
		arena_rewind(m->cx->mem, mark);
	}
	return OK;
}

static err_t comp_fits(
	const struct matching *m, const struct comp_filter *f, const struct ical_comp *siblings, bool *out);

/* One component of the right name. */
static err_t one_fits(const struct matching *m, const struct comp_filter *f, const struct ical_comp *comp, bool *out)
{
	*out = true;
	if (f->range.set)
		TRY(comp_in_time_range(m->cx, m->object, comp, f->range.start, f->range.end, m->zone, out));
	if (!*out || !(f->prop_count + f->comp_count))
		return OK;
	*out = !f->any; /* until one of them says otherwise */
	for (size_t i = 0; *out != f->any && i < f->prop_count; i++)
		TRY(prop_fits(m, &f->props[i], comp, out));
	for (size_t i = 0; *out != f->any && i < f->comp_count; i++)
		TRY(comp_fits(m, &f->comps[i], comp->child, out));
	return OK;
}

/* RFC 4791 §9.7.1: some component of this name meets all of it. */
static err_t comp_fits(
	const struct matching *m, const struct comp_filter *f, const struct ical_comp *siblings, bool *out)
{
	const struct ical_comp *comp = ical_comp_named(siblings, f->name);
	*out = f->absent && !comp;
	for (; comp && !f->absent && !*out; comp = ical_comp_named(comp->next, f->name))
		TRY(one_fits(m, f, comp, out));
	return OK;
}

err_t filter_matches(struct ctx *cx, const struct filter *filter, struct ical *object, struct str zone, bool *out)
{
	const struct matching m = { cx, object, zone };
	return comp_fits(&m, &filter->root, object->root, out);
}
