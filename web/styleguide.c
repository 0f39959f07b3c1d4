/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/config.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/ticks.h"

/* Every component in every state on one page, for who draws and for tests that photograph. Not in releases. */
err_t styleguide_page(struct request *rq, struct response *rs)
{
#ifdef CALENDS_DEV
	struct html_values *v = page_new(rq, "Style guide", "styleguide");
	for (size_t i = 0; i < CALENDAR_COLORS; i++)
		html_set(html_add_row(v, "colors"), "color", str_of(calendar_colors[i]));
	html_set(v, "public_url", rq->cx.config->public_url);
	html_set(v, "mode_path", STR("/styleguide"));
	html_set_flag(v, "mode_test", true);
	return page_reply(rs, 200, "styleguide", v);
#else
	(void)rs;
	return FAIL(&rq->cx, NOT_FOUND, "no development build");
#endif
}
