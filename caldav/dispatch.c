/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/dispatch.h"

#include "caldav/methods/methods.h"
#include "server/db/query.h"
#include "server/http/access.h"

static const struct dav_method methods[] = {
#define DAV_METHOD(                                                                                                    \
	name, read, run, body, body_max, needed, ns, root, writes, ahead, locks, checked, target, itself, parent, to)  \
	{ METHOD_##name, read, run, body, needed, ns, root, writes, ahead, locks, checked, target,                     \
		{ itself, parent, to } },
#include "caldav/methods.def"
#undef DAV_METHOD
};

const struct dav_method *dav_method_of(enum method method)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (methods[i].method == method || (method == METHOD_HEAD && methods[i].method == METHOD_GET))
			return &methods[i];
	return NULL;
}

/* ---- the walk ---- */

/* RFC 4918 §9.3: a MKCOL of a type that is not known is 415. */
static err_t type_check(struct request *rq)
{
	struct str type = request_media_type(rq);
	bool is_xml = !type.ptr || str_eq(type, STR("application/xml")) || str_eq(type, STR("text/xml"));
	return is_xml || !rq->body.len ? OK : FAIL(&rq->cx, MEDIA_TYPE, "%.*s", STR_ARG(type));
}

static err_t body_read(struct dav_call *call)
{
	const struct dav_method *m = call->method;
	struct request *rq = call->rq;
	if (m->body != BODY_XML && m->body != BODY_ANY)
		return OK;
	if (m->body == BODY_ANY)
		TRY(type_check(rq));
	TRY(xml_parse(&rq->cx, rq->body, &call->root));
	if (!call->root && !m->body_needed)
		return OK;
	if (!call->root || (m->root && !xml_is(call->root, m->ns, m->root)))
		return REFUSE(&rq->cx, MALFORMED, "", "The body of %s is %s element%s%s.", method_name(m->method),
			m->root ? m->root : "an XML", m->root ? " of " : "", m->root ? m->ns : "");
	return OK;
}

/*
 * A path that names nothing, ever, or something of another account. RFC 4791 §7.10: who may not see when others are
 * busy is told that there is nothing, as of what is not there.
 */
static err_t of_another(struct dav_call *call, err_t e)
{
	if (err_is(e, NOT_FOUND))
		return dav_unrouted(call->rq, false);
	if (!err_is(e, ACCOUNT_MISMATCH) || call->method->method != METHOD_REPORT || body_read(call))
		return e;
	return xml_is(call->root, NS_CALDAV, "free-busy-query") ? FAIL(&call->rq->cx, NOT_FOUND, "another's") : e;
}

/* Whose the resource is, is known only now: access.c asked the credential alone. */
static err_t rights_check(struct dav_call *call)
{
	struct request *rq = call->rq;
	uint64_t needed = (rq->route->scopes & ~(uint64_t)BY_REPORT) | call->scopes;
	err_t e = scopes_require(&rq->cx, call->at.actor->rights, needed);
	if (!e || !call->privilege)
		return e;
	struct err *told = arena_new(rq->cx.mem, struct err);
	*told = *e;
	told->privilege = call->privilege;
	return told;
}

/* RFC 4918 §5.2: a collection answers without the slash at its end, too, and tells where it is. */
static void tell_location(const struct dav_call *call)
{
	struct request *rq = call->rq;
	if (!call->method->writes && call->at.kind != RES_OBJECT && !rq->path.folder)
		response_header(call->rs, "Content-Location", href_text(rq->cx.mem, call->at));
}

static err_t walk(struct dav_call *call)
{
	struct request *rq = call->rq;
	err_t e = href_of_request(rq, &call->at);
	if (e)
		return of_another(call, e);
	TRY(body_read(call));
	if (call->method->read)
		TRY(call->method->read(call));
	TRY(rights_check(call));
	if (call->method->writes)
		TRY(access_count_write(rq, call->at.actor->owner));
	TRY(conditions_check(call));
	tell_location(call);
	return call->method->run(call);
}

/* What was begun is committed before the answer goes out; where this returns an error, the router undoes it (db_end).
 */
err_t dav_dispatch(struct request *rq, struct response *rs)
{
	struct dav_call call = { .rq = rq, .rs = rs, .method = dav_method_of(rq->method) };
	TRY(walk(&call));
	TRY(response_fits(rs));
	return rq->cx.tx ? db_commit(&rq->cx) : OK;
}

/* ---- where nothing is ---- */

err_t dav_forbidden(struct request *rq, struct response *rs)
{
	(void)rs;
	struct resource at;
	err_t e = href_of_request(rq, &at);
	if (err_is(e, NOT_FOUND))
		return dav_unrouted(rq, false);
	TRY(e);
	return REFUSE(&rq->cx, DAV_IMPOSSIBLE, "", "%s is never possible on this resource.", method_name(rq->method));
}

static bool makes(enum method method)
{
	return method == METHOD_PUT || method == METHOD_MKCALENDAR || method == METHOD_MKCOL;
}

/*
 * Deeper than any resource lies, or an object's path with a slash at its end: as where nothing is. RFC 4918 §9.7.1,
 * §9.3.1: what has no collection above it cannot be made. Says nothing of what exists.
 */
err_t dav_unrouted(struct request *rq, bool path_known)
{
	struct resource near;
	size_t below;
	TRY(href_near_request(rq, &near, &below));
	bool is_object = near.kind == RES_OBJECT;
	if (path_known && !below && !(is_object && rq->path.folder))
		return FAIL(&rq->cx, METHOD_NOT_ALLOWED, "not in the table");
	if (!makes(rq->method))
		return FAIL(&rq->cx, NOT_FOUND, "no resource has such a path");
	if (is_object || below > 1)
		return REFUSE(&rq->cx, DAV_PARENT_MISSING, "",
			"Nothing can be made here: an object lies directly in a calendar, and its path ends without a "
			"slash.");
	return REFUSE(&rq->cx, DAV_IMPOSSIBLE, "", "Nothing can be made in this collection.");
}
