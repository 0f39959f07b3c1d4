/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of one event, or of some instances of it: which ones is said by the id and by `scope`. */
#pragma once

#include "caldav/calendar/write.h"
#include "server/api/event_target.h"

struct change_params {
	struct str id, scope, mode;
	bool notify;
};

#define CHANGE_ID_PARAM                                                                                                \
	{                                                                                                              \
		.name = "event", .kind = JSON_STR, .flags = JSON_IN_PATH,                                              \
		.offset = offsetof(struct change_params, id), .doc = "Its `id`; of one instance, that instance's",     \
		.example = "evt_0355WHuCFfRpMfB53mC9Z6"                                                                \
	}
#define CHANGE_SCOPE_PARAM                                                                                             \
	{                                                                                                              \
		.name = "scope", .kind = JSON_WORD, .of = "this this_and_following all",                               \
		.offset = offsetof(struct change_params, scope),                                                       \
		.doc = "Of an instance's id: this one, the default; it and all that follow, which become an event of " \
		       "their own; or the whole series",                                                               \
	}

enum change_scope {
	SCOPE_THIS,      /* one instance */
	SCOPE_FOLLOWING, /* it and all that follow */
	SCOPE_ALL        /* the event as a whole */
};

struct event_changing;

/* From what is stored to what is to be. May be called several times. */
typedef err_t event_changer(struct event_changing *c, struct object_plan *out);

struct event_changing {
	struct api_call *call;
	event_changer *make;
	struct str scope_sent; /* absent: the default */
	/* found: */
	struct event_target target;
	enum change_scope scope;
	struct agenda_item item; /* what the id names, as it is */
	struct str was;          /* the object before the change */
	struct object earlier;   /* of a series that was cut in two, the half that target is not; else without data */
};

/*
 * Find what the path names, and store what `make` makes of it. What the answer is to show is in c->target then: the
 * instance, the event, or the new event of those that follow
 */
MUST_CHECK err_t event_change(struct event_changing *c);
/* The same of this event, or of one instance of it. */
MUST_CHECK err_t event_change_of(struct event_changing *c, struct id id, struct str instance);
/* For a changer: the instance, the event or the whole series, as scope and target say, with this edit. */
MUST_CHECK err_t event_change_write(struct event_changing *c, const struct event_change *edit, struct object_plan *out);

/* The caller's own answer to an invitation. As `make`, for a call whose body is an event_response. Also NOT_ATTENDEE.
 */
struct event_response {
	struct str status; /* accepted, declined, tentative */
	bool notify;       /* the organizer is told by mail */
};
extern const struct json_resource event_response;
/* Its field, which hosted calendars have, too, beside another name for the other one. */
#define EVENT_RESPONSE_STATUS                                                                                          \
	{                                                                                                              \
		.name = "status", .kind = JSON_WORD, .flags = JSON_REQUIRED, .of = "accepted declined tentative",      \
		.offset = offsetof(struct event_response, status), .doc = "Whether the user comes",                    \
		.example = "accepted"                                                                                  \
	}
err_t event_answer(struct event_changing *c, struct object_plan *out);

/* The event cut before the instance, for `make`; parts.before is absent where all of it follows. */
MUST_CHECK err_t event_cut(struct event_changing *c, struct event_parts *out);
