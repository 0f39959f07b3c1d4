/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a refusal says is lacking, and where (RFC 3744 §7.1.1). What a method needs stands in methods.def (appendix B),
 * what a report needs in report.c. Says nothing of what exists: the paths are those that the asker sent.
 */
#include "caldav/dispatch.h"

#define CALENDAR_SEGMENTS 4

static void resource_open(const struct path *path, size_t count, bool folder, struct buf *out)
{
	BUF_LIT(out, "<D:resource><D:href>");
	for (size_t i = 0; i < count; i++) {
		buf_char(out, '/');
		path_segment_add(out, path->segments[i]);
	}
	buf_add(out, folder || !count ? STR("/") : STR(""));
}

static void resource_close(const char *privilege, struct buf *out)
{
	buf_fmt(out, "</D:href><D:privilege><%s/></D:privilege></D:resource>", privilege);
}

static void write_itself(const struct path *path, const char *privilege, struct buf *out)
{
	if (!privilege)
		return;
	resource_open(path, path->count, path->folder, out);
	resource_close(privilege, out);
}

static void write_parent(const struct path *path, const char *privilege, struct buf *out)
{
	if (!privilege)
		return;
	resource_open(path, path->count ? path->count - 1 : 0, true, out);
	resource_close(privilege, out);
}

/* Which of the method's needs are not met: of a COPY one side alone may be, of what is another's one path. */
static struct dav_needs needs_lacking(const struct request *rq, err_t e, const struct dav_needs *all)
{
	struct dav_needs n = *all;
	uint64_t held = rq->principal ? rq->principal->scopes : 0;
	struct resource at;
	if (!n.to)
		return n;
	if (err_is(e, ACCOUNT_MISMATCH)) {
		if (err_is(href_of_request(rq, &at), ACCOUNT_MISMATCH))
			n.to = NULL;
		else
			n.itself = n.parent = NULL;
		return n;
	}
	/* calendars lie in the home: /dav/calendars/:account/:calendar */
	uint64_t binds = rq->path.count > CALENDAR_SEGMENTS ? EVENTS_WRITE : CALENDARS_MANAGE;
	if (held & EVENTS_READ)
		n.itself = NULL; /* DAV:read, of a COPY */
	if (err_is(e, INSUFFICIENT_SCOPE) && (held & binds))
		n.parent = n.to = NULL;
	return n;
}

void need_privileges_write(const struct request *rq, err_t e, struct buf *out)
{
	const struct dav_method *m = dav_method_of(rq->method);
	struct dav_needs n = { .itself = e->privilege ? e->privilege : "D:read" };
	if (m && !e->privilege)
		n = needs_lacking(rq, e, &m->needs);
	write_itself(&rq->path, n.itself, out);
	write_parent(&rq->path, n.parent, out);
	struct path to;
	if (n.to && !href_path(rq, request_header(rq, "Destination"), &to))
		write_parent(&to, n.to, out);
}
