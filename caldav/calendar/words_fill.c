/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/words_fill.h"

#include <string.h>

#include "caldav/calendar/event/words.h"
#include "server/db/query.h"
#include "sql.h"

#define OBJECTS_A_RUN 500
#define OCTETS_A_RUN (INT64_C(4) << 20)

struct lacking {
	struct id account, id;
	struct bytes etag;
	struct str data; /* absent: there is nothing to do for it */
};
DB_RESULT(words_lacking, struct lacking, account, id, etag, data);

/* As columns, for one statement. */
struct portion {
	struct id *accounts, *ids;
	struct bytes *etags;
	struct str *words;
	size_t count;
};

static void add(struct ctx *cx, const struct lacking *row, struct portion *p)
{
	struct arena_mark mark = arena_mark(cx->mem);
	struct ical *object;
	char kept[WORDS_KEPT_MAX];
	struct str words = STR_ABSENT;
	if (!ical_parse(cx, row->data, &object))
		words = words_of(cx->mem, object);
	size_t len = words.len;
	if (words.ptr)
		memcpy(kept, words.ptr, len);
	arena_rewind(cx->mem, mark);
	if (!words.ptr)
		return;
	p->accounts[p->count] = row->account;
	p->ids[p->count] = row->id;
	p->etags[p->count] = row->etag;
	p->words[p->count++] = str_dup(cx->mem, (struct str){ kept, len });
}

err_t words_fill(struct ctx *cx, void *unused)
{
	struct lacking *rows;
	size_t count;
	(void)unused;
	TRY(db_rows(
		cx, &sql_words_lacking, words_lacking, &rows, &count, IN((int32_t)OBJECTS_A_RUN), IN(OCTETS_A_RUN)));
	if (!count)
		return db_exec(cx, &sql_words_filled, NULL, IN_NONE);
	struct portion p = { .accounts = arena_array(cx->mem, struct id, count),
		.ids = arena_array(cx->mem, struct id, count),
		.etags = arena_array(cx->mem, struct bytes, count),
		.words = arena_array(cx->mem, struct str, count) };
	for (size_t i = 0; i < count; i++)
		if (rows[i].data.ptr)
			add(cx, &rows[i], &p);
	TRY(db_exec(cx, &sql_words_put, NULL, IN(((struct id_list){ p.accounts, p.count })),
		IN(((struct id_list){ p.ids, p.count })), IN(((struct bytes_list){ p.etags, p.count })),
		IN(((struct str_list){ p.words, p.count })), IN(rows[count - 1].account), IN(rows[count - 1].id)));
	cx->found = true;
	return OK;
}
