/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DAV:principal-match (RFC 3744 §9.3): the members of a collection, at any depth, that are the asker, or of which the
 * property that is named has an href of the asker's principal: a live one, or a dead one with an href inside.
 */
#include "caldav/multistatus_rows.h"
#include "caldav/reports/report.h"

struct principal_match {
	struct multistatus_rows m;
	bool self;                       /* the asker's own principal is sought; else */
	struct requested_props property; /* resources of which this one names the asker */
};

/* Is there a DAV:href of the asker's principal, at any depth that xml_parse() lets pass? */
static bool has_own_href(const struct principal_match *x, const struct xml_node *node)
{
	for (const struct xml_node *n = node ? node->first : NULL; n; n = n->next) {
		struct resource at;
		bool is_own = xml_is(n, NS_DAV, "href") && !href_resolve(x->m.context.rq, n->text, &at) &&
			      at.kind == RES_PRINCIPAL && id_eq(at.account, x->m.context.actor->owner);
		if (is_own || has_own_href(x, n))
			return true;
	}
	return false;
}

/* Its dead properties are loaded. A property that it has not, or that is not shown, is empty and names nobody. */
static bool names_asker(const struct principal_match *x, const struct subject *subject)
{
	struct arena *mem = x->m.cx->mem;
	struct arena_mark mark = arena_mark(mem);
	struct buf value = buf_new(mem, DATA_MAX);
	const struct xml_node *root = NULL;
	buf_add(&value, STR("<D:r " XML_PREFIXES ">"));
	size_t before = value.len;
	props_write(&x->m.context, &x->property, subject, &value);
	bool may = str_find(str_from(buf_str(&value), before), STR("href")) != SIZE_MAX;
	buf_add(&value, STR("</D:r>"));
	bool names = may && !xml_parse(x->m.cx, buf_str(&value), &root) && has_own_href(x, root);
	arena_rewind(mem, mark);
	return names;
}

static err_t match_read(struct dav_call *call, struct principal_match *out, struct requested_props *requested)
{
	struct ctx *cx = &call->rq->cx;
	const struct xml_node *property = xml_child(call->root, NS_DAV, "principal-property");
	out->self = xml_child(call->root, NS_DAV, "self") != NULL;
	out->property = (struct requested_props){ .kind = REQUESTED_PROPS };
	if (out->self == (property != NULL))
		return REFUSE(cx, MALFORMED, "", "A principal-match holds self or principal-property.");
	if (property) {
		if (!property->first || property->first->next)
			return REFUSE(cx, MALFORMED, "principal-property", "principal-property names one property.");
		TRY(requested_names(cx, property, &out->property));
	}
	return requested_read(cx, call->root, requested);
}

/* What is asked of it, or sought in it. */
static err_t load_dead(struct principal_match *x, struct subject *subject)
{
	bool sought = !x->self && requested_wants_dead(&x->property, subject->at.kind);
	return dead_load(x->m.cx, sought ? &x->property : x->m.requested, subject);
}

static err_t match_one(struct principal_match *x, struct subject *subject)
{
	TRY(load_dead(x, subject));
	if (x->self ? subject->at.kind == RES_PRINCIPAL : names_asker(x, subject))
		(void)rows_write(&x->m, subject);
	return OK;
}

static err_t match_plain(struct principal_match *x, enum resource_kind kind)
{
	struct subject s = { .at = { .kind = kind, .actor = x->m.context.actor } };
	if (kind == RES_PRINCIPAL || kind == RES_HOME)
		s.at.account = x->m.context.actor->owner;
	return match_one(x, &s);
}

/* Those of a page that match, moved to its beginning. */
static err_t match_rows(struct principal_match *x, const struct calendar *calendar, struct object *rows, size_t *count)
{
	struct dead_property *dead = NULL;
	size_t dead_count = 0, hits = 0;
	if (requested_wants_dead(&x->property, RES_OBJECT))
		TRY(rows_dead(&x->m, rows, *count, &dead, &dead_count));
	for (size_t i = 0; i < *count; i++) {
		struct subject s = {
			.at = href_object(href_calendar(x->m.context.actor, calendar->name), rows[i].name),
			.calendar = calendar,
			.object = &rows[i],
		};
		s.dead = dead_run(dead, dead_count, rows[i].id, &s.dead_count);
		if (names_asker(x, &s))
			rows[hits++] = rows[i];
	}
	*count = hits;
	return OK;
}

static err_t match_objects(struct principal_match *x, const struct calendar *calendar)
{
	struct object_page_query q = { .calendar = calendar->id, .limit = PAGE_ROWS };
	size_t count = 0, hits = 0;
	x->m.start = arena_mark(x->m.cx->mem);
	do {
		struct object *rows = NULL;
		TRY(object_page(x->m.cx, x->m.context.actor, &q, &rows, &count));
		if (count)
			q.after = rows_keep(&x->m, rows[count - 1].name);
		hits = count;
		TRY(match_rows(x, calendar, rows, &hits));
		TRY(rows_respond(&x->m, calendar, rows, hits));
	} while (rows_turn(&x->m) && count == PAGE_ROWS);
	return OK;
}

static err_t match_home(struct principal_match *x)
{
	struct calendar *calendars = NULL;
	size_t count = 0;
	TRY(calendar_list(x->m.cx, x->m.context.actor, &calendars, &count));
	for (size_t i = 0; i < count && !x->m.gone; i++) {
		struct subject s = { .at = href_calendar(x->m.context.actor, calendars[i].name),
			.calendar = &calendars[i] };
		TRY(match_one(x, &s));
		TRY(match_objects(x, &calendars[i]));
	}
	return OK;
}

/* Is it a collection with an account's calendars below, which a property may be sought in? */
static bool searches_tree(const struct principal_match *x, enum resource_kind at)
{
	return !x->self && (at == RES_ROOT || at == RES_HOMES || at == RES_HOME || at == RES_CALENDAR);
}

static err_t match_members(struct principal_match *x, const struct subject *subject)
{
	enum resource_kind at = subject->at.kind;
	if (at == RES_ROOT) {
		TRY(match_plain(x, RES_PRINCIPALS));
		TRY(match_plain(x, RES_HOMES));
	}
	if (at == RES_ROOT || at == RES_PRINCIPALS)
		TRY(match_plain(x, RES_PRINCIPAL));
	if (!searches_tree(x, at))
		return OK;
	if (at == RES_CALENDAR)
		return match_objects(x, subject->calendar);
	if (at != RES_HOME)
		TRY(match_plain(x, RES_HOME));
	return match_home(x);
}

err_t report_principal_match(struct dav_call *call)
{
	struct principal_match x = { .self = false };
	struct requested_props requested;
	struct calendar calendar;
	struct subject subject;

	TRY(report_depth_zero(call));
	TRY(match_read(call, &x, &requested));
	if (searches_tree(&x, call->at.kind))
		TRY(scopes_require(&call->rq->cx, call->at.actor->rights, CALENDARS_READ | EVENTS_READ));
	TRY(subject_load(&call->rq->cx, call->at, &calendar, NULL, &subject));
	rows_open(&x.m, call, &requested);
	TRY(prop_context_load(&x.m.context, &requested));
	TRY(match_members(&x, &subject));
	rows_close(&x.m);
	return OK;
}
