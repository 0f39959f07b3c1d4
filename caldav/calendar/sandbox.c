/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/sandbox.h"

#include "caldav/calendar/sample.h"
#include "caldav/calendar/store/store.h"
#include "server/account/audit.h"
#include "server/base/log.h"
#include "server/db/query.h"
#include "sql.h"

struct found_calendar {
	struct id id;
	struct str name;
};
DB_RESULT(sandbox_people, struct found_calendar, id, name);

struct cleared {
	bool found;
};
DB_RESULT(sandbox_clear, struct cleared, found);

struct clock_set {
	struct str outcome;
	int64_t ahead;
};
DB_RESULT(sandbox_clock_set, struct clock_set, outcome, ahead);

struct clock_ahead {
	int64_t ahead_s;
};
DB_RESULT(sandbox_ahead, struct clock_ahead, ahead_s);

/* ---- the people ---- */

/* The URL name of each calendar is the person's id: who sees it in a list knows whose it is. */
static const struct demo_person people[] = {
	{ "usr_demo_alice", "Alice Demo", "alice@demo.example", "usr_demo_alice" },
	{ "usr_demo_bob", "Bob Demo", "bob@demo.example", "usr_demo_bob" },
	{ "usr_demo_carol", "Carol Demo", "carol@demo.example", NULL },
};

