/* SPDX-License-Identifier: Apache-2.0 */
/* One API key: all that is known of it, and what of it may change (key_change: its name, and less of what it may). */
#include "caldav/calendar/sandbox.h"
#include "server/account/hold.h"
#include "server/account/request_log.h"
#include "server/db/query.h"
#include "web/key_calendars.h"
#include "web/key_view.h"
#include "web/lifetimes.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"
#include "web/stale.h"

#define EDIT_FIELDS 1

/* The rest of a key is only ever made less, whoever is first. */
static const struct stale_field *edit_fields(struct arena *mem, const struct key *k)
{
	struct stale_field *fields = arena_array(mem, struct stale_field, EDIT_FIELDS);
	fields[0] = (struct stale_field){ "name", SAY("Name"), stale_one(mem, k->name), STR_ABSENT };
	return fields;
}

#define NETWORKS_SHOWN 5

/* What its requests tell of: where the last came from. */
static err_t network_values(struct request *rq, struct html_values *v, const struct key *k)
{
	struct request_network *networks;
	size_t count;
	TRY(request_log_networks(&rq->cx, k->account, k->id, NETWORKS_SHOWN, &networks, &count));
	html_set_flag(v, "was_logged", count > 0);
	for (size_t i = 0; i < count; i++) {
		struct html_values *row = html_add_row(v, "networks");
		html_set(row, "network", networks[i].network);
		page_when(rq, row, "seen", networks[i].at);
	}
	return OK;
}

/* The form as it is shown at first, or as it was sent. */
static err_t detail_values(struct request *rq, const struct key *k, unsigned conflicts, struct html_values **out)
{
	struct html_values *v = page_new(rq, "API key", "keys");
	struct key_calendars calendars;
	bool sent = rq->method == METHOD_POST;
	TRY(key_calendars_load(rq, &calendars));
	key_view_values(rq, v, k);
	key_calendars_show(v, &calendars, k);
	TRY(network_values(rq, v, k));
	html_set(v, "name_value", sent ? form_get(&rq->form, "name") : k->name);
	html_set_flag(v, "was_used", !instant_is_none(k->last_used_at));
	stale_values(rq, v, edit_fields(rq->cx.mem, k), EDIT_FIELDS, conflicts);
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
	TRY(detail_values(rq, &k, 0, &v));
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

/* Read, checked and changed while nobody else changes it. */
static err_t edit(struct request *rq, struct key *k, unsigned *conflicts)
{
	struct key_change change;
	struct key changed;
	TRY(row_hold(&rq->cx, HELD_KEY, k->account, k->id));
	TRY(key_in_path(rq, k));
	TRY(stale_check(rq, edit_fields(rq->cx.mem, k), EDIT_FIELDS, conflicts));
	TRY(read_change(rq, &change));
	return key_change(&rq->cx, k, &change, &changed);
}

err_t key_detail_post(struct request *rq, struct response *rs)
{
	struct html_values *v;
	struct key k;
	unsigned conflicts = 0;
	bool own;
	TRY(key_in_path(rq, &k));
	if (id_is_test(k.account))
		TRY(sandbox_ahead(&rq->cx, k.account, &rq->cx.ahead_s));
	TRY(db_join(&rq->cx, &own));
	err_t e = db_settle(&rq->cx, own, edit(rq, &k, &conflicts));
	if (e) {
		TRY(detail_values(rq, &k, conflicts, &v));
		return page_again(rs, "key_detail", v, e);
	}
	reply_redirect(rs, 303, str_fmt(rq->cx.mem, "/keys/%.*s?done=saved", STR_ARG(rq->args[0])));
	return OK;
}
