/* SPDX-License-Identifier: Apache-2.0 */
/* The door through which the bytes of an object come: validated first, then stored. */
#pragma once

#include "caldav/calendar/store/store.h"

/*
 * Validate the bytes (validate.h), then one round trip that writes all or nothing: precondition, UID, quota, counter,
 * outbox. Same bytes as stored: no lock and no write.
 *
 * errors  the ICAL_* kinds; DAV_PARENT_MISSING (no such calendar), PRECONDITION, UID_CONFLICT (err.href is
 *         the other object's name), ICAL_COMPONENT, DAV_QUOTA, FORBIDDEN (calendar not writable)
 */
MUST_CHECK err_t object_put(struct ctx *cx, const struct actor *actor, const struct object_write *in,
	enum put_outcome *outcome_out, struct object *out);
