/* SPDX-License-Identifier: Apache-2.0 */
/* The list of API keys: which of them, in which order, a page at a time. All of it is in the address, so links do it.
 */
#include <stdlib.h>

#include "caldav/calendar/sandbox.h"
#include "web/key_view.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"

enum key_order { BY_NAME, BY_CREATED, BY_USED };

/* clang-format off */
static const struct { const char *value, *label; } views[] = {
	{ "", SAY("All") }, { "live", SAY("Live") }, { "test", SAY("Test") }, { "unused", SAY("Not used") }, { "revoked", SAY("Revoked") },
};
static const struct { const char *value, *label; enum key_order order; } columns[] = {
	{ "name", SAY("Name"), BY_NAME }, { NULL, SAY("Prefix"), BY_NAME }, { "created", SAY("Created"), BY_CREATED },
	{ "used", SAY("Last Used"), BY_USED },
};
/* clang-format on */

struct key_list_view {
	struct str show, sort;
	enum key_order order;
};

static err_t read_view(struct request *rq, struct key_list_view *out)
{
	const struct form *params;
	TRY(request_params(rq, &params));
	*out = (struct key_list_view){
		.show = form_get(params, "show"), .sort = form_get(params, "sort"), .order = BY_CREATED
	};
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		if (columns[i].value && str_eq(out->sort, str_of(columns[i].value)))
			out->order = columns[i].order;
	return OK;
}

static bool is_shown(struct request *rq, const struct key *k, struct str show)
{
	bool revoked = !instant_is_none(k->revoked_at);
	if (str_eq(show, STR("live")) || str_eq(show, STR("test")))
		return !revoked && id_is_test(k->account) == str_eq(show, STR("test"));
	if (str_eq(show, STR("unused")))
		return !instant_is_none(key_unused_since(&rq->cx, k));
	return !str_eq(show, STR("revoked")) || revoked;
}

/* Names from A to Z, times from the newest on; what was never used comes last. */
static int by_name(const void *a, const void *b)
{
	return str_cmp(((const struct key *)a)->name, ((const struct key *)b)->name);
}

static int newest_first(struct instant a, struct instant b)
{
	return (a.us < b.us) - (a.us > b.us);
}

static int by_created(const void *a, const void *b)
{
	return newest_first(((const struct key *)a)->created_at, ((const struct key *)b)->created_at);
}

static int by_used(const void *a, const void *b)
{
	return newest_first(((const struct key *)a)->last_used_at, ((const struct key *)b)->last_used_at);
}

static void heads(struct request *rq, struct html_values *v, const struct key_list_view *asked)
{
	for (size_t i = 0; i < ARRAY_LEN(views); i++) {
		struct html_values *row = html_add_row(v, "views");
		html_set(row, "view", str_of(views[i].value));
		html_set(row, "label", say(rq, views[i].label));
		html_set_flag(row, "present", str_eq(str_of(views[i].value), asked->show.ptr ? asked->show : STR("")));
	}
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		struct html_values *row = html_add_row(v, "columns");
		bool sorted = columns[i].value && columns[i].order == asked->order;
		html_set(row, "label", say(rq, columns[i].label));
		html_set(row, "order", str_of(columns[i].value));
		if (sorted)
			html_set(row, "sorted", columns[i].order == BY_NAME ? STR("ascending") : STR("descending"));
		else
			html_set_flag(row, "sorted", false);
	}
	html_set(v, "show", asked->show);
	html_set(v, "sort", asked->sort);
}

err_t keys_page(struct request *rq, struct response *rs)
{
	static int (*const orders[])(const void *, const void *) = { by_name, by_created, by_used };
	struct html_values *v = page_new(rq, "API keys", "keys");
	struct key_list_view asked;
	struct key *keys;
	size_t count, unused = 0, shown = 0;
	bool is_free;

	TRY(read_view(rq, &asked));
	TRY(key_list(&rq->cx, rq->principal->account, &keys, &count));
	TRY(sandbox_ahead(&rq->cx, id_in_mode(rq->principal->account, true), &rq->cx.ahead_s));
	TRY(key_plan_values(rq, v, &is_free));
	html_set_flag(v, "some", count > 0);
	for (size_t i = 0; i < count; i++) {
		unused += !instant_is_none(key_unused_since(&rq->cx, &keys[i]));
		if (is_shown(rq, &keys[i], asked.show))
			keys[shown++] = keys[i];
	}
	if (shown)
		qsort(keys, shown, sizeof *keys, orders[asked.order]);
	heads(rq, v, &asked);
	const struct page_part part = page_part(rq, v, shown);
	for (size_t i = part.from; i < part.to; i++)
		key_view_values(rq, html_add_row(v, "keys"), &keys[i]);
	if (unused)
		html_set(v, "unused", str_fmt(rq->cx.mem, "%zu", unused));
	html_set_flag(v, "unused_one", unused == 1);
	page_notice(rq, v);
	return page_reply(rs, 200, "keys", v);
}
