/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/key.h"

#include "caldav/calendar/sandbox.h"
#include "server/account/account.h"
#include "server/account/resources.h"
#include "server/base/address.h"
#include "server/base/config.h"
#include "web/key_calendars.h"
#include "web/ticks.h"
#include "web/page.h"
#include "web/pages.h"

#define OLD_WARNING_S (365 * INT64_C(86400))

/* clang-format off */
static const struct { const char *value, *label; int64_t seconds; } lifetimes[] = {
	{ "never", "Never", 0 }, { "30d", "In 30 days", 30 * INT64_C(86400) }, { "90d", "In 90 days", 90 * INT64_C(86400) },
	{ "1y", "In a year", 365 * INT64_C(86400) },
};
static const struct { enum key_kind kind; const char *label; } kinds[] = {
	{ KEY_ACCOUNT, "Account key" }, { KEY_SECRET, "Secret key" }, { KEY_RESTRICTED, "Restricted key" },
	{ KEY_PUBLISHABLE, "Publishable key" },
};
/* clang-format on */

static struct str kind_label(enum key_kind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].kind == kind)
			return str_of(kinds[i].label);
	return STR("Key");
}

/* ---- the list ---- */

static const char *warning_of(struct request *rq, const struct key *k)
{
	struct instant made = instant_is_none(k->rotated_at) ? k->created_at : k->rotated_at;
	if (!instant_is_none(key_unused_since(&rq->cx, k)))
		return "Not used for 30 days. Revoke it if nothing needs it.";
	if (instant_s(rq->cx.now) - instant_s(made) > OLD_WARNING_S)
		return "Older than a year. Rotate it.";
	return NULL;
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

static void key_values(struct request *rq, struct html_values *v, const struct key *k)
{
	bool revoked = !instant_is_none(k->revoked_at), works = key_is_alive(&rq->cx, k);
	html_set(v, "key_id", id_text(rq->cx.mem, "key", k->id));
	html_set(v, "name", k->name);
	html_set(v, "kind", kind_label(k->kind));
	html_set(v, "prefix", k->prefix);
	html_set_flag(v, "test", id_is_test(k->account));
	html_set_flag(v, "revoked", revoked);
	html_set_flag(v, "expired", !works && !revoked);
	html_set_flag(v, "active", works);
	if (works)
		html_set(v, "warning", str_of(warning_of(rq, k)));
	if (k->kind == KEY_RESTRICTED)
		ticks_of_scopes(v, "allowed", k->scopes, 0, 0);
	limit_values(rq, v, &k->limits);
	page_when(rq, v, "created", k->created_at);
	page_when(rq, v, "rotated", k->rotated_at);
	page_when(rq, v, "last_used", k->last_used_at);
	html_set(v, "used_from", address_coarse(rq->cx.mem, k->last_used_ip));
	html_set(v, "used_with", k->last_used_agent);
	page_when(rq, v, "expires", k->expires_at);
	page_when(rq, v, "revoked_when", k->revoked_at);
}

/* On a plan without API access keys are made for nothing: said before, not by 402 later. */
static err_t plan_values(struct request *rq, struct html_values *v, bool *free_out)
{
	struct account account;
	TRY(account_by_id(&rq->cx, rq->principal->account, &account));
	*free_out = account.plan < PLAN_PRO;
	html_set_flag(v, "free", *free_out);
	html_set(v, "plan", str_of(plan_name(account.plan)));
	html_set(v, "plans_url", rq->cx.config->plans_url);
	return OK;
}

err_t keys_page(struct request *rq, struct response *rs)
{
	struct html_values *v = page_new(rq, "API keys", "keys");
	struct key_calendars calendars;
	struct key *keys;
	size_t count, unused = 0;
	bool is_free;

	TRY(key_list(&rq->cx, rq->principal->account, &keys, &count));
	TRY(sandbox_ahead(&rq->cx, id_in_mode(rq->principal->account, true), &rq->cx.ahead_s));
	TRY(plan_values(rq, v, &is_free));
	TRY(key_calendars_load(rq, &calendars));
	for (size_t i = 0; i < count; i++) {
		unused += !instant_is_none(key_unused_since(&rq->cx, &keys[i]));
		struct html_values *row = html_add_row(v, "keys");
		key_values(rq, row, &keys[i]);
		key_calendars_show(row, &calendars, &keys[i]);
	}
	if (unused)
		html_set(v, "unused", str_fmt(rq->cx.mem, "%zu", unused));
	html_set_flag(v, "unused_one", unused == 1);
	page_notice(rq, v);
	return page_reply(rs, 200, "keys", v);
}

/* ---- a new one ---- */

/* The form as it was sent, or empty. */
static err_t form_values(struct request *rq, struct html_values **out)
{
	struct key_calendars calendars;
	struct html_values *v = page_new(rq, "Generate New Key", "keys");
	struct str kind = form_get(&rq->form, "kind"), expires = form_get(&rq->form, "expires");
	enum key_kind known;
	uint64_t ticked;

	for (size_t i = 0; i < ARRAY_LEN(lifetimes); i++) {
		struct html_values *row = html_add_row(v, "lifetimes");
		html_set(row, "value", str_of(lifetimes[i].value));
		html_set(row, "label", str_of(lifetimes[i].label));
		html_set_flag(row, "chosen", str_eq(expires, str_of(lifetimes[i].value)));
	}
	if (ticks_read_scopes(rq, &ticked))
		ticked = 0;
	ticks_of_scopes(v, "scopes", SCOPES_ALL, ticked, 0);
	TRY(key_calendars_load(rq, &calendars));
	key_calendars_offer(rq, v, &calendars);
	html_set(v, "name_value", form_get(&rq->form, "name"));
	static const char *const limits[] = { "allowed_ips", "allowed_origins", "rate_limit" };
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct str sent = form_get(&rq->form, limits[i]);
		html_set(v, limits[i], sent);
		if (sent.len)
			html_set_flag(v, "limited", true);
	}
	html_set_flag(v, "mode_test", str_eq(form_get(&rq->form, "mode"), STR("test")));
	if (!key_kind_parse(kind, &known))
		known = KEY_ACCOUNT;
	html_set_flag(v, str_c(rq->cx.mem, str_fmt(rq->cx.mem, "kind_%s", key_kind_name(known))), true);
	*out = v;
	return OK;
}

