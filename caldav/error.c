/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How CalDAV says no (RFC 4918 §16): the status, and a DAV:error with exactly the precondition that failed. Strict
 * suites refuse any other element beside it, so the helpful text and the request id stand in a comment. Where no
 * precondition has a name, the text is the body.
 */
#include "caldav/dispatch.h"
#include "caldav/multistatus.h"
#include "server/data/xml.h"
#include "server/http/match.h"
#include "server/http/refusal.h"

/* U+FFFE and U+FFFF, which no XML may have (XML 1.0 §2.2). */
static bool no_character(struct str text, size_t i)
{
	return text.len - i >= 3 && text.ptr[i] == '\xEF' && text.ptr[i + 1] == '\xBF' && text.ptr[i + 2] >= '\xBE';
}

/*
 * The words of an error, without control characters; what is no UTF-8 as printable ASCII. Inside a comment no two
 * hyphens may meet (XML 1.0 §2.5).
 */
static void text_add(struct buf *out, struct str text, bool comment)
{
	const bool utf8 = str_is_utf8(text);
	char before = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool beyond = (unsigned char)c >= 0x80, none = utf8 && no_character(text, i);
		if (beyond ? !utf8 || none : c < ' ' || c > '~')
			c = c == '\n' || c == '\t' ? ' ' : '?';
		i += none ? 2 : 0;
		if (comment && c == '-' && before == '-')
			buf_char(out, ' ');
		buf_char(out, c);
		before = c;
	}
}

static void condition_content(const struct request *rq, const char *condition, err_t e, struct buf *out)
{
	if (str_eq(str_of(condition), STR("D:need-privileges"))) {
		need_privileges_write(rq, e, out);
	} else if (e->href.ptr) {
		BUF_LIT(out, "<D:href>");
		xml_escape(out, e->href);
		BUF_LIT(out, "</D:href>");
	}
}

static void condition_body(struct request *rq, struct response *rs, const char *condition, int status, err_t e)
{
	struct buf *out = reply(rs, status, XML_TYPE);
	buf_fmt(out, XML_PROLOGUE "<D:error xmlns:D=\"" NS_DAV "\" xmlns:C=\"" NS_CALDAV "\"><%s>", condition);
	condition_content(rq, condition, e, out);
	buf_fmt(out, "</%s></D:error>\n<!-- ", condition);
	text_add(out, err_text(e), true);
	BUF_LIT(out, " Request-Id ");
	buf_add(out, id_text(rq->cx.mem, "req", rq->cx.request_id));
	BUF_LIT(out, " -->\n");
}

static void text_body(struct request *rq, struct response *rs, int status, err_t e)
{
	struct buf *out = reply(rs, status, "text/plain; charset=utf-8");
	text_add(out, err_text(e), false);
	BUF_LIT(out, "\nRequest-Id ");
	buf_add(out, id_text(rq->cx.mem, "req", rq->cx.request_id));
	BUF_LIT(out, "\n");
}

/*
 * A person opened such an address in a browser (Fetch Metadata: programs never say so) and has no key at hand: the
 * page of the documentation that says what to do with it tells more than the browser's question for a password.
 */
static bool is_lost_person(const struct request *rq, err_t e)
{
	const struct route *route = rq->route;
	return err_is(e, MISSING_CREDENTIALS) && route && (route->flags & FOR_PEOPLE) &&
	       str_eq(request_header(rq, "Sec-Fetch-Dest"), STR("document"));
}

/* RFC 9110 §15.5.6: a 405 says what is possible. MKCOL is of a path at which there is something: not that. */
static void allow_others(struct request *rq, struct response *rs)
{
	struct buf out = buf_new(rq->cx.mem, KIB(1));
	struct str all = match_allow(rq->cx.mem, rq->app, &rq->path, false), one;
	while (str_cut(&all, ',', &one)) {
		one = str_trim(one, STR_BLANK);
		if (str_eq(one, STR("MKCOL")) || str_eq(one, STR("MKCALENDAR")))
			continue;
		buf_fmt(&out, "%s%.*s", out.len ? ", " : "", STR_ARG(one));
	}
	response_header(rs, "Allow", buf_str(&out));
}

void dav_show_error(struct request *rq, struct response *rs, err_t e)
{
	if (is_lost_person(rq, e)) {
		reply_redirect(rs, 303, STR("/docs/caldav"));
		response_header(rs, "Vary", STR("Sec-Fetch-Dest"));
		return;
	}
	/* RFC 4791 §5.3.2.1: an object that is too large has a precondition of its own. */
	bool puts = rq->method == METHOD_PUT || rq->method == METHOD_POST;
	enum err_kind kind = e->kind == TOO_LARGE && puts ? ICAL_SIZE : e->kind;
	const struct err_row *row = err_row(kind);
	int status = row->dav_status ? row->dav_status : row->api_status;

	if (row->dav_condition)
		condition_body(rq, rs, row->dav_condition, status, e);
	else
		text_body(rq, rs, status, e);
	if (kind == DAV_EXISTS)
		allow_others(rq, rs);
	auth_challenge(rq, rs, e);
}

err_t uid_conflict_href(struct request *rq, struct resource near, err_t e)
{
	if (!err_is(e, UID_CONFLICT))
		return e;
	struct err *told = arena_new(rq->cx.mem, struct err);
	*told = *e;
	if (near.kind == RES_OBJECT && str_eq(near.object, e->href))
		told->said = STR("An object keeps its UID: what is stored here has another.");
	told->href = href_text(rq->cx.mem, href_object(near, e->href));
	return told;
}
