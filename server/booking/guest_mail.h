/* SPDX-License-Identifier: Apache-2.0 */
/* What a guest gets of their booking: by mail the appointment for their calendar, and the link to it; there a file. */
#pragma once

#include "server/booking/booking.h"

enum guest_news { GUEST_BOOKED, GUEST_MOVED, GUEST_CANCELLED };

/*
 * In the transaction that books, moves or cancels; `data` is the event's object as it is then. Sets booking->told. A
 * mail that cannot be (none is set up, the page's owner tells guests themself, their address is none, they are taken
 * off the event, the day has had its mail) stops no booking: then it is absent. So it is where the actor may not read
 * events: they could name an address of their own, and read there who the host is.
 */
MUST_CHECK err_t guest_mail(
	struct ctx *cx, const struct actor *actor, struct booking *booking, enum guest_news news, struct str data);

/*
 * The appointment as it is now, for any calendar program: with the UID of what is mailed, so that whoever takes in both
 * has one; without anybody's address, and without what the guest wrote. NOT_FOUND: it is cancelled, or no event any
 * more.
 */
MUST_CHECK err_t guest_file(struct ctx *cx, const struct booking *booking, struct str *out);