err_t key_form_page(struct request *rq, struct response *rs)
{
	struct html_values *v;
	bool is_free;
	TRY(form_values(rq, &v));
	TRY(plan_values(rq, v, &is_free));
	return page_reply(rs, 200, "key_form", v);
}

/*
 * The one time that a key is shown: in the answer itself, never stored and never at an address of its own. A reload
 * would send the form again, which the browser asks about.
 */
static err_t show_secret(struct request *rq, struct response *rs, const struct key *k, struct str secret, bool rotated)
{
	struct html_values *v = page_new(rq, rotated ? "Your new key" : "Your key is ready", "keys");
	key_values(rq, v, k);
	html_set(v, "secret", secret);
	html_set(v, "public_url", rq->cx.config->public_url);
	html_set_flag(v, "was_rotated", rotated);
	html_set_flag(v, "for_calendar", k->kind == KEY_ACCOUNT);
	html_set_flag(v, "for_api", k->kind != KEY_PUBLISHABLE);
	return page_reply(rs, 200, "key_new", v);
}

/* A word that is none of ours must not mean never. */
static err_t read_lifetime(struct request *rq, struct instant *out)
{
	struct str sent = form_get(&rq->form, "expires");
	for (size_t i = 0; i < ARRAY_LEN(lifetimes); i++)
		if (!sent.len || str_eq(sent, str_of(lifetimes[i].value))) {
			*out = lifetimes[i].seconds ? instant_add_s(rq->cx.now, lifetimes[i].seconds) : INSTANT_NONE;
			return OK;
		}
	return REFUSE(&rq->cx, INVALID_VALUE, "expires", "Choose when the key shall expire.");
}

/* Words with blanks or commas between. */
static struct str_list words_of(struct arena *mem, struct str text)
{
	struct str *words = arena_array(mem, struct str, text.len / 2 + 1);
	size_t count = 0, begin = 0;
	for (size_t i = 0; i <= text.len; i++) {
		if (i < text.len && text.ptr[i] != ' ' && text.ptr[i] != ',')
			continue;
		if (i > begin)
			words[count++] = (struct str){ text.ptr + begin, i - begin };
		begin = i + 1;
	}
	return count ? (struct str_list){ words, count } : (struct str_list){ 0 };
}

