/* SPDX-License-Identifier: Apache-2.0 */
/* Booking pages of an account: /v1/booking_pages. What guests see of them is in booking_public.c. */
#include "server/account/audit.h"
#include "server/api/api.h"
#include "server/api/booking_page_view.h"
#include "server/api/page.h"

struct page_params_of {
	struct id page;
};

static const struct json_field path[] = { { .name = "page",
	.kind = JSON_ID,
	.flags = JSON_IN_PATH,
	.of = "bkp",
	.offset = offsetof(struct page_params_of, page),
	.doc = "Its `id`" } };

static void reply_page_view(struct api_call *call, struct response *rs, const struct booking_page *page)
{
	struct page_view view = booking_page_view(&call->rq->cx, page);
	api_reply(call, rs, &view);
	response_header(rs, "ETag", view.etag);
}

/* ---- list, get ---- */

static err_t page_named(struct api_call *call, struct booking_page *out)
{
	const struct page_params_of *params = call->params;
	return booking_page_get(&call->rq->cx, &call->actor, params->page, out);
}

static err_t run_list(struct api_call *call, struct response *rs)
{
	struct booking_page *rows;
	struct page page;
	struct id bound;
	size_t count;
	TRY(page_begin(call, "newest", &page));
	TRY(page_newest(&page, &bound));
	TRY(booking_page_page(&call->rq->cx, &call->actor, bound, page.back, page.limit + 1, &rows, &count));
	PAGE_CUT_ROWS(&page, rows, &count);
	struct json j = api_list_begin(call, rs);
	for (size_t i = 0; i < count; i++) {
		if (!page_takes(&page, rows[page_row(&page, count, i)].created_at))
			continue;
		struct page_view view = booking_page_view(&call->rq->cx, &rows[page_row(&page, count, i)]);
		api_list_item(call, &j, &view);
	}
	PAGE_END_ROWS(&page, &j, rows, count);
	return OK;
}

const struct contract list_booking_pages = {
	.id = "listBookingPages",
	.summary = "The booking pages of the account in the key's mode; newest first.",
	.answer = &booking_page_resource,
	.shape = ANSWER_LIST,
	.status = 200,
	.flags = BY_CREATED,
	.run = run_list,
};

static err_t run_get(struct api_call *call, struct response *rs)
{
	struct booking_page page;
	bool unchanged;
	TRY(page_named(call, &page));
	TRY(api_unchanged(call, rs, booking_page_etag(call->rq->cx.mem, &page), &unchanged));
	if (!unchanged)
		reply_page_view(call, rs, &page);
	return OK;
}

const struct contract get_booking_page = {
	.id = "getBookingPage",
	.summary = "One booking page.",
	PARAMS(path, struct page_params_of),
	.answer = &booking_page_resource,
	.status = 200,
	.flags = TAKES_IF_MATCH | TAKES_IF_NONE_MATCH,
	ERRORS(NOT_FOUND),
	.run = run_get,
};

/* ---- create, change, delete ---- */

static void set_defaults(const struct api_call *call, struct booking_page *page)
{
	static const int32_t half_an_hour[] = { 30 };
	*page = (struct booking_page){
		.account = call->actor.owner,
		.id = id_new(call->rq->cx.now),
		.tz = call->who.tz.ptr ? call->who.tz : STR("UTC"),
		.durations = half_an_hour,
		.duration_count = 1,
		.notice = 60,
		.horizon = 60,
		.step = 30,
		.active = true,
		.mail_guests = true,
	};
	for (size_t day = 0; day < 5; day++)
		page->hours.days[day] = (struct day_hours){ { { 9 * 60, 17 * 60 } }, 1 };
}

static err_t run_create(struct api_call *call, struct response *rs)
{
	struct ctx *cx = &call->rq->cx;
	const struct page_view *view = call->body;
	struct booking_page page;
	if (!view->has_slug)
		return REFUSE(cx, MISSING_FIELD, "slug", "What is the page called in URLs?");
	if (!view->has_title)
		return REFUSE(cx, MISSING_FIELD, "title", "What do guests book?");
	set_defaults(call, &page);
	TRY(booking_page_apply(call, view, true, &page));
	TRY(booking_page_create(cx, &page));
	TRY(booking_page_get(cx, &call->actor, page.id, &page));
	TRY(audit_public(cx, page.account, AUDIT_BOOKING_PAGE, page.id, page.title, false, page.is_public));
	reply_page_view(call, rs, &page);
	api_location(rs, "/v1/booking_pages/", id_text(cx->mem, "bkp", page.id));
	return OK;
}

const struct contract create_booking_page = {
	.id = "createBookingPage",
	.summary = "Make a booking page. Needs `slug` and `title`. No scope says so: keys of the account do it.",
	.body = &booking_page_resource,
	.answer = &booking_page_resource,
	.status = 201,
	ERRORS(NOT_FOUND, CONFLICT, FORBIDDEN),
	.run = run_create,
};

static err_t run_update(struct api_call *call, struct response *rs)
{
	struct ctx *cx = &call->rq->cx;
	struct booking_page page;
	struct page_view view = { 0 };
	TRY(page_named(call, &page));
	const struct page_view present = booking_page_view(cx, &page);
	TRY(api_read_change(call, &present, &view));
	bool was_public = page.is_public;
	TRY(booking_page_apply(call, &view, false, &page));
	TRY(api_may_change(call, booking_page_etag(cx->mem, &page)));
	TRY(booking_page_change(cx, &page));
	TRY(booking_page_get(cx, &call->actor, page.id, &page));
	TRY(audit_public(cx, page.account, AUDIT_BOOKING_PAGE, page.id, page.title, was_public, page.is_public));
	reply_page_view(call, rs, &page);
	return OK;
}

const struct contract update_booking_page = {
	.id = "updateBookingPage",
	.summary = "Change what is sent; all else stays. What is booked stays as it is.",
	PARAMS(path, struct page_params_of),
	.body = &booking_page_resource,
	.answer = &booking_page_resource,
	.status = 200,
	.flags = TAKES_IF_MATCH | BODY_IS_CHANGE,
	ERRORS(NOT_FOUND, CONFLICT),
	.run = run_update,
};

static err_t run_delete(struct api_call *call, struct response *rs)
{
	struct booking_page page;
	TRY(page_named(call, &page));
	TRY(api_may_change(call, booking_page_etag(call->rq->cx.mem, &page)));
	TRY(booking_page_delete(&call->rq->cx, page.account, page.id, call->if_match.items ? page.version : 0));
	api_reply_deleted(call, rs, "bkp", page.id);
	return OK;
}

const struct contract delete_booking_page = {
	.id = "deleteBookingPage",
	.summary = "Delete a booking page. What is booked stays, and can be cancelled, but not moved any more.",
	PARAMS(path, struct page_params_of),
	.answer = &booking_page_resource,
	.shape = ANSWER_DELETED,
	.status = 200,
	.flags = TAKES_IF_MATCH,
	ERRORS(NOT_FOUND),
	.run = run_delete,
};
