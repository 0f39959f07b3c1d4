/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/account.h"

#include "server/account/audit.h"
#include "server/account/label.h"
#include "server/account/row.h"
#include "server/crypto/password.h"
#include "server/data/idna.h"
#include "server/db/query.h"
#include "sql.h"

#define EMAIL_MAX 254 /* RFC 5321 §4.5.3.1.3, without the angle brackets */
#define LOCAL_PART_MAX 64
#define ZONE_MAX 64

DB_RESULT(account_by_email, struct account_row, id, status, plan, email, name, tz, created_at, deactivated_at);
DB_RESULT(account_by_id, struct account_row, id, status, plan, email, name, tz, created_at, deactivated_at);
DB_RESULT(account_list, struct account_row, id, status, plan, email, name, tz, created_at, deactivated_at);

struct reached {
	bool found;
};
DB_RESULT(account_set_status, struct reached, found);
DB_RESULT(account_room, struct reached, found);
DB_RESULT(account_set_password, struct reached, found);

struct account account_of_row(const struct account_row *row)
{
	return (struct account){
		.id = row->id,
		.status = (enum account_status)row->status,
		.plan = (enum plan)row->plan,
		.email = row->email,
		.name = row->name,
		.tz = row->tz,
		.created_at = row->created_at,
		.deactivated_at = row->deactivated_at,
	};
}

/* dot-atom of RFC 5321 §4.1.2; quoted local parts are not taken. */
static bool is_local_part(struct str s)
{
	struct str rest = s, atom;
	if (s.len == 0 || s.len > LOCAL_PART_MAX)
		return false;
	while (str_cut(&rest, '.', &atom)) {
		if (atom.len == 0)
			return false;
		for (size_t i = 0; i < atom.len; i++)
			if (!char_is_alpha(atom.ptr[i]) && !char_is_digit(atom.ptr[i]) &&
				!str_has(STR("!#$%&'*+-/=?^_`{|}~"), atom.ptr[i]))
				return false;
	}
	return true;
}

