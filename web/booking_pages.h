/* SPDX-License-Identifier: Apache-2.0 */
/* Booking pages as their owner manages them: what the pages of web/booking_pages.c and web/booking_edit.c share. */
#pragma once

#include "server/booking/page.h"
#include "web/page.h"

/* The page that the path names, of either world of who is signed in. NOT_FOUND. */
MUST_CHECK err_t booking_page_in_path(struct request *rq, struct actor *actor_out, struct booking_page *out);

/* What of it every page shows: page_id, page_title, address, is_public, paused, test … */
void booking_page_values(struct request *rq, struct html_values *v, const struct booking_page *page);

/* What was booked by it, of what the address asks for: bookings, and links to others. */
MUST_CHECK err_t booking_list_values(
	struct request *rq, struct html_values *v, const struct actor *actor, const struct booking_page *page);

/* "/booking-pages/bkp_…", and with ?done=WORD where that is not NULL. */
struct str booking_page_href(struct arena *mem, const struct booking_page *page, const char *done);
