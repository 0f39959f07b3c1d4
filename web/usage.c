/* SPDX-License-Identifier: Apache-2.0 */
/* How the account's API is used, in charts and tables, from the rolled-up rows of docs/usage.md. */
#include "server/account/usage.h"

#include "server/account/caller.h"
#include "server/account/key.h"
#include "web/chart.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"

#define DAYS_SHOWN 30
#define GROUPS_MOST (5 * USAGE_ROWS_MAX) /* days, keys and routes that are looked at */
#define GROUPS_SHOWN 20
#define ROUTE_MAX 200

static const struct {
	const char *word;
	int32_t days;
} spans[] = { { "7", 7 }, { "30", DAYS_SHOWN }, { "90", USAGE_DAYS_KEPT } };

/* What the address asks for; what makes no sense asks for nothing. */
struct usage_page {
	int32_t days;
	struct id credential;
	struct str key, route; /* absent: all */
	bool test;
};

static err_t read_view(struct request *rq, struct usage_page *out)
{
	const struct form *params;
	struct usage_page asked = { .days = DAYS_SHOWN };
	TRY(request_params(rq, &params));
	asked.test = str_eq(form_get(params, "mode"), STR("test"));
	for (size_t i = 0; i < ARRAY_LEN(spans); i++)
		if (str_eq(form_get(params, "days"), str_of(spans[i].word)))
			asked.days = spans[i].days;
	if (caller_parse(form_get(params, "key"), &asked.credential))
		asked.key = form_get(params, "key");
	struct str route = form_get(params, "route");
	if (route.len && route.len <= ROUTE_MAX)
		asked.route = route;
	*out = asked;
	return OK;
}

/* ---- addresses ---- */

static struct str link_to(struct request *rq, const struct usage_page *asked)
{
	struct buf out = buf_new(rq->cx.mem, KIB(4));
	BUF_LIT(&out, "/usage?");
	form_add(&out, "days", str_fmt(rq->cx.mem, "%d", asked->days));
	if (asked->test)
		form_add(&out, "mode", STR("test"));
	if (asked->key.ptr)
		form_add(&out, "key", asked->key);
	if (asked->route.ptr)
		form_add(&out, "route", asked->route);
	return buf_str(&out);
}

static struct str link_with_key(struct request *rq, const struct usage_page *asked, struct str key)
{
	struct usage_page other = *asked;
	other.key = key;
	return link_to(rq, &other);
}

static struct str link_with_route(struct request *rq, const struct usage_page *asked, struct str route)
{
	struct usage_page other = *asked;
	other.route = route;
	return link_to(rq, &other);
}

static void span_links(struct request *rq, struct html_values *v, const struct usage_page *asked)
{
	for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
		struct usage_page other = *asked;
		other.days = spans[i].days;
		struct html_values *row = html_add_row(v, "spans");
		html_set(row, "days", str_of(spans[i].word));
		html_set(row, "href", link_to(rq, &other));
		html_set_flag(row, "here", spans[i].days == asked->days);
	}
}

/* ---- sums ---- */

static struct usage_query query_of(struct request *rq, const struct usage_page *asked, unsigned by, bool webhooks)
{
	int32_t today = (int32_t)(instant_s(rq->cx.now) / DAY_S);
	return (struct usage_query){
		.account = id_in_mode(rq->principal->account, asked->test),
		.first_day = today - asked->days + 1,
		.last_day = today,
		.by = by,
		.webhooks = webhooks,
		.credential = webhooks ? (struct id){ { 0 } } : asked->credential,
		.route = webhooks ? STR_ABSENT : asked->route,
	};
}

struct sums {
	const struct usage_sum *items;
	size_t count;
};

/* Those of one kind: they stand together. */
static struct sums sums_by(const struct usage_sum *all, size_t count, int32_t by)
{
	size_t begin = 0, end;
	while (begin < count && all[begin].by != by)
		begin++;
	for (end = begin; end < count && all[end].by == by;)
		end++;
	return (struct sums){ all + begin, end - begin };
}

static int64_t failures_of(const struct usage_sum *sum)
{
	return sum->client_errors + sum->server_errors;
}

