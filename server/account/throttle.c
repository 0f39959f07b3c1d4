/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/throttle.h"

#include <assert.h>
#include <string.h>

#include "server/crypto/digest.h"
#include "server/db/query.h"
#include "sql.h"

#define LIMITS_MAX 4

struct throttle_row {
	struct bytes subject;
	int32_t count;
	struct instant ends_at;
};
DB_RESULT(throttle_take, struct throttle_row, subject, count, ends_at);

static struct bytes subject_of(struct arena *mem, const struct throttle *limit)
{
	return secret_hash(mem, str_fmt(mem, "%s %.*s", limit->kind, STR_ARG(limit->subject)));
}

static const struct throttle_row *row_of(const struct throttle_row *rows, size_t count, struct bytes subject)
{
	for (size_t i = 0; i < count; i++)
		if (bytes_same(rows[i].subject, subject))
			return &rows[i];
	return NULL;
}

err_t throttle_take(struct ctx *cx, const struct throttle *limits, size_t count)
{
	struct bytes subjects[LIMITS_MAX];
	struct instant ends[LIMITS_MAX];
	assert(count > 0 && count <= LIMITS_MAX);
	for (size_t i = 0; i < count; i++) {
		subjects[i] = subject_of(cx->mem, &limits[i]);
		ends[i] = instant_add_s(cx->now, limits[i].window_s);
	}

	struct throttle_row *rows;
	size_t row_count;
	TRY(db_rows(cx, &sql_throttle_take, throttle_take, &rows, &row_count,
		IN(((struct bytes_list){ subjects, count })), IN(((struct instant_list){ ends, count })), IN(cx->now)));
	for (size_t i = 0; i < count; i++) {
		const struct throttle_row *row = row_of(rows, row_count, subjects[i]);
		if (row && row->count <= limits[i].max)
			continue;
		struct err *e = FAIL(cx, RATE_LIMITED, "%s: more than %d tries", limits[i].kind, limits[i].max);
		e->retry_after_s = row ? (int)((row->ends_at.us - cx->now.us) / US_PER_S) + 1 : 1;
		return e;
	}
	return OK;
}

err_t throttle_forgive(struct ctx *cx, const struct throttle *limits, size_t count)
{
	struct bytes subjects[LIMITS_MAX];
	assert(count > 0 && count <= LIMITS_MAX);
	for (size_t i = 0; i < count; i++)
		subjects[i] = subject_of(cx->mem, &limits[i]);
	return db_exec(
		cx, &sql_throttle_forgive, NULL, IN(subjects[0]), IN(((struct bytes_list){ subjects + 1, count - 1 })));
}
