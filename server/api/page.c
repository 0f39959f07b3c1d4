/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/page.h"

#include <string.h>

#include "server/crypto/digest.h"

/* ---- cursors: "cur_" and, in base64url, a digest, which kind of position it is, and the position ---- */

enum position_kind { AT_ROW = '=', AT_BEGINNING = '<', AT_END = '>' };

#define DIGEST_SIZE 9

/*
 * The digest says whose list it is: with it a cursor that was cut, altered or taken from another list is told from one
 * of this list. It is no secret. Who makes one up is at another position of their own list.
 */
static struct str cursor_text(const struct page *page, enum position_kind kind, struct str position)
{
	const struct api_call *call = page->call;
	struct arena *mem = call->rq->cx.mem;
	uint8_t digest[SHA256_SIZE];
	struct str list = str_fmt(mem, "%s %s %.*s %c", call->contract->id, page->order,
		STR_ARG(id_text(mem, "usr", call->actor.owner)), (char)kind);
	struct str told = str_cat(mem, list, position);
	size_t len = DIGEST_SIZE + 1 + position.len;
	uint8_t *plain = arena_array(mem, uint8_t, len);
	sha256(bytes_of(told.ptr, told.len), digest);
	memcpy(plain, digest, DIGEST_SIZE);
	plain[DIGEST_SIZE] = (uint8_t)kind;
	if (position.len)
		memcpy(plain + DIGEST_SIZE + 1, position.ptr, position.len);
	return str_cat(mem, STR("cur_"), base64url_of(mem, bytes_of(plain, len)));
}

static bool cursor_read(const struct page *page, struct str text, enum position_kind *kind, struct str *position)
{
	struct bytes plain;
	if (!str_starts(text, STR("cur_")) || !base64url_to(page->call->rq->cx.mem, str_from(text, 4), &plain) ||
		plain.len <= DIGEST_SIZE)
		return false;
	*kind = (enum position_kind)plain.ptr[DIGEST_SIZE];
	*position = (struct str){ (const char *)plain.ptr + DIGEST_SIZE + 1, plain.len - DIGEST_SIZE - 1 };
	return str_eq(cursor_text(page, *kind, *position), text);
}

/* ---- what is asked for ---- */

err_t page_refuse(const struct page *page)
{
	return REFUSE(&page->call->rq->cx, INVALID_VALUE, page->back ? "ending_before" : "starting_after",
		"This is not a cursor for this list. Send %s of one of its pages as it came, for the same account, "
		"mode and "
		"order; or leave it out to begin anew.",
		page->back ? "previous_cursor" : "next_cursor");
}

/*
 * An id begins with the time when it was made, by a clock that may be another than that of created_at, and in a
 * transaction that may have begun some time before.
 */
#define CREATED_SLACK_S 60

static struct instant later(struct instant a, struct instant b)
{
	return instant_before(a, b) ? b : a;
}

static struct instant earlier(struct instant a, struct instant b)
{
	return instant_before(b, a) ? b : a;
}

static void created_read(const struct page_params *sent, struct page *page)
{
	page->by_created =
		sent->created.has_gte || sent->created.has_gt || sent->created.has_lte || sent->created.has_lt;
	page->created_from = sent->created.has_gte ? sent->created.gte : INSTANT_BEFORE;
	page->created_to = sent->created.has_lte ? sent->created.lte : INSTANT_FOREVER;
	if (sent->created.has_gt)
		page->created_from = later(page->created_from, (struct instant){ sent->created.gt.us + 1 });
	if (sent->created.has_lt)
		page->created_to = earlier(page->created_to, (struct instant){ sent->created.lt.us - 1 });
}

bool page_takes(const struct page *page, struct instant created_at)
{
	return !page->by_created ||
	       (!instant_before(created_at, page->created_from) && !instant_before(page->created_to, created_at));
}

err_t page_begin(struct api_call *call, const char *order, struct page *out)
{
	const struct page_params *sent = call->page;
	struct page page = { .call = call,
		.order = order,
		.limit = sent->limit ? (size_t)sent->limit : PAGE_LIMIT_DEFAULT,
		.back = sent->ending_before.ptr };
	struct str cursor = page.back ? sent->ending_before : sent->starting_after, position;
	enum position_kind kind;
	if (sent->ending_before.ptr && sent->starting_after.ptr)
		return REFUSE(&call->rq->cx, INVALID_VALUE, "ending_before",
			"A page is after one cursor or before another. Leave out starting_after or ending_before.");
	if (cursor.ptr) {
		if (!cursor_read(&page, cursor, &kind, &position) ||
			(kind != AT_ROW && (position.len || kind != (page.back ? AT_END : AT_BEGINNING))))
			return page_refuse(&page);
		page.inside = kind == AT_ROW;
		page.position = kind == AT_ROW ? position : STR_ABSENT;
	}
	created_read(sent, &page);
	*out = page;
	return OK;
}

/* Where to begin (`near`), and where nothing more comes. */
static struct id created_bound(const struct page *page, bool near)
{
	bool upper = page->back != near;
	struct instant at = upper ? page->created_to : page->created_from;
	int64_t ms = at.us / 1000 + (upper ? CREATED_SLACK_S : -CREATED_SLACK_S) * INT64_C(1000);
	struct id id;
	memset(&id, upper && ms >= 0 ? 255 : 0, sizeof id);
	for (size_t i = 0; i < 6 && ms >= 0 && ms >> 48 == 0; i++)
		id.octets[i] = (uint8_t)(ms >> (8 * (5 - i)));
	return id;
}

bool page_is_past(const struct page *page, struct id id)
{
	if (!page->by_created)
		return false;
	int order = id_cmp(id, created_bound(page, false));
	return page->back ? order > 0 : order < 0;
}

err_t page_newest(const struct page *page, struct id *out)
{
	struct id id;
	memset(&id, page->back ? 0 : 255, sizeof id);
	if (page->position.ptr && !id_parse(page->position, "id", &id))
		return page_refuse(page);
	if (page->by_created) {
		struct id bound = created_bound(page, true);
		if (page->back ? id_cmp(bound, id) > 0 : id_cmp(bound, id) < 0)
			id = bound;
	}
	*out = id;
	return OK;
}

/* ---- what is answered ---- */

void page_cut(struct page *page, size_t *count)
{
	page->more = *count > page->limit;
	if (page->more)
		*count = page->limit;
}

size_t page_row(const struct page *page, size_t count, size_t i)
{
	return page->back ? count - 1 - i : i;
}

/* On the side from which the page was asked for, there is a page whatever has become of its rows. */
void page_end(const struct page *page, struct json *j, struct str first, struct str last)
{
	struct str next = STR_ABSENT, previous = STR_ABSENT;
	if (page->back ? page->inside : page->more)
		next = last.ptr ? cursor_text(page, AT_ROW, last) : cursor_text(page, AT_BEGINNING, STR(""));
	if (page->back ? page->more : page->inside)
		previous = first.ptr ? cursor_text(page, AT_ROW, first) : cursor_text(page, AT_END, STR(""));
	api_list_end(page->call, j, next, previous);
}

void page_end_newest(const struct page *page, struct json *j, size_t count, struct id first, struct id last)
{
	struct arena *mem = page->call->rq->cx.mem;
	page_end(
		page, j, count ? id_text(mem, "id", first) : STR_ABSENT, count ? id_text(mem, "id", last) : STR_ABSENT);
}