/* clang-format off */
/* Thirty, of this week and the next; none touches another. */
static const struct sample alice[] = {
	/* title                     day hour minutes rule location          guest                 status           free */
	{ "Stand-up",                  0,  9, 15, NULL, "Room 1",           NULL,                 EVENT_CONFIRMED, false },
	{ "Roadmap",                   0, 10, 90, NULL, "Room 2",           "bob@demo.example",   EVENT_CONFIRMED, false },
	{ "One to one with Bob",       0, 14, 60, NULL, NULL,               "bob@demo.example",   EVENT_CONFIRMED, false },
	{ "Stand-up",                  1,  9, 15, NULL, "Room 1",           NULL,                 EVENT_CONFIRMED, false },
	{ "Design review",             1, 10, 90, NULL, "Room 2",           NULL,                 EVENT_CONFIRMED, false },
	{ "Interview",                 1, 14, 60, NULL, "Room 3",           NULL,                 EVENT_TENTATIVE, false },
	{ "Stand-up",                  2,  9, 15, NULL, "Room 1",           NULL,                 EVENT_CONFIRMED, false },
	{ "Writing",                   2, 10, 90, NULL, NULL,               NULL,                 EVENT_CONFIRMED, false },
	{ "Call with Acme",            2, 14, 60, NULL, NULL,               "carol@demo.example", EVENT_CONFIRMED, false },
	{ "Stand-up",                  3,  9, 15, NULL, "Room 1",           NULL,                 EVENT_CONFIRMED, false },
	{ "Budget",                    3, 10, 90, NULL, "Room 2",           NULL,                 EVENT_CONFIRMED, false },
	{ "Dentist",                   3, 14, 60, NULL, "12 High Street",   NULL,                 EVENT_CONFIRMED, false },
	{ "Stand-up",                  4,  9, 15, NULL, "Room 1",           NULL,                 EVENT_CONFIRMED, false },
	{ "Demo to the team",          4, 10, 90, NULL, "Auditorium",       "bob@demo.example",   EVENT_CONFIRMED, false },
	{ "Week in review",            4, 14, 60, NULL, NULL,               NULL,                 EVENT_CONFIRMED, false },
	{ "Stand-up",                  7,  9, 15, NULL, "Room 1",           NULL,                 EVENT_CONFIRMED, false },
	{ "Planning",                  7, 10, 90, NULL, "Room 2",           "bob@demo.example",   EVENT_CONFIRMED, false },
	{ "One to one with Bob",       7, 14, 60, NULL, NULL,               "bob@demo.example",   EVENT_CONFIRMED, false },
	{ "Stand-up",                  8,  9, 15, NULL, "Room 1",           NULL,                 EVENT_CONFIRMED, false },
	{ "Workshop",                  8, 10, 90, NULL, "Acme, 4th floor",  NULL,                 EVENT_CONFIRMED, false },
	{ "Workshop, part two",        8, 14, 60, NULL, "Acme, 4th floor",  NULL,                 EVENT_TENTATIVE, false },
	{ "Stand-up",                  9,  9, 15, NULL, "Room 1",           NULL,                 EVENT_CONFIRMED, false },
	{ "Writing",                   9, 10, 90, NULL, NULL,               NULL,                 EVENT_CONFIRMED, false },
	{ "Lunch with Carol",          9, 14, 60, NULL, "Canteen",          "carol@demo.example", EVENT_CONFIRMED, false },
	{ "Stand-up",                 10,  9, 15, NULL, "Room 1",           NULL,                 EVENT_CONFIRMED, false },
	{ "Hiring",                   10, 10, 90, NULL, "Room 3",           NULL,                 EVENT_CONFIRMED, false },
	{ "Town hall",                10, 14, 60, NULL, "Auditorium",       NULL,                 EVENT_CONFIRMED, false },
	{ "Stand-up",                 11,  9, 15, NULL, "Room 1",           NULL,                 EVENT_CONFIRMED, false },
	{ "Release",                  11, 10, 90, NULL, NULL,               "bob@demo.example",   EVENT_CONFIRMED, false },
	{ "Week in review",           11, 14, 60, NULL, NULL,               NULL,                 EVENT_CONFIRMED, false },
};
/* Each overlaps one of Alice's. */
static const struct sample bob[] = {
	{ "Customer call",             0, 11, 60, NULL, NULL,               NULL,                 EVENT_CONFIRMED, false },
	{ "One to one with Alice",     0, 14, 60, NULL, NULL,               "alice@demo.example", EVENT_CONFIRMED, false },
	{ "Support duty",              1,  9, 120, NULL, NULL,              NULL,                 EVENT_CONFIRMED, false },
	{ "Customer call",             2, 11, 60, NULL, NULL,               NULL,                 EVENT_CONFIRMED, false },
	{ "Training",                  3, 10, 300, NULL, "Room 4",          NULL,                 EVENT_CONFIRMED, false },
	{ "Demo to the team",          4, 10, 90, NULL, "Auditorium",       "alice@demo.example", EVENT_CONFIRMED, false },
	{ "Customer call",             7, 11, 60, NULL, NULL,               NULL,                 EVENT_CONFIRMED, false },
	{ "Support duty",              8,  9, 120, NULL, NULL,              NULL,                 EVENT_CONFIRMED, false },
	{ "Customer call",             9, 11, 60, NULL, NULL,               NULL,                 EVENT_TENTATIVE, false },
	{ "Town hall",                10, 14, 60, NULL, "Auditorium",       NULL,                 EVENT_CONFIRMED, false },
	{ "Release",                  11, 10, 90, NULL, NULL,               "alice@demo.example", EVENT_CONFIRMED, false },
};
/* clang-format on */

/* In the order of `people`. */
static const struct sample_list events[ARRAY_LEN(people)] = {
	{ alice, ARRAY_LEN(alice), "alice", "alice@demo.example" },
	{ bob, ARRAY_LEN(bob), "bob", "bob@demo.example" },
};

const struct demo_person *demo_person_at(size_t i)
{
	return i < ARRAY_LEN(people) ? &people[i] : NULL;
}

const struct demo_person *demo_person_named(struct str id)
{
	for (size_t i = 0; i < ARRAY_LEN(people); i++)
		if (str_eq(id, str_of(people[i].id)))
			return &people[i];
	return NULL;
}

