/* SPDX-License-Identifier: Apache-2.0 */
/* A statement that goes with another one, since it is known already that it will be asked. */
#include <string.h>

#include "server/db/conn_private.h"

static void prefetched_release(void *ptr)
{
	PQclear(((struct db_prefetched *)ptr)->answer);
}

/* Values stand where the caller has them, which may be its stack: a statement that goes later needs its own. */
static void values_keep(struct arena *mem, struct db_wire *wire)
{
	for (int i = 0; i < wire->count; i++) {
		if (!wire->values[i])
			continue;
		char *own = arena_take(mem, (size_t)wire->lengths[i] + 1, 1);
		memcpy(own, wire->values[i], (size_t)wire->lengths[i]);
		wire->values[i] = own;
	}
}

void db_prefetch_(
	struct ctx *cx, const struct query *ahead, const struct query *query, const struct db_in *in, size_t n)
{
	struct db_prefetched *f = arena_new(cx->mem, struct db_prefetched);
	f->ahead = ahead;
	f->query = query;
	if (params_write(cx, ahead, &cx->db->types[ahead->index], in, n, &f->wire))
		return; /* a command that did not check its statements: it asks them one by one */
	values_keep(cx->mem, &f->wire);
	unsigned waiting = 0;
	struct db_prefetched **end = &cx->prefetched;
	for (; *end; end = &(*end)->next)
		waiting += !(*end)->sent;
	if (waiting == PREFETCH_MAX)
		return;
	arena_defer(cx->mem, prefetched_release, f);
	*end = f;
}

static bool same_value(const struct db_wire *a, const struct db_wire *b, int i)
{
	if (!a->values[i] || !b->values[i])
		return !a->values[i] && !b->values[i];
	return a->formats[i] == b->formats[i] && a->lengths[i] == b->lengths[i] &&
	       memcmp(a->values[i], b->values[i], (size_t)a->lengths[i]) == 0;
}

static bool same_values(const struct db_wire *asked, const struct db_wire *prefetched)
{
	for (int i = 0; i < asked->count; i++)
		if (!same_value(asked, prefetched, i))
			return false;
	return true;
}

/* Takes those out of the list that were sent, or are for this statement. */
static void give_up(struct ctx *cx, bool sent, const struct query *q)
{
	for (struct db_prefetched **at = &cx->prefetched; *at;)
		if (sent ? (*at)->sent : !(*at)->sent && (*at)->query == q)
			*at = (*at)->next;
		else
			at = &(*at)->next;
}

bool prefetched_take(struct ctx *cx, const struct query *q, const struct db_types *types, const struct db_in *in,
	size_t n, PGresult **out)
{
	struct db_wire asked;
	bool known = false;
	if (!cx->prefetched)
		return false;
	give_up(cx, false, q); /* asked before it went */
	for (struct db_prefetched *f = cx->prefetched; f; f = f->next) {
		if (!f->sent || f->query != q || PQresultStatus(f->answer) != PGRES_TUPLES_OK)
			continue;
		if (!known && params_write(cx, q, types, in, n, &asked))
			break;
		known = true;
		if (!same_values(&asked, &f->wire))
			continue;
		*out = f->answer;
		f->answer = NULL;
		return true;
	}
	give_up(cx, true, q); /* who asks something else may have changed it */
	return false;
}

PGresult *prefetched_any(struct ctx *cx, const struct query *q)
{
	struct db_prefetched *f = cx->prefetched;
	while (f && (!f->sent || f->query != q || PQresultStatus(f->answer) != PGRES_TUPLES_OK))
		f = f->next;
	PGresult *answer = f ? f->answer : NULL;
	if (f)
		f->answer = NULL;
	return answer;
}
