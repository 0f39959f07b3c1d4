/* SPDX-License-Identifier: Apache-2.0 */
#include "web/page.h"

#include "caldav/calendar/zone/zone.h"
#include "server/base/config.h"
#include "server/crypto/digest.h"
#include "server/http/etag.h"
#include "web/manner.h"
#include "web/say.h"

struct str page_host(const struct config *config)
{
	size_t scheme = str_find(config->public_url, STR("://"));
	return scheme == SIZE_MAX ? config->public_url : str_from(config->public_url, scheme + 3);
}

struct str page_initials(struct arena *mem, struct str name)
{
	struct str words = str_trim(name, STR_BLANK), last = words;
	for (size_t i = words.len; i > 0 && last.len == words.len; i--)
		if (words.ptr[i - 1] == ' ')
			last = str_from(words, i);
	struct buf out = buf_new(mem, 16);
	buf_add(&out, str_first_char(words));
	if (last.len < words.len)
		buf_add(&out, str_first_char(last));
	return buf_str(&out);
}

void page_language(struct request *rq, struct html_values *v)
{
	const struct language *language = request_language(rq);
	html_set_language(v, language);
	html_set(v, "lang", str_of(language ? language->tag : "en"));
	html_set_flag(v, "rtl", language && language->rtl);
}

struct html_values *page_new(struct request *rq, const char *title, const char *nav)
{
	struct html_values *v = html_values_new(rq->cx.mem);
	page_language(rq, v);
	html_set(v, "title", say(rq, title));
	html_set(v, "brand", rq->cx.config->brand);
	html_set(v, "version", STR(CALENDS_VERSION));
	html_set(v, "csrf", request_csrf(rq));
	html_set(v, "once", id_uuid(rq->cx.mem, id_new(rq->cx.now))); /* of a form that makes something: once.h */
	if (rq->principal && rq->principal->kind == SESSION) {
		html_set_flag(v, "signed_in", true);
		html_set(v, "email", rq->principal->email);
		html_set_flag(v, "unconfirmed",
			!rq->principal->email_confirmed &&
				(rq->cx.config->smtp_url.len || rq->cx.config->mail_folder.len));
		html_set(v, "account_name", rq->principal->name);
		html_set(v, "initials", page_initials(rq->cx.mem, rq->principal->name));
		if (rq->principal->picture.ptr)
			html_set(v, "picture_url",
				str_cat(rq->cx.mem, STR("/account/picture/"), rq->principal->picture));
	}
	html_set_flag(v, "with_nav", nav && rq->principal);
	html_set_flag(v, "outside", nav && !rq->principal);
	if (nav)
		html_set_flag(v, str_c(rq->cx.mem, str_fmt(rq->cx.mem, "nav_%s", nav)), true);
	return v;
}

struct html_values *page_without_cookie(struct request *rq, struct str title)
{
	struct html_values *v = html_values_new(rq->cx.mem);
	page_language(rq, v);
	html_set(v, "title", title);
	html_set(v, "brand", rq->cx.config->brand);
	html_set(v, "version", STR(CALENDS_VERSION));
	return v;
}

err_t page_reply_to(
	struct response *rs, int status, const char *name, const struct html_values *v, enum page_forms forms)
{
	struct buf *out = reply_page(rs, status, forms);
	const struct language *language = request_language(rs->rq);
	response_header(rs, "Content-Language", str_of(language ? language->tag : "en"));
	response_header(rs, "Vary", STR("Accept-Language"));
	return html_render(&rs->rq->cx, out, name, v);
}

err_t page_reply(struct response *rs, int status, const char *name, const struct html_values *v)
{
	return page_reply_to(rs, status, name, v, FORMS_STAY);
}

#define TAGGED_MAX MIB(1)
#define TAG_OCTETS 16

/* The day, the zone, the language, and the files of this build that it names: whatever changes it changes its tag. */
err_t page_reply_tagged(struct response *rs, const char *name, const struct html_values *v, bool is_public)
{
	struct request *rq = rs->rq;
	struct arena *mem = rq->cx.mem;
	struct etag_list match, known;
	struct buf page = buf_new(mem, TAGGED_MAX);
	TRY(etags_read(rq, "If-Match", &match));
	TRY(etags_read(rq, "If-None-Match", &known));
	TRY(html_render(&rq->cx, &page, name, v));
	struct bytes hash = secret_hash(mem, buf_str(&page));
	struct str tag = str_fmt(mem, "W/\"%.*s\"", STR_ARG(hex_of(mem, (struct bytes){ hash.ptr, TAG_OCTETS })));
	if (match.items && !etags_hold(&match, tag, false))
		return FAIL(&rq->cx, PRECONDITION, "If-Match");
	if (etags_hold(&known, tag, true))
		reply_empty(rs, 304);
	else
		buf_add(is_public ? reply_public_page(rs, 200) : reply_page(rs, 200, FORMS_STAY), buf_str(&page));
	response_header(rs, "ETag", tag);
	return OK;
}

