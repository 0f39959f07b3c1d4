/* SPDX-License-Identifier: Apache-2.0 */
/* Streams end with what they were opened by. */
#include "server/db/query.h"
#include "server/stream/stream_look.h"
#include "sql.h"

struct access_row {
	int64_t nth;
	struct str may;
};
DB_RESULT(stream_access, struct access_row, nth, may);

void stream_end_expired(struct ctx *cx, struct look *look)
{
	for (size_t i = 0; i < look->count; i++) {
		struct stream *s = look->all[i];
		if (!instant_is_none(s->in.expires_at) && !instant_before(cx->now, s->in.expires_at))
			stream_end(s, cx->mem, "credential_expired");
	}
}

/* All that they were opened by, in one statement. What was given less, or more, begins anew too. */
err_t stream_end_revoked(struct ctx *cx, struct look *look)
{
	size_t n = look->count, count;
	struct id *accounts = arena_array(cx->mem, struct id, n), *users = arena_array(cx->mem, struct id, n),
		  *connections = arena_array(cx->mem, struct id, n);
	struct bytes *hashes = arena_array(cx->mem, struct bytes, n);
	int16_t *slots = arena_array(cx->mem, int16_t, n);
	struct str *may = arena_array(cx->mem, struct str, n);
	struct access_row *rows;
	for (size_t i = 0; i < n; i++) {
		const struct stream_proof *proof = &look->all[i]->in.proof;
		accounts[i] = proof->account;
		hashes[i] = proof->hash;
		slots[i] = proof->slot;
		users[i] = proof->user;
		connections[i] = proof->connection;
		may[i] = proof->may;
	}
#define LIST(type, items) IN(((struct type){ (items), n }))
	TRY(db_rows(cx, &sql_stream_access, stream_access, &rows, &count, LIST(id_list, accounts),
		LIST(bytes_list, hashes), LIST(int16_list, slots), LIST(id_list, users), LIST(id_list, connections),
		LIST(str_list, may)));
	for (size_t i = 0; i < count; i++) {
		struct stream *s = look->all[rows[i].nth - 1];
		atomic_fetch_add(&look->streams->revoked, !s->ended);
		stream_end(s, cx->mem, "credential_ended");
	}
	return OK;
}
