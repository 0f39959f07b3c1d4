/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/href.h"

#include "server/base/config.h"
#include "server/http/router.h"

/* How many segments each kind's path has, `dav` counted, and what the second one is. */
static const struct {
	const char *tree;
	size_t segments;
	enum resource_kind kind;
} kinds[] = {
	{ NULL, 1, RES_ROOT },
	{ "principals", 2, RES_PRINCIPALS },
	{ "principals", 3, RES_PRINCIPAL },
	{ "calendars", 2, RES_HOMES },
	{ "calendars", 3, RES_HOME },
	{ "calendars", 4, RES_CALENDAR },
	{ "calendars", 5, RES_OBJECT },
};

bool href_account_parse(struct str text, struct id *out)
{
	bool test = str_starts(text, STR(DAV_TEST_PREFIX));
	struct id live;
	if (!id_parse(test ? str_from(text, sizeof DAV_TEST_PREFIX - 1) : text, "usr", &live) || id_is_test(live))
		return false; /* a twin has one name alone */
	*out = id_in_mode(live, test);
	return true;
}

err_t href_parse(struct ctx *cx, const struct path *path, struct resource *out)
{
	const struct str *s = path->segments;
	if (path->count == 1 && str_eq(s[0], STR("principals"))) {
		*out = (struct resource){ .kind = RES_PRINCIPALS };
		return OK;
	}
	if (path->count == 0 || !str_eq(s[0], STR("dav")))
		return FAIL(cx, NOT_FOUND, "not under /dav/");
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (kinds[i].segments != path->count || (kinds[i].tree && !str_eq(s[1], str_of(kinds[i].tree))))
			continue;
		struct resource r = { .kind = kinds[i].kind };
		/* What cannot be an account's id is nobody's, whoever has an account: to say so tells nothing. */
		if (path->count > 2 && !href_account_parse(s[2], &r.account))
			break;
		if (path->count > 3)
			r.calendar = s[3];
		if (path->count > 4)
			r.object = s[4];
		*out = r;
		return OK;
	}
	return FAIL(cx, NOT_FOUND, "no resource has such a path");
}

/* What belongs to others is 403, existing or not, so that nobody learns what exists. */
static err_t parse_for_asker(const struct request *rq, struct ctx *cx, const struct path *path, struct resource *out)
{
	struct resource r = { 0 };
	TRY(href_parse(cx, path, &r));
	bool owned = r.kind == RES_PRINCIPAL || r.kind == RES_HOME || r.kind == RES_CALENDAR || r.kind == RES_OBJECT;
	struct actor *actor = arena_new(cx->mem, struct actor);
	TRY(actor_resolve(cx, rq->principal, owned ? r.account : rq->principal->account, actor));
	r.actor = actor;
	*out = r;
	return OK;
}

err_t href_of_request(const struct request *rq, struct resource *out)
{
	struct ctx cx = rq->cx; /* a path needs its memory alone */
	return parse_for_asker(rq, &cx, &rq->path, out);
}

static err_t near_parse(
	const struct request *rq, struct ctx *cx, struct path path, struct resource *out, size_t *below_out)
{
	size_t count = path.count;
	err_t e = parse_for_asker(rq, cx, &path, out);
	while (err_is(e, NOT_FOUND) && path.count > 1) {
		path.count--;
		e = parse_for_asker(rq, cx, &path, out);
	}
	*below_out = count - path.count;
	return e;
}

err_t href_near_request(const struct request *rq, struct resource *out, size_t *below_out)
{
	struct ctx cx = rq->cx;
	return near_parse(rq, &cx, rq->path, out, below_out);
}

/* Octets that may not stand raw in a URI are encoded, so that what clients forget to encode is read as meant. */
static struct str encode_raw(struct arena *mem, struct str text)
{
	static const char hex[] = "0123456789ABCDEF";
	struct buf out = buf_new(mem, text.len * 3 + 1);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c > ' ' && c < 127 && !str_has(STR("\"<>\\^`{|}"), (char)c)) {
			buf_char(&out, (char)c);
		} else {
			buf_char(&out, '%');
			buf_char(&out, hex[c >> 4]);
			buf_char(&out, hex[c & 15]);
		}
	}
	return buf_str(&out);
}

static struct str without_default_port(struct str authority)
{
	static const struct str ports[] = { STR_INIT(":80"), STR_INIT(":443") };
	for (size_t i = 0; i < ARRAY_LEN(ports); i++)
		if (str_ends(authority, ports[i]))
			return str_sub(authority, 0, authority.len - ports[i].len);
	return authority;
}

