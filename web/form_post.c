/* SPDX-License-Identifier: Apache-2.0 */
/* An app's answer as a form of this browser (OAuth 2.0 Form Post Response Mode). */
#include "web/page.h"
#include "web/routes.h"

err_t web_form_post(
	struct request *rq, struct response *rs, struct str action, struct str host, const struct form *fields)
{
	struct html_values *v = page_new(rq, "Going back to the app", NULL);
	html_set(v, "action", action);
	html_set(v, "host", host);
	for (size_t i = 0; i < fields->count; i++) {
		struct html_values *row = html_add_row(v, "fields");
		html_set(row, "field_name", fields->fields[i].name);
		html_set(row, "field_value", fields->fields[i].value);
	}
	return page_reply_to(rs, 200, "form_post", v, FORMS_LEAD_AWAY);
}
