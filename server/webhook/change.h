/* SPDX-License-Identifier: Apache-2.0 */
/* What a change of an event was, from what it is and what it was. */
#pragma once

#include "caldav/calendar/event/event.h"

/*
 * "event.cancelled", "event.rescheduled" (its times, its rule), "event.attendee_responded" (an answer alone), else
 * "event.updated": one change has one name, the first of these that fits.
 */
const char *webhook_change_type(const struct event *was, const struct event *is);
