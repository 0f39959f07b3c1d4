/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DAV:expand-property (RFC 3253 §3.8): in the value of a property, each href of a resource that the asker can see is
 * replaced by a DAV:response with the properties asked of it. An href that leads elsewhere stays what it is.
 */
#include "caldav/multistatus_rows.h"
#include "caldav/reports/report.h"

#include <assert.h>

/* Hrefs that are followed in one answer: each may cost a look into the database. */
#define EXPANSIONS_MAX 100

struct expansion {
	struct dav_call *call;
	struct prop_context context;
	unsigned count;
};

/* It becomes the name of an element: an NCName of ASCII letters. */
static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool inside = char_is_digit(c) || c == '-' || c == '.';
		if (!char_is_alpha(c) && c != '_' && !(i && inside))
			return false;
	}
	return s.len > 0;
}

/* DAV:property elements as what requested_names() wants: nodes that are called like the properties. */
static err_t names_of(struct ctx *cx, const struct xml_node *parent, struct requested_props *out)
{
	struct xml_node names = { .ns = STR_INIT(NS_DAV), .local = STR_INIT("prop") }, **last = &names.first;
	for (const struct xml_node *n = parent->first; n; n = n->next) {
		if (!xml_is(n, NS_DAV, "property"))
			continue;
		struct str name = xml_attribute(n, "name"), ns = xml_attribute(n, "namespace");
		if (!is_name(name))
			return REFUSE(cx, MALFORMED, "name", "A DAV:property needs the name of a property.");
		*last = arena_new(cx->mem, struct xml_node);
		**last = (struct xml_node){ .ns = ns.ptr ? ns : STR(NS_DAV), .local = name, .text = STR("") };
		last = &(*last)->next;
	}
	*out = (struct requested_props){ .kind = REQUESTED_PROPS };
	return requested_names(cx, &names, out);
}

static bool is_property(const struct xml_node *n, const struct requested_prop *name)
{
	struct str ns = xml_attribute(n, "namespace");
	return xml_is(n, NS_DAV, "property") && str_eq(xml_attribute(n, "name"), name->local) &&
	       str_eq(ns.ptr ? ns : STR(NS_DAV), name->ns);
}

/* The first DAV:property of this name that has properties inside; NULL: the value is sent as it is. */
static const struct xml_node *nested_in(const struct xml_node *parent, const struct requested_prop *name)
{
	for (const struct xml_node *n = parent->first; n; n = n->next)
		if (is_property(n, name) && xml_child(n, NS_DAV, "property"))
			return n;
	return NULL;
}

static err_t write_subject(
	struct expansion *x, const struct xml_node *parent, const struct subject *subject, struct buf *out);

/* An href of a resource that this credential may read. */
static bool leads_to(struct expansion *x, struct str href, struct resource *out)
{
	if (!str_starts(href, STR("/")) || href_resolve(x->call->rq, href, out))
		return false;
	uint64_t needed = scopes_to_read(out->kind);
	return (out->actor->rights & needed) == needed && x->count++ < EXPANSIONS_MAX;
}

/* An href as it stands in a value of ours, escaped. */
static err_t write_href(struct expansion *x, const struct xml_node *parent, struct str href, struct buf *out)
{
	struct calendar calendar;
	struct object object;
	struct subject subject;
	struct resource at;
	if (!leads_to(x, href, &at) || subject_load(x->context.cx, at, &calendar, &object, &subject)) {
		BUF_LIT(out, "<D:href>");
		buf_add(out, href);
		BUF_LIT(out, "</D:href>");
		return OK;
	}
	return write_subject(x, parent, &subject, out);
}

/* The property's element, its hrefs expanded. */
static err_t write_expanded(struct expansion *x, const struct xml_node *parent, struct str value, struct buf *out)
{
	for (;;) {
		size_t open = str_find(value, STR("<D:href>"));
		if (open == SIZE_MAX)
			break;
		buf_add(out, str_sub(value, 0, open));
		value = str_from(value, open + STR("<D:href>").len);
		size_t close = str_find(value, STR("</D:href>"));
		assert(close != SIZE_MAX); /* we wrote it */
		TRY(write_href(x, parent, str_sub(value, 0, close), out));
		value = str_from(value, close + STR("</D:href>").len);
	}
	buf_add(out, value);
	return OK;
}

static err_t write_nested(struct expansion *x, const struct xml_node *parent, const struct requested_prop *name,
	const struct subject *subject, struct buf *out)
{
	const struct requested_props one = { .kind = REQUESTED_PROPS, .items = name, .count = 1 };
	const struct xml_node *nested = nested_in(parent, name);
	struct buf value = buf_new(x->context.cx->mem, DATA_MAX);
	props_write(&x->context, &one, subject, &value);
	if (!nested) {
		buf_add(out, buf_str(&value));
		return OK;
	}
	return write_expanded(x, nested, buf_str(&value), out);
}

/* As deep as the XML is, which xml_parse() bounds. One propstat a property: each may be expanded its own way. */
static err_t write_subject(
	struct expansion *x, const struct xml_node *parent, const struct subject *subject, struct buf *out)
{
	struct requested_props requested = { .kind = REQUESTED_PROPS };
	struct subject whole = *subject;
	TRY(names_of(x->context.cx, parent, &requested));
	TRY(dead_load(x->context.cx, &requested, &whole));
	TRY(prop_context_load(&x->context, &requested));
	multistatus_response(out, href_text(x->context.cx->mem, subject->at));
	for (size_t i = 0; i < requested.count; i++)
		TRY(write_nested(x, parent, &requested.items[i], &whole, out));
	if (requested.count == 0)
		props_write(&x->context, &requested, &whole, out);
	multistatus_response_end(out);
	return OK;
}

err_t report_expand_property(struct dav_call *call)
{
	struct ctx *cx = &call->rq->cx;
	struct expansion x = { .call = call, .context = prop_context_of(call) };
	struct calendar calendar;
	struct object object;
	struct subject subject;

	TRY(report_depth_zero(call));
	TRY(subject_load(cx, call->at, &calendar, &object, &subject));
	struct buf body = buf_new(cx->mem, DATA_MAX);
	TRY(write_subject(&x, call->root, &subject, &body));
	if (body.full)
		return FAIL(cx, DAV_LIMITS, "expand-property: over %d octets", DATA_MAX);
	struct buf *out = multistatus_begin(call->rs);
	buf_add(out, buf_str(&body));
	multistatus_end(out);
	return OK;
}
