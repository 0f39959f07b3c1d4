/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/api.h"

#include <string.h>

static bool is_known(struct str name, const char *const *known, size_t known_count)
{
	for (size_t i = 0; i < known_count; i++)
		if (str_eq(name, str_of(known[i])))
			return true;
	return false;
}

err_t api_params(struct request *rq, const char *const *known, size_t known_count, const struct form **out)
{
	const struct form *params;
	TRY(request_params(rq, &params));
	for (size_t i = 0; i < params->count; i++) {
		struct str name = params->fields[i].name;
		const char *shown = str_fmt(rq->cx.mem, "%.*s", STR_ARG(str_sub(name, 0, 64))).ptr;
		if (!is_known(name, known, known_count))
			return REFUSE(&rq->cx, UNKNOWN_FIELD, shown, "This parameter is not known here.");
		if (form_count(params, shown) > 1)
			return REFUSE(&rq->cx, INVALID_VALUE, shown, "This parameter was given more than once.");
	}
	*out = params;
	return OK;
}

err_t api_limit(struct request *rq, const struct form *params, size_t *out)
{
	struct str text = form_get(params, "limit");
	uint64_t limit = API_LIMIT_DEFAULT;
	if (text.ptr && (!str_to_u64(text, API_LIMIT_MAX, &limit) || limit == 0))
		return REFUSE(&rq->cx, INVALID_VALUE, "limit", "The limit is a number from 1 to %d.", API_LIMIT_MAX);
	*out = (size_t)limit;
	return OK;
}

struct json api_list_begin(struct response *rs)
{
	struct json j = json_begin(reply(rs, 200, "application/json"));
	json_object(&j, NULL);
	json_str(&j, "object", STR("list"));
	json_array(&j, "data");
	return j;
}

void api_list_end(struct json *j, bool has_more, struct str next_cursor)
{
	json_array_end(j);
	json_bool(j, "has_more", has_more);
	json_str(j, "next_cursor", has_more ? next_cursor : STR_ABSENT);
	json_object_end(j);
}

void api_reply(struct response *rs, int status, const struct json_field *fields, size_t count, const void *from)
{
	struct json j = json_begin(reply(rs, status, "application/json"));
	json_object(&j, NULL);
	json_write(&j, rs->rq->cx.mem, fields, count, from);
	json_object_end(&j);
}
