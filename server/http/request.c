/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/request.h"

#include <assert.h>

#include "server/base/buf.h"
#include "server/base/config.h"
#include "server/crypto/digest.h"
#include "server/data/multipart.h"
#include "server/http/client_io.h"
#include "server/http/cookie.h"

static const char *const method_names[] = {
	[METHOD_GET] = "GET",
	[METHOD_HEAD] = "HEAD",
	[METHOD_POST] = "POST",
	[METHOD_PUT] = "PUT",
	[METHOD_PATCH] = "PATCH",
	[METHOD_DELETE] = "DELETE",
	[METHOD_OPTIONS] = "OPTIONS",
	[METHOD_PROPFIND] = "PROPFIND",
	[METHOD_PROPPATCH] = "PROPPATCH",
	[METHOD_REPORT] = "REPORT",
	[METHOD_MKCALENDAR] = "MKCALENDAR",
	[METHOD_MKCOL] = "MKCOL",
	[METHOD_COPY] = "COPY",
	[METHOD_MOVE] = "MOVE",
	[METHOD_ACL] = "ACL",
	[METHOD_LOCK] = "LOCK",
	[METHOD_UNLOCK] = "UNLOCK",
	[METHOD_SEARCH] = "SEARCH",
	[METHOD_UNKNOWN] = "UNKNOWN",
};
static_assert(ARRAY_LEN(method_names) == METHODS, "every method has its name");

const char *method_name(enum method m)
{
	return method_names[m];
}

enum method method_of(struct str name)
{
	for (enum method m = 0; m < METHOD_UNKNOWN; m++)
		if (str_eq(name, str_of(method_names[m])))
			return m;
	return METHOD_UNKNOWN;
}

struct str request_header(const struct request *rq, const char *name)
{
	struct str wanted = str_of(name);
	for (size_t i = 0; i < rq->header_count; i++)
		if (str_eq_nocase(rq->headers[i].name, wanted))
			return rq->headers[i].value;
	return STR_ABSENT;
}

struct str request_header_list(const struct request *rq, const char *name)
{
	struct str wanted = str_of(name), joined = STR_ABSENT;
	for (size_t i = 0; i < rq->header_count; i++) {
		struct str value = rq->headers[i].value;
		if (!str_eq_nocase(rq->headers[i].name, wanted))
			continue;
		joined = joined.ptr ? str_fmt(rq->cx.mem, "%.*s, %.*s", (int)joined.len, joined.ptr, (int)value.len,
					      value.ptr)
				    : value;
	}
	return joined;
}

/* RFC 6265 §5.4: name=value pairs with "; " between; of several headers and pairs the first counts. */
struct str request_cookie(const struct request *rq, struct str name)
{
	for (size_t i = 0; i < rq->header_count; i++) {
		struct str pairs = rq->headers[i].value, pair, key;
		if (!str_eq_nocase(rq->headers[i].name, STR("Cookie")))
			continue;
		while (str_cut(&pairs, ';', &pair)) {
			pair = str_trim(pair, STR_BLANK);
			if (str_has(pair, '=') && str_cut(&pair, '=', &key) && str_eq(key, name))
				return pair;
		}
	}
	return STR_ABSENT;
}

err_t request_params(struct request *rq, const struct form **out)
{
	if (!rq->params.fields && rq->query.len)
		TRY(form_parse(&rq->cx, rq->query, &rq->params));
	*out = &rq->params;
	return OK;
}

struct str request_public_url(const struct request *rq)
{
	struct str path = rq->target;
	path.len -= rq->query.ptr ? rq->query.len + 1 : 0;
	return rq->cx.config ? str_cat(rq->cx.mem, rq->cx.config->public_url, path) : STR_ABSENT;
}

struct str request_media_type(const struct request *rq)
{
	/* Several lines of it are together no type: whoever reads them takes one or another (RFC 9110 §8.3). */
	struct str rest = request_header_list(rq, "Content-Type"), type;
	if (!str_cut(&rest, ';', &type))
		return STR_ABSENT;
	return str_lower(rq->cx.mem, str_trim(type, STR_BLANK));
}

struct str request_absolute(const struct request *rq, struct str path)
{
	struct str url = rq->cx.config->public_url, host = request_header(rq, "Host");
	if (str_ends(url, STR("/")))
		url.len--;
	size_t authority = str_find(url, STR("://"));
	bool is_public = !host.len || (authority != SIZE_MAX && str_eq_nocase(str_from(url, authority + 3), host));
	if (is_public)
		return str_cat(rq->cx.mem, url, path);
	return str_fmt(rq->cx.mem, "%s://%.*s%.*s", rq->secure ? "https" : "http", STR_ARG(host), STR_ARG(path));
}

/* RFC 7240 §2, §4.2: what the first `return` says, for later ones are ignored; absent for none. */
static struct str preferred_return(const struct request *rq)
{
	struct str list = request_header_list(rq, "Prefer"), item, name;
	while (str_cut(&list, ',', &item)) {
		struct str value;
		(void)str_cut(&item, ';', &value);
		(void)str_cut(&value, '=', &name);
		if (str_eq_nocase(str_trim(name, STR_BLANK), STR("return")))
			return str_trim(value, STR_BLANK "\"");
	}
	return STR_ABSENT;
}

