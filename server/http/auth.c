/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/auth.h"

#include "server/base/buf.h"
#include "server/base/config.h"
#include "server/http/response.h"
#include "server/http/router.h"

static bool is_token68(struct str s)
{
	size_t i = 0;
	while (i < s.len && (char_is_alpha(s.ptr[i]) || char_is_digit(s.ptr[i]) || str_has(STR("-._~+/"), s.ptr[i])))
		i++;
	if (!i)
		return false;
	while (i < s.len && s.ptr[i] == '=')
		i++;
	return i == s.len;
}

static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7F)
			return true;
	return false;
}

/* RFC 7617 §2: user-id and password are UTF-8 here, the first colon parts them, control characters are not allowed. */
static err_t read_basic(struct ctx *cx, struct str text, struct credential *out)
{
	struct bytes raw;
	if (!base64_to(cx->mem, text, &raw))
		return FAIL(cx, CREDENTIALS_INVALID, "Basic: not base64");
	struct str pair = { (const char *)raw.ptr, raw.len }, username;
	if (!pair.len || !str_is_utf8(pair) || has_control(pair))
		return FAIL(cx, CREDENTIALS_INVALID, "Basic: not UTF-8 text");
	if (!str_has(pair, ':'))
		return FAIL(cx, CREDENTIALS_INVALID, "Basic: no colon");
	(void)str_cut(&pair, ':', &username);
	*out = (struct credential){ VIA_BASIC, username, pair };
	return OK;
}

err_t credential_read(struct ctx *cx, struct str header, struct credential *out)
{
	static const struct {
		struct str name;
		enum transport transport;
	} schemes[] = { { STR_INIT("Bearer"), VIA_BEARER }, { STR_INIT("Basic"), VIA_BASIC },
		{ STR_INIT("DPoP"), VIA_DPOP } };
	struct str scheme;

	*out = (struct credential){ .transport = VIA_NONE };
	if (!str_cut(&header, ' ', &scheme))
		return OK;
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		if (!str_eq_nocase(scheme, schemes[i].name))
			continue;
		out->transport = schemes[i].transport;
		if (!is_token68(header))
			return FAIL(cx, CREDENTIALS_INVALID, "Authorization: not one token behind the scheme");
		if (schemes[i].transport == VIA_BASIC)
			return read_basic(cx, header, out);
		out->secret = header;
		return OK;
	}
	return FAIL(cx, CREDENTIALS_INVALID, "Authorization: unknown scheme");
}

err_t principal_needs(struct ctx *cx, const struct principal *p, uint64_t scopes)
{
	uint64_t missing = scopes & ~p->scopes;
	if (!missing)
		return OK;
	if (missing & OWNER)
		return FAIL(cx, KEY_KIND_NOT_ALLOWED, "needs the owner's own credential");
	struct err *e =
		REFUSE(cx, INSUFFICIENT_SCOPE, "", "This needs the scope %.*s.", STR_ARG(scope_text(cx->mem, scopes)));
	e->scopes = scopes;
	return e;
}

bool principal_sees_calendar(const struct principal *p, struct id calendar)
{
	if (!p->calendars.items)
		return true;
	for (size_t i = 0; i < p->calendars.count; i++)
		if (id_eq(p->calendars.items[i], calendar))
			return true;
	return false;
}

/* ---- challenges ---- */

/* A quoted-string's inside (RFC 9110 §5.6.4); our texts are ASCII. */
static void add_quoted(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"' || text.ptr[i] == '\\')
			buf_char(out, '\\');
		buf_char(out, text.ptr[i]);
	}
}

/* RFC 6750 §3.1: which error a Bearer challenge names. None when no authentication was tried. */
static const char *bearer_error(const struct request *rq, err_t e)
{
	int status = err_row(e->kind)->api_status;
	if (e->kind == INSUFFICIENT_SCOPE)
		return "insufficient_scope";
	if (status == 400)
		return "invalid_request";
	if (e->kind == MISSING_CREDENTIALS || (rq->sent != VIA_BEARER && rq->sent != VIA_DPOP))
		return NULL;
	return status == 401 ? "invalid_token" : NULL;
}

static void add_metadata_url(struct request *rq, struct buf *out)
{
	struct str path = rq->module ? str_of(rq->module->prefix) : STR_ABSENT;
	if (str_ends(path, STR("/")))
		path.len--;
	buf_fmt(out, ", resource_metadata=\"%.*s/.well-known/oauth-protected-resource%.*s\"",
		STR_ARG(rq->cx.config->public_url), STR_ARG(path));
}

static void bearer_challenge(struct request *rq, struct response *rs, err_t e)
{
	const char *error = bearer_error(rq, e);
	struct buf out = buf_new(rq->cx.mem, 2048);
	BUF_LIT(&out, "Bearer realm=\"Calends\"");
	if (error) {
		buf_fmt(&out, ", error=\"%s\", error_description=\"", error);
		add_quoted(&out, err_text(e));
		buf_char(&out, '"');
	}
	if (e->scopes & SCOPES_ALL)
		buf_fmt(&out, ", scope=\"%.*s\"", STR_ARG(scope_text(rq->cx.mem, e->scopes)));
	if (rq->cx.config)
		add_metadata_url(rq, &out);
	response_header(rs, "WWW-Authenticate", buf_str(&out));
}

void auth_challenge(struct request *rq, struct response *rs, err_t e)
{
	bool unauthenticated = err_row(e->kind)->api_status == 401;
	if (!unauthenticated && e->kind != INSUFFICIENT_SCOPE)
		return;
	if (unauthenticated && rq->module && rq->module->basic)
		response_header(rs, "WWW-Authenticate", STR("Basic realm=\"Calends\", charset=\"UTF-8\""));
	bearer_challenge(rq, rs, e);
}
