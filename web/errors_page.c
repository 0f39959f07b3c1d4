/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "web/page.h"
#include "web/pages.h"

/* Several kinds of failure share a code: the first row of errors.def speaks for it. */
static bool told_before(unsigned kind)
{
	for (unsigned earlier = 0; earlier < kind; earlier++)
		if (strcmp(err_row((enum err_kind)earlier)->api_code, err_row((enum err_kind)kind)->api_code) == 0)
			return true;
	return false;
}

/* Where doc_url of the API's errors leads: every code, from the table that makes the errors. */
err_t errors_page(struct request *rq, struct response *rs)
{
	struct html_values *v = page_new(rq, "Errors of the API", "docs");
	for (unsigned kind = 0; kind < ERR_KINDS; kind++) {
		const struct err_row *error = err_row((enum err_kind)kind);
		if (told_before(kind))
			continue;
		struct html_values *row = html_add_row(v, "errors");
		html_set(row, "code", str_of(error->api_code));
		html_set(row, "type", str_of(error->api_type));
		html_set(row, "status", str_fmt(rq->cx.mem, "%d", error->api_status));
		html_set(row, "text", str_of(error->text));
	}
	return page_reply(rs, 200, "errors", v);
}
