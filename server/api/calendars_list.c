/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/calendars, and the same of a connection. */
#include "server/api/calendars.h"

#include <string.h>

#include "server/api/api.h"
#include "server/api/page.h"
#include "server/api/webhook_views.h"

/* In the order of the account: a number that may be below zero, and a name that no other calendar has. */
#define ORDER_END (INT64_C(1) << 31) /* no calendar's, nor below zero */

static struct str position_text(struct arena *mem, const struct calendar *c)
{
	return str_fmt(mem, "%lld %.*s", (long long)c->ord + ORDER_END, STR_ARG(c->name));
}

static err_t position_read(const struct page *page, struct calendar_page *out)
{
	struct str rest = page->position, number;
	uint64_t n;
	out->back = page->back;
	out->limit = page->limit + 1;
	out->ord = page->back ? ORDER_END : -ORDER_END;
	out->name = STR("");
	if (!page->position.ptr)
		return OK;
	if (!str_cut(&rest, ' ', &number) || !rest.ptr || !str_to_u64(number, 2 * ORDER_END, &n) ||
		!str_is_utf8(rest) || memchr(rest.ptr, 0, rest.len))
		return page_refuse(page);
	out->ord = (int64_t)n - ORDER_END;
	out->name = rest;
	return OK;
}

err_t calendars_list(struct api_call *call, struct response *rs)
{
	struct page page;
	struct calendar *calendars;
	struct str first = STR_ABSENT, last = STR_ABSENT;
	struct calendar_list_params query = *(const struct calendar_list_params *)call->params;
	struct calendar_page some = query.page;
	if (query.has_include_hidden && !query.include_hidden && !some.has_selected)
		some.has_selected = some.selected = true;
	size_t count;
	TRY(page_begin(call, "account", &page));
	TRY(position_read(&page, &some));
	TRY(calendar_page(&call->rq->cx, &call->actor, &some, &calendars, &count));
	page_cut(&page, &count);
	struct json j = api_list_begin(call, rs);
	for (size_t i = 0; i < count; i++) {
		const struct calendar *c = &calendars[page_row(&page, count, i)];
		struct calendar_view view = calendar_view_of(&call->rq->cx, call->actor.rights, c);
		api_list_item(call, &j, &view);
		last = position_text(call->rq->cx.mem, c);
		first = i ? first : last;
	}
	page_end(&page, &j, first, last);
	return OK;
}

static const struct json_field list_params[] = { CALENDAR_LIST_FIELDS };

const struct contract list_calendars = {
	.id = "listCalendars",
	.summary = "The calendars that the credential may see, in the order of the account.",
	PARAMS(list_params, struct calendar_list_params),
	.answer = &calendar_resource,
	.shape = ANSWER_LIST,
	.status = 200,
	.run = calendars_list,
};
