/* SPDX-License-Identifier: Apache-2.0 */
#include "web/demo_private.h"

#include "server/base/config.h"

struct str demo_origin(struct ctx *cx)
{
	struct str listen = cx->config->demo_listen;
	struct str port = listen;
	if (str_starts(listen, STR("0.0.0.0:")) || str_starts(listen, STR("[::]:"))) {
		port = str_from(listen, str_starts(listen, STR("[")) ? 5 : 8);
		return str_fmt(cx->mem, "http://127.0.0.1:%.*s", STR_ARG(port));
	}
	return str_fmt(cx->mem, "http://%.*s", STR_ARG(listen));
}

void demo_banner(struct ctx *cx, const struct demo *demo, struct buf *out)
{
	const struct config *config = cx->config;
	struct str url = config->public_url;
	struct instant end = instant_add_s(cx->now, 14 * 86400);
	struct str from = instant_rfc3339(cx->mem, instant_of_s(instant_s(cx->now)));
	struct str to = instant_rfc3339(cx->mem, instant_of_s(instant_s(end)));

	buf_fmt(out, "\n%.*s is ready.\n\n", STR_ARG(config->brand));
	buf_fmt(out, "  Address         %.*s\n", STR_ARG(url));
	buf_fmt(out, "  Sign in         %.*s\n", STR_ARG(demo->email));
	buf_fmt(out, "  Password        %.*s\n",
		STR_ARG(demo->password.len ? demo->password : STR("(the one that you set)")));
	buf_fmt(out, "  Demo platform   %.*s   walks the Connect flow\n", STR_ARG(demo_origin(cx)));
	buf_fmt(out, "  Key             %.*s\n", STR_ARG(demo->key));
	buf_fmt(out, "  CalDAV          %.*s/dav/   user name %.*s, password: the key\n\n", STR_ARG(url),
		STR_ARG(demo->email));
	buf_fmt(out, "  curl -H 'Authorization: Bearer %.*s' %.*s/v1/calendars\n", STR_ARG(demo->key), STR_ARG(url));
	buf_fmt(out, "  curl -H 'Authorization: Bearer %.*s' '%.*s/v1/events?from=%.*s&to=%.*s'\n", STR_ARG(demo->key),
		STR_ARG(url), STR_ARG(from), STR_ARG(to));
	buf_fmt(out, "  curl -u %.*s:%.*s -X PROPFIND -H 'Depth: 1' %.*s/dav/calendars/%.*s/\n\n", STR_ARG(demo->email),
		STR_ARG(demo->key), STR_ARG(url), STR_ARG(demo->account_id));
	buf_fmt(out, "  Ctrl-C stops all of it. The data stays in %.*s for the next start.\n\n",
		STR_ARG(config->database_url.len ? STR("your database") : config->data_dir));
}
