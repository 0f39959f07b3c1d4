/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests who book by themselves, by a page that anybody may open: no key says who calls, so their forms carry a token
 * of this server, and only so many bookings come from one network, to one address, and to one page.
 */
#pragma once

#include "server/booking/booking.h"

#define GUEST_FORM_S (24 * 3600) /* a form is good for so long */

/* For the form of a page: names the booking that will come of it, so that a form that is sent twice books once. */
struct str guest_form_new(struct ctx *cx, const struct booking_page *page);
/* Which booking comes of it. CSRF: it is no token of this page, was made up, or is too old. */
MUST_CHECK err_t guest_form_open(struct ctx *cx, const struct booking_page *page, struct str token, struct id *out);

/*
 * Books by a page that is public and active, as its questions ask; in->id is of guest_form_open(). What came of the
 * same form before is the answer once more.
 *
 * errors  those of booking_new_clean() and booking_create(); MISSING_FIELD ("answers[0].answer": it must be answered);
 *         RATE_LIMITED
 */
MUST_CHECK err_t guest_book(
	struct ctx *cx, const struct booking_page *page, struct booking_new *in, struct booking *out);
