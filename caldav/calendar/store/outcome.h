/* SPDX-License-Identifier: Apache-2.0 */
/* What became of a write, as the functions in sql/migrations say it. For the store's files alone. */
#pragma once

#include "server/base/ctx.h"

enum outcome {
#define OUTCOME(name, label) OUTCOME_##name,
#include "caldav/calendar/store/outcome.def"
#undef OUTCOME
};

/* By its label; asserts that it is one. */
enum outcome outcome_of(struct str label);

/*
 * The error of an outcome that is none of created, changed, same and deleted. `other`: the name of the object that has
 * the UID.
 *
 *         NOT_FOUND, DAV_PARENT_MISSING, FORBIDDEN, PRECONDITION, ICAL_COMPONENT, UID_CONFLICT (err.href), DAV_QUOTA
 */
err_t outcome_refusal(struct ctx *cx, enum outcome outcome, struct str other);
