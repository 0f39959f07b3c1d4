/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reports over principals (RFC 3744 §9.2 to §9.5). An account sees one principal: its own.
 */
#include "caldav/multistatus_rows.h"
#include "caldav/reports/report.h"

static struct subject own_principal(const struct prop_context *context)
{
	const struct actor *own = context->actor;
	return (struct subject){ .at = { .kind = RES_PRINCIPAL, .account = own->owner, .actor = own } };
}

/* The asker's principal as the only response, or none. */
static err_t answer_principal(struct dav_call *call, const struct requested_props *requested, bool matches)
{
	struct prop_context context = prop_context_of(call);
	struct subject subject = own_principal(&context);
	if (matches)
		TRY(dead_load(&call->rq->cx, requested, &subject));
	struct buf *out = multistatus_begin(call->rs);
	if (matches)
		props_respond(&context, requested, &subject, out);
	multistatus_end(out);
	return OK;
}

/* ---- acl-principal-prop-set, §9.2 ---- */

err_t report_acl_principals(struct dav_call *call)
{
	struct calendar calendar;
	struct object object;
	struct subject subject;
	struct requested_props requested;
	TRY(report_depth_zero(call));
	if (!call->root->first)
		return REFUSE(&call->rq->cx, MALFORMED, "prop", "An acl-principal-prop-set holds a prop.");
	TRY(requested_read(&call->rq->cx, call->root, &requested));
	TRY(subject_load(&call->rq->cx, call->at, &calendar, &object, &subject));
	return answer_principal(call, &requested, true); /* the one entry of every ACL here */
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
	if (call->root->first)
		return REFUSE(&call->rq->cx, MALFORMED, "", "A principal-search-property-set is empty.");
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
static bool value_matches(const struct prop_context *context, const struct subject *subject,
	const struct xml_node *name, struct str lower_escaped)
{
	const struct prop *p = is_searchable(name) ? prop_find(name->ns, name->local) : NULL;
	struct buf value = buf_new(context->cx->mem, 16 * 1024);
	if (!p || p->write(context, subject, &value) != 200)
		return false;
	if ((p->flags & PROP_PROFILE) && !(context->principal->scopes & PROFILE_READ))
		return false;
	struct str rest = str_lower(context->cx->mem, buf_str(&value)), run;
	while (str_cut(&rest, '<', &run)) {
		size_t tag_end = str_find(run, STR(">"));
		if (str_find(tag_end == SIZE_MAX ? run : str_from(run, tag_end + 1), lower_escaped) != SIZE_MAX)
			return true;
	}
	return false;
}

/* All properties of one property-search must match. */
static err_t search_matches(
	const struct prop_context *context, const struct subject *subject, const struct xml_node *search, bool *out)
{
	const struct xml_node *prop = xml_child(search, NS_DAV, "prop"), *match = xml_child(search, NS_DAV, "match");
	if (!prop || !prop->first || !match)
		return REFUSE(context->cx, MALFORMED, "property-search", "A property-search holds prop and match.");
	struct buf text = buf_new(context->cx->mem, 64 * 1024);
	xml_escape(&text, match->text);
	if (text.full)
		return REFUSE(context->cx, MALFORMED, "match", "This text is too long to search for.");
	struct str lower = str_lower(context->cx->mem, buf_str(&text));
	*out = true;
	for (const struct xml_node *n = prop->first; n && *out; n = n->next)
		*out = value_matches(context, subject, n, lower);
	return OK;
}

err_t report_principal_search(struct dav_call *call)
{
	struct prop_context context = prop_context_of(call);
	struct subject subject = own_principal(&context);
	struct requested_props requested;
	bool any = str_eq(xml_attribute(call->root, "test"), STR("anyof")); /* calendarserver's addition */
	bool matches = !any, searched = false;
	enum resource_kind at = call->at.kind;
	bool here = at == RES_ROOT || at == RES_PRINCIPALS ||
		    xml_child(call->root, NS_DAV, "apply-to-principal-collection-set");

	TRY(report_depth_zero(call));
	TRY(requested_read(&call->rq->cx, call->root, &requested));
	for (const struct xml_node *n = call->root->first; n; n = n->next) {
		bool one = false;
		if (!xml_is(n, NS_DAV, "property-search"))
			continue;
		TRY(search_matches(&context, &subject, n, &one));
		matches = any ? matches || one : matches && one;
		searched = true;
	}
	if (!searched)
		return REFUSE(&call->rq->cx, MALFORMED, "property-search", "A search needs a property-search.");
	return answer_principal(call, &requested, matches && here);
}
