/* SPDX-License-Identifier: Apache-2.0 */
#include "web/say.h"

#include "server/base/buf.h"
#include "server/http/route.h"

#define SAID_MAX KIB(16)

const struct language *request_language(struct request *rq)
{
	if (!rq->language_known) {
		struct str own = rq->principal ? rq->principal->language : STR_ABSENT;
		if (!own.len || !catalogue_find(own, &rq->language))
			rq->language = catalogue_choose(request_header(rq, "Accept-Language"));
		rq->language_known = true;
	}
	return rq->language;
}

struct str say(struct request *rq, const char *english)
{
	return catalogue_text(request_language(rq), str_of(english));
}

static struct str value_of(struct str name, va_list values)
{
	const char *given;
	while ((given = va_arg(values, const char *))) {
		struct str value = va_arg(values, struct str);
		if (str_eq(str_of(given), name))
			return value;
	}
	return STR_ABSENT;
}

struct str say_with(struct request *rq, const char *english, ...)
{
	struct str rest = say(rq, english), before, name;
	struct buf out = buf_new(rq->cx.mem, SAID_MAX);
	while (str_cut(&rest, '{', &before)) {
		buf_add(&out, before);
		if (!rest.ptr || !str_cut(&rest, '}', &name))
			break;
		va_list values;
		va_start(values, english);
		buf_add(&out, value_of(name, values));
		va_end(values);
	}
	return buf_str(&out);
}