static err_t read_limits(struct request *rq, struct key_limits *out)
{
	struct arena *mem = rq->cx.mem;
	struct str rate = form_get(&rq->form, "rate_limit");
	uint64_t number = 0;
	if (rate.len && (!str_to_u64(rate, KEY_RATE_MAX, &number) || number == 0))
		return REFUSE(
			&rq->cx, INVALID_VALUE, "rate_limit", "A rate is 1 to %d requests a second.", KEY_RATE_MAX);
	*out = (struct key_limits){
		.ips = words_of(mem, form_get(&rq->form, "allowed_ips")),
		.origins = words_of(mem, form_get(&rq->form, "allowed_origins")),
		.rate = (int32_t)number,
	};
	return OK;
}

static err_t read_new(struct request *rq, struct key_new *out)
{
	struct key_new in = {
		.account = rq->principal->account,
		.name = form_get(&rq->form, "name"),
		.expires_at = INSTANT_NONE,
	};
	if (!key_kind_parse(form_get(&rq->form, "kind"), &in.kind))
		return REFUSE(&rq->cx, INVALID_VALUE, "kind", "Choose what kind of key it shall be.");
	TRY(read_lifetime(rq, &in.expires_at));
	TRY(read_limits(rq, &in.limits));
	struct str mode = form_get(&rq->form, "mode");
	in.test = str_eq(mode, STR("test"));
	if (mode.len && !in.test && !str_eq(mode, STR("live")))
		return REFUSE(&rq->cx, INVALID_VALUE, "mode", "Choose live or test data.");
	if (in.kind == KEY_RESTRICTED) {
		TRY(ticks_read_scopes(rq, &in.scopes));
		if (!in.scopes)
			return REFUSE(&rq->cx, INVALID_VALUE, "scope", "Tick what the restricted key may do.");
		TRY(key_calendars_read(rq, in.test, &in.calendars));
	}
	*out = in;
	return OK;
}

err_t keys_create(struct request *rq, struct response *rs)
{
	struct html_values *v;
	struct key_new in;
	struct key made;
	struct str secret;
	bool is_free;

	TRY(form_values(rq, &v));
	TRY(plan_values(rq, v, &is_free));
	err_t e = is_free ? FAIL(&rq->cx, PLAN_REQUIRED, "a key on the free plan") : read_new(rq, &in);
	if (!e)
		e = key_create(&rq->cx, &in, &made, &secret);
	if (!e)
		return show_secret(rq, rs, &made, secret, false);
	return page_again(rs, "key_form", v, e);
}

/* ---- rotate and revoke ---- */

static err_t key_in_path(struct request *rq, struct key *out)
{
	struct key *keys;
	size_t count;
	struct id id;

	if (!id_parse(rq->args[0], "key", &id))
		return FAIL(&rq->cx, NOT_FOUND, "no key id");
	TRY(key_list(&rq->cx, rq->principal->account, &keys, &count));
	for (size_t i = 0; i < count; i++)
		if (id_eq(keys[i].id, id)) {
			*out = keys[i];
			return OK;
		}
	return REFUSE(&rq->cx, NOT_FOUND, "", "There is no such key among yours.");
}

static err_t confirm_page(struct request *rq, struct response *rs, const char *name, const char *title)
{
	struct key k;
	TRY(key_in_path(rq, &k));
	if (!instant_is_none(k.revoked_at))
		return REFUSE(&rq->cx, CONFLICT, "", "This key is revoked already.");
	struct html_values *v = page_new(rq, title, "keys");
	key_values(rq, v, &k);
	return page_reply(rs, 200, name, v);
}

err_t key_rotate_page(struct request *rq, struct response *rs)
{
	return confirm_page(rq, rs, "key_rotate", "Rotate this key?");
}

err_t key_rotate_post(struct request *rq, struct response *rs)
{
	struct key k, made;
	struct str secret;
	TRY(key_in_path(rq, &k));
	TRY(key_rotate(&rq->cx, rq->principal->account, k.id, &made, &secret));
	return show_secret(rq, rs, &made, secret, true);
}

err_t key_revoke_page(struct request *rq, struct response *rs)
{
	return confirm_page(rq, rs, "key_revoke", "Revoke this key?");
}

err_t key_revoke_post(struct request *rq, struct response *rs)
{
	struct key k, revoked;
	TRY(key_in_path(rq, &k));
	TRY(key_revoke(&rq->cx, rq->principal->account, k.id, &revoked));
	reply_redirect(rs, 303, STR("/keys?done=revoked"));
	return OK;
}
