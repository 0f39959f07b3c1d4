/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/multistatus.h"

#include "server/data/xml.h"
#include "server/http/head.h"

struct buf *multistatus_begin(struct response *rs)
{
	/* RFC 8144 §2.1, §3: what Prefer asks changes the answer, and that it was heard is said. */
	response_header(rs, "Vary", STR("Prefer, Brief"));
	if (request_wants_minimal(rs->rq))
		response_header(rs, "Preference-Applied", STR("return=minimal"));
	struct buf *out = response_stream(rs, 207, XML_TYPE);
	BUF_LIT(out, XML_PROLOGUE "<D:multistatus " XML_PREFIXES ">");
	return out;
}

void multistatus_end(struct buf *out)
{
	BUF_LIT(out, "</D:multistatus>\n");
}

void multistatus_response(struct buf *out, struct str href)
{
	BUF_LIT(out, "<D:response><D:href>");
	xml_escape(out, href);
	BUF_LIT(out, "</D:href>");
}

void multistatus_response_end(struct buf *out)
{
	BUF_LIT(out, "</D:response>");
}

/* RFC 4918 §14.28: an HTTP status line, whatever the version of this connection. */
static void status_add(struct buf *out, int status)
{
	if (status == 200)
		BUF_LIT(out, "<D:status>HTTP/1.1 200 OK</D:status>");
	else if (status == 404)
		BUF_LIT(out, "<D:status>HTTP/1.1 404 Not Found</D:status>");
	else
		buf_fmt(out, "<D:status>HTTP/1.1 %d %s</D:status>", status, status_phrase(status));
}

static void condition_add(struct buf *out, const char *condition)
{
	if (condition)
		buf_fmt(out, "<D:error><%s/></D:error>", condition);
}

void multistatus_propstat(struct buf *out)
{
	BUF_LIT(out, "<D:propstat><D:prop>");
}

void multistatus_propstat_end(struct buf *out, int status, const char *condition)
{
	BUF_LIT(out, "</D:prop>");
	status_add(out, status);
	condition_add(out, condition);
	BUF_LIT(out, "</D:propstat>");
}

void multistatus_status(struct buf *out, struct str href, int status, const char *condition)
{
	multistatus_response(out, href);
	status_add(out, status);
	condition_add(out, condition);
	multistatus_response_end(out);
}
