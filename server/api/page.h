/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of a list, both ways, for every ANSWER_LIST. A cursor is a position between two rows, never a number of rows:
 * the position is what the list is ordered by, as it was of the row beside it. So a row that is made or removed between
 * two pages moves no other row from one page to another, and a cursor outlives its row.
 *
 *	TRY(page_begin(call, "newest", &page));             which order; other lists' cursors are refused
 *	TRY(page_newest(&page, &bound));                     where: its position, in what the list is ordered by
 *	TRY(thing_page(…, bound, page.back, page.limit + 1, &rows, &count));
 *	PAGE_CUT_ROWS(&page, rows, &count);
 *	for (i …) api_list_item(…, &rows[page_row(&page, count, i)]);
 *	page_end(&page, &j, position of the first item, of the last);
 *
 * The rows come in the direction in which the page goes, nearest to the position first.
 */
#pragma once

#include "server/api/call.h"

struct page {
	struct api_call *call;
	const char *order;
	size_t limit;
	struct str position; /* absent: from the beginning; with `back` from the end */
	bool back;           /* what comes before the position, else after it */
	bool inside;         /* it begins at a position: something may be on the other side */
	bool more;           /* there are others in its direction; set by page_cut(), or who knows better */
	bool by_created;     /* of what was made in this time alone, both ends included */
	struct instant created_from, created_to;
};

/*
 * The page that the call asks for. `order` tells the orders of one list apart.
 *
 * errors  INVALID_VALUE (param "starting_after" or "ending_before": both, or no cursor of this list, account and mode)
 */
MUST_CHECK err_t page_begin(struct api_call *call, const char *order, struct page *out);
/* A position that is none, of a cursor that somebody made up: INVALID_VALUE. */
err_t page_refuse(const struct page *page);
/* Of a list of ids, the newest first: the id before (back: after) which the rows of the page are. INVALID_VALUE. */
MUST_CHECK err_t page_newest(const struct page *page, struct id *out);

/* Of limit + 1 rows that were asked for, the one too many is left out. */
void page_cut(struct page *page, size_t *count);
/* Of a BY_CREATED: is what was made then told? A page has rows beside those that are, since its rows stand by their
 * ids. */
bool page_takes(const struct page *page, struct instant created_at);
/* Is what comes from this id on made so long before (back: after) the asked time that nothing more is to be found? */
bool page_is_past(const struct page *page, struct id id);
/* page_cut() of rows with an `id`, the newest first; those that are past are none. */
#define PAGE_CUT_ROWS(page, rows, count)                                                                               \
	do {                                                                                                           \
		while (*(count) && page_is_past(page, (rows)[*(count)-1].id))                                          \
			--*(count);                                                                                    \
		page_cut(page, count);                                                                                 \
	} while (0)
/* Which of `count` rows is item i. */
size_t page_row(const struct page *page, size_t count, size_t i);
/* The end of the answer. The positions are those of its first and last item; absent where there is none. */
void page_end(const struct page *page, struct json *j, struct str first, struct str last);
/* The same of a list of ids, the newest first. */
void page_end_newest(const struct page *page, struct json *j, size_t count, struct id first, struct id last);
/* The same of rows as they were read, each with its `id`. */
#define PAGE_END_ROWS(page, j, rows, count)                                                                            \
	page_end_newest(page, j, count, (count) ? (rows)[page_row(page, count, 0)].id : (struct id){ { 0 } },          \
		(count) ? (rows)[page_row(page, count, (count)-1)].id : (struct id){ { 0 } })
