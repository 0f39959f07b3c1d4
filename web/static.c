/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "server/base/config.h"
#include "server/data/html.h"
#include "server/http/gzip.h"
#include "server/http/route.h"
#include "web/pages.h"

#define A_DAY STR("public, max-age=86400")
#define SECURITY_TXT_S (30 * INT64_C(86400)) /* RFC 9116 §2.5.5: under a year; it is made anew at each request */

/* The name changes with the content, so a copy never grows old. Compressed when it was compiled in (RFC 9110 §8.4). */
err_t static_file(struct request *rq, struct response *rs)
{
	const struct html_asset *asset = html_asset_find(rq->args[0]);
	if (!asset)
		return FAIL(&rq->cx, NOT_FOUND, "no such file");
	struct buf *out = reply(rs, 200, asset->type);
	response_header(rs, "Cache-Control", STR("public, max-age=31536000, immutable"));
	if (asset->gzip.ptr && gzip_accepted(request_header_list(rq, "Accept-Encoding"))) {
		response_header(rs, "Content-Encoding", STR("gzip"));
		response_header(rs, "Vary", STR("Accept-Encoding"));
		buf_add(out, asset->gzip);
		return OK;
	}
	buf_add(out, asset->data);
	return OK;
}

/* Where browsers look that read no link; the same picture. */
err_t favicon(struct request *rq, struct response *rs)
{
	for (size_t i = 0; i < html_asset_count; i++)
		if (strncmp(html_assets[i].name, "icon.", 5) == 0) {
			buf_add(reply(rs, 200, html_assets[i].type), html_assets[i].data);
			response_header(rs, "Cache-Control", A_DAY);
			return OK;
		}
	return FAIL(&rq->cx, NOT_FOUND, "no icon");
}

/* Made once, when the server starts. */
err_t openapi_json(struct request *rq, struct response *rs)
{
	buf_add(reply(rs, 200, "application/json"), rq->app->openapi);
	response_header(rs, "Cache-Control", STR("public, max-age=3600"));
	return OK;
}

/* RFC 9309. Behind the sign-in there is nothing to find. */
err_t robots_txt(struct request *rq, struct response *rs)
{
	(void)rq;
	BUF_LIT(reply(rs, 200, "text/plain; charset=utf-8"), "User-agent: *\nAllow: /docs\nDisallow: /\n");
	response_header(rs, "Cache-Control", A_DAY);
	return OK;
}

/* RFC 9116. Without --security-contact it leads to the page that says whom to tell. */
err_t security_txt(struct request *rq, struct response *rs)
{
	const struct config *config = rq->cx.config;
	struct buf *out = reply(rs, 200, "text/plain; charset=utf-8");
	if (config->security_contact.len)
		buf_fmt(out, "Contact: %.*s\n", STR_ARG(config->security_contact));
	else
		buf_fmt(out, "Contact: %.*s/docs#security\n", STR_ARG(config->public_url));
	buf_fmt(out, "Expires: %.*s\nCanonical: %.*s/.well-known/security.txt\nPreferred-Languages: en\n",
		STR_ARG(instant_rfc3339(rq->cx.mem, instant_of_s(instant_s(rq->cx.now) + SECURITY_TXT_S))),
		STR_ARG(config->public_url));
	return OK;
}

/* W3C, "A Well-Known URL for Changing Passwords" §2. */
err_t change_password_link(struct request *rq, struct response *rs)
{
	(void)rq;
	reply_redirect(rs, 302, STR("/account#password"));
	return OK;
}
