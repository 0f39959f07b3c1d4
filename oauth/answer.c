/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/answer.h"

#include "server/base/config.h"

struct str error_code(err_t e)
{
	const struct err_row *row = err_row(e->kind);
	return str_of(row->oauth_error ? row->oauth_error : "server_error");
}

/* OAuth has no member for the parameter: it stands in the text. */
static struct str text_of(struct arena *mem, err_t e)
{
	struct str text = err_text(e), name = str_sub(e->param, 0, 64);
	return !name.len || str_find(text, name) != SIZE_MAX ? text
							     : str_fmt(mem, "%.*s: %.*s", STR_ARG(name), STR_ARG(text));
}

struct str error_description(struct arena *mem, err_t e)
{
	struct str text = text_of(mem, e);
	char *clean = arena_take(mem, text.len + 1, 1);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		clean[i] = c < 0x20 || c > 0x7E || c == '\\' ? '?' : c;
		if (c == '"')
			clean[i] = '\'';
	}
	return (struct str){ clean, text.len };
}

struct str oauth_issuer(const struct ctx *cx)
{
	return cx->config->public_url;
}

static struct redirect_answer answer(struct ctx *cx, const struct auth_request *request, struct redirect_answer with)
{
	with.mode = (enum response_mode)request->response_mode;
	with.redirect_uri = request->redirect_uri;
	with.state = request->state;
	with.iss = oauth_issuer(cx);
	return with;
}

struct redirect_answer answer_code(struct ctx *cx, const struct auth_request *request, struct str code)
{
	return answer(cx, request, (struct redirect_answer){ .code = code });
}

struct redirect_answer answer_error(struct ctx *cx, const struct auth_request *request, err_t e)
{
	return answer(cx, request,
		(struct redirect_answer){ .error = error_code(e), .error_description = error_description(cx->mem, e) });
}

struct redirect_answer answer_stored(struct ctx *cx, const struct auth_request *request)
{
	return answer(cx, request,
		(struct redirect_answer){ .error = request->error, .error_description = request->error_description });
}

err_t answer_send(struct request *rq, struct response *rs, const struct redirect_answer *answer)
{
	if (answer->mode == RESPONSE_FORM_POST) {
		struct form form = redirect_answer_form(rq->cx.mem, answer);
		return rq->app->show_form_post(
			rq, rs, answer->redirect_uri, redirect_host(rq->cx.mem, answer->redirect_uri), &form);
	}
	reply_redirect(rs, 303, redirect_answer_url(rq->cx.mem, answer));
	return OK;
}
