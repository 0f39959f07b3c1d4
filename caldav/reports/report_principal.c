/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reports over principals (RFC 3744 §9.2 to §9.5). An account sees one principal: its own.
 */
#include "caldav/members.h"
#include "caldav/reports/report.h"

static struct subject own_principal(const struct view *view)
{
	const struct actor *own = view->actor;
	return (struct subject){ .at = { .kind = RES_PRINCIPAL, .account = own->owner, .actor = own } };
}

/* The asker's principal as the only response, or none. */
static err_t answer_principal(struct dav_call *call, const struct ask *ask, bool matches)
{
	struct view view = view_of(call->rq);
	struct subject subject = own_principal(&view);
	if (matches)
		TRY(dead_load(&call->rq->cx, ask, &subject));
	struct buf *out = multistatus_begin(call->rs);
	if (matches)
		props_respond(&view, ask, &subject, out);
	multistatus_end(out);
	return OK;
}

/* ---- acl-principal-prop-set, §9.2 ---- */

err_t report_acl_principals(struct dav_call *call)
{
	struct calendar calendar;
	struct object object;
	struct subject subject;
	struct ask ask;
	TRY(report_depth_zero(call));
	TRY(ask_read(&call->rq->cx, call->root, &ask));
	TRY(subject_load(&call->rq->cx, call->at, &calendar, &object, &subject));
	return answer_principal(call, &ask, true); /* the one entry of every ACL here */
}

/* ---- principal-match, §9.3 ---- */

struct match {
	struct members m;
	bool self;     /* principals that are the asker */
	unsigned kind; /* ON(…) of resources whose property names the asker */
};

/* Properties whose value is the asker's principal, on all that the asker sees. */
static bool names_asker(const struct prop *p)
{
	static const struct str names[] = { STR_INIT("owner"), STR_INIT("current-user-principal"),
		STR_INIT("principal-URL") };
	for (size_t i = 0; p && i < ARRAY_LEN(names); i++)
		if (str_eq(p->ns, STR(NS_DAV)) && str_eq(p->local, names[i]))
			return true;
	return false;
}

static err_t match_read(struct dav_call *call, struct match *out, struct ask *ask)
{
	struct ctx *cx = &call->rq->cx;
	const struct xml_node *property = xml_child(call->root, NS_DAV, "principal-property");
	out->self = xml_child(call->root, NS_DAV, "self") != NULL;
	if (out->self == (property != NULL))
		return REFUSE(cx, MALFORMED, "", "A principal-match holds self or principal-property.");
	if (property) {
		const struct xml_node *name = property->first;
		if (!name)
			return REFUSE(cx, MALFORMED, "principal-property", "principal-property names a property.");
		const struct prop *p = prop_find(name->ns, name->local);
		out->kind = names_asker(p) ? p->on : 0;
	}
	return ask_read(cx, call->root, ask);
}

static void match_plain(struct match *x, enum resource_kind kind, bool self)
{
	struct subject s = { .at = { .kind = kind, .actor = x->m.view.actor } };
	if (kind == RES_PRINCIPAL || kind == RES_HOME)
		s.at.account = x->m.view.actor->owner;
	if (self || (x->kind & ON(kind)))
		(void)members_write(&x->m, &s);
}

static err_t match_objects(struct match *x, const struct calendar *calendar)
{
	struct str after = STR_ABSENT;
	size_t count = 0;
	x->m.start = arena_mark(x->m.cx->mem);
	do {
		struct object *rows = NULL;
		TRY(object_page(
			x->m.cx, x->m.view.actor, calendar->id, after, 0, OBJECT_PLAIN, PAGE_ROWS, &rows, &count));
		TRY(members_respond(&x->m, calendar, rows, count));
		if (count)
			after = members_keep(&x->m, rows[count - 1].name);
	} while (members_turn(&x->m) && count == PAGE_ROWS);
	return OK;
}

static err_t match_home(struct match *x)
{
	struct calendar *calendars = NULL;
	size_t count = 0;
	TRY(calendar_list(x->m.cx, x->m.view.actor, &calendars, &count));
	for (size_t i = 0; i < count && !x->m.gone; i++) {
		struct subject s = { .at = href_calendar(x->m.view.actor, calendars[i].name),
			.calendar = &calendars[i] };
		TRY(dead_load(x->m.cx, x->m.ask, &s));
		(void)members_write(&x->m, &s);
		TRY(match_objects(x, &calendars[i]));
	}
	return OK;
}

/* Members at any depth; calendars and objects are their owner's, so that one property decides for all of them. */
static err_t match_members(struct match *x, const struct subject *subject)
{
	enum resource_kind at = subject->at.kind;
	if (at == RES_ROOT) {
		match_plain(x, RES_PRINCIPALS, false);
		match_plain(x, RES_HOMES, false);
	}
	if (at == RES_ROOT || at == RES_PRINCIPALS)
		match_plain(x, RES_PRINCIPAL, x->self);
	if (at == RES_ROOT || at == RES_HOMES)
		match_plain(x, RES_HOME, false);
	if (!(x->kind & ON(RES_CALENDAR)))
		return OK;
	if (at == RES_CALENDAR)
		return match_objects(x, subject->calendar);
	return at == RES_ROOT || at == RES_HOMES || at == RES_HOME ? match_home(x) : OK;
}

