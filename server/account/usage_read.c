/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/usage.h"

#include "server/db/query.h"
#include "sql.h"

#define CLASS_FIRST_US INT64_C(250)

DB_RESULT(usage_sum, struct usage_sum, day, credential, connection, route, requests, client_errors, server_errors, latency);

err_t usage_sums(struct ctx *cx, const struct usage_query *q, struct usage_sum **out, size_t *count_out)
{
	return db_rows(cx, &sql_usage_sum, usage_sum, out, count_out, IN(q->account), IN(q->first_day), IN(q->last_day),
		IN((int32_t)q->by), IN(q->webhooks), db_in_id_or_null(q->credential), db_in_id_or_null(q->connection),
		IN(q->most));
}

int64_t usage_quantile_us(const struct usage_sum *sum, int64_t thousandths)
{
	int64_t all = 0, before = 0;
	size_t i = 0;
	for (size_t k = 0; k < sum->latency.count; k++)
		all += sum->latency.items[k];
	int64_t wanted = (all * thousandths + 999) / 1000; /* the nearest rank, from 1 */
	while (i + 1 < sum->latency.count && before + sum->latency.items[i] < wanted)
		before += sum->latency.items[i++];
	if (!all)
		return 0;
	int64_t from = i ? CLASS_FIRST_US << (i - 1) : 0, to = CLASS_FIRST_US << i;
	return from + (to - from) * (wanted - before) / sum->latency.items[i];
}
