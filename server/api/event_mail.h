/* SPDX-License-Identifier: Apache-2.0 */
/* Telling attendees by mail what a call does to an event, and its organizer what they answer. See docs/mail.md. */
#pragma once

#include "server/api/event_change.h"
#include "server/mail/invitation.h"

/* What a call says of it. */
struct event_telling {
	enum itip_method method;
	struct id object;
	struct str data;      /* the object, or one instance of it */
	struct str message;   /* absent: none */
	struct str_list only; /* items NULL: all attendees */
	bool must_tell;       /* NO_ATTENDEES where there is nobody */
};

/*
 * In the name of whom the call is for, in the transaction of the call. What is mailed the caller must be able to read:
 * who may only write could have it sent to an address of their own.
 */
MUST_CHECK err_t event_tell(
	struct api_call *call, const struct event_telling *what, struct told_person **out, size_t *count_out);

/* The user's answer, as it stands in the event or the instance, to its organizer; of an own event to nobody. */
MUST_CHECK err_t event_tell_organizer(const struct event_changing *c);

enum event_tells {
	TELLS_NOBODY,
	TELLS_CHANGE, /* those whom the change concerns */
	TELLS_GONE,   /* the same, gone */
	TELLS_ORGANIZER
};

/* event_change(), and in the same transaction who is to be told. */
MUST_CHECK err_t event_change_telling(struct event_changing *c, enum event_tells tells);

#define NOTIFY_PARAM(type)                                                                                             \
	{                                                                                                              \
		.name = "notify_attendees", .kind = JSON_BOOL, .offset = offsetof(type, notify),                       \
		.doc = "true: attendees are told by mail, in the same transaction; needs events:read, too",            \
	}

/* Of a call that tells its organizer, and of one that tells attendees. */
#define ANSWERING EMAIL_UNCONFIRMED, MAIL_NOT_CONFIGURED
#define TELLING NOT_ORGANIZER, ANSWERING
