/* SPDX-License-Identifier: Apache-2.0 */
/* library: import */
/* A document into objects: cut, grouped, mended. What is good is valid, and is the same again when it is read anew. */
#include <stdlib.h>

#include "caldav/calendar/import/group.h"
#include "caldav/calendar/validate.h"

static void check(struct ctx *cx, const struct import_object *object)
{
	struct ical_facts facts;
	if (ical_validate(cx, object->data, &facts) || !str_eq(facts.uid, object->facts.uid))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct ctx cx = { .mem = arena_open() };
	struct import_work work = { .cx = &cx, .notes = notes_open(cx.mem) };
	struct str data = { (const char *)octets, size };
	if (!import_cut(&cx, data, &work.notes, &work.doc)) {
		import_group(&work, COMPONENTS_ALL);
		for (size_t i = 0; i < work.leader_count; i++) {
			struct import_object object;
			bool good;
			if (!import_object_make(&work, work.leaders[i], &object, &good) && good)
				check(&cx, &object);
		}
	}
	arena_close(cx.mem);
	return 0;
}
