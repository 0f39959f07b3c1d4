/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an object changes in the database: one round trip each, all or nothing, decided under the calendar's lock. For
 * write.c alone, the door that everybody else goes through; it tells the errors.
 */
#pragma once

#include "caldav/calendar/store/store.h"

struct object_write {
	struct str calendar_name, name;
	struct preconditions when;
	struct str data;
	bool is_fresh; /* name and UID were made for it now, and `when` asks for a new one: neither is looked for */
};

/* The bytes of `in` are valid, and `facts` are true of them. */
MUST_CHECK err_t object_store(struct ctx *cx, const struct actor *actor, const struct object_write *in,
	const struct ical_facts *facts, enum put_outcome *outcome_out, struct object *out);
MUST_CHECK err_t object_bury(
	struct ctx *cx, const struct actor *actor, struct object_path at, const struct preconditions *when);
/* keep: a copy. */
MUST_CHECK err_t object_relocate(struct ctx *cx, const struct actor *actor, struct object_path from,
	struct object_path to, bool keep, bool overwrite, const struct preconditions *when, bool *created_out);
