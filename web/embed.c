/* SPDX-License-Identifier: Apache-2.0 */
/* Booking pages in frames of other sites: the script that puts them there, and the same pages, which may be framed. */
#include <string.h>

#include "web/book.h"
#include "web/pages.h"

/* Always at the same address, which stands in the sites of others. */
err_t embed_js(struct request *rq, struct response *rs)
{
	for (size_t i = 0; i < html_asset_count; i++) {
		const struct html_asset *asset = &html_assets[i];
		if (strncmp(asset->name, "embed.", sizeof "embed." - 1) != 0)
			continue;
		buf_add(reply(rs, 200, asset->type), asset->data);
		response_header(rs, "Cache-Control", STR("public, max-age=3600"));
		return OK;
	}
	return FAIL(&rq->cx, NOT_FOUND, "no script");
}

err_t embed_page(struct request *rq, struct response *rs)
{
	return book_days_page(rq, rs, BOOK_FRAME);
}

err_t embed_zone_page(struct request *rq, struct response *rs)
{
	return book_choose_zone(rq, rs, BOOK_FRAME);
}

err_t embed_form_page(struct request *rq, struct response *rs)
{
	return book_show_form(rq, rs, BOOK_FRAME);
}

err_t embed_form_post(struct request *rq, struct response *rs)
{
	return book_take_form(rq, rs, BOOK_FRAME);
}
