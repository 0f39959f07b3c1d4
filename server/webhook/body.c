/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/api_version.h"
#include "server/webhook/body.h"

#include "server/data/json.h"
#include "server/webhook/webhook.h"

#define ENVELOPE_MAX 4096

static void write_thin(struct json *j, const struct webhook_content *content)
{
	json_object(j, "object");
	json_str(j, "id", content->object_id);
	json_str(j, "object", content->object_kind);
	json_str_if(j, "calendar_id", content->calendar_id);
	if (content->deleted)
		json_bool(j, "deleted", true);
	json_object_end(j);
}

static struct str write(struct ctx *cx, const struct webhook_content *content, bool whole)
{
	struct buf out = buf_new(cx->mem, content->object.len + ENVELOPE_MAX);
	struct json j = json_begin(&out);
	json_object(&j, NULL);
	json_id(&j, "id", "whe", content->id);
	json_str(&j, "object", STR("webhook_event"));
	json_str(&j, "type", str_of(content->type));
	json_str(&j, "api_version", str_of(api_version_newest()->name));
	json_int(&j, "created", instant_s(cx->now));
	json_bool(&j, "livemode", content->live);
	json_id(&j, "account", "cpa", content->connection);
	json_id(&j, "request_id", "req", content->request);
	json_int(&j, "sequence", content->sequence);
	if (content->is_test)
		json_bool(&j, "livemode_test", true);
	if (content->object.ptr && !whole)
		json_bool(&j, "truncated", true);
	json_object(&j, "data");
	if (whole && content->object.ptr)
		json_raw(&j, "object", content->object);
	else
		write_thin(&j, content);
	json_object_end(&j);
	json_object_end(&j);
	return buf_str(&out);
}

struct str webhook_body(struct ctx *cx, const struct webhook_content *content)
{
	struct str body = write(cx, content, true);
	return body.len <= WEBHOOK_BODY_MAX ? body : write(cx, content, false);
}
