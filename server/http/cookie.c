/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/cookie.h"

#include "server/base/buf.h"
#include "server/base/config.h"
#include "server/data/uri.h"

static bool public_https(const struct ctx *cx)
{
	return str_starts_nocase(cx->config->public_url, STR("https://"));
}

static struct str public_port(const struct ctx *cx)
{
	struct uri url;
	if (uri_split(cx->config->public_url, &url) && url.port.len)
		return url.port;
	return STR("80");
}

struct str cookie_name(struct ctx *cx, const char *name)
{
	if (public_https(cx))
		return str_cat(cx->mem, STR("__Host-"), str_of(name));
	return str_fmt(cx->mem, "%s_%.*s", name, STR_ARG(public_port(cx)));
}

struct str cookie_line(struct ctx *cx, const char *name, struct str value, int64_t max_age_s)
{
	struct buf out = buf_new(cx->mem, 4096);
	buf_add(&out, cookie_name(cx, name));
	buf_char(&out, '=');
	buf_add(&out, value);
	BUF_LIT(&out, "; Path=/; HttpOnly; SameSite=Lax");
	if (public_https(cx))
		BUF_LIT(&out, "; Secure");
	if (max_age_s >= 0) {
		BUF_LIT(&out, "; Max-Age=");
		buf_int(&out, max_age_s);
	}
	return buf_str(&out);
}