/* Somebody who made it at the same moment is who made it. */
static err_t make_one(struct ctx *cx, const struct actor *actor, size_t i)
{
	const struct demo_person *person = &people[i];
	const struct calendar_change with = { .displayname = str_of(person->name), .set_displayname = true };
	const struct calendar_change unselected = { .set_selected = true };
	struct id id;
	err_t e = calendar_create(cx, actor, str_of(person->calendar), COMPONENTS_ALL, &with, &id);
	if (err_is(e, CONFLICT))
		return OK;
	TRY(e);
	TRY(calendar_update(cx, actor, str_of(person->calendar), &unselected));
	return sample_put_in(cx, actor, person->calendar, &events[i]);
}

static bool is_there(const struct found_calendar *found, size_t count, const char *name)
{
	size_t i = 0;
	while (i < count && !str_eq(found[i].name, str_of(name)))
		i++;
	return i < count;
}

static err_t make_missing(struct ctx *cx, struct id account, const struct found_calendar *found, size_t count)
{
	const struct actor actor = actor_server(account);
	for (size_t i = 0; i < ARRAY_LEN(people); i++)
		if (people[i].calendar && !is_there(found, count, people[i].calendar))
			TRY(make_one(cx, &actor, i));
	return OK;
}

err_t demo_people_make(struct ctx *cx, struct id account)
{
	struct str names[ARRAY_LEN(people)];
	struct found_calendar *found;
	size_t wanted = 0, count;
	bool own;
	for (size_t i = 0; i < ARRAY_LEN(people); i++)
		if (people[i].calendar)
			names[wanted++] = str_of(people[i].calendar);
	TRY(db_rows(cx, &sql_sandbox_people, sandbox_people, &found, &count, IN(account),
		IN(((struct str_list){ names, wanted }))));
	if (count == wanted)
		return OK;
	TRY(db_join(cx, &own));
	return db_settle(cx, own, make_missing(cx, account, found, count));
}

/* ---- the reset ---- */

static err_t reset(struct ctx *cx, struct id account)
{
	struct cleared cleared;
	TRY(db_row(cx, &sql_sandbox_clear, ROW(sandbox_clear, &cleared), IN(account), IN(id_new(cx->now))));
	if (!cleared.found)
		return FAIL(cx, NOT_FOUND, "no account of test mode");
	TRY(sample_put(cx, account));
	TRY(make_missing(cx, account, NULL, 0));
	TRY(db_exec(cx, &sql_sandbox_quiet, NULL, IN(account)));
	return audit_add(cx, account, "sandbox.reset", account, STR_ABSENT);
}

err_t sandbox_reset(struct ctx *cx, struct id account)
{
	bool own;
	TRY(db_join(cx, &own));
	TRY(db_settle(cx, own, reset(cx, account)));
	cx->ahead_s = 0;
	return OK;
}

/* ---- the clock ---- */

err_t sandbox_ahead(struct ctx *cx, struct id account, int64_t *out)
{
	struct clock_ahead row;
	TRY(db_row(cx, &sql_sandbox_ahead, ROW(sandbox_ahead, &row), IN(account)));
	*out = row.ahead_s;
	return OK;
}

err_t sandbox_advance(struct ctx *cx, struct id account, struct instant to, int64_t by_s)
{
	const char *param = instant_is_none(to) ? "advance_seconds" : "now";
	struct clock_set set;
	TRY(db_row(cx, &sql_sandbox_clock_set, ROW(sandbox_clock_set, &set), IN(account), IN(to), IN(by_s),
		IN(SANDBOX_AHEAD_MAX_S)));
	cx->ahead_s = set.ahead;
	if (str_eq(set.outcome, STR("backward")))
		return REFUSE(cx, INVALID_VALUE, param,
			"The sandbox's clock goes forward alone. It is %.*s there; a reset puts it back.",
			STR_ARG(instant_rfc3339(cx->mem, instant_of_s(instant_s(account_now(cx))))));
	if (str_eq(set.outcome, STR("too_far")))
		return REFUSE(cx, INVALID_VALUE, param,
			"The sandbox's clock goes ten years ahead at most; a reset puts it back.");
	return OK;
}
