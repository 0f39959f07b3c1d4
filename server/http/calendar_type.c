/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/calendar_type.h"

err_t calendar_type_check(struct request *rq)
{
	struct str type = request_media_type(rq);
	if (type.ptr && !str_eq(type, STR("text/calendar")))
		return FAIL(&rq->cx, ICAL_MEDIA, "%.*s", STR_ARG(type));
	struct str rest = request_header(rq, "Content-Type"), param;
	while (str_cut(&rest, ';', &param)) {
		struct str value = param, name;
		(void)str_cut(&value, '=', &name);
		name = str_trim(name, STR_BLANK);
		value = str_trim(value, STR_BLANK "\"");
		if (str_eq_nocase(name, STR("charset")) && !str_eq_nocase(value, STR("utf-8")) &&
			!str_eq_nocase(value, STR("utf8")) && !str_eq_nocase(value, STR("us-ascii")))
			return REFUSE(&rq->cx, ICAL_MEDIA, "Content-Type", "Calendar data is accepted in UTF-8.");
		if (str_eq_nocase(name, STR("version")) && !str_eq(value, STR("2.0")))
			return REFUSE(&rq->cx, ICAL_MEDIA, "Content-Type", "iCalendar 2.0 is accepted.");
	}
	return OK;
}
