/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/uri.h"

#define SEGMENT_OCTETS_MAX 255

/* What an octet may be used for in a URI (RFC 3986 §2, §3). */
enum octet_class { UNRESERVED = 1, SUB_DELIM = 2, PCHAR_EXTRA = 4, SLASH = 8, QUESTION = 16, SCHEME = 32 };
#define PCHAR (UNRESERVED | SUB_DELIM | PCHAR_EXTRA)

/* clang-format off */
#define A (UNRESERVED | SCHEME)
#define U UNRESERVED
#define P (SUB_DELIM | SCHEME)
#define D SUB_DELIM
#define X PCHAR_EXTRA
#define S SLASH
#define Q QUESTION
static const uint8_t classes[256] = {
	[0x20] = 0, D, 0, 0, D, 0, D, D, D, D, D, P, D, A, A, S, /*  !"#$%&'()*+,-./ */
	[0x30] = A, A, A, A, A, A, A, A, A, A, X, D, 0, D, 0, Q, /* 0123456789:;<=>? */
	[0x40] = X, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, /* @ABCDEFGHIJKLMNO */
	[0x50] = A, A, A, A, A, A, A, A, A, A, A, 0, 0, 0, 0, U, /* PQRSTUVWXYZ[\]^_ */
	[0x60] = 0, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, /* `abcdefghijklmno */
	[0x70] = A, A, A, A, A, A, A, A, A, A, A, 0, 0, 0, U, 0, /* pqrstuvwxyz{|}~ */
};
#undef A
#undef U
#undef P
#undef D
#undef X
#undef S
#undef Q
/* clang-format on */

static unsigned class_of(char c)
{
	return classes[(unsigned char)c];
}

/* Every octet is of a class in `allowed` or part of a whole percent-escape. */
static bool only(struct str text, unsigned allowed)
{
	for (size_t i = 0; i < text.len; i++) {
		if (class_of(text.ptr[i]) & allowed)
			continue;
		if (text.ptr[i] != '%' || text.len - i < 3 || char_hex(text.ptr[i + 1]) < 0 ||
			char_hex(text.ptr[i + 2]) < 0)
			return false;
		i += 2;
	}
	return true;
}

static void percent(struct buf *out, char c)
{
	static const char hex[] = "0123456789ABCDEF";
	buf_char(out, '%');
	buf_char(out, hex[(unsigned char)c >> 4]);
	buf_char(out, hex[(unsigned char)c & 15]);
}

bool path_has_dots(struct str raw)
{
	static const struct str dots[] = { STR_INIT("."), STR_INIT(".."), STR_INIT("%2e"), STR_INIT(".%2e"),
		STR_INIT("%2e."), STR_INIT("%2e%2e") };
	struct str segment;
	while (str_cut(&raw, '/', &segment))
		for (size_t i = 0; i < ARRAY_LEN(dots); i++)
			if (str_eq_nocase(segment, dots[i]))
				return true;
	return false;
}

void path_segment_add(struct buf *out, struct str segment)
{
	size_t copied = 0;
	for (size_t i = 0; i < segment.len; i++) {
		char c = segment.ptr[i];
		if ((class_of(c) & PCHAR) && c != '&')
			continue;
		buf_add(out, str_sub(segment, copied, i));
		percent(out, c);
		copied = i + 1;
	}
	buf_add(out, str_from(segment, copied));
}

void uri_component_add(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (class_of(text.ptr[i]) & UNRESERVED)
			buf_char(out, text.ptr[i]);
		else
			percent(out, text.ptr[i]);
}

/* ---- paths ---- */

/* NULL, or what is wrong. Octets that RFC 3986 wants escaped but that do no harm (spaces aside) are taken literally. */
static const char *segment_decode(struct arena *mem, struct str raw, struct str *out)
{
	*out = raw;
	if (str_has(raw, '%')) {
		char *text = arena_take(mem, raw.len, 1);
		size_t len = 0;
		for (size_t i = 0; i < raw.len; i++, len++) {
			text[len] = raw.ptr[i];
			if (raw.ptr[i] != '%')
				continue;
			int high = raw.len - i < 3 ? -1 : char_hex(raw.ptr[i + 1]);
			int low = raw.len - i < 3 ? -1 : char_hex(raw.ptr[i + 2]);
			if (high < 0 || low < 0)
				return "a '%' is not followed by two hex digits";
			text[len] = (char)(high * 16 + low);
			i += 2;
		}
		*out = (struct str){ text, len };
	}
	if (str_has(*out, '\0'))
		return "a NUL is inside";
	if (!str_is_utf8(*out))
		return "it is not UTF-8";
	if (str_eq(*out, STR(".")) || str_eq(*out, STR("..")))
		return "dot segments are not allowed";
	if (out->len > SEGMENT_OCTETS_MAX)
		return "a segment is longer than 255 octets";
	return NULL;
}