/* "2.4 %" */
static struct str share_text(struct request *rq, int64_t part, int64_t all)
{
	int64_t thousandths = all ? (int64_t)((double)part / (double)all * 1000) : 0;
	return str_cat(rq->cx.mem, chart_tenths(rq, thousandths), STR("\u00a0%"));
}

static void sum_values(struct request *rq, struct html_values *v, const struct usage_sum *sum)
{
	html_set(v, "requests", chart_number(rq, sum->requests));
	html_set(v, "client_errors", chart_number(rq, sum->client_errors));
	html_set(v, "server_errors", chart_number(rq, sum->server_errors));
	html_set(v, "failed_share", share_text(rq, failures_of(sum), sum->requests));
	html_set(v, "p95", sum->requests ? chart_ms(rq, usage_quantile_us(sum, 950)) : STR("–"));
}

static const struct usage_sum *of_day(const struct usage_sum *sums, size_t count, int32_t day)
{
	static const struct usage_sum nothing;
	for (size_t i = 0; i < count; i++)
		if (sums[i].day == day)
			return &sums[i];
	return &nothing;
}

/* ---- days ---- */

/* Days without anything are days, too. */
static void days_values(struct request *rq, struct html_values *v, const struct usage_page *asked,
	const struct usage_sum *calls, size_t call_count, const struct usage_sum *tries, size_t try_count)
{
	struct arena *mem = rq->cx.mem;
	size_t count = (size_t)asked->days;
	int32_t first = query_of(rq, asked, 0, false).first_day;
	struct chart_bar *requests = arena_array(mem, struct chart_bar, count);
	struct chart_bar *p95 = arena_array(mem, struct chart_bar, count);
	struct chart_bar *webhooks = arena_array(mem, struct chart_bar, count);
	for (size_t i = 0; i < count; i++) {
		int32_t day = first + (int32_t)i;
		const struct usage_sum *sum = of_day(calls, call_count, day), *sent = of_day(tries, try_count, day);
		requests[i] = (struct chart_bar){ day,
			{ sum->requests - failures_of(sum), sum->client_errors, sum->server_errors } };
		p95[i] = (struct chart_bar){ day, { (usage_quantile_us(sum, 950) + 999) / 1000 } };
		webhooks[i] = (struct chart_bar){ day, { sent->requests - failures_of(sent), failures_of(sent) } };
	}
	chart_values(rq, html_add_row(v, "requests_chart"), requests, count, "");
	chart_values(rq, html_add_row(v, "p95_chart"), p95, count, " ms");
	chart_values(rq, html_add_row(v, "webhooks_chart"), webhooks, count, "");
	for (size_t i = count; i-- > 0;) {
		int32_t day = first + (int32_t)i;
		const struct usage_sum *sum = of_day(calls, call_count, day), *sent = of_day(tries, try_count, day);
		if (!sum->requests && !sent->requests)
			continue;
		struct html_values *row = html_add_row(v, "by_day");
		html_set(row, "iso", usage_day_text(mem, day));
		html_set(row, "day", day_words_short(mem, request_language(rq), day));
		sum_values(rq, row, sum);
		html_set(row, "webhooks_sent", chart_number(rq, sent->requests));
		html_set(row, "webhooks_fine",
			sent->requests ? share_text(rq, sent->requests - failures_of(sent), sent->requests) : STR("–"));
	}
	html_set(v, "first_day", day_words_short(mem, request_language(rq), first));
	html_set(v, "last_day", day_words_short(mem, request_language(rq), first + asked->days - 1));
}

static void total_values(
	struct request *rq, struct html_values *v, const char *name, const struct usage_sum *sums, size_t count)
{
	int64_t latency[USAGE_CLASSES] = { 0 };
	struct usage_sum total = { .latency = { latency, USAGE_CLASSES } };
	for (size_t i = 0; i < count; i++) {
		total.requests += sums[i].requests;
		total.client_errors += sums[i].client_errors;
		total.server_errors += sums[i].server_errors;
		for (size_t k = 0; k < sums[i].latency.count && k < USAGE_CLASSES; k++)
			latency[k] += sums[i].latency.items[k];
	}
	struct html_values *row = html_add_row(v, name);
	sum_values(rq, row, &total);
	html_set(row, "fine_share", share_text(rq, total.requests - failures_of(&total), total.requests));
	html_set_flag(row, "any", total.requests > 0);
	html_set(row, "failed", chart_number(rq, failures_of(&total)));
}

