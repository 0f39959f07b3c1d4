/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/throttle.h"

#include <assert.h>

#include "server/crypto/digest.h"
#include "server/db/query.h"
#include "sql.h"

#define LIMITS_MAX 4

struct throttle_taken {
	int32_t refused;
	struct instant ends_at;
};
DB_RESULT(throttle_take, struct throttle_taken, refused, ends_at);

static struct bytes_list subjects_of(struct arena *mem, const struct throttle *limits, size_t count)
{
	struct bytes *subjects = arena_array(mem, struct bytes, count);
	for (size_t i = 0; i < count; i++)
		subjects[i] = secret_hash(mem, str_fmt(mem, "%s %.*s", limits[i].kind, STR_ARG(limits[i].subject)));
	return (struct bytes_list){ subjects, count };
}

err_t throttle_take(struct ctx *cx, const struct throttle *limits, size_t count)
{
	struct instant ends[LIMITS_MAX];
	int32_t most[LIMITS_MAX];
	struct throttle_taken taken;
	assert(count > 0 && count <= LIMITS_MAX);
	for (size_t i = 0; i < count; i++) {
		ends[i] = instant_add_s(cx->now, limits[i].window_s);
		most[i] = limits[i].max;
	}

	TRY(db_row(cx, &sql_throttle_take, ROW(throttle_take, &taken), IN(subjects_of(cx->mem, limits, count)),
		IN(((struct int32_list){ most, count })), IN(((struct instant_list){ ends, count })), IN(cx->now)));
	if (!taken.refused)
		return OK;
	const struct throttle *by = &limits[taken.refused - 1];
	struct err *e = FAIL(cx, RATE_LIMITED, "%s: more than %d tries", by->kind, by->max);
	/* No end: it was forgiven at this moment. */
	e->retry_after_s = instant_is_none(taken.ends_at) ? 1 : (int)((taken.ends_at.us - cx->now.us) / US_PER_S) + 1;
	return e;
}

err_t throttle_give_back(struct ctx *cx, const struct throttle *limits, size_t count)
{
	return db_exec(cx, &sql_throttle_give_back, NULL, IN(subjects_of(cx->mem, limits, count)));
}

err_t throttle_forgive(struct ctx *cx, const struct throttle *limits, size_t count)
{
	struct bytes_list subjects = subjects_of(cx->mem, limits, count);
	TRY(db_exec(cx, &sql_throttle_forget, NULL, IN(subjects.items[0])));
	if (count == 1)
		return OK;
	return throttle_give_back(cx, limits + 1, count - 1);
}
