/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/write.h"

#include "caldav/calendar/validate.h"

err_t object_put(struct ctx *cx, const struct actor *actor, const struct object_write *in,
	enum put_outcome *outcome_out, struct object *out)
{
	struct ical_facts facts;
	TRY(ical_validate(cx, in->data, &facts));
	return object_store(cx, actor, in, &facts, outcome_out, out);
}
