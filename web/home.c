/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/store/store.h"
#include "oauth/connected_account.h"
#include "server/account/key.h"
#include "server/base/config.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"

static size_t count_living(const struct key *keys, size_t count)
{
	size_t living = 0;
	for (size_t i = 0; i < count; i++)
		living += instant_is_none(keys[i].revoked_at);
	return living;
}

err_t home_page(struct request *rq, struct response *rs)
{
	struct ctx *cx = &rq->cx;
	struct key *keys;
	struct calendar *calendars;
	size_t key_count, calendar_count;
	int64_t app_count;

	if (!rq->principal) {
		struct html_values *welcome =
			page_new(rq, "Your calendars, on every device and in the apps you choose", "welcome");
		html_set(welcome, "public_url", cx->config->public_url);
		html_set_flag(welcome, "signup_open", str_eq(cx->config->signup, STR("open")));
		return page_reply(rs, 200, "welcome", welcome);
	}
	TRY(key_list(cx, rq->principal->account, &keys, &key_count));
	TRY(connected_account_count(cx, rq->principal->account, &app_count));
	const struct actor actor = actor_own(rq->principal);
	TRY(calendar_list(cx, &actor, &calendars, &calendar_count));

	struct html_values *v = page_new(rq, "Overview", "home");
	html_set(v, "keys",
		say_count(rq, (int64_t)count_living(keys, key_count), SAY("1 active key"), SAY("{n} active keys")));
	html_set(v, "apps", say_count(rq, app_count, SAY("1 connected app"), SAY("{n} connected apps")));
	html_set(v, "calendars", say_count(rq, (int64_t)calendar_count, SAY("1 calendar"), SAY("{n} calendars")));
	html_set(v, "public_url", cx->config->public_url);
	return page_reply(rs, 200, "home", v);
}