/* Labels of letters, digits and hyphens; one label alone ("localhost") is fine on a network of one's own. */
static bool is_domain(struct str s)
{
	struct str rest = s, label;
	if (s.len == 0)
		return false;
	while (str_cut(&rest, '.', &label)) {
		if (label.len == 0 || label.len > 63 || label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
			return false;
		for (size_t i = 0; i < label.len; i++)
			if (!char_is_alpha(label.ptr[i]) && !char_is_digit(label.ptr[i]) && label.ptr[i] != '-')
				return false;
	}
	return true;
}

err_t email_fold(struct ctx *cx, struct str email, struct str *out)
{
	struct str whole = str_trim(email, STR_BLANK), domain = whole, local, host;
	if (whole.len == 0)
		return REFUSE(cx, MISSING_FIELD, "email", "An e-mail address is needed.");
	bool divided = whole.len <= EMAIL_MAX && str_cut(&domain, '@', &local) && domain.len;
	if (divided && !str_is_ascii(local) && str_is_utf8(local))
		return REFUSE(cx, INVALID_VALUE, "email",
			"Before the @ of an account's address there are letters, digits and signs of ASCII alone: not "
			"every "
			"mail server takes others.");
	if (divided && !str_is_ascii(domain) && idna_host_to_ascii(cx->mem, domain, &host))
		domain = host;
	if (!divided || !is_local_part(local) || !is_domain(domain) || local.len + 1 + domain.len > EMAIL_MAX)
		return REFUSE(cx, INVALID_VALUE, "email", "This is not an e-mail address.");
	*out = str_lower(cx->mem, str_fmt(cx->mem, "%.*s@%.*s", STR_ARG(local), STR_ARG(domain)));
	return OK;
}

static err_t refuse_more(struct ctx *cx)
{
	return REFUSE(cx, FORBIDDEN, "", "This server takes no more accounts. Its operator may make one for you.");
}

err_t account_room(struct ctx *cx, int64_t accounts_max)
{
	struct reached room = { true };
	if (accounts_max)
		TRY(db_row(cx, &sql_account_room, ROW(account_room, &room), IN(accounts_max)));
	return room.found ? OK : refuse_more(cx);
}

err_t account_create(struct ctx *cx, const struct account_new *in, struct account *out)
{
	struct str email, name, hash = STR_ABSENT, tz = in->tz.ptr ? in->tz : STR("UTC");
	TRY(email_fold(cx, in->email, &email));
	TRY(label_clean(cx, "name", in->name, &name));
	if (in->password.ptr)
		TRY(password_hash(cx, in->password, &hash));

	struct id live = id_new(cx->now);
	size_t made = 0;
	err_t e = db_exec(cx, &sql_account_create, &made, IN(email), IN(live), IN(id_in_mode(live, true)), IN(name),
		IN((int16_t)in->plan), IN(hash), IN(id_new(cx->now)), IN(id_new(cx->now)), IN(cx->now),
		in->accounts_max ? IN(in->accounts_max) : IN_NULL(DB_INT8), IN(audit_by(cx)), IN(in->email_known),
		IN(tz), IN(in->language));
	if (err_is(e, CONFLICT))
		return REFUSE(cx, CONFLICT, "email", "There is an account with this e-mail address already.");
	TRY(e);
	if (!made)
		return refuse_more(cx);
	*out = (struct account){ .id = live,
		.status = STATUS_ACTIVE,
		.plan = in->plan,
		.email = email,
		.name = name,
		.tz = tz,
		.created_at = cx->now,
		.deactivated_at = INSTANT_NONE,
		.password_at = cx->now };
	return OK;
}

err_t account_by_email(struct ctx *cx, struct str email, struct account *out)
{
	struct account_row row;
	struct str folded;
	TRY(email_fold(cx, email, &folded));
	TRY(db_row(cx, &sql_account_by_email, ROW(account_by_email, &row), IN(folded)));
	*out = account_of_row(&row);
	return OK;
}

err_t account_by_id(struct ctx *cx, struct id id, struct account *out)
{
	struct account_row row;
	TRY(db_row(cx, &sql_account_by_id, ROW(account_by_id, &row), IN(id_in_mode(id, false))));
	*out = account_of_row(&row);
	return OK;
}

err_t account_list(struct ctx *cx, struct account **out, size_t *count_out)
{
	struct account_row *rows;
	size_t count;
	TRY(db_rows(cx, &sql_account_list, account_list, &rows, &count, IN_NONE));
	struct account *accounts = arena_array(cx->mem, struct account, count);
	for (size_t i = 0; i < count; i++)
		accounts[i] = account_of_row(&rows[i]);
	*out = accounts;
	*count_out = count;
	return OK;
}

/* A change that reached no row was for an account that is not there. */
static err_t must_reach(struct ctx *cx, bool found)
{
	return found ? OK : FAIL(cx, NOT_FOUND, "no such account");
}

err_t account_set_status(struct ctx *cx, struct id id, enum account_status status)
{
	struct reached reached;
	struct instant since = status == STATUS_ACTIVE ? INSTANT_NONE : cx->now;
	TRY(db_row(cx, &sql_account_set_status, ROW(account_set_status, &reached), IN(id_in_mode(id, false)),
		IN(id_in_mode(id, true)), IN((int16_t)status), IN(since), IN(audit_by(cx))));
	return must_reach(cx, reached.found);
}

err_t account_set_password(struct ctx *cx, struct id id, struct str password)
{
	struct str hash;
	struct reached reached;
	TRY(password_hash(cx, password, &hash));
	TRY(db_row(cx, &sql_account_set_password, ROW(account_set_password, &reached), IN(id_in_mode(id, false)),
		IN(hash), IN(cx->now), IN(audit_by(cx))));
	return must_reach(cx, reached.found);
}

static bool looks_like_zone(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!char_is_alpha(s.ptr[i]) && !char_is_digit(s.ptr[i]) && !str_has(STR("_+-/"), s.ptr[i]))
			return false;
	return s.len > 0 && s.len <= ZONE_MAX;
}

err_t account_set_name(struct ctx *cx, struct id id, struct str name, struct str tz)
{
	struct str clean;
	size_t affected;
	TRY(label_clean(cx, "name", name, &clean));
	if (!looks_like_zone(tz))
		return REFUSE(cx, INVALID_VALUE, "timezone", "This is not the name of a time zone.");
	TRY(db_exec(cx, &sql_account_set_name, &affected, IN(id_in_mode(id, false)), IN(id_in_mode(id, true)),
		IN(clean), IN(tz)));
	return must_reach(cx, affected > 0);
}

err_t account_set_manner(struct ctx *cx, struct id id, int16_t hours, int16_t week_start)
{
	size_t affected;
	TRY(db_exec(cx, &sql_account_set_manner, &affected, IN(id_in_mode(id, false)), IN(id_in_mode(id, true)),
		IN(hours), IN(week_start)));
	return must_reach(cx, affected > 0);
}

err_t account_set_language(struct ctx *cx, struct id id, struct str language)
{
	size_t affected;
	TRY(db_exec(cx, &sql_account_set_language, &affected, IN(id_in_mode(id, false)), IN(id_in_mode(id, true)),
		IN(language)));
	return must_reach(cx, affected > 0);
}
