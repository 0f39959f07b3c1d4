/* SPDX-License-Identifier: Apache-2.0 */
#include "web/key_view.h"

#include "server/account/account.h"
#include "server/account/resources.h"
#include "server/base/address.h"
#include "server/base/config.h"
#include "server/data/agent.h"
#include "web/page.h"
#include "web/say.h"
#include "web/ticks.h"

#define OLD_WARNING_S (365 * INT64_C(86400))

static struct str kind_label(struct request *rq, enum key_kind kind)
{
	/* clang-format off */
	static const struct { enum key_kind kind; const char *label; } kinds[] = {
		{ KEY_ACCOUNT, SAY("Account key") }, { KEY_SECRET, SAY("Secret key") }, { KEY_RESTRICTED, SAY("Restricted key") },
		{ KEY_PUBLISHABLE, SAY("Publishable key") },
	};
	/* clang-format on */
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].kind == kind)
			return say(rq, kinds[i].label);
	return STR_ABSENT;
}

static struct str warning_of(struct request *rq, const struct key *k)
{
	struct instant made = instant_is_none(k->rotated_at) ? k->created_at : k->rotated_at;
	if (!instant_is_none(key_unused_since(&rq->cx, k)))
		return say(rq, "Not used for 30 days. Revoke it if nothing needs it.");
	if (instant_s(rq->cx.now) - instant_s(made) > OLD_WARNING_S)
		return say(rq, "Older than a year. Rotate it.");
	return STR_ABSENT;
}

static struct str joined(struct arena *mem, struct str_list words)
{
	struct buf out = buf_new(mem, KIB(8));
	for (size_t i = 0; i < words.count; i++)
		buf_fmt(&out, "%s%.*s", i ? " " : "", STR_ARG(words.items[i]));
	return words.items ? buf_str(&out) : STR_ABSENT;
}

static void limit_values(struct request *rq, struct html_values *v, const struct key_limits *limits)
{
	if (limits->ips.items)
		html_set(v, "from_ips", joined(rq->cx.mem, limits->ips));
	if (limits->origins.items)
		html_set(v, "from_origins", joined(rq->cx.mem, limits->origins));
	if (limits->rate)
		html_set(v, "rate", str_fmt(rq->cx.mem, "%d", (int)limits->rate));
}

static struct str what_it_may(struct request *rq, enum key_kind kind)
{
	switch (kind) {
	case KEY_ACCOUNT:
		return say(rq,
			"All that you can do, on devices and through the API. It is the password for calendar apps.");
	case KEY_SECRET:
		return say(rq, "Everything in the API, from your own servers.");
	case KEY_PUBLISHABLE:
		return say(rq, "Read public data. It may stand in a web page.");
	case KEY_RESTRICTED:
		break;
	}
	return STR_ABSENT;
}

void key_view_values(struct request *rq, struct html_values *v, const struct key *k)
{
	bool revoked = !instant_is_none(k->revoked_at), works = key_is_alive(&rq->cx, k);
	html_set(v, "key_id", id_text(rq->cx.mem, "key", k->id));
	html_set(v, "name", k->name);
	html_set(v, "kind", kind_label(rq, k->kind));
	html_set(v, "prefix", k->prefix);
	html_set_flag(v, "test", id_is_test(k->account));
	html_set_flag(v, "revoked", revoked);
	html_set_flag(v, "expired", !works && !revoked);
	html_set_flag(v, "active", works);
	if (works)
		html_set(v, "warning", warning_of(rq, k));
	html_set_flag(v, "is_restricted", k->kind == KEY_RESTRICTED);
	html_set(v, "may", what_it_may(rq, k->kind));
	if (k->kind == KEY_RESTRICTED)
		ticks_of_scopes(rq, v, "allowed", k->scopes, 0, 0);
	limit_values(rq, v, &k->limits);
	page_when(rq, v, "created", k->created_at);
	page_when(rq, v, "rotated", k->rotated_at);
	page_when(rq, v, "last_used", k->last_used_at);
	html_set(v, "used_from", address_coarse(rq->cx.mem, k->last_used_ip));
	html_set(v, "used_with", agent_words(rq->cx.mem, request_language(rq), k->last_used_agent));
	page_when_of(rq, v, "expires", k->expires_at, k->account);
	page_when(rq, v, "revoked_when", k->revoked_at);
}

/* On a plan without API access keys are made for nothing: said before, not by 402 later. */
err_t key_plan_values(struct request *rq, struct html_values *v, bool *free_out)
{
	struct account account;
	TRY(account_by_id(&rq->cx, rq->principal->account, &account));
	*free_out = account.plan < PLAN_PRO;
	html_set_flag(v, "free", *free_out);
	html_set(v, "plan", str_of(plan_name(account.plan)));
	html_set(v, "plans_url", rq->cx.config->plans_url);
	return OK;
}

err_t key_in_path(struct request *rq, struct key *out)
{
	struct id id;
	if (!id_parse(rq->args[0], "key", &id))
		return FAIL(&rq->cx, NOT_FOUND, "no key id");
	err_t e = key_get(&rq->cx, id_in_mode(rq->principal->account, false), id, out);
	if (err_is(e, NOT_FOUND))
		e = key_get(&rq->cx, id_in_mode(rq->principal->account, true), id, out);
	if (err_is(e, NOT_FOUND))
		return REFUSE(&rq->cx, NOT_FOUND, "", "There is no such key among yours.");
	return e;
}
