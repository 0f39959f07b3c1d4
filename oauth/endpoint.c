/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/endpoint.h"

#include "oauth/flood.h"

struct str endpoint_param(const struct request *rq, const char *name)
{
	struct str value = form_get(&rq->form, name);
	return value.len ? value : STR_ABSENT;
}

/* The form is UTF-8; a charset that says otherwise would let two readers see two forms. */
static bool charset_fits(struct str content_type)
{
	struct str param, rest = content_type;
	(void)str_cut(&rest, ';', &param);
	while (str_cut(&rest, ';', &param)) {
		struct str name;
		(void)str_cut(&param, '=', &name);
		if (str_eq_nocase(str_trim(name, STR_BLANK), STR("charset")) &&
			!str_eq_nocase(str_trim(param, STR_BLANK "\""), STR("utf-8")))
			return false;
	}
	return true;
}

err_t endpoint_form(struct request *rq)
{
	struct ctx *cx = &rq->cx;
	if (!charset_fits(request_header(rq, "Content-Type")))
		return REFUSE(cx, MEDIA_TYPE, "", "The form must be in UTF-8.");
	struct str repeated = form_repeated(&rq->form, "resource"); /* RFC 8707 §2 lets it repeat */
	if (repeated.ptr)
		return REFUSE(
			cx, MALFORMED, "", "A parameter is given twice: %.*s.", STR_ARG(str_sub(repeated, 0, 64)));
	return OK;
}

/* ---- who calls ---- */

struct claimed {
	struct str id, secret;
};

/* One half of Basic's user-pass, which is form-encoded before it is put together (OAuth 2.1 §2.4.1). */
static bool form_decode(struct ctx *cx, struct str encoded, struct str *out)
{
	struct form form;
	if (form_parse(cx, str_cat(cx->mem, STR("v="), encoded), &form) || form.count != 1)
		return false;
	*out = form.fields[0].value;
	return true;
}

static err_t by_basic(struct request *rq, struct str header, struct claimed *out)
{
	struct ctx *cx = &rq->cx;
	struct credential sent;
	struct claimed claimed;
	if (endpoint_param(rq, "client_secret").ptr || endpoint_param(rq, "client_assertion").ptr)
		return REFUSE(
			cx, MALFORMED, "", "The client authenticates in two ways; choose one (OAuth 2.1 section 2.4).");
	err_t e = credential_read(cx, header, &sent);
	if (e || sent.transport != VIA_BASIC)
		return FAIL(cx, INVALID_CLIENT, "Authorization is no Basic that can be read");
	if (!form_decode(cx, sent.username, &claimed.id) || !form_decode(cx, sent.secret, &claimed.secret))
		return FAIL(cx, INVALID_CLIENT, "Basic's parts are not form-encoded");
	struct str in_body = endpoint_param(rq, "client_id");
	if (in_body.ptr && !str_eq(in_body, claimed.id))
		return REFUSE(cx, MALFORMED, "client_id",
			"client_id in the body is not the one in the Authorization header.");
	*out = claimed;
	return OK;
}

static err_t by_body(struct request *rq, struct claimed *out)
{
	struct claimed claimed = { endpoint_param(rq, "client_id"), endpoint_param(rq, "client_secret") };
	if (endpoint_param(rq, "client_assertion").ptr)
		return REFUSE(&rq->cx, INVALID_CLIENT, "client_assertion", "Client assertions are not supported.");
	if (!claimed.id.ptr)
		return REFUSE(&rq->cx, INVALID_CLIENT, "client_id", "The parameter client_id is missing.");
	*out = claimed;
	return OK;
}

err_t endpoint_client(struct request *rq, struct client *out)
{
	struct str header = request_header(rq, "Authorization");
	struct claimed claimed = { 0 };
	if (header.ptr)
		TRY(by_basic(rq, header, &claimed));
	else
		TRY(by_body(rq, &claimed));
	err_t e = client_prove(&rq->cx, claimed.id, claimed.secret, out);
	/* Failures alone, by client and network: a flood of guesses locks nobody else out. */
	if (err_is(e, INVALID_CLIENT))
		TRY(flood_count(rq, str_cat(rq->cx.mem, STR("client "), str_sub(claimed.id, 0, 64))));
	return e;
}
