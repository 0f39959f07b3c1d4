/* SPDX-License-Identifier: Apache-2.0 */
/* One API key: all that is known of it, and what of it may change (key_change: its name, and less of what it may). */
#include "caldav/calendar/sandbox.h"
#include "web/key_calendars.h"
#include "web/key_view.h"
#include "web/lifetimes.h"
#include "web/page.h"
#include "web/pages.h"

/* The form as it is shown at first, or as it was sent. */
static err_t detail_values(struct request *rq, const struct key *k, struct html_values **out)
{
	struct html_values *v = page_new(rq, "API key", "keys");
	struct key_calendars calendars;
	bool sent = rq->method == METHOD_POST;
	TRY(key_calendars_load(rq, &calendars));
	key_view_values(rq, v, k);
	key_calendars_show(v, &calendars, k);
	html_set(v, "name_value", sent ? form_get(&rq->form, "name") : k->name);
	html_set_flag(v, "was_used", !instant_is_none(k->last_used_at));
	lifetimes_offer(rq, v, LIFETIME_OF_KEY, k->expires_at, form_get(&rq->form, "expires"));
	*out = v;
	return OK;
}

err_t key_detail_page(struct request *rq, struct response *rs)
{
	struct html_values *v;
	struct key k;
	TRY(key_in_path(rq, &k));
	if (id_is_test(k.account))
		TRY(sandbox_ahead(&rq->cx, k.account, &rq->cx.ahead_s));
	TRY(detail_values(rq, &k, &v));
	page_notice(rq, v);
	return page_reply(rs, 200, "key_detail", v);
}

static err_t read_change(struct request *rq, struct key_change *out)
{
	int64_t end_s;
	*out = (struct key_change){ .name = form_get(&rq->form, "name"), .expires_at = INSTANT_NONE };
	TRY(lifetime_read(rq, LIFETIME_OF_KEY, "expires", &end_s));
	if (end_s)
		out->expires_at = instant_add_s(account_now(&rq->cx), end_s);
	return OK;
}

err_t key_detail_post(struct request *rq, struct response *rs)
{
	struct html_values *v;
	struct key k, changed;
	struct key_change change;
	TRY(key_in_path(rq, &k));
	if (id_is_test(k.account))
		TRY(sandbox_ahead(&rq->cx, k.account, &rq->cx.ahead_s));
	TRY(detail_values(rq, &k, &v));
	err_t e = read_change(rq, &change);
	if (!e)
		e = key_change(&rq->cx, &k, &change, &changed);
	if (e)
		return page_again(rs, "key_detail", v, e);
	reply_redirect(rs, 303, str_fmt(rq->cx.mem, "/keys/%.*s?done=saved", STR_ARG(rq->args[0])));
	return OK;
}
