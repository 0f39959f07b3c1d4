/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often an event repeats, as fields of its form: a ready rule; "every", so many days, weeks, months or years with
 * the days in them; or "custom", the text of any other rule, which stays as it is.
 */
#pragma once

#include "web/event_form.h"
#include "web/rule_shape.h"

/* Where a series begins, by this clock; an all-day one at the midnight of its day. */
int64_t rule_start(const struct event *series, const struct zone *zone);

/* The fields of a form of an event that does not repeat yet. */
void rule_begin(struct request *rq, struct str *value);
/* Those of the rule of a series; `zone` is the clock of the form. */
void rule_split(struct request *rq, const struct event *series, const struct zone *zone, struct str *value);
/*
 * And back, for an event that starts when the form says; *out is absent for once.
 *
 * errors  INVALID_VALUE with the name of the field
 */
MUST_CHECK err_t rule_join(struct ctx *cx, const struct event_form *form, const struct zone *zone, struct str *out);

/* Values of the template: rows "rules" and "days", and what is chosen of units, days of a month and ends. */
void rule_values(struct request *rq, struct html_values *v, const struct event_form *form);