/* Cuts scheme and authority off an absolute URL. False: neither a path nor http(s). */
static bool authority_cut(struct str *rest, struct str *authority_out)
{
	*authority_out = STR_ABSENT;
	if (str_starts(*rest, STR("/")))
		return true;
	size_t skip = str_starts_nocase(*rest, STR("http://")) ? 7 : str_starts_nocase(*rest, STR("https://")) ? 8 : 0;
	if (!skip)
		return false;
	*rest = str_from(*rest, skip);
	size_t slash = str_find(*rest, STR("/"));
	if (slash == SIZE_MAX)
		return false;
	*authority_out = str_sub(*rest, 0, slash);
	*rest = str_from(*rest, slash);
	return true;
}

/* The host that the client speaks to, or the public one where a proxy changes it. */
static bool is_our_host(const struct request *rq, struct str authority)
{
	struct str asked = without_default_port(authority);
	if (str_eq_nocase(asked, without_default_port(request_header(rq, "Host"))))
		return true;
	struct str url = rq->app->config->public_url, public_host;
	struct str base = str_ends(url, STR("/")) ? url : str_fmt(rq->cx.mem, "%.*s/", STR_ARG(url));
	return authority_cut(&base, &public_host) && public_host.ptr &&
	       str_eq_nocase(asked, without_default_port(public_host));
}

static err_t path_of_href(const struct request *rq, struct ctx *cx, struct str href, struct path *out)
{
	struct str rest = encode_raw(cx->mem, str_trim(href, STR_BLANK)), authority, raw;
	if (!authority_cut(&rest, &authority))
		return REFUSE(cx, MALFORMED, "href", "An href is a path that begins with '/', or an http URL.");
	while (authority.ptr && str_starts(rest, STR("//"))) /* as in a request's own target */
		rest = str_from(rest, 1);
	if (authority.ptr && !is_our_host(rq, authority))
		return FAIL(cx, DAV_FOREIGN, "another host: %.*s", STR_ARG(authority));
	if (!str_cut(&rest, '?', &raw))
		raw = STR("/");
	rest = raw;
	(void)str_cut(&rest, '#', &raw);
	return path_parse(cx, raw, out);
}

err_t href_path(const struct request *rq, struct str href, struct path *out)
{
	struct ctx cx = rq->cx;
	return path_of_href(rq, &cx, href, out);
}

err_t href_resolve(const struct request *rq, struct str href, struct resource *out)
{
	struct ctx cx = rq->cx;
	struct path path;
	TRY(path_of_href(rq, &cx, href, &path));
	return parse_for_asker(rq, &cx, &path, out);
}

err_t href_near(const struct request *rq, struct str href, struct resource *out, size_t *below_out)
{
	struct ctx cx = rq->cx;
	struct path path;
	TRY(path_of_href(rq, &cx, href, &path));
	return near_parse(rq, &cx, path, out, below_out);
}

void href_add(struct buf *out, struct resource r)
{
	BUF_LIT(out, "/dav/");
	if (r.kind == RES_ROOT)
		return;
	if (r.kind == RES_PRINCIPALS || r.kind == RES_PRINCIPAL)
		BUF_LIT(out, "principals/");
	else
		BUF_LIT(out, "calendars/");
	if (r.kind == RES_PRINCIPALS || r.kind == RES_HOMES)
		return;
	buf_add(out, dav_account(out->mem, r.account));
	buf_char(out, '/');
	if (r.kind == RES_CALENDAR || r.kind == RES_OBJECT) {
		path_segment_add(out, r.calendar);
		buf_char(out, '/');
	}
	if (r.kind == RES_OBJECT)
		path_segment_add(out, r.object);
}

struct str href_text(struct arena *mem, struct resource r)
{
	struct buf out = buf_new(mem, KIB(4));
	href_add(&out, r);
	return buf_str(&out);
}

struct resource href_object(struct resource in, struct str name)
{
	in.kind = RES_OBJECT;
	in.object = name;
	return in;
}

struct resource href_calendar(const struct actor *actor, struct str name)
{
	return (struct resource){ .kind = RES_CALENDAR, .account = actor->owner, .calendar = name, .actor = actor };
}

bool resource_same(struct resource a, struct resource b)
{
	return a.kind == b.kind && id_eq(a.account, b.account) && str_eq(a.calendar, b.calendar) &&
	       str_eq(a.object, b.object);
}