/* ---- keys and routes ---- */

static struct str caller_name(struct request *rq, const struct key *keys, size_t count, struct id credential)
{
	if (id_eq(credential, caller_documentation))
		return say(rq, "API reference");
	for (size_t i = 0; i < count; i++)
		if (id_eq(keys[i].id, credential))
			return keys[i].name;
	return caller_text(rq->cx.mem, credential);
}

static err_t keys_values(struct request *rq, struct html_values *v, const struct usage_page *asked, struct sums by_key)
{
	const struct usage_sum *sums = by_key.items;
	struct key *keys;
	size_t count = by_key.count, key_count;
	TRY(key_list(&rq->cx, rq->principal->account, &keys, &key_count));
	for (size_t i = 0; i < count && i < GROUPS_SHOWN; i++) {
		struct html_values *row = html_add_row(v, "by_key");
		struct str id = caller_text(rq->cx.mem, sums[i].credential);
		sum_values(rq, row, &sums[i]);
		html_set_flag(row, "of_apps", id_is_zero(sums[i].credential));
		html_set(row, "key_name", caller_name(rq, keys, key_count, sums[i].credential));
		html_set(row, "href", link_with_key(rq, asked, id));
	}
	html_set_flag(v, "more_keys", count > GROUPS_SHOWN);
	if (asked->key.ptr)
		html_set(v, "key_asked", caller_name(rq, keys, key_count, asked->credential));
	return OK;
}

static void routes_values(
	struct request *rq, struct html_values *v, const struct usage_page *asked, struct sums by_route)
{
	const struct usage_sum *sums = by_route.items;
	size_t count = by_route.count;
	for (size_t i = 0; i < count && i < GROUPS_SHOWN; i++) {
		struct html_values *row = html_add_row(v, "by_route");
		sum_values(rq, row, &sums[i]);
		html_set(row, "route", sums[i].route);
		html_set(row, "href", link_with_route(rq, asked, sums[i].route));
	}
	html_set_flag(v, "more_routes", count > GROUPS_SHOWN);
}

err_t usage_show(struct request *rq, struct response *rs)
{
	struct html_values *v = page_new(rq, "Usage", "usage");
	struct usage_sum *all, *tries;
	size_t count, try_count;
	struct usage_page asked;
	TRY(read_view(rq, &asked));
	const struct usage_query calls_asked = query_of(rq, &asked, 0, false),
				 tries_asked = query_of(rq, &asked, USAGE_BY_DAY, true);
	TRY(usage_overview(&rq->cx, &calls_asked, GROUPS_MOST, &all, &count));
	TRY(usage_page(&rq->cx, &tries_asked, NULL, false, USAGE_DAYS_KEPT + 1, &tries, &try_count));
	struct sums days = sums_by(all, count, USAGE_BY_DAY);
	html_set(v, "route_asked", asked.route);
	TRY(keys_values(rq, v, &asked, sums_by(all, count, USAGE_BY_CREDENTIAL)));
	routes_values(rq, v, &asked, sums_by(all, count, USAGE_BY_ROUTE));
	days_values(rq, v, &asked, days.items, days.count, tries, try_count);
	total_values(rq, v, "total", days.items, days.count);
	total_values(rq, v, "webhooks_total", tries, try_count);
	span_links(rq, v, &asked);
	html_set(v, "mode_path", STR("/usage"));
	html_set_flag(v, "mode_test", asked.test);
	html_set(v, "key_off", link_with_key(rq, &asked, STR_ABSENT));
	html_set(v, "route_off", link_with_route(rq, &asked, STR_ABSENT));
	html_set_flag(v, "any", count || try_count);
	return page_reply(rs, 200, "usage", v);
}
