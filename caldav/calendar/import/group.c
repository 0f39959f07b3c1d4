/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/import/group.h"

#include <stdlib.h>

#include "caldav/calendar/import/object.h"

#define GROUP_MAX 4000 /* components of one UID: more are no valid object */

/* ---- what is left out ---- */

static void piece_leave_out(struct import_work *work, struct import_piece *piece, enum note_kind why)
{
	piece->gone = true;
	work->left_out++;
	notes_add(&work->notes, piece->line, true, why, piece->name, STR(""));
}

void import_leave_out(
	struct import_work *work, struct import_piece *leader, int line, enum note_kind kind, struct str why)
{
	for (struct import_piece *p = leader; p; p = p->next) {
		work->left_out += !p->gone;
		p->gone = true;
	}
	notes_add(&work->notes, line, true, kind, leader->name, why);
}

/* ---- one UID ---- */

static int piece_cmp(const void *a, const void *b)
{
	const struct import_piece *x = *(struct import_piece *const *)a, *y = *(struct import_piece *const *)b;
	int by_uid = str_cmp(x->uid, y->uid);
	return by_uid ? by_uid : x < y ? -1 : x > y;
}

static bool same_instance(const struct import_piece *a, const struct import_piece *b)
{
	return str_eq(a->recurrence_id, b->recurrence_id);
}

/* `next` comes after all that is in the group of `leader`, whose last one is `last`. */
static void add_to_group(
	struct import_work *work, struct import_piece *leader, struct import_piece *last, struct import_piece *next)
{
	struct import_piece *same = leader;
	if (next->calendar != leader->calendar) {
		piece_leave_out(work, next, NOTE_UID_ELSEWHERE);
		return;
	}
	if (!str_eq(next->name, leader->name)) {
		piece_leave_out(work, next, NOTE_UID_OTHER_KIND);
		return;
	}
	while (same && (same->gone || !same_instance(same, next)))
		same = same->next;
	last->next = next;
	if (!same)
		return;
	struct import_piece *loser = same->sequence > next->sequence ? next : same;
	piece_leave_out(work, loser, loser->recurrence_id.ptr ? NOTE_INSTANCE_TWICE : NOTE_UID_TWICE);
}

static void group_run(struct import_work *work, struct import_piece **run, size_t count)
{
	struct import_piece *leader = run[0], *last = leader;
	for (size_t i = 1; i < count; i++) {
		if (i == GROUP_MAX)
			notes_add(&work->notes, run[i]->line, true, NOTE_MANY_OF_UID, run[i]->name,
				str_fmt(work->cx->mem, "%d", GROUP_MAX));
		if (i >= GROUP_MAX) {
			run[i]->gone = true;
			work->left_out++;
			continue;
		}
		add_to_group(work, leader, last, run[i]);
		last = last->next ? last->next : last;
	}
}

/* ---- the document ---- */

static bool is_taken(struct import_work *work, struct import_piece *piece, int16_t components)
{
	if (piece->tzid.ptr)
		return false;
	if (!((int)ical_component(piece->name) & components))
		piece_leave_out(work, piece, NOTE_KIND_NOT_HELD);
	else if (piece->too_deep)
		piece_leave_out(work, piece, NOTE_TOO_DEEP);
	return !piece->gone;
}

static bool begins_group(struct import_piece *const *taken, size_t at)
{
	return at == 0 || !str_eq(taken[at - 1]->uid, taken[at]->uid);
}

static int leader_cmp(const void *a, const void *b)
{
	const struct import_piece *x = *(struct import_piece *const *)a, *y = *(struct import_piece *const *)b;
	return x < y ? -1 : x > y;
}

void import_group(struct import_work *work, int16_t components)
{
	struct import_document *doc = &work->doc;
	struct import_piece **taken = arena_array(work->cx->mem, struct import_piece *, doc->piece_count + 1);
	size_t count = 0, end;
	for (size_t i = 0; i < doc->piece_count; i++)
		if (is_taken(work, &doc->pieces[i], components))
			taken[count++] = &doc->pieces[i];
	if (count)
		qsort(taken, count, sizeof *taken, piece_cmp);
	work->leaders = arena_array(work->cx->mem, struct import_piece *, count + 1);
	for (size_t i = 0; i < count; i = end) {
		end = i + 1;
		while (end < count && !begins_group(taken, end))
			end++;
		group_run(work, taken + i, end - i);
		work->leaders[work->leader_count++] = taken[i];
	}
	if (work->leader_count)
		qsort(work->leaders, work->leader_count, sizeof *work->leaders, leader_cmp);
	while (work->leader_count > IMPORT_OBJECTS_MAX) {
		struct import_piece *last = work->leaders[--work->leader_count];
		import_leave_out(work, last, last->line, NOTE_MANY_OBJECTS, STR(""));
	}
}

/* ---- an object ---- */

/* Is it the object's own fault, which may be mended? */
static bool is_refusal(err_t e)
{
	static const enum err_kind kinds[] = { ICAL_DATA, ICAL_OBJECT, ICAL_MEDIA, ICAL_COMPONENT, ICAL_SIZE,
		ICAL_MIN_DATE, ICAL_MAX_DATE, ICAL_MAX_INSTANCES, ICAL_MAX_ATTENDEES, ICAL_TIMEZONE, ICAL_RSCALE };
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (err_is(e, kinds[i]))
			return true;
	return false;
}

err_t import_object_make(
	struct import_work *work, struct import_piece *leader, struct import_object *out, bool *good_out)
{
	struct str why = STR_ABSENT;
	const char *format = NULL;
	int line = leader->line;
	size_t notes = work->notes.count;
	int64_t more = work->notes.more;
	*good_out = false;
	object_zones(work, leader);
	for (enum mend_form form = AS_SENT; form < MEND_FORMS && !*good_out; form++) {
		struct object_text text;
		if (form != AS_SENT && object_lines(work, leader) > IMPORT_MENDED_MAX - work->mended)
			break;
		work->notes.count = notes;
		work->notes.more = more;
		object_write(work, leader, form, &text);
		work->made += text.data.len;
		err_t e = ical_validate(work->cx, text.data, &out->facts);
		if (e && !is_refusal(e))
			return e;
		*good_out = !e;
		out->data = text.data;
		out->repaired = form != AS_SENT || leader->uid_made;
		if (form == AS_SENT && e) {
			why = object_complaint(work, &text, leader, e, &line);
			format = e->format;
		}
	}
	out->of = leader;
	if (*good_out)
		return OK;
	work->notes.count = notes;
	work->notes.more = more;
	import_leave_out(work, leader, line, NOTE_INVALID, why);
	notes_quote(&work->notes, format);
	return OK;
}
