/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/store/outcome.h"

#include <assert.h>

#include "caldav/calendar/store/store.h"
#include "server/base/config.h"

static const struct str labels[] = {
#define OUTCOME(name, label) [OUTCOME_##name] = STR_INIT(label),
#include "caldav/calendar/store/outcome.def"
#undef OUTCOME
};

enum outcome outcome_of(struct str label)
{
	size_t i = 0;
	while (i < ARRAY_LEN(labels) && !str_eq(labels[i], label))
		i++;
	assert(i < ARRAY_LEN(labels));
	return (enum outcome)i;
}

static err_t uid_conflict(struct ctx *cx, struct str other)
{
	struct err *e =
		REFUSE(cx, UID_CONFLICT, "", "Another object of this calendar has this UID: %.*s", STR_ARG(other));
	e->href = other;
	return e;
}

static err_t too_many(struct ctx *cx)
{
	return REFUSE(cx, DAV_QUOTA, "",
		"An account holds at most %d calendars, a resource at most %d own properties, all resources of an "
		"account together %d.",
		CALENDARS_MAX, DEAD_PROPERTIES_MAX, DEAD_PROPERTIES_OF_ALL_MAX);
}

static err_t account_full(struct ctx *cx)
{
	return REFUSE(cx, DAV_QUOTA, "",
		"The storage of this account is full: all its calendars together hold at most %lld MiB. Delete what is "
		"not needed any more.",
		(long long)cx->config->account_storage_mib);
}

err_t outcome_refusal(struct ctx *cx, enum outcome outcome, struct str other)
{
	switch (outcome) {
	case OUTCOME_CREATED:
	case OUTCOME_CHANGED:
	case OUTCOME_SAME:
	case OUTCOME_DELETED:
		assert(false && "a refusal");
		break;
	case OUTCOME_NOT_FOUND:
		return FAIL(cx, NOT_FOUND, "no such resource");
	case OUTCOME_NO_CALENDAR:
		return FAIL(cx, DAV_PARENT_MISSING, "no such calendar");
	case OUTCOME_NOT_WRITABLE:
		return REFUSE(cx, FORBIDDEN, "", "Writing to this calendar is switched off.");
	case OUTCOME_CONDITION_FAILED:
		return FAIL(cx, PRECONDITION, "a condition failed");
	case OUTCOME_NAME_TAKEN:
		return REFUSE(cx, PRECONDITION, "", "Something is at the destination, and Overwrite is F.");
	case OUTCOME_WRONG_COMPONENT:
		return FAIL(cx, ICAL_COMPONENT, "component is not in the calendar's set");
	case OUTCOME_UID_CONFLICT:
		return uid_conflict(cx, other);
	case OUTCOME_CALENDAR_FULL:
		return REFUSE(
			cx, DAV_QUOTA, "", "A calendar holds at most %lld octets.", (long long)CALENDAR_BYTES_MAX);
	case OUTCOME_ACCOUNT_FULL:
		return account_full(cx);
	case OUTCOME_TOO_MANY_CALENDARS:
	case OUTCOME_TOO_MANY_PROPERTIES:
		return too_many(cx);
	}
	return FAIL(cx, INTERNAL, "outcome %d", (int)outcome);
}
