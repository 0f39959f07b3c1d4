/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one door through which an object changes, whoever asks: CalDAV, REST, import, commands; later scheduling. What
 * goes through it is validated, decided under the calendar's lock against what stands there (conditions, UID, room),
 * and written with its counter and its row of the outbox in one transaction, in one round trip. Nobody else includes
 * store/store_write.h.
 */
#pragma once

#include "caldav/calendar/store/store_write.h"

/*
 * Store the bytes of `in`. Same bytes as stored: no lock and no write.
 *
 * errors  the ICAL_* kinds; DAV_PARENT_MISSING (no such calendar), PRECONDITION, UID_CONFLICT (err.href is
 *         the other object's name), ICAL_COMPONENT, DAV_QUOTA, FORBIDDEN (calendar not writable)
 */
MUST_CHECK err_t object_put(struct ctx *cx, const struct actor *actor, const struct object_write *in,
	enum put_outcome *outcome_out, struct object *out);

/* NOT_FOUND, PRECONDITION, FORBIDDEN. */
MUST_CHECK err_t object_delete(
	struct ctx *cx, const struct actor *actor, struct object_path at, const struct preconditions *when);

/*
 * A move keeps id, bytes and properties; a copy has a new id. `when` is about the source. What is replaced must have
 * the same UID (RFC 4791 §5.3.2.1). created_out: nothing stood at the destination.
 *
 * errors  NOT_FOUND (source), DAV_PARENT_MISSING (destination's calendar), PRECONDITION (also: something is there and
 *         overwrite is false), UID_CONFLICT (err.href), ICAL_COMPONENT, DAV_QUOTA, FORBIDDEN
 */
MUST_CHECK err_t object_move(struct ctx *cx, const struct actor *actor, struct object_path from, struct object_path to,
	bool overwrite, const struct preconditions *when, bool *created_out);
MUST_CHECK err_t object_copy(struct ctx *cx, const struct actor *actor, struct object_path from, struct object_path to,
	bool overwrite, const struct preconditions *when, bool *created_out);

/* What becomes of an object. */
struct object_plan {
	struct str data;           /* its new data; absent: it goes */
	struct str beside;         /* of another object that is made in its calendar; absent: none */
	const struct calendar *to; /* it goes there, with its data; NULL: it stays where it is. Not with `beside` */
};

/*
 * Old bytes → plan → new bytes: reads the object, has `plan` make its new data, and stores that if nobody wrote
 * meanwhile; else again from the beginning. Two round trips where nobody else writes. With a second object, or another
 * calendar, all is done in one transaction (that of the caller, if one is open: a failure is then theirs to roll back).
 *
 * when    conditions of the caller, about what is read: the plan is made from it. Judged between find and plan
 * out     as it is stored then, with data and calendar_name; as it was, if it went
 * beside_out  the same of the second object
 * errors  NOT_FOUND; PRECONDITION (the caller's condition); CONFLICT (others write all the time); those of `find`,
 *         of `plan` and of object_put
 */
struct object_edit {
	/* Whether the object has what the edit is about: where it fails, conditions say nothing (RFC 9110 §13.2.1). */
	err_t (*find)(void *to, const struct object *now);
	/* The plan, which lives in cx->mem. Both may be called several times. */
	err_t (*plan)(void *to, const struct object *now, struct object_plan *out);
	void *to;
};
MUST_CHECK err_t object_edit(struct ctx *cx, const struct actor *actor, struct id id, const struct preconditions *when,
	const struct object_edit *edit, struct object *out, struct object *beside_out);
