/* SPDX-License-Identifier: Apache-2.0 */
#include "web/page.h"

#include "caldav/calendar/zone/zone.h"
#include "server/base/config.h"

struct html_values *page_new(struct request *rq, const char *title, const char *nav)
{
	struct html_values *v = html_values_new(rq->cx.mem);
	html_set(v, "title", str_of(title));
	html_set_flag(v, "t", true);
	html_set(v, "brand", rq->cx.config->brand);
	html_set(v, "csrf", request_csrf(rq));
	if (rq->principal && rq->principal->kind == SESSION) {
		html_set_flag(v, "signed_in", true);
		html_set(v, "email", rq->principal->email);
		html_set(v, "account_name", rq->principal->name);
	}
	html_set_flag(v, "with_nav", nav && rq->principal);
	if (nav)
		html_set_flag(v, str_c(rq->cx.mem, str_fmt(rq->cx.mem, "nav_%s", nav)), true);
	return v;
}

err_t page_reply_to(
	struct response *rs, int status, const char *name, const struct html_values *v, enum page_forms forms)
{
	struct buf *out = reply_page(rs, status, forms);
	return html_render(&rs->rq->cx, out, name, v);
}

err_t page_reply(struct response *rs, int status, const char *name, const struct html_values *v)
{
	return page_reply_to(rs, status, name, v, FORMS_STAY);
}

int page_status(err_t e)
{
	int status = err_row(e->kind)->api_status;
	return status == 401 ? 403 : status;
}

err_t page_again_to(struct response *rs, const char *name, struct html_values *v, err_t e, enum page_forms forms)
{
	struct arena *mem = rs->rq->cx.mem;
	int status = page_status(e);
	if (status >= 500)
		return e;
	html_set(v, "alert", page_text(rs->rq, e));
	if (e->param.len)
		html_set_flag(v, str_c(mem, str_fmt(mem, "bad_%.*s", STR_ARG(e->param))), true);
	html_set_flag(v, "at_field", e->param.len > 0);
	if (e->retry_after_s)
		response_header(rs, "Retry-After", str_fmt(mem, "%d", e->retry_after_s));
	rs->rq->error_code = err_row(e->kind)->api_code;
	return page_reply_to(rs, status, name, v, forms);
}

err_t page_again(struct response *rs, const char *name, struct html_values *v, err_t e)
{
	return page_again_to(rs, name, v, e, FORMS_STAY);
}

void page_notice(struct request *rq, struct html_values *v)
{
	/* clang-format off */
	static const struct { const char *word, *text; } notices[] = {
		{ "revoked",   "The key is revoked. It stopped working at once." },
		{ "removed",   "The app is removed. Its access ended at once." },
		{ "created",   "The calendar is ready." },
		{ "saved",     "Your changes are saved." },
		{ "reset",     "The test data are as in the beginning." },
		{ "deleted",   "The calendar and everything in it is deleted." },
		{ "password",  "Your password is changed. All other browsers were signed out." },
		{ "booking-cancelled", "Your appointment is cancelled. Your host sees it in their calendar." },
		{ "booking-moved", "Your appointment is moved. Your host sees it in their calendar." },
		{ "signed-out", "You are signed out." },
		{ "signed-up", "Your account is ready. Sign in to go on." },
	};
	/* clang-format on */
	const struct form *params;
	err_t e = request_params(rq, &params);
	struct str word = e ? STR_ABSENT : form_get(params, "done");
	for (size_t i = 0; i < ARRAY_LEN(notices); i++)
		if (str_eq(word, str_of(notices[i].word)))
			html_set(v, "notice", str_of(notices[i].text));
}

/* ---- times ---- */

static struct str ago(struct arena *mem, int64_t seconds)
{
	/* clang-format off */
	static const struct { int64_t below, unit; const char *name; } steps[] = {
		{ 60 * 60, 60, "minute" }, { 24 * 3600, 3600, "hour" }, { 14 * 86400, 86400, "day" },
		{ 60 * 86400, 7 * 86400, "week" }, { 2 * 365 * 86400, 30 * 86400, "month" }, { INT64_MAX, 365 * 86400, "year" },
	};
	/* clang-format on */
	bool ahead = seconds < 0;
	int64_t distance = ahead ? -seconds : seconds;
	size_t i = 0;
	if (distance < 60)
		return ahead ? STR("in a moment") : STR("just now");
	while (distance >= steps[i].below)
		i++;
	int64_t count = distance / steps[i].unit;
	return str_fmt(mem, "%s%lld %s%s%s", ahead ? "in " : "", (long long)count, steps[i].name, count == 1 ? "" : "s",
		ahead ? "" : " ago");
}

static struct str exact(struct request *rq, struct instant at)
{
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
		"Dec" };
	struct str tz = rq->principal ? rq->principal->tz : STR_ABSENT;
	const struct zone *zone = tz.len ? zone_by_name(tz) : NULL;
	int64_t local = zone ? zone_to_local(zone, instant_s(at)) : instant_s(at), year;
	int64_t days = local / 86400 - (local % 86400 < 0), of_day = local - days * 86400;
	int month, day;
	civil_from_days(days, &year, &month, &day);
	return str_fmt(rq->cx.mem, "%d %s %lld, %02d:%02d (%.*s)", day, months[month - 1], (long long)year,
		(int)(of_day / 3600), (int)(of_day / 60 % 60), STR_ARG(zone ? tz : STR("UTC")));
}

void page_when(struct request *rq, struct html_values *v, const char *name, struct instant at)
{
	if (instant_is_none(at) || at.us == INSTANT_FOREVER.us || at.us == INSTANT_BEFORE.us)
		return;
	struct html_values *row = html_add_row(v, name);
	html_set(row, "iso", instant_rfc3339(rq->cx.mem, at));
	html_set(row, "exact", exact(rq, at));
	html_set(row, "ago", ago(rq->cx.mem, instant_s(rq->cx.now) - instant_s(at)));
}

static struct str wait_text(struct request *rq, int seconds)
{
	struct instant at = instant_add_s(rq->cx.now, seconds + 59);
	return str_fmt(rq->cx.mem, "These were too many tries. Try again after %.*s, %.*s.", STR_ARG(exact(rq, at)),
		STR_ARG(ago(rq->cx.mem, -(int64_t)(seconds < 60 ? 60 : seconds))));
}

struct str page_text(struct request *rq, err_t e)
{
	/* clang-format off */
	static const struct { enum err_kind kind; const char *text; } texts[] = {
		{ NOT_FOUND,           "The address may be mistyped, or what was here is gone." },
		{ METHOD_NOT_ALLOWED,  "This address is there, but not for this. Go back and try another way." },
		{ MEDIA_TYPE,          "What was sent is not what the form of this page sends." },
		{ TOO_LARGE,           "What was sent is too long." },
		{ MALFORMED,           "What was sent cannot be read." },
		{ TIMEOUT,             "What was sent did not arrive in time. Try again." },
		{ PLAN_REQUIRED,       "Your plan does not have this." },
		{ ACCOUNT_DEACTIVATED, "This account is deactivated. Ask the operator of this server." },
		{ INTERNAL,            "Something went wrong on our side." },
		{ UNAVAILABLE,         "There is too much to do at this moment. Try again in a moment." },
	};
	/* clang-format on */
	if (e->kind == RATE_LIMITED)
		return wait_text(rq, e->retry_after_s);
	for (size_t i = 0; !e->said.ptr && i < ARRAY_LEN(texts); i++)
		if (texts[i].kind == e->kind)
			return str_of(texts[i].text);
	return err_text(e);
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