bool request_wants_minimal(const struct request *rq)
{
	return str_eq_nocase(preferred_return(rq), STR("minimal")) ||
	       str_eq_nocase(request_header(rq, "Brief"), STR("t"));
}

bool request_wants_representation(const struct request *rq)
{
	return str_eq_nocase(preferred_return(rq), STR("representation"));
}

/* ---- the body ---- */

#define BODY_STEP ((size_t)16 * 1024)
#define BODY_DISCARD_MAX (64 * 1024)

static err_t body_fault(struct request *rq, ssize_t fault)
{
	rq->io->ops->close(rq->io);
	if (fault == IO_SLOW)
		return FAIL(&rq->cx, TIMEOUT, "body incomplete");
	if (fault == IO_FULL) {
		struct err *e = FAIL(&rq->cx, UNAVAILABLE, "too many bodies under way from this address");
		e->retry_after_s = 5;
		return e;
	}
	return FAIL(&rq->cx, MALFORMED, "body broken off or badly chunked");
}

static err_t body_reserve(struct request *rq, size_t octets)
{
	if (rq->io->ops->reserve(rq->io, octets))
		return OK;
	rq->io->ops->close(rq->io);
	struct err *e = FAIL(&rq->cx, UNAVAILABLE, "budget of request bodies is used up");
	e->retry_after_s = 1;
	return e;
}

static err_t body_too_large(struct request *rq, size_t max)
{
	rq->io->ops->close(rq->io);
	return REFUSE(&rq->cx, TOO_LARGE, "", "The request body is too large: at most %zu octets are taken here.", max);
}

/* RFC 9110 §10.1.1: the client waits for this before it sends. */
static err_t body_invite(struct request *rq)
{
	if (!rq->io->expects_continue)
		return OK;
	rq->io->expects_continue = false;
	if (!rq->io->ops->write(rq->io, STR("HTTP/1.1 100 Continue\r\n\r\n")))
		return body_fault(rq, IO_MALFORMED);
	return OK;
}

static err_t read_known(struct request *rq, size_t length)
{
	TRY(body_reserve(rq, length));
	TRY(body_invite(rq));
	char *body = arena_take(rq->cx.mem, 1, length);
	for (size_t have = 0; have < length;) {
		ssize_t got = rq->io->ops->read(rq->io, body + have, length - have);
		if (got <= 0)
			return body_fault(rq, got ? got : IO_SLOW);
		have += (size_t)got;
	}
	rq->body = (struct str){ body, length };
	return OK;
}

static err_t read_chunked(struct request *rq, size_t max)
{
	/* One octet past the ceiling may be read: it proves that the body is too large. */
	struct buf body = buf_new(rq->cx.mem, max + BODY_STEP);
	TRY(body_invite(rq));
	for (;;) {
		if (body.len > max)
			return body_too_large(rq, max);
		TRY(body_reserve(rq, BODY_STEP));
		char *space = buf_space(&body, BODY_STEP);
		assert(space);
		ssize_t got = rq->io->ops->read(rq->io, space, BODY_STEP);
		if (got < 0)
			return body_fault(rq, got);
		body.len -= BODY_STEP - (size_t)got;
		if (!got)
			break;
	}
	rq->body = buf_str(&body);
	return OK;
}

err_t request_read_body(struct request *rq, size_t max)
{
	if (rq->body.ptr)
		return OK;
	if (rq->content_length < 0)
		return read_chunked(rq, max);
	if ((uint64_t)rq->content_length > max)
		return body_too_large(rq, max);
	if (rq->content_length == 0) {
		rq->body = STR("");
		return OK;
	}
	return read_known(rq, (size_t)rq->content_length);
}

err_t request_read_form(struct request *rq)
{
	if (str_eq(request_media_type(rq), STR(MULTIPART_TYPE)))
		return multipart_parse(&rq->cx, request_header(rq, "Content-Type"), rq->body, &rq->form);
	return form_parse(&rq->cx, rq->body, &rq->form);
}

void request_leave_body(struct request *rq)
{
	bool waits = rq->io->expects_continue, unread = !rq->body.ptr && rq->content_length != 0;
	if (unread && (waits || rq->content_length < 0 || rq->content_length > BODY_DISCARD_MAX))
		rq->io->ops->close(rq->io);
}

/* ---- forms shown to browsers ---- */

static struct str presession_token(struct arena *mem, struct str cookie)
{
	uint8_t digest[SHA256_SIZE];
	struct str text = str_cat(mem, STR("csrf"), cookie);
	sha256(bytes_of(text.ptr, text.len), digest);
	return hex_of(mem, bytes_of(digest, sizeof digest));
}

struct str request_csrf(struct request *rq)
{
	if (rq->principal && rq->principal->kind == SESSION)
		return rq->principal->csrf;
	struct str cookie = rq->csrf_cookie;
	if (!cookie.ptr)
		cookie = request_cookie(rq, cookie_name(&rq->cx, "csrf"));
	if (cookie.len != CSRF_COOKIE_LEN) {
		uint8_t octets[CSRF_COOKIE_LEN / 2];
		random_fill(octets, sizeof octets);
		cookie = hex_of(rq->cx.mem, bytes_of(octets, sizeof octets));
		rq->csrf_cookie = cookie;
	}
	return presession_token(rq->cx.mem, cookie);
}