int page_status(err_t e)
{
	int status = err_row(e->kind)->api_status;
	return status == 401 ? 403 : status;
}

void page_tell(struct response *rs, const char *name, struct html_values *v, err_t e)
{
	struct arena *mem = rs->rq->cx.mem;
	html_set(v, "alert", page_text(rs->rq, e));
	struct str bad = str_fmt(mem, "bad_%.*s", STR_ARG(e->param));
	if (e->param.len)
		html_set_flag(v, str_c(mem, bad), true);
	html_set_flag(
		v, "at_field", e->param.len && html_template_has(name, str_fmt(mem, "{{#%.*s}}<p", STR_ARG(bad))));
	html_set_flag(v, "conflict", e->kind == PRECONDITION);
	if (e->retry_after_s)
		response_header(rs, "Retry-After", str_fmt(mem, "%d", e->retry_after_s));
	rs->rq->error_code = err_row(e->kind)->api_code;
}

err_t page_again_to(struct response *rs, const char *name, struct html_values *v, err_t e, enum page_forms forms)
{
	if (page_status(e) >= 500)
		return e;
	page_tell(rs, name, v, e);
	return page_reply_to(rs, page_status(e), name, v, forms);
}

err_t page_again(struct response *rs, const char *name, struct html_values *v, err_t e)
{
	return page_again_to(rs, name, v, e, FORMS_STAY);
}

void page_notice(struct request *rq, struct html_values *v)
{
	/* clang-format off */
	static const struct { const char *word, *text; } notices[] = {
		{ "revoked",   SAY("The key is revoked. It stopped working at once.") },
		{ "removed",   SAY("The app is removed. Its access ended at once.") },
		{ "created",   SAY("The calendar is ready.") },
		{ "saved",     SAY("Your changes are saved.") },
		{ "moved",     SAY("The order of your calendars is changed.") },
		{ "feed-made",    SAY("The link is ready.") },
		{ "feed-renewed", SAY("The new link is ready. The old one stopped working at once.") },
		{ "feed-ended",   SAY("The link is ended. It stopped working at once.") },
		{ "reset",     SAY("The test data are as in the beginning.") },
		{ "deleted",   SAY("The calendar and everything in it is deleted.") },
		{ "password",  SAY("Your password is changed. All other browsers were signed out.") },
		{ "booking-cancelled", SAY("Your appointment is cancelled. Your host sees it in their calendar.") },
		{ "booking-moved", SAY("Your appointment is moved. Your host sees it in their calendar.") },
		{ "booking-made", SAY("Your appointment is booked.") },
		{ "booking-page-created", SAY("Your booking page is ready.") },
		{ "booking-page-paused", SAY("The page is paused. Nothing is booked by it until you resume it.") },
		{ "booking-page-resumed", SAY("The page is open again.") },
		{ "booking-page-deleted", SAY("The page is deleted. What was booked by it is still in your calendar.") },
		{ "event-created", SAY("The event is in your calendar.") },
		{ "event-saved", SAY("The event is saved.") },
		{ "event-deleted", SAY("The event is deleted.") },
		{ "answered", SAY("Your answer is saved.") },
		{ "signed-out-there", SAY("That browser is signed out.") },
		{ "signed-out-others", SAY("All other browsers are signed out.") },
		{ "passkey-added", SAY("Your passkey is ready. Use it when you sign in next. Who is signed in stays so: sign out below whom you do not know.") },
		{ "passkey-removed", SAY("The passkey is removed. Who signed in with it stays so: sign out below whom you do not know.") },
		{ "totp-ended", SAY("Codes are not asked for any more. Your recovery codes are worth nothing now, and all other browsers were signed out.") },
		{ "taken-back", SAY("Your account is active again, with all that is in it. Sign in to go on.") },
		{ "reset-sent", SAY("If there is an account with this address, a letter with a link is on its way there. The link is good for 30 minutes.") },
		{ "password-reset", SAY("Your new password is set, and all browsers are signed out. Sign in with it.") },
		{ "confirm-sent", SAY("A letter is on its way to you. Open the link in it.") },
		{ "change-sent", SAY("A letter is on its way to the new address. Nothing changes before you open the link in it.") },
		{ "email-confirmed", SAY("Your e-mail address is confirmed.") },
		{ "email-changed", SAY("Your e-mail address is changed. Calendar apps that sign in with the address need the new one. Other browsers stay signed in: the Security page lists them.") },
		{ "secret-revoked", SAY("The secret is revoked. Whoever has it is refused from now on.") },
		{ "app-deleted", SAY("The app is deleted. All its connections ended at once.") },
		{ "endpoint-deleted", SAY("The endpoint is deleted. Nothing is sent to it any more.") },
		{ "endpoint-paused", SAY("The endpoint is paused. What happens meanwhile is not kept for it.") },
		{ "endpoint-resumed", SAY("The endpoint is told of what happens from now on.") },
		{ "sent", SAY("It is on its way. Reload this page to see what came back.") },
		{ "signed-out", SAY("You are signed out.") },
		{ "done-before", SAY("This form came twice. It was done once, and this is what it made.") },
		{ "shown-before", SAY("This form came twice. It was done once, and what it made was shown then: it is not shown again. If you did not store it, make a new one.") },
		{ "signed-up", SAY("Your account is ready. Sign in to go on.") },
	};
	/* clang-format on */
	const struct form *params;
	err_t e = request_params(rq, &params);
	struct str word = e ? STR_ABSENT : form_get(params, "done");
	for (size_t i = 0; i < ARRAY_LEN(notices); i++)
		if (str_eq(word, str_of(notices[i].word)))
			html_set(v, "notice", say(rq, notices[i].text));
}

