/* SPDX-License-Identifier: Apache-2.0 */
/* A recurrence rule in words, in the language and the manner of who asks. */
#pragma once

#include "server/http/request.h"
#include "web/rule_shape.h"

/* "Every 2 weeks on Tuesday and Thursday": without its end. Absent for what has no words here. */
struct str rule_words(struct request *rq, const struct rule_shape *shape);
/* The same with its end: "…, 5 times", "…, until Tuesday, 1 June 2027". */
struct str rule_words_ended(struct request *rq, struct str words, const struct rule_shape *shape);

/* "Monday, Wednesday and Friday". */
struct str words_listed(struct request *rq, const struct str *items, size_t count);
/* So many days of the week, of bits as rule_shape.h has them, in the order of the reader's weeks. */
struct str weekdays_listed(struct request *rq, unsigned weekdays);
