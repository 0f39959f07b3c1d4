/* SPDX-License-Identifier: Apache-2.0 */
/* library: view */
/* Joining: two objects, cut from the input at its first NUL, twice. What is joined must be readable, and name each zone
 * once. */
#include <stdlib.h>

#include "caldav/calendar/recur/vtimezone.h"
#include "caldav/calendar/view/join.h"

static void check_zones(struct ctx *cx, const struct ical *document)
{
	const struct ical_comp *first = ical_comp_named(document->root->child, STR("VTIMEZONE"));
	for (const struct ical_comp *a = first; a; a = ical_comp_named(a->next, STR("VTIMEZONE")))
		for (const struct ical_comp *b = ical_comp_named(a->next, STR("VTIMEZONE")); b;
			b = ical_comp_named(b->next, STR("VTIMEZONE")))
			if (str_eq_nocase(ical_tzid(cx->mem, a), ical_tzid(cx->mem, b)))
				abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct ctx cx = { .mem = arena_open() };
	struct str rest = { (const char *)octets, size }, part;
	struct join *join = join_open(cx.mem);
	struct buf out = buf_new(cx.mem, 8 * OBJECT_SIZE_MAX);
	struct ical *document;
	bool any = false;
	BUF_LIT(&out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n");
	for (int round = 0; round < 2; round++, rest = (struct str){ (const char *)octets, size })
		while (str_cut(&rest, '\0', &part)) {
			struct ical *object;
			/* The components of one object are few enough for a document (ical.c). */
			if (part.len < 2000 && !ical_parse(&cx, part, &object)) {
				any = true;
				if (join_object(&cx, join, part, &out))
					abort();
			}
		}
	BUF_LIT(&out, "END:VCALENDAR\r\n");
	if (any && !out.full && out.len < OBJECT_SIZE_MAX && size < 2000) {
		if (!str_is_utf8(buf_str(&out)) || ical_parse(&cx, buf_str(&out), &document))
			abort();
		check_zones(&cx, document);
	}
	arena_close(cx.mem);
	return 0;
}
