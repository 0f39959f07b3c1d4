/* SPDX-License-Identifier: Apache-2.0 */
/* The page where a user enters the code that a device shows (RFC 8628 §3.3). */
#include "oauth/device.h"

#include "server/account/throttle.h"
#include "server/base/address.h"
#include "web/page.h"
#include "web/pages.h"

#define WINDOW_S 900
#define GUESSES_OF_ACCOUNT 10
#define GUESSES_OF_NETWORK 100

static struct html_values *values(struct request *rq, struct str code)
{
	struct html_values *v = page_new(rq, "Connect a device", NULL);
	html_set(v, "user_code", str_sub(code, 0, 32));
	return v;
}

err_t device_page(struct request *rq, struct response *rs)
{
	const struct form *params;
	TRY(request_params(rq, &params));
	struct html_values *v = values(rq, form_get(params, "user_code"));
	struct str done = form_get(params, "done");
	html_set_flag(v, "allowed", str_eq(done, STR("allowed")));
	html_set_flag(v, "denied", str_eq(done, STR("denied")));
	html_set_flag(v, "asks", !str_eq(done, STR("allowed")) && !str_eq(done, STR("denied")));
	return page_reply(rs, 200, "device", v);
}

/*
 * A wrong code counts against who is signed in, and where they are: nobody else is kept out by it, and no device is
 * lost by a guess.
 */
static err_t open_once(struct request *rq, struct str code, struct str *reference_out)
{
	struct ctx *cx = &rq->cx;
	const struct throttle limits[] = {
		{ "device-account", id_uuid(cx->mem, rq->principal->account), GUESSES_OF_ACCOUNT, WINDOW_S },
		{ "device-network", address_network(cx->mem, cx->client_ip), GUESSES_OF_NETWORK, WINDOW_S },
	};
	TRY(throttle_take(cx, limits, ARRAY_LEN(limits)));
	err_t e = device_open(cx, code, reference_out);
	return err_is(e, INVALID_VALUE) ? e : (e ? e : throttle_give_back(cx, limits, ARRAY_LEN(limits)));
}

err_t device_page_post(struct request *rq, struct response *rs)
{
	struct str code = form_get(&rq->form, "user_code"), reference;
	err_t e = form_count(&rq->form, "user_code") > 1
			  ? REFUSE(&rq->cx, INVALID_VALUE, "user_code", "The code was sent twice.")
			  : open_once(rq, code, &reference);
	if (e) {
		struct html_values *v = values(rq, code);
		html_set_flag(v, "asks", true);
		return page_again(rs, "device", v, e);
	}
	reply_redirect(rs, 303, str_cat(rq->cx.mem, STR("/consent?request="), reference));
	return OK;
}
