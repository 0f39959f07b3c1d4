/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/logout.h"

#include "oauth/auth_request.h"
#include "oauth/id_token.h"
#include "oauth/open_client.h"
#include "oauth/redirect.h"

#define URL_MAX (REDIRECT_URI_MAX + (size_t)3 * STATE_MAX + 16)

/* One that cannot be verified is none: its user is asked. §2: how old it is does not matter. */
static err_t read_hint(struct ctx *cx, struct str token, struct str *aud_out, struct id *user_out)
{
	struct id_token hint;
	struct id user;
	err_t e = id_token_read(cx, token, &hint);
	if (err_is(e, NOT_FOUND))
		return OK;
	TRY(e);
	if (!id_parse(hint.sub, "usr", &user))
		return OK;
	*aud_out = hint.aud;
	*user_out = id_in_mode(user, false);
	return OK;
}

static err_t read_client(struct ctx *cx, struct str name, struct logout *out)
{
	err_t e = client_named(cx, name, &out->client);
	if (err_is(e, NOT_FOUND))
		return REFUSE(cx, INVALID_VALUE, "client_id",
			"The app that led you here is not registered (client_id). You are still signed in.");
	TRY(e);
	out->by_client = true;
	return OK;
}

static bool is_registered(const struct client *client, struct str uri)
{
	for (size_t i = 0; i < client->post_logout_redirects.count; i++)
		if (redirect_uri_matches(client->post_logout_redirects.items[i], uri))
			return true;
	return false;
}

static struct str with_state(struct arena *mem, struct str uri, struct str state)
{
	struct buf url = buf_new(mem, URL_MAX);
	buf_add(&url, uri);
	if (state.ptr) {
		buf_char(&url, str_find(uri, STR("?")) == SIZE_MAX ? '?' : '&');
		struct buf field = buf_new(mem, URL_MAX);
		form_add(&field, "state", state);
		buf_add(&url, buf_str(&field));
	}
	return buf_str(&url);
}

static err_t read_end(struct ctx *cx, struct logout *out)
{
	if (!out->by_client || !is_registered(&out->client, out->uri))
		return REFUSE(cx, INVALID_VALUE, "post_logout_redirect_uri",
			"The app that led you here wants you to be led on to an address that is not registered for it "
			"(post_logout_redirect_uri). To be safe, you are not led there, and are still signed in.");
	out->to = with_state(cx->mem, out->uri, out->state);
	return OK;
}

err_t logout_read(struct ctx *cx, const struct params *params, struct logout *out)
{
	struct str hint = param_get(params, "id_token_hint"), name = param_get(params, "client_id"), aud = STR_ABSENT;
	TRY(params_check(cx, params));
	*out = (struct logout){ .uri = param_get(params, "post_logout_redirect_uri"),
		.state = param_get(params, "state") };
	if (out->state.len > STATE_MAX)
		return REFUSE(cx, INVALID_VALUE, "state", "The parameter state is longer than %d octets.", STATE_MAX);
	if (hint.ptr)
		TRY(read_hint(cx, hint, &aud, &out->user));
	if (name.ptr && aud.ptr && !str_eq(name, aud))
		return REFUSE(cx, INVALID_VALUE, "client_id",
			"The app that led you here is another than the one of its ID token (client_id). You are still "
			"signed in.");
	if (name.ptr || aud.ptr)
		TRY(read_client(cx, name.ptr ? name : aud, out));
	return out->uri.ptr ? read_end(cx, out) : OK;
}
