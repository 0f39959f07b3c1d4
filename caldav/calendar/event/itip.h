/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an organizer sends to attendees of an event, and an attendee to its organizer (iTIP, RFC 5546): made from the
 * object as it is stored, of lines that are for others. Alarms stay at home, and so does what a client wrote for itself
 * (X- properties); of a reply all but what it answers, and how.
 */
#pragma once

#include "caldav/calendar/event/event.h"

#define ITIP_MAX ((size_t)128 * 1024) /* octets of a message: it is sent to each attendee */

enum itip_method {
	ITIP_REQUEST,  /* an invitation, or an update of one (§3.2.2) */
	ITIP_CANCEL,   /* all of the event, or of the instance, is cancelled (§3.2.5) */
	ITIP_UNINVITE, /* the same method, for those who are not among its attendees any more */
	ITIP_REPLY     /* one attendee says whether they come (§3.2.3) */
};
/* "REQUEST", "CANCEL", "REPLY". */
struct str itip_method_name(enum itip_method method);

struct itip {
	enum itip_method method;
	struct str data;                      /* an object, or one instance of it (event_extract) */
	struct str organizer, organizer_name; /* written where the object names none; name absent: none */
	struct str_list only;                 /* of ITIP_UNINVITE: whose lines stay; of ITIP_REPLY who replies */
};

struct itip_message {
	struct str text;    /* VCALENDAR with METHOD; CRLF */
	struct event event; /* what it is about: the series or the one event, in its own time zone */
	/* Those whom it goes to: each address once, without the organizer's; of a reply the organizer, if it is by mail
	 * that they are reached, and they don't reply to themselves. */
	const struct event_attendee *people;
	size_t people_count;
};

/*
 * DTSTAMP is cx->now (RFC 5545 §3.8.7.2), so that who has two knows the later. The result is checked by libical's table
 * of what each method needs.
 *
 * errors  ICAL_OBJECT (no event; what cannot be told so), ICAL_SIZE (over ITIP_MAX), ICAL_DATA
 */
MUST_CHECK err_t itip_write(struct ctx *cx, const struct itip *in, struct itip_message *out);
