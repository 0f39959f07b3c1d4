/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/usage.h"

#include "server/db/query.h"
#include "sql.h"

#define USAGE_COLS day, credential, connection, route, requests, client_errors, server_errors, latency
DB_RESULT(usage_after, struct usage_sum, USAGE_COLS);
DB_RESULT(usage_before, struct usage_sum, USAGE_COLS);

#define ASKED(q)                                                                                                       \
	IN((q)->account), IN((q)->first_day), IN((q)->last_day), IN((int32_t)(q)->by), IN((q)->webhooks),              \
		db_in_id_or_null((q)->credential), db_in_id_or_null((q)->connection), IN((q)->route)

err_t usage_page(struct ctx *cx, const struct usage_query *q, const struct usage_sum *position, bool back, size_t limit,
	struct usage_sum **out, size_t *count_out)
{
	const struct usage_sum none = { 0 };
	const struct usage_sum *p = position ? position : &none;
	int32_t most = (int32_t)limit;
	if (back)
		return db_rows(cx, &sql_usage_before, usage_before, out, count_out, ASKED(q), IN(!position), IN(p->day),
			IN(p->credential), IN(p->connection), IN(p->route), IN(most));
	return db_rows(cx, &sql_usage_after, usage_after, out, count_out, ASKED(q), IN(!position), IN(p->day),
		IN(p->credential), IN(p->connection), IN(p->route), IN(most));
}

DB_RESULT(
	usage_overview, struct usage_sum, by, day, credential, route, requests, client_errors, server_errors, latency);

err_t usage_overview(
	struct ctx *cx, const struct usage_query *q, size_t limit, struct usage_sum **out, size_t *count_out)
{
	return db_rows(cx, &sql_usage_overview, usage_overview, out, count_out, IN(q->account), IN(q->first_day),
		IN(q->last_day), db_in_id_or_null(q->credential), IN(q->route), IN((int32_t)limit));
}

int64_t usage_quantile_us(const struct usage_sum *sum, int64_t thousandths)
{
	int64_t all = 0, before = 0;
	size_t i = 0;
	for (size_t k = 0; k < sum->latency.count; k++)
		all += sum->latency.items[k];
	if (!all)
		return 0;
	int64_t wanted = (all * thousandths + 999) / 1000; /* the nearest rank, from 1 */
	while (i + 1 < sum->latency.count && before + sum->latency.items[i] < wanted)
		before += sum->latency.items[i++];
	int64_t from = i ? (int64_t)USAGE_CLASS_FIRST_US << (i - 1) : 0, to = (int64_t)USAGE_CLASS_FIRST_US << i;
	if (i == USAGE_CLASSES - 1)
		return from;
	return from + (to - from) * (wanted - before) / sum->latency.items[i];
}

/* ---- what is asked ---- */

#define DAYS_SHOWN 30

struct str usage_day_text(struct arena *mem, int32_t day)
{
	return str_sub(instant_rfc3339(mem, instant_of_s(day * DAY_S)), 0, 10);
}

bool usage_day_parse(struct str text, int32_t *out)
{
	char moment[sizeof "2026-11-29T00:00:00Z"];
	struct instant at;
	if (text.len != 10 || text.ptr[0] == '-')
		return false;
	for (size_t i = 0; i < sizeof moment; i++)
		moment[i] = i < text.len ? text.ptr[i] : "2026-11-29T00:00:00Z"[i];
	if (!instant_from_rfc3339(str_of(moment), &at))
		return false;
	*out = (int32_t)(at.us / US_PER_S / DAY_S);
	return true;
}

static err_t day_read(struct ctx *cx, const char *name, struct str text, int32_t *out)
{
	if (!text.ptr || usage_day_parse(text, out))
		return OK;
	return REFUSE(cx, INVALID_VALUE, name, "This is not a day of the calendar, of UTC: 2026-11-29.");
}

err_t usage_days_read(struct ctx *cx, struct str from, struct str to, struct usage_query *out)
{
	int32_t last = (int32_t)(instant_s(cx->now) / DAY_S);
	TRY(day_read(cx, "to", to, &last));
	int32_t first = last - DAYS_SHOWN + 1;
	TRY(day_read(cx, "from", from, &first));
	if (first > last)
		return REFUSE(cx, INVALID_VALUE, from.ptr ? "from" : "to",
			"The first day lies after the last. Both days are with what is told.");
	out->first_day = first;
	out->last_day = last;
	return OK;
}

static const struct {
	struct str name;
	unsigned by;
	bool calls, webhooks;
} groups[] = {
	{ STR_INIT("day"), USAGE_BY_DAY, true, true },
	{ STR_INIT("api_key"), USAGE_BY_CREDENTIAL, true, false },
	{ STR_INIT("connected_account"), USAGE_BY_CONNECTION, true, false },
	{ STR_INIT("route"), USAGE_BY_ROUTE, true, false },
	{ STR_INIT("webhook_endpoint"), USAGE_BY_CREDENTIAL, false, true },
};

static err_t group_read(struct ctx *cx, struct str name, bool webhooks, unsigned *by)
{
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if ((webhooks ? groups[i].webhooks : groups[i].calls) && str_eq(name, groups[i].name)) {
			if (*by & groups[i].by)
				return REFUSE(
					cx, INVALID_VALUE, "group_by", "\"%.*s\" stands there twice.", STR_ARG(name));
			*by |= groups[i].by;
			return OK;
		}
	return REFUSE(cx, INVALID_VALUE, "group_by",
		"\"%.*s\" is nothing to group by. There is %s, with commas between.", STR_ARG(name),
		webhooks ? "day, webhook_endpoint" : "day, api_key, connected_account, route");
}

err_t usage_by_read(struct ctx *cx, struct str text, bool webhooks, unsigned *out)
{
	unsigned by = 0;
	struct str rest = text, name;
	while (str_cut(&rest, ',', &name))
		TRY(group_read(cx, name, webhooks, &by));
	*out = by;
	return OK;
}
