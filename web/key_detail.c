/* SPDX-License-Identifier: Apache-2.0 */
/* One API key: all that is known of it, and what of it may change (key_change: its name, and less of what it may). */
#include "caldav/calendar/sandbox.h"
#include "web/key_calendars.h"
#include "web/key_view.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"

/* clang-format off */
static const struct { const char *value, *label; int64_t seconds; } ends[] = {
	{ "", SAY("As it is"), 0 }, { "1h", SAY("In an hour"), 3600 }, { "1d", SAY("In a day"), 86400 }, { "7d", SAY("In 7 days"), 7 * INT64_C(86400) },
	{ "30d", SAY("In 30 days"), 30 * INT64_C(86400) }, { "90d", SAY("In 90 days"), 90 * INT64_C(86400) },
};
/* clang-format on */

/* The form as it is shown at first, or as it was sent. */
static err_t detail_values(struct request *rq, const struct key *k, struct html_values **out)
{
	struct html_values *v = page_new(rq, "API key", "keys");
	struct key_calendars calendars;
	bool sent = rq->method == METHOD_POST;
	struct str end = form_get(&rq->form, "expires");
	TRY(key_calendars_load(rq, &calendars));
	key_view_values(rq, v, k);
	key_calendars_show(v, &calendars, k);
	html_set(v, "name_value", sent ? form_get(&rq->form, "name") : k->name);
	html_set_flag(v, "was_used", !instant_is_none(k->last_used_at));
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		if (ends[i].seconds && !instant_is_none(k->expires_at) &&
			instant_add_s(rq->cx.now, ends[i].seconds).us >= k->expires_at.us)
			continue;
		struct html_values *row = html_add_row(v, "ends");
		html_set(row, "value", str_of(ends[i].value));
		html_set(row, "label", say(rq, ends[i].label));
		html_set_flag(row, "chosen", sent && str_eq(end, str_of(ends[i].value)));
	}
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
	struct str end = form_get(&rq->form, "expires");
	*out = (struct key_change){ .name = form_get(&rq->form, "name"), .expires_at = INSTANT_NONE };
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (!end.len || str_eq(end, str_of(ends[i].value))) {
			if (end.len)
				out->expires_at = instant_add_s(account_now(&rq->cx), ends[i].seconds);
			return OK;
		}
	return REFUSE(&rq->cx, INVALID_VALUE, "expires", "Choose when the key shall expire.");
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