bool page_asks_for_test(struct request *rq)
{
	const struct form *params;
	err_t e = request_params(rq, &params);
	struct str sent = form_get(&rq->form, "mode");
	return str_eq(sent.ptr || e ? sent : form_get(params, "mode"), STR("test"));
}

#define ROWS_A_PAGE 50

struct page_part page_part(struct request *rq, struct html_values *v, size_t count)
{
	const struct form *params;
	uint64_t page = 0;
	err_t e = request_params(rq, &params);
	if (e || !str_to_u64(form_get(params, "page"), INT32_MAX, &page))
		page = 0;
	size_t from = (size_t)page * ROWS_A_PAGE, to = from + ROWS_A_PAGE;
	html_set_flag(v, "any", from < count);
	if (page)
		html_set(v, "earlier", str_fmt(rq->cx.mem, "%d", (int)page - 1));
	if (to < count)
		html_set(v, "further", str_fmt(rq->cx.mem, "%d", (int)page + 1));
	return (struct page_part){ from, to < count ? to : count };
}

/* ---- times ---- */

/* One of its kind and more of them, before us and ahead: whole texts, since languages count in their own ways. */
static struct str ago(struct request *rq, int64_t seconds)
{
	/* clang-format off */
	static const struct { int64_t below, unit; const char *one_ago, *ago, *in_one, *in; } steps[] = {
		{ 60 * 60, 60, SAY("1 minute ago"), SAY("{n} minutes ago"), SAY("in 1 minute"), SAY("in {n} minutes") },
		{ 24 * 3600, 3600, SAY("1 hour ago"), SAY("{n} hours ago"), SAY("in 1 hour"), SAY("in {n} hours") },
		{ 14 * 86400, 86400, SAY("1 day ago"), SAY("{n} days ago"), SAY("in 1 day"), SAY("in {n} days") },
		{ 60 * 86400, 7 * 86400, SAY("1 week ago"), SAY("{n} weeks ago"), SAY("in 1 week"), SAY("in {n} weeks") },
		{ 2 * 365 * 86400, 30 * 86400, SAY("1 month ago"), SAY("{n} months ago"), SAY("in 1 month"), SAY("in {n} months") },
		{ INT64_MAX, 365 * 86400, SAY("1 year ago"), SAY("{n} years ago"), SAY("in 1 year"), SAY("in {n} years") },
	};
	/* clang-format on */
	bool ahead = seconds < 0;
	int64_t distance = ahead ? -seconds : seconds;
	size_t i = 0;
	if (distance < 60)
		return ahead ? say(rq, "in a moment") : say(rq, "just now");
	while (distance >= steps[i].below)
		i++;
	int64_t count = distance / steps[i].unit;
	return ahead ? say_count(rq, count, steps[i].in_one, steps[i].in)
		     : say_count(rq, count, steps[i].one_ago, steps[i].ago);
}

/* What an instant is in the zone of who looks, in the manner of their language. */
struct told_time {
	struct str day, time, zone;
};

