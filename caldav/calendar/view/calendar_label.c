/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/view/calendar_label.h"

#include "server/base/config.h"
#include "server/data/uri.h"

#define RGB_LEN 7

struct str calendar_label(const struct calendar *calendar)
{
	return calendar->displayname.len ? calendar->displayname : calendar->name;
}

static bool color_is_rgb(struct str text)
{
	if (text.len != RGB_LEN || text.ptr[0] != '#')
		return false;
	for (size_t i = 1; i < text.len; i++)
		if (char_hex(text.ptr[i]) < 0)
			return false;
	return true;
}

struct str calendar_rgb(const struct calendar *calendar, struct str fallback)
{
	struct str rgb = str_sub(calendar->color, 0, RGB_LEN);
	return color_is_rgb(rgb) ? rgb : fallback;
}

struct str dav_account(struct arena *mem, struct id account)
{
	struct str live = id_text(mem, "usr", id_in_mode(account, false));
	return id_is_test(account) ? str_cat(mem, STR(DAV_TEST_PREFIX), live) : live;
}

struct str calendar_url(struct ctx *cx, const struct calendar *calendar)
{
	struct buf url = buf_new(cx->mem, 8192);
	struct str account = dav_account(cx->mem, calendar->account);
	buf_fmt(&url, "%.*s/dav/calendars/%.*s/", STR_ARG(cx->config->public_url), STR_ARG(account));
	path_segment_add(&url, calendar->name);
	buf_char(&url, '/');
	return buf_str(&url);
}
