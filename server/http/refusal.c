/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/refusal.h"

#include "server/base/config.h"
#include "server/data/json.h"
#include "server/http/route.h"

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

/* Where no route takes a token, an authorization server gives nothing that would help. */
static bool takes_tokens(const struct module *module)
{
	for (size_t i = 0; i < module->route_count; i++)
		if (module->routes[i].who & TOKEN)
			return true;
	return false;
}

/* RFC 9728 §3.1: the well-known path comes before the path of the resource. oauth/metadata.c has a row for each. */
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
	if (rq->cx.config && (!rq->module || takes_tokens(rq->module)))
		add_metadata_url(rq, &out);
	response_header(rs, "WWW-Authenticate", buf_str(&out));
}

/*
 * Basic stands first and in a line of its own: some clients take the first challenge alone, others stumble over an
 * unknown scheme. Bearer leads to the authorization server (RFC 9728 §5.1).
 */
void auth_challenge(struct request *rq, struct response *rs, err_t e)
{
	bool unauthenticated = err_row(e->kind)->api_status == 401;
	if (!unauthenticated && e->kind != INSUFFICIENT_SCOPE)
		return;
	if (unauthenticated && rq->module && rq->module->basic)
		response_header(rs, "WWW-Authenticate", STR("Basic realm=\"Calends\""));
	bearer_challenge(rq, rs, e);
}

void reply_error(struct request *rq, struct response *rs, err_t e)
{
	const struct err_row *row = err_row(e->kind);
	struct json j = json_begin(reply(rs, row->api_status, "application/json"));
	json_object(&j, NULL);
	json_object(&j, "error");
	json_str(&j, "type", str_of(row->api_type));
	json_str(&j, "code", str_of(row->api_code));
	json_str(&j, "message", err_text(e));
	json_str_if(&j, "param", e->scopes ? scope_text(rq->cx.mem, e->scopes) : e->param);
	json_str(&j, "request_id", id_text(rq->cx.mem, "req", rq->cx.request_id));
	if (e->retry_after_s)
		json_int(&j, "retry_after_seconds", e->retry_after_s);
	if (rq->cx.config)
		json_str(&j, "doc_url",
			str_fmt(rq->cx.mem, "%.*s/docs/errors#%s", STR_ARG(rq->cx.config->public_url), row->api_code));
	json_object_end(&j);
	json_object_end(&j);
	auth_challenge(rq, rs, e);
}