static struct told_time told(struct request *rq, struct instant at)
{
	struct arena *mem = rq->cx.mem;
	struct str tz = rq->principal ? rq->principal->tz : STR_ABSENT;
	const struct zone *zone = tz.len ? zone_by_name(tz) : NULL;
	int64_t local = zone ? zone_to_local(zone, instant_s(at)) : instant_s(at), year;
	int month, day;
	civil_from_days(floor_div(local, DAY_S), &year, &month, &day);
	return (struct told_time){
		.day = say_with(rq, "{day} {month} {year}", "day", str_fmt(mem, "%d", day), "month",
			month_short_word(request_language(rq), month), "year", str_fmt(mem, "%lld", (long long)year),
			NULL),
		.time = time_of_day(rq, local),
		.zone = zone ? tz : STR("UTC"),
	};
}

static struct str exact(struct request *rq, struct instant at)
{
	struct told_time t = told(rq, at);
	return say_with(rq, "{day}, {time} ({zone})", "day", t.day, "time", t.time, "zone", t.zone, NULL);
}

static void when_values(
	struct request *rq, struct html_values *v, const char *name, struct instant at, struct instant now)
{
	if (instant_is_none(at) || at.us == INSTANT_FOREVER.us || at.us == INSTANT_BEFORE.us)
		return;
	struct html_values *row = html_add_row(v, name);
	html_set(row, "iso", instant_rfc3339(rq->cx.mem, at));
	html_set(row, "exact", exact(rq, at));
	html_set(row, "day", told(rq, at).day);
	html_set(row, "ago", ago(rq, instant_s(now) - instant_s(at)));
}

void page_when(struct request *rq, struct html_values *v, const char *name, struct instant at)
{
	when_values(rq, v, name, at, rq->cx.now);
}

void page_when_of(struct request *rq, struct html_values *v, const char *name, struct instant at, struct id account)
{
	when_values(rq, v, name, at, id_is_test(account) ? account_now(&rq->cx) : rq->cx.now);
}

static struct str wait_text(struct request *rq, int seconds)
{
	struct instant at = instant_add_s(rq->cx.now, seconds + 59);
	return say_with(rq, "These were too many tries. Try again after {at}, {ago}.", "at", exact(rq, at), "ago",
		ago(rq, -(int64_t)(seconds < 60 ? 60 : seconds)), NULL);
}

struct str page_text(struct request *rq, err_t e)
{
	/* clang-format off */
	static const struct { enum err_kind kind; const char *text; } texts[] = {
		{ NOT_FOUND,           SAY("The address may be mistyped, or what was here is gone.") },
		{ METHOD_NOT_ALLOWED,  SAY("This address is there, but not for this. Go back and try another way.") },
		{ MEDIA_TYPE,          SAY("What was sent is not what the form of this page sends.") },
		{ TOO_LARGE,           SAY("What was sent is too long.") },
		{ MALFORMED,           SAY("What was sent cannot be read.") },
		{ TIMEOUT,             SAY("What was sent did not arrive in time. Try again.") },
		{ PLAN_REQUIRED,       SAY("Your plan does not have this.") },
		{ ACCOUNT_DEACTIVATED, SAY("This account is deactivated. Ask the operator of this server.") },
		{ INTERNAL,            SAY("Something went wrong on our side.") },
		{ IDEMPOTENCY_RUNNING, SAY("This form came twice, and the first is still being worked on. Wait a moment, then look whether it is done.") },
		{ UNAVAILABLE,         SAY("There is too much to do at this moment. Try again in a moment.") },
	};
	/* clang-format on */
	if (e->kind == RATE_LIMITED)
		return wait_text(rq, e->retry_after_s);
	bool for_programs = e->kind == MEDIA_TYPE; /* what is said of a header helps nobody who fills in a form */
	for (size_t i = 0; (!e->said.ptr || for_programs) && i < ARRAY_LEN(texts); i++)
		if (texts[i].kind == e->kind)
			return say(rq, texts[i].text);
	return say_refused(rq, e);
}

/* ---- where to go on ---- */

struct str page_local_path(struct request *rq, struct str next)
{
	struct str home = STR("/"), path, rest = next;
	struct path parsed;
	if (!next.len || next.len > PATH_OCTETS_MAX)
		return home;
	for (size_t i = 0; i < next.len; i++)
		if ((unsigned char)next.ptr[i] <= ' ' || (unsigned char)next.ptr[i] >= 0x7F ||
			str_has(STR("\\\"<>#"), next.ptr[i]))
			return home;
	str_cut(&rest, '?', &path);
	/* path_parse refuses "//host", which a browser would take for another site. */
	return path_parse(&rq->cx, path, &parsed) ? home : next;
}
