/* SPDX-License-Identifier: Apache-2.0 */
/* What a series has beside its rule: days without it (EXDATE), days more (RDATE), and instances that were changed. */
#pragma once

#include "web/event_shown.h"

/* Values "except_on" and "also_on", of a few days each, and "was_changed" with "was_due". */
void event_dates_values(struct request *rq, const struct event_shown *shown, struct html_values *v);
