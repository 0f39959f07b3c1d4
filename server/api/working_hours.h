/* SPDX-License-Identifier: Apache-2.0 */
/* Working hours as bodies have them: for each weekday spans on the wall clock. A break is what lies between two. */
#pragma once

#include "caldav/calendar/view/slots.h"
#include "server/data/json.h"

struct hours_view {
	struct str start, end;
};

/* Monday first, as struct working_hours has them: of struct hours_view each. */
struct days_view {
	struct json_list days[7];
};

extern const struct json_field hours_fields[2];
extern const struct json_field day_fields[7];

/*
 * The spans of one day. INVALID_VALUE (param "PATH[1].end" …): no time of day, an end that is not after its start, one
 * that begins before the one before it ends.
 */
MUST_CHECK err_t day_hours_read(struct ctx *cx, const char *path, struct json_list list, struct day_hours *out);
/* All days; `path` is that of the object. */
MUST_CHECK err_t working_hours_read(
	struct ctx *cx, const char *path, const struct days_view *view, struct working_hours *out);

/* For answers: of struct hours_view. */
struct json_list day_hours_view(struct arena *mem, const struct day_hours *hours);
struct days_view working_hours_view(struct arena *mem, const struct working_hours *hours);
