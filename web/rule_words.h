/* SPDX-License-Identifier: Apache-2.0 */
/* A recurrence rule in words, in the language and the manner of who asks. */
#pragma once

#include "server/http/request.h"
#include "web/rule_shape.h"

/* "Every 2 weeks on Tuesday and Thursday, 5 times"; absent for what has no words here. */
struct str rule_words(struct request *rq, const struct rule_shape *shape);