err_t path_parse(struct ctx *cx, struct str raw, struct path *out)
{
	struct path path = { 0 };
	if (!raw.len || raw.ptr[0] != '/')
		return REFUSE(cx, MALFORMED, "", "The path does not begin with '/'.");

	struct str rest = str_from(raw, 1), segment;
	while (str_cut(&rest, '/', &segment)) {
		if (!segment.len && (!rest.ptr || (path.count && !str_trim(rest, "/").len))) {
			path.folder = true; /* slashes at the end are one */
			break;
		}
		if (!segment.len)
			return REFUSE(cx, MALFORMED, "", "The path has an empty segment.");
		if (path.count == PATH_SEGMENTS_MAX)
			return REFUSE(cx, MALFORMED, "", "The path has more than %d segments.", PATH_SEGMENTS_MAX);
		const char *wrong = segment_decode(cx->mem, segment, &path.segments[path.count]);
		if (wrong)
			return REFUSE(cx, MALFORMED, "", "The path cannot be read: %s.", wrong);
		path.count++;
	}
	*out = path;
	return OK;
}

/* ---- URIs ---- */

static bool scheme_valid(struct str s)
{
	if (!s.len || !char_is_alpha(s.ptr[0]))
		return false;
	for (size_t i = 1; i < s.len; i++)
		if (!(class_of(s.ptr[i]) & SCHEME))
			return false;
	return true;
}

/* Inside the brackets: IPv6 in a loose shape; IPvFuture and zones have no use here. */
static bool ip_literal_valid(struct str s)
{
	if (s.len < 2 || !str_has(s, ':'))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (char_hex(s.ptr[i]) < 0 && s.ptr[i] != ':' && s.ptr[i] != '.')
			return false;
	return true;
}

static bool split_authority(struct str authority, struct uri *out)
{
	size_t at = str_find(authority, STR("@"));
	if (at != SIZE_MAX) {
		out->userinfo = str_sub(authority, 0, at);
		authority = str_from(authority, at + 1);
		if (str_has(out->userinfo, '@') || !only(out->userinfo, UNRESERVED | SUB_DELIM | PCHAR_EXTRA))
			return false;
	}
	struct str port_part;
	if (authority.len && authority.ptr[0] == '[') {
		size_t end = str_find(authority, STR("]"));
		if (end == SIZE_MAX)
			return false;
		out->host = str_sub(authority, 1, end);
		port_part = str_from(authority, end + 1);
		if (!ip_literal_valid(out->host))
			return false;
	} else {
		size_t colon = str_find(authority, STR(":"));
		out->host = str_sub(authority, 0, colon);
		port_part = str_from(authority, colon == SIZE_MAX ? authority.len : colon);
		if (!only(out->host, UNRESERVED | SUB_DELIM))
			return false;
	}
	if (!port_part.len)
		return true;
	out->port = str_from(port_part, 1);
	uint64_t number;
	return port_part.ptr[0] == ':' && (!out->port.len || str_to_u64(out->port, 65535, &number));
}

bool uri_split(struct str text, struct uri *out)
{
	struct uri uri = { 0 };
	struct str rest = text;
	if (!str_cut(&rest, ':', &uri.scheme) || !rest.ptr || !scheme_valid(uri.scheme))
		return false;

	size_t hash = str_find(rest, STR("#"));
	if (hash != SIZE_MAX) {
		uri.fragment = str_from(rest, hash + 1);
		rest = str_sub(rest, 0, hash);
	}
	size_t question = str_find(rest, STR("?"));
	if (question != SIZE_MAX) {
		uri.query = str_from(rest, question + 1);
		rest = str_sub(rest, 0, question);
	}
	if (str_starts(rest, STR("//"))) {
		rest = str_from(rest, 2);
		size_t slash = str_find(rest, STR("/"));
		if (!split_authority(str_sub(rest, 0, slash), &uri))
			return false;
		rest = str_from(rest, slash == SIZE_MAX ? rest.len : slash);
	}
	uri.path = rest;
	if (!only(uri.path, PCHAR | SLASH) || !only(uri.query, PCHAR | SLASH | QUESTION) ||
		!only(uri.fragment, PCHAR | SLASH | QUESTION))
		return false;
	*out = uri;
	return true;
}

/* ---- origins ---- */

static bool is_default_port(struct str scheme, struct str port)
{
	return str_eq(port, str_eq(scheme, STR("https")) ? STR("443") : STR("80"));
}

static bool is_plain_host(struct str host, bool ipv6)
{
	for (size_t i = 0; i < host.len; i++) {
		char c = host.ptr[i];
		if (!char_is_digit(c) && !char_is_alpha(c) && c != '.' && c != (ipv6 ? ':' : '-'))
			return false;
	}
	return host.len > 0;
}

struct str uri_origin(struct arena *mem, struct str text)
{
	struct uri uri;
	if (!uri_split(text, &uri) || uri.userinfo.ptr || uri.query.ptr || uri.fragment.ptr ||
		(uri.path.len && !str_eq(uri.path, STR("/"))))
		return STR_ABSENT;
	bool ipv6 = str_has(uri.host, ':');
	struct str scheme = str_lower(mem, uri.scheme), host = str_lower(mem, uri.host);
	if ((!str_eq(scheme, STR("https")) && !str_eq(scheme, STR("http"))) || !is_plain_host(host, ipv6))
		return STR_ABSENT;
	bool port = uri.port.len && !is_default_port(scheme, uri.port);
	return str_fmt(mem, "%.*s://%s%.*s%s%s%.*s", STR_ARG(scheme), ipv6 ? "[" : "", STR_ARG(host), ipv6 ? "]" : "",
		port ? ":" : "", port ? (int)uri.port.len : 0, port ? uri.port.ptr : "");
}
