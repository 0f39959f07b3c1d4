/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/participants.h"

#include "caldav/calendar/sandbox.h"
#include "server/db/query.h"
#include "sql.h"

struct participant_row {
	struct id connected, account;
	struct str person;
	uint64_t scopes;
	struct str tz, email;
	struct id_list calendars;
};
DB_RESULT(participants, struct participant_row, connected, person, account, scopes, tz, email, calendars);

err_t busy_range_check(struct ctx *cx, struct instant from, struct instant to, const char *to_name)
{
	if (!instant_before(from, to))
		return REFUSE(cx, INVALID_VALUE, to_name, "The end of the range does not lie after its start.");
	if (instant_before(instant_add_s(from, BUSY_RANGE_MAX_S), to))
		return REFUSE(cx, RANGE_TOO_LARGE, to_name, "Free and busy time is told for 62 days at most.");
	return OK;
}

/* Does this name say the account that the call is for? */
static bool is_self(const struct api_call *call, struct str name)
{
	const struct principal *who = &call->who;
	struct id id;
	if (id_parse(name, "usr", &id))
		return id_eq(id, id_in_mode(who->account, false));
	if (id_parse(name, "cpa", &id))
		return !id_is_zero(who->connected_account) && id_eq(id, who->connected_account);
	return (call->actor.rights & PROFILE_READ) && who->email.ptr &&
	       str_eq_nocase(str_trim(name, STR_BLANK), who->email);
}

/* The connections that are asked about, where a platform itself asks; else none. */
static struct id_list connections_of(const struct api_call *call, const struct participant *list, size_t count)
{
	struct id *ids = arena_array(call->rq->cx.mem, struct id, count + 1);
	size_t kept = 0;
	if (call->who.kind == SECRET_KEY && id_is_zero(call->who.connected_account))
		for (size_t i = 0; i < count; i++)
			kept += id_parse(list[i].name, "cpa", &ids[kept]);
	return (struct id_list){ ids, kept };
}

/* The demo people that are asked about, each once; in live mode there are none. Their calendars are there then. */
static err_t people_of(struct api_call *call, const struct participant *list, size_t count, struct str_list *out)
{
	struct ctx *cx = &call->rq->cx;
	struct str *names = arena_array(cx->mem, struct str, count + 1);
	size_t kept = 0;
	for (size_t i = 0; id_is_test(call->actor.owner) && i < count; i++)
		if (demo_person_named(list[i].name))
			names[kept++] = list[i].name;
	*out = (struct str_list){ names, kept };
	return kept && !call->actor.calendars.items ? demo_people_make(cx, call->actor.owner) : OK;
}

static void set_person(const struct api_call *call, const struct participant_row *row, struct participant *out)
{
	bool self = id_is_zero(row->connected);
	out->known = true;
	out->person = (struct busy_person){
		.actor = self ? call->actor : (struct actor){ .owner = row->account, .rights = CALENDARS_READ },
		.calendars = row->calendars,
		.zone = self ? call->who.tz : row->tz,
		.email = row->person.ptr ? row->person
			 : self          ? call->who.email
					 : row->email,
	};
}

static bool names_row(const struct api_call *call, struct str name, const struct participant_row *row)
{
	struct id id;
	if (row->person.ptr) /* who has a calendar that the caller may not see is nobody to them */
		return str_eq(name, row->person) && (!call->actor.calendars.items || row->calendars.count);
	if (id_is_zero(row->connected))
		return is_self(call, name);
	return (row->scopes & CALENDARS_READ) && id_parse(name, "cpa", &id) && id_eq(id, row->connected);
}

err_t participants_resolve(struct api_call *call, struct str_list names, struct participant **out, size_t *count_out)
{
	struct ctx *cx = &call->rq->cx;
	struct participant *list = arena_array(cx->mem, struct participant, names.count + 1);
	struct participant_row *rows;
	struct str_list people;
	size_t count = 0, row_count;
	for (size_t i = 0; i < names.count; i++) {
		size_t k = 0;
		while (k < count && !str_eq(list[k].name, names.items[i]))
			k++;
		if (k == count)
			list[count++].name = names.items[i];
	}
	TRY(people_of(call, list, count, &people));
	TRY(db_rows(cx, &sql_participants, participants, &rows, &row_count, IN(call->actor.owner),
		IN(call->actor.calendars), IN(connections_of(call, list, count)), IN(people)));
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < row_count && !list[i].known; k++)
			if (names_row(call, list[i].name, &rows[k]))
				set_person(call, &rows[k], &list[i]);
	*out = list;
	*count_out = count;
	return OK;
}

err_t participants_busy(
	struct ctx *cx, struct participant *participants, size_t count, struct instant from, struct instant to)
{
	struct busy_person *people = arena_array(cx->mem, struct busy_person, count + 1);
	size_t known = 0;
	for (size_t i = 0; i < count; i++)
		if (participants[i].known)
			people[known++] = participants[i].person;
	TRY(busy_collect(cx, people, known, from, to));
	known = 0;
	for (size_t i = 0; i < count; i++)
		if (participants[i].known)
			participants[i].person = people[known++];
	return OK;
}
