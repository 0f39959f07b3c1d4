/* SPDX-License-Identifier: Apache-2.0 */
/* Which calendars a stream tells of: they come and go. */
#include <stdlib.h>

#include "server/db/query.h"
#include "server/stream/stream_look.h"
#include "sql.h"

struct calendar_row {
	struct id account, id;
	bool selected;
	int64_t modseq;
};
DB_RESULT(stream_calendars, struct calendar_row, account, id, selected, modseq);

static bool among(struct id_list some, struct id id)
{
	for (size_t i = 0; i < some.count; i++)
		if (id_eq(some.items[i], id))
			return true;
	return !some.items;
}

static bool is_of(const struct stream *s, const struct calendar_row *row)
{
	return id_eq(row->account, s->in.account) && (row->selected || s->in.named) && among(s->in.granted, row->id);
}

static void remove_gone(
	struct ctx *cx, struct look *look, struct stream *s, const struct calendar_row *rows, size_t count)
{
	struct buf out = buf_new(cx->mem, TELL_AT_ONCE);
	size_t kept = 0;
	for (size_t i = 0; i < s->count; i++) {
		size_t r = 0;
		while (r < count && !(id_eq(rows[r].id, s->calendars[i].at.calendar) && is_of(s, &rows[r])))
			r++;
		if (r < count) {
			s->calendars[kept++] = s->calendars[i];
			continue;
		}
		struct id gone = s->calendars[i].at.calendar;
		s->calendars[i] = s->calendars[--s->count];
		struct str id = s->count ? stream_id_of(cx->mem, look->public_url, s, 0) : STR_ABSENT;
		stream_write_removed(&out, cx->mem, id, gone);
		i--;
	}
	stream_say(s, cx->mem, buf_str(&out));
	if (s->in.named && !s->count)
		stream_end(s, cx->mem, "calendar_removed");
}

static void add_new(struct stream *s, const struct calendar_row *rows, size_t count)
{
	for (size_t r = 0; r < count; r++) {
		size_t i = 0;
		while (i < s->count && !id_eq(s->calendars[i].at.calendar, rows[r].id))
			i++;
		if (i < s->count || s->in.named || !is_of(s, &rows[r]))
			continue;
		s->calendars = realloc(s->calendars, (s->count + 1) * sizeof *s->calendars);
		if (!s->calendars)
			abort();
		s->calendars[s->count++] = (struct stream_calendar){ { rows[r].id, 0 }, true };
	}
}

err_t stream_list_calendars(struct ctx *cx, struct look *look)
{
	struct id_list accounts = stream_accounts(cx, look, true);
	struct calendar_row *rows;
	size_t count;
	if (!accounts.count)
		return OK;
	TRY(db_rows(cx, &sql_stream_calendars, stream_calendars, &rows, &count, IN(accounts)));
	for (size_t i = 0; i < look->count; i++) {
		struct stream *s = look->all[i];
		if (!s->list || s->ended)
			continue;
		remove_gone(cx, look, s, rows, count);
		add_new(s, rows, count);
		s->list = false;
	}
	return OK;
}
