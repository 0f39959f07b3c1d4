/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/html.h"
#include "web/pages.h"

/* The name changes with the content, so a copy never grows old. */
err_t static_file(struct request *rq, struct response *rs)
{
	const struct html_asset *asset = html_asset_find(rq->args[0]);
	if (!asset)
		return FAIL(&rq->cx, NOT_FOUND, "no such file");
	struct buf *out = reply(rs, 200, asset->type);
	response_header(rs, "Cache-Control", STR("public, max-age=31536000, immutable"));
	buf_add(out, asset->data);
	return OK;
}
