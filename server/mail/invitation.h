/* SPDX-License-Identifier: Apache-2.0 */
/* Invitations, updates and cancellations of an event by mail (iMIP, RFC 6047) in its organizer's name, answers in an
 * attendee's. */
#pragma once

#include "caldav/calendar/event/itip.h"
#include "server/data/wording.h"
#include "server/mail/letter.h"

#define INVITATION_MESSAGE_MAX 2000 /* characters of what the organizer says to it */

struct invitation {
	enum itip_method method;
	struct id account, object;
	struct str data;           /* the event's object, or one instance of it (event_extract) */
	struct mail_person sender; /* the account: the organizer, or the attendee who replies */
	struct str message;        /* what they say to it; absent: nothing */
	struct str_list only;      /* these addresses alone; items NULL: all whom the method concerns */
	bool must_tell;            /* it is an error where there is nobody to be told */
	struct str language;       /* a tag of it; absent: the account's */
	struct letter *letter;     /* in place of what is said of an event (a booking); NULL: made here */
};

enum told_how {
	TOLD_QUEUED,     /* it waits to be sent */
	TOLD_DELIVERED,  /* of test mode: nothing leaves */
	TOLD_UNREACHABLE /* their address is none that mail can go to */
};

struct told_person {
	struct str email;
	enum told_how how;
};

/*
 * Written down with mail_add(), in the caller's transaction.
 *
 * errors  NO_ATTENDEES (must_tell), NOT_ORGANIZER (not of a reply), INVALID_VALUE (param "attendees": one who is not
 * invited), those of itip_write() and mail_add()
 */
MUST_CHECK err_t invitation_send(
	struct ctx *cx, const struct invitation *in, struct told_person **out, size_t *count_out);

/* "Tue, 24 Nov 2026, 09:00 to 09:30 (Europe/Berlin)", with 12 hours "9:00 AM to 9:30 AM". */
struct str invitation_when(struct arena *mem, struct locale locale, const struct event *event);
