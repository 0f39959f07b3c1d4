/* SPDX-License-Identifier: Apache-2.0 */
/* What /healthz and /readyz say, for people; and what browsers ask of a site that is put on a home screen. */
#include "server/base/config.h"
#include "server/data/json.h"
#include "server/db/ping.h"
#include "web/page.h"
#include "web/pages.h"

/* Nobody is asked who they are: that would need the database, and the page is about it. */
err_t status_show(struct request *rq, struct response *rs)
{
	err_t silent = db_ping(&rq->cx);
	struct html_values *v = page_new(rq, "Status", NULL);
	html_set_flag(v, "database", !silent);
	page_when(rq, v, "looked_at", rq->cx.now);
	if (silent)
		response_header(rs, "Retry-After", STR("5"));
	return page_reply(rs, silent ? 503 : 200, "status", v);
}

static struct str icon_address(struct arena *mem)
{
	for (size_t i = 0; i < html_asset_count; i++)
		if (str_starts(str_of(html_assets[i].name), STR("icon.")))
			return str_cat(mem, STR("/static/"), str_of(html_assets[i].name));
	return STR("/favicon.ico");
}

/* W3C, Web Application Manifest. */
err_t manifest(struct request *rq, struct response *rs)
{
	struct json j = json_begin(reply(rs, 200, "application/manifest+json"));
	json_object(&j, NULL);
	json_str(&j, "name", rq->cx.config->brand);
	json_str(&j, "short_name", rq->cx.config->brand);
	json_str(&j, "id", STR("/"));
	json_str(&j, "start_url", STR("/calendar"));
	json_str(&j, "scope", STR("/"));
	json_str(&j, "display", STR("standalone"));
	json_str(&j, "background_color", STR("#ffffff"));
	json_str(&j, "theme_color", STR("#4f46c8"));
	json_array(&j, "icons");
	json_object(&j, NULL);
	json_str(&j, "src", icon_address(rq->cx.mem));
	json_str(&j, "type", STR("image/svg+xml"));
	json_str(&j, "sizes", STR("any"));
	json_object_end(&j);
	json_array_end(&j);
	json_object_end(&j);
	response_header(rs, "Cache-Control", STR("public, max-age=86400"));
	return OK;
}
