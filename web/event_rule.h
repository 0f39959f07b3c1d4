/* SPDX-License-Identifier: Apache-2.0 */
/* How often an event repeats: ready rules for a form, and the text of any other. */
#pragma once

#include "caldav/calendar/zone/zone.h"

struct ready_rule {
	const char *name; /* of the choice; "" is once */
	const char *label;
	const char *rule; /* NULL: the text beside it */
};
#define READY_RULES 8
extern const struct ready_rule ready_rules[READY_RULES];

/* A rule as a choice, its last day ("" for none) and, of "custom", its text. `zone`: by which the series goes. */
void rule_split(struct arena *mem, struct str rule, const struct zone *zone, struct str *choice, struct str *until,
	struct str *text);
/* And back. INVALID_VALUE ("repeat", "until", "rule"); *out is absent for once. */
MUST_CHECK err_t rule_join(struct ctx *cx, struct str choice, struct str until, struct str text, bool all_day,
	const struct zone *zone, struct str *out);
