/* SPDX-License-Identifier: Apache-2.0 */
/* Nextcloud's Login Flow v2 (server/account/login_flow.h): what programs ask, and the page where their user answers. */
#include "server/account/login_flow.h"

#include "oauth/guess_limit.h"
#include "server/account/label.h"
#include "server/base/address.h"
#include "server/base/config.h"
#include "server/data/json.h"
#include "web/key_view.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"

#define FLOW "/index.php/login/v2"

/* ---- the program ---- */

err_t login_flow_post(struct request *rq, struct response *rs)
{
	struct ctx *cx = &rq->cx;
	struct str site = cx->config->public_url;
	struct login_flow_begun begun;
	TRY(guess_limit_take(rq, STR("login-flow")));
	TRY(login_flow_begin(cx, &begun));
	struct json j = json_begin(reply(rs, 200, "application/json"));
	json_object(&j, NULL);
	json_object(&j, "poll");
	json_str(&j, "token", begun.token);
	json_str(&j, "endpoint", str_cat(cx->mem, site, STR(FLOW "/poll")));
	json_object_end(&j);
	json_str(&j, "login", str_fmt(cx->mem, "%.*s" FLOW "/flow/%.*s", STR_ARG(site), STR_ARG(begun.page_token)));
	json_object_end(&j);
	return OK;
}

struct poll {
	bool given; /* so that the first field's offset is not 0 */
	struct str token;
};
static const struct json_field poll_fields[] = {
	{ "token", JSON_STR, JSON_REQUIRED, offsetof(struct poll, token), .max = 200 },
};

/* A form, as it is documented; some libraries send JSON, which Nextcloud takes as well. */
static err_t token_sent(struct request *rq, struct str *out)
{
	struct poll poll = { 0 };
	if (str_eq(request_media_type(rq), STR("application/json"))) {
		TRY(json_read_known(&rq->cx, rq->body, poll_fields, ARRAY_LEN(poll_fields), &poll));
		*out = poll.token;
		return OK;
	}
	if (!str_eq(request_media_type(rq), STR("application/x-www-form-urlencoded")))
		return FAIL(&rq->cx, MEDIA_TYPE, "neither a form nor JSON");
	TRY(form_parse(&rq->cx, rq->body, &rq->form));
	if (form_count(&rq->form, "token") != 1)
		return REFUSE(&rq->cx, form_count(&rq->form, "token") ? INVALID_VALUE : MISSING_FIELD, "token",
			"The field token is sent once: what began the flow was given it.");
	*out = form_get(&rq->form, "token");
	return OK;
}

err_t login_flow_poll(struct request *rq, struct response *rs)
{
	struct ctx *cx = &rq->cx;
	struct str token;
	struct login_flow_key key;
	TRY(guess_limit_take(rq, STR("login-flow")));
	TRY(token_sent(rq, &token));
	TRY(login_flow_fetch(cx, token, &key));
	struct json j = json_begin(reply(rs, 200, "application/json"));
	json_object(&j, NULL);
	json_str(&j, "server", cx->config->public_url);
	json_str(&j, "loginName", key.user_name);
	json_str(&j, "appPassword", key.secret);
	json_object_end(&j);
	return OK;
}

/* ---- its user ---- */

/* "DAVx5/4.5 (…)" calls itself DAVx5; what claims to be a browser, or cannot be a name, is a device. */
static struct str name_of(struct request *rq, struct str agent)
{
	size_t len = 0;
	struct str name;
	while (len < agent.len && !str_has(STR("/ (;"), agent.ptr[len]))
		len++;
	struct str first = str_sub(agent, 0, len);
	bool is_name = !str_eq(first, STR("Mozilla")) && label_clean(&rq->cx, "name", first, &name) == OK;
	return is_name ? name : say(rq, "My device");
}

static void asker_values(struct request *rq, struct html_values *v, const struct login_flow *flow)
{
	struct arena *mem = rq->cx.mem;
	html_set(v, "agent", flow->agent.len ? flow->agent : STR_ABSENT);
	html_set(v, "ip", flow->ip);
	html_set_flag(v, "elsewhere", !str_eq(address_network(mem, flow->ip), address_network(mem, rq->cx.client_ip)));
	html_set(v, "own_ip", rq->cx.client_ip);
	page_when(rq, v, "started", flow->created_at);
}

static err_t flow_values(struct request *rq, struct html_values **out, bool *free_out)
{
	struct login_flow flow;
	TRY(login_flow_look(&rq->cx, rq->args[0], rq->principal, &flow));
	struct html_values *v = page_new(rq, "Set up a device", NULL);
	html_set_flag(v, "asks", flow.state == LOGIN_FLOW_WAITS);
	html_set_flag(v, "denied", flow.state == LOGIN_FLOW_DENIED);
	html_set_flag(v, "allowed", flow.state == LOGIN_FLOW_ALLOWED || flow.state == LOGIN_FLOW_HANDED_OUT);
	html_set(v, "token", rq->args[0]);
	html_set(v, "name_value", name_of(rq, flow.agent));
	html_set(v, "switch_url",
		str_cat(rq->cx.mem, sign_in_address(rq, "/sign-in", page_local_path(rq, rq->target)), STR("&again=1")));
	asker_values(rq, v, &flow);
	*out = v;
	return key_plan_values(rq, v, free_out);
}

err_t login_flow_page(struct request *rq, struct response *rs)
{
	struct html_values *v;
	bool is_free;
	TRY(flow_values(rq, &v, &is_free));
	return page_reply(rs, 200, "login_flow", v);
}

/* To the page, which tells what became of it: who loads that once more sends nothing again. */
static void to_page(struct request *rq, struct response *rs)
{
	reply_redirect(rs, 303, str_cat(rq->cx.mem, STR(FLOW "/flow/"), rq->args[0]));
}

err_t login_flow_page_post(struct request *rq, struct response *rs)
{
	struct html_values *v;
	bool is_free;
	struct str name = form_get(&rq->form, "name");
	TRY(flow_values(rq, &v, &is_free));
	err_t e = is_free ? FAIL(&rq->cx, PLAN_REQUIRED, "a key on the free plan")
			  : login_flow_answer(&rq->cx, rq->args[0], rq->principal, name.ptr ? name : STR(""));
	if (err_is(e, CONFLICT)) /* the page has no form any more */
		return e;
	if (e) {
		html_set(v, "name_value", name);
		return page_again(rs, "login_flow", v, e);
	}
	to_page(rq, rs);
	return OK;
}

err_t login_flow_deny_post(struct request *rq, struct response *rs)
{
	TRY(login_flow_answer(&rq->cx, rq->args[0], rq->principal, STR_ABSENT));
	to_page(rq, rs);
	return OK;
}
