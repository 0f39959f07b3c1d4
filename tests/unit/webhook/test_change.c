/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/webhook/change.h"

static const struct event_attendee asked[] = { { STR_INIT("ann@example.org"), { 0 }, PARTSTAT_NEEDS_ACTION },
	{ STR_INIT("bob@example.org"), { 0 }, PARTSTAT_NEEDS_ACTION } };
static const struct event_attendee answered[] = { { STR_INIT("ann@example.org"), { 0 }, PARTSTAT_NEEDS_ACTION },
	{ STR_INIT("BOB@example.org"), { 0 }, PARTSTAT_ACCEPTED } };
static const struct event_date days[] = { { { 0 }, true } };

static struct event meeting(void)
{
	return (struct event){ .title = STR("Planning"),
		.start = instant_of_s(1764000000),
		.end = instant_of_s(1764003600),
		.zone = STR("Europe/Berlin"),
		.rrule = STR("FREQ=WEEKLY"),
		.attendees = asked,
		.attendee_count = 2 };
}

TEST(one_change_has_one_name)
{
	struct event was = meeting(), is = meeting();
	assert_string_equal(webhook_change_type(&was, &is), "event.updated");
	is.title = STR("Plans");
	assert_string_equal(webhook_change_type(&was, &is), "event.updated");
	is.attendees = answered;
	assert_string_equal(webhook_change_type(&was, &is), "event.updated"); /* more than an answer */
	is.title = was.title;
	assert_string_equal(webhook_change_type(&was, &is), "event.attendee_responded");
	is.attendee_count = 1;
	assert_string_equal(webhook_change_type(&was, &is), "event.updated");
	is.attendee_count = 2;
	is.end.us++;
	assert_string_equal(webhook_change_type(&was, &is), "event.rescheduled");
	is.status = EVENT_CANCELLED;
	assert_string_equal(webhook_change_type(&was, &is), "event.cancelled");
	was.status = EVENT_CANCELLED;
	assert_string_equal(webhook_change_type(&was, &is), "event.rescheduled");
}

TEST(a_series_moves_with_its_rule_its_zone_and_its_exceptions)
{
	struct event was = meeting(), is = meeting();
	is.rrule = STR("FREQ=DAILY");
	assert_string_equal(webhook_change_type(&was, &is), "event.rescheduled");
	is = meeting();
	is.zone = STR("Europe/London");
	assert_string_equal(webhook_change_type(&was, &is), "event.rescheduled");
	is = meeting();
	is.exdates = days;
	is.exdate_count = 1;
	assert_string_equal(webhook_change_type(&was, &is), "event.rescheduled");
	is = meeting();
	is.all_day = true;
	assert_string_equal(webhook_change_type(&was, &is), "event.rescheduled");
}

TESTS(RUN(one_change_has_one_name), RUN(a_series_moves_with_its_rule_its_zone_and_its_exceptions))
