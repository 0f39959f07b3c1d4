/* SPDX-License-Identifier: Apache-2.0 */
/* What of a page can be booked now. */
#pragma once

#include "server/booking/page.h"

/* Whose page it is, and in which calendars it looks and writes. */
struct booking_offer {
	struct str email, tz;     /* of the owner */
	int64_t ahead_s;          /* their clock (cx->ahead_s) */
	struct str calendar_name; /* where its events go; absent: that calendar is gone */
	bool writable;            /* that calendar is */
	struct id_list calendars; /* that one and those that count as busy */
};
/* From then on cx->ahead_s is that of the page's account, whoever asks. */
MUST_CHECK err_t booking_offer(struct ctx *cx, const struct booking_page *page, struct booking_offer *out);

/*
 * Until the transaction ends, which must be open, nothing is written into these calendars but by it, whoever writes by
 * whatever protocol: what is free then stays free.
 */
MUST_CHECK err_t booking_calendars_hold(struct ctx *cx, struct id account, struct id_list calendars);

struct booking_wish {
	struct instant from, to; /* a slot lies within */
	int32_t duration;        /* minutes: one of the page's */
	struct id moving;        /* a booking whose event does not count; zero: none */
	size_t limit;
};

/*
 * The slots of the page within the wish: working hours less what makes busy with the buffers around it, not before the
 * notice is over nor beyond the horizon, and none on days that have as many bookings as the page takes. None where its
 * calendar is gone or not writable. Whether the page is paused is not asked.
 *
 * The page's own appointments have its buffers around them, too: between one and the next there is the longer of the
 * one's time after it and the other's before it.
 *
 * errors  RANGE_TOO_LARGE, TOO_COSTLY (busy_collect)
 */
MUST_CHECK err_t booking_slots(struct ctx *cx, const struct booking_page *page, const struct booking_offer *offer,
	const struct booking_wish *wish, const struct slot_span **out, size_t *count_out);

/* Of an event's UID: which booking it is the event of. False: of none. */
bool booking_of_uid(struct str uid, struct id *out);
struct str booking_uid(struct arena *mem, struct id booking);
