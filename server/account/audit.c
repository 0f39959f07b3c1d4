/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/audit.h"

#include "server/base/address.h"
#include "server/base/log.h"
#include "server/data/agent.h"
#include "server/crypto/digest.h"
#include "server/db/query.h"
#include "sql.h"

#define AGENT_MAX 95 /* octets */

#define REFUSED_MAX 5
#define REFUSED_WINDOW_S (6 * 3600)
#define NOBODYS 4096 /* what is guessed at where there is no account shares so many counters */

#define ROWS_MOST 20000 /* of one account */
#define DAYS_KEPT 400
#define ANCHOR_DAYS_KEPT 1000
#define ROWS_AT_ONCE 1000

/* ---- who ---- */

/* The beginning of a text from outside as one line of whole characters. */
static struct str one_line(struct arena *mem, struct str text)
{
	struct str cut = agent_beginning(mem, text, AGENT_MAX);
	char *out = arena_array(mem, char, cut.len + 1);
	for (size_t i = 0; i < cut.len; i++)
		out[i] = (uint8_t)cut.ptr[i] < ' ' || cut.ptr[i] == 0x7F ? ' ' : cut.ptr[i];
	struct str line = { out, cut.len };
	return str_is_utf8(line) ? line : STR("");
}

static struct str uuid_or_empty(struct arena *mem, struct id id)
{
	return id_is_zero(id) ? STR("") : id_uuid(mem, id);
}

struct str_list audit_by(struct ctx *cx)
{
	struct str *by = arena_array(cx->mem, struct str, 6);
	struct str network = address_coarse(cx->mem, cx->client_ip);
	by[0] = cx->by.kind ? str_of(cx->by.kind) : cx->client_ip.ptr ? STR("anonymous") : STR("server");
	by[1] = uuid_or_empty(cx->mem, cx->by.credential);
	by[2] = uuid_or_empty(cx->mem, cx->by.client);
	by[3] = network.ptr ? network : STR("");
	by[4] = one_line(cx->mem, cx->user_agent);
	by[5] = uuid_or_empty(cx->mem, cx->request_id);
	return (struct str_list){ by, 6 };
}

/* ---- writing ---- */

err_t audit_add(struct ctx *cx, struct id account, const char *kind, struct id subject, struct str details)
{
	return db_exec(cx, &sql_audit_add, NULL, IN(account), IN(str_of(kind)), db_in_id_or_null(subject),
		IN(audit_by(cx)), IN(details));
}

err_t audit_public(
	struct ctx *cx, struct id account, enum audit_shown what, struct id subject, struct str name, bool was, bool is)
{
	static const char *const kinds[][2] = {
		[AUDIT_CALENDAR] = { "calendar.unpublished", "calendar.published" },
		[AUDIT_BOOKING_PAGE] = { "booking_page.unpublished", "booking_page.published" },
	};
	return was == is ? OK : audit_add(cx, account, kinds[what][is], subject, audit_detail(cx->mem, "name", name));
}

err_t audit_refused(
	struct ctx *cx, struct str guessed, struct id account, const char *kind, struct id subject, struct str details)
{
	bool nobody = id_is_zero(account);
	struct bytes hash = secret_hash(cx->mem, guessed);
	if (nobody)
		guessed = str_fmt(cx->mem, "nobody %d", (hash.ptr[0] << 8 | hash.ptr[1]) % NOBODYS);
	struct bytes subject_hash = secret_hash(cx->mem, str_fmt(cx->mem, "audit %s %.*s", kind, STR_ARG(guessed)));
	return db_exec(cx, &sql_audit_refused, NULL, IN(subject_hash), IN((int32_t)(nobody ? INT32_MAX : REFUSED_MAX)),
		IN(instant_add_s(cx->now, REFUSED_WINDOW_S)), IN(cx->now), db_in_id_or_null(account), IN(str_of(kind)),
		db_in_id_or_null(subject), IN(audit_by(cx)), IN(details));
}

err_t audit_once(struct ctx *cx, struct id account, const char *kind, int64_t window_s)
{
	struct str once = str_fmt(cx->mem, "once %s of %.*s", kind, STR_ARG(id_uuid(cx->mem, account)));
	return db_exec(cx, &sql_audit_refused, NULL, IN(secret_hash(cx->mem, once)), IN((int32_t)1),
		IN(instant_add_s(cx->now, window_s)), IN(cx->now), IN(account), IN(str_of(kind)), IN(account),
		IN(audit_by(cx)), IN(STR_ABSENT));
}

struct str audit_detail(struct arena *mem, const char *name, struct str value)
{
	struct buf out = buf_new(mem, 8192);
	struct json j = json_begin(&out);
	json_object(&j, NULL);
	json_str(&j, name, value);
	json_object_end(&j);
	return buf_str(&out);
}

/* ---- reading ---- */

#define AUDIT_COLS                                                                                                     \
	account, seq, at, kind, subject_id, actor, credential_id, client_id, network, agent, request_id, details
DB_RESULT(audit_older, struct audit_row, AUDIT_COLS);
DB_RESULT(audit_newer, struct audit_row, AUDIT_COLS);

err_t audit_page(struct ctx *cx, struct id account, const struct audit_filter *filter, int64_t bound, bool back,
	size_t limit, struct audit_row **out, size_t *count_out)
{
	if (back)
		return db_rows(cx, &sql_audit_newer, audit_newer, out, count_out, IN(account), IN(bound),
			IN(filter->kind), db_in_id_or_null(filter->credential), IN((int32_t)limit));
	return db_rows(cx, &sql_audit_older, audit_older, out, count_out, IN(account), IN(bound), IN(filter->kind),
		db_in_id_or_null(filter->credential), IN((int32_t)limit));
}

/* ---- keeping ---- */

struct trimmed {
	int32_t count;
};
DB_RESULT(audit_trim, struct trimmed, count);

struct anchor_made {
	bool made;
	struct str day;
	int64_t heads;
	struct str root, hash;
};
DB_RESULT(audit_anchor_make, struct anchor_made, made, day, heads, root, hash);

static err_t make_anchor(struct ctx *cx)
{
	struct anchor_made anchor;
	TRY(db_row(cx, &sql_audit_anchor_make, ROW(audit_anchor_make, &anchor), IN(cx->now),
		IN((int32_t)ANCHOR_DAYS_KEPT)));
	/* Who keeps the log elsewhere can hold the database against it. */
	if (anchor.made)
		log_event(LOG_INFO, "audit_anchor", LOG_STR("day", anchor.day), LOG_INT("chains", anchor.heads),
			LOG_STR("root", anchor.root), LOG_STR("hash", anchor.hash));
	return OK;
}

err_t audit_keep(struct ctx *cx, void *unused)
{
	struct trimmed done;
	(void)unused;
	TRY(make_anchor(cx));
	do
		TRY(db_row(cx, &sql_audit_trim, ROW(audit_trim, &done), IN(instant_add_s(cx->now, -DAYS_KEPT * DAY_S)),
			IN((int32_t)ROWS_MOST), IN((int32_t)ROWS_AT_ONCE)));
	while (done.count >= ROWS_AT_ONCE);
	return OK;
}
