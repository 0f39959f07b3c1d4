/* SPDX-License-Identifier: Apache-2.0 */
#include "web/sessions.h"

#include "server/account/session.h"
#include "server/base/address.h"
#include "web/pages.h"
#include "web/say.h"

#define AGENT_SHOWN 60

struct name {
	const char *part, *name;
};

/* The first that stands in it: those that call themselves others' names, too, come before these. */
static const char *find(struct str agent, const struct name *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_find(agent, str_of(names[i].part)) != SIZE_MAX)
			return names[i].name;
	return NULL;
}

/* "Firefox on Linux", of a User-Agent. */
static struct str browser_name(struct request *rq, struct str agent)
{
	/* clang-format off */
	static const struct name browsers[] = { { "Edg", "Edge" }, { "OPR/", "Opera" }, { "SamsungBrowser/", "Samsung Internet" },
		{ "Firefox/", "Firefox" }, { "FxiOS/", "Firefox" }, { "Thunderbird/", "Thunderbird" }, { "CriOS/", "Chrome" },
		{ "Chrome/", "Chrome" }, { "Safari/", "Safari" }, { "curl/", "curl" } };
	static const struct name systems[] = { { "iPhone", "iPhone" }, { "iPad", "iPad" }, { "Android", "Android" },
		{ "Windows", "Windows" }, { "Mac OS X", "macOS" }, { "CrOS", "ChromeOS" }, { "Linux", "Linux" } };
	/* clang-format on */
	const char *browser = find(agent, browsers, ARRAY_LEN(browsers)),
		   *system = find(agent, systems, ARRAY_LEN(systems));
	if (browser && system)
		return say_with(
			rq, "{browser} on {system}", "browser", str_of(browser), "system", str_of(system), NULL);
	if (browser)
		return str_of(browser);
	struct str beginning = str_beginning(agent, AGENT_SHOWN);
	return beginning.len ? beginning : say(rq, "A browser that did not say its name");
}

static void one_values(struct request *rq, struct html_values *row, const struct session_seen *s, bool this_one)
{
	html_set(row, "session_id", id_text(rq->cx.mem, "ses", s->id));
	html_set(row, "browser", browser_name(rq, s->agent));
	html_set(row, "network", address_coarse(rq->cx.mem, s->ip));
	html_set_flag(row, "this_one", this_one);
	html_set_flag(row, "two_factors", amr_is_mfa(s->amr));
	page_when(rq, row, "since", s->created_at);
	page_when(rq, row, "seen", this_one ? rq->cx.now : s->seen_at);
}

err_t sessions_values(struct request *rq, struct html_values *v)
{
	struct session_seen *all;
	size_t count;
	TRY(session_list(&rq->cx, rq->principal->account, &all, &count));
	for (size_t i = 0; i < count; i++)
		one_values(rq, html_add_row(v, "sessions"), &all[i], id_eq(all[i].id, rq->principal->credential));
	html_set_flag(v, "other_sessions", count > 1);
	return OK;
}

err_t session_end_post(struct request *rq, struct response *rs)
{
	struct id id;
	if (!id_parse(rq->args[0], "ses", &id))
		return FAIL(&rq->cx, NOT_FOUND, "no session's id");
	TRY(session_end_one(&rq->cx, rq->principal->account, id));
	reply_redirect(rs, 303, STR("/security?done=signed-out-there"));
	return OK;
}

err_t session_end_others_post(struct request *rq, struct response *rs)
{
	TRY(session_end_others(&rq->cx, rq->principal->account, rq->principal->credential));
	reply_redirect(rs, 303, STR("/security?done=signed-out-others"));
	return OK;
}