err_t report_principal_match(struct dav_call *call)
{
	struct match x = { .self = false };
	struct ask ask;
	struct calendar calendar;
	struct subject subject;

	TRY(report_depth_zero(call));
	TRY(match_read(call, &x, &ask));
	if (x.kind & ON(RES_CALENDAR))
		TRY(principal_needs(&call->rq->cx, call->rq->principal, CALENDARS_READ | EVENTS_READ));
	TRY(subject_load(&call->rq->cx, call->at, &calendar, NULL, &subject));
	members_open(&x.m, call->rq, call->rs, &ask);
	TRY(view_load(&x.m.view, &ask));
	TRY(match_members(&x, &subject));
	members_close(&x.m);
	return OK;
}

/* ---- principal-property-search, §9.4, and what can be searched, §9.5 ---- */

static const struct {
	const char *ns, *local, *description;
	struct str element;
} searchable[] = {
	{ NS_DAV, "displayname", "Name", STR_INIT("<D:displayname/>") },
	{ NS_CS, "email-address-set", "E-mail address", STR_INIT("<S:email-address-set/>") },
	{ NS_CALDAV, "calendar-user-address-set", "Calendar address", STR_INIT("<C:calendar-user-address-set/>") },
	{ NS_CALDAV, "calendar-home-set", "Calendars", STR_INIT("<C:calendar-home-set/>") },
};

err_t report_search_properties(struct dav_call *call)
{
	TRY(report_depth_zero(call));
	struct buf *out = reply(call->rs, 200, XML_TYPE);
	BUF_LIT(out, XML_PROLOGUE "<D:principal-search-property-set " XML_PREFIXES ">");
	for (size_t i = 0; i < ARRAY_LEN(searchable); i++) {
		BUF_LIT(out, "<D:principal-search-property><D:prop>");
		buf_add(out, searchable[i].element);
		BUF_LIT(out, "</D:prop><D:description xml:lang=\"en\">");
		buf_add(out, str_of(searchable[i].description));
		BUF_LIT(out, "</D:description></D:principal-search-property>");
	}
	BUF_LIT(out, "</D:principal-search-property-set>\n");
	return OK;
}

static bool is_searchable(const struct xml_node *n)
{
	for (size_t i = 0; i < ARRAY_LEN(searchable); i++)
		if (xml_is(n, searchable[i].ns, searchable[i].local))
			return true;
	return false;
}

/* RFC 3744 §9.4.1: each run of character data by itself; caseless, of ASCII letters. */
static bool value_matches(
	const struct view *view, const struct subject *subject, const struct xml_node *name, struct str lower_escaped)
{
	const struct prop *p = is_searchable(name) ? prop_find(name->ns, name->local) : NULL;
	struct buf value = buf_new(view->cx->mem, 16 * 1024);
	if (!p || p->write(view, subject, &value) != 200)
		return false;
	if ((p->flags & PROP_PROFILE) && !(view->principal->scopes & PROFILE_READ))
		return false;
	struct str rest = str_lower(view->cx->mem, buf_str(&value)), run;
	while (str_cut(&rest, '<', &run)) {
		size_t tag_end = str_find(run, STR(">"));
		if (str_find(tag_end == SIZE_MAX ? run : str_from(run, tag_end + 1), lower_escaped) != SIZE_MAX)
			return true;
	}
	return false;
}

/* All properties of one property-search must match. */
static err_t search_matches(
	const struct view *view, const struct subject *subject, const struct xml_node *search, bool *out)
{
	const struct xml_node *prop = xml_child(search, NS_DAV, "prop"), *match = xml_child(search, NS_DAV, "match");
	if (!prop || !prop->first || !match)
		return REFUSE(view->cx, MALFORMED, "property-search", "A property-search holds prop and match.");
	struct buf text = buf_new(view->cx->mem, 64 * 1024);
	xml_escape(&text, match->text);
	if (text.full)
		return REFUSE(view->cx, MALFORMED, "match", "This text is too long to search for.");
	struct str lower = str_lower(view->cx->mem, buf_str(&text));
	*out = true;
	for (const struct xml_node *n = prop->first; n && *out; n = n->next)
		*out = value_matches(view, subject, n, lower);
	return OK;
}

err_t report_principal_search(struct dav_call *call)
{
	struct view view = view_of(call->rq);
	struct subject subject = own_principal(&view);
	struct ask ask;
	bool any = str_eq(xml_attribute(call->root, "test"), STR("anyof")); /* calendarserver's addition */
	bool matches = !any, searched = false;
	enum resource_kind at = call->at.kind;
	bool here = at == RES_ROOT || at == RES_PRINCIPALS ||
		    xml_child(call->root, NS_DAV, "apply-to-principal-collection-set");

	TRY(report_depth_zero(call));
	TRY(ask_read(&call->rq->cx, call->root, &ask));
	for (const struct xml_node *n = call->root->first; n; n = n->next) {
		bool one = false;
		if (!xml_is(n, NS_DAV, "property-search"))
			continue;
		TRY(search_matches(&view, &subject, n, &one));
		matches = any ? matches || one : matches && one;
		searched = true;
	}
	if (!searched)
		return REFUSE(&call->rq->cx, MALFORMED, "property-search", "A search needs a property-search.");
	return answer_principal(call, &ask, matches && here);
}
