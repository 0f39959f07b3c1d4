/* SPDX-License-Identifier: Apache-2.0 */
/* What a PUT and a month query cost in CPU: bench_ical [ROUNDS]. Build with MODE=release. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "caldav/calendar/event/event.h"
#include "caldav/calendar/recur/instances.h"
#include "caldav/calendar/validate.h"
#include "caldav/calendar/view/time_range.h"
#include "caldav/calendar/zone/zone.h"

static double now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

struct fixture {
	struct ctx cx;
	struct str data;
	struct ical_facts facts;
};

static void check_usable(struct fixture *f)
{
	struct ical_facts facts;
	(void)!ical_validate(&f->cx, f->data, &facts);
}

static void parse(struct fixture *f)
{
	struct ical *object;
	(void)!ical_parse(&f->cx, f->data, &object);
}

static void month(struct fixture *f)
{
	struct ical *object;
	struct occurrence *list;
	size_t n;
	if (!ical_parse(&f->cx, f->data, &object))
		(void)!ical_expand(&f->cx, object, instant_of_s(1780272000), instant_of_s(1782864000), STR_ABSENT, 1000,
			&list, &n);
}

static void in_range(struct fixture *f)
{
	struct object o = { .flags = f->facts.flags,
		.first_at = f->facts.first_at,
		.last_at = f->facts.last_at,
		.occ = f->facts.occ,
		.occ_until = f->facts.occ_until };
	bool hit, needs;
	(void)!object_in_time_range(
		&f->cx, &o, instant_of_s(1780272000), instant_of_s(1780272001), STR_ABSENT, &hit, &needs);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(struct fixture *f);
	} runs[] = { { "scan and parse", parse }, { "validate (bounds, occurrences of 5 years)", check_usable },
		{ "parse and expand a month", month }, { "touches, by occurrences alone", in_range } };
	static const char *const rules[] = { "", "FREQ=WEEKLY", "FREQ=DAILY" };
	long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 2000;
	char description[1200];
	memset(description, 'x', sizeof description);
	struct fixture f = { .cx = { .mem = arena_open(), .now = instant_of_s(1780000000) } };
	struct arena *keep = arena_open();
	(void)!zone_setup(&f.cx);
	for (size_t r = 0; r < ARRAY_LEN(rules); r++) {
		struct ctx kept = { .mem = keep, .now = f.cx.now };
		struct event e = { .title = STR("Planning"),
			.start = instant_of_s(1764000000),
			.end = instant_of_s(1764003600),
			.zone = STR("Europe/Berlin"),
			.rrule = *rules[r] ? str_of(rules[r]) : STR_ABSENT,
			.description = { description, sizeof description } };
		if (event_write(&kept, &e, &f.data) || ical_validate(&kept, f.data, &f.facts))
			return 1;
		printf("%s, %zu octets, occ %zu octets\n", *rules[r] ? rules[r] : "single", f.data.len,
			f.facts.occ.len);
		for (size_t i = 0; i < ARRAY_LEN(runs); i++) {
			double begin = now_us();
			for (long n = 0; n < rounds; n++) {
				runs[i].run(&f);
				arena_reset(f.cx.mem);
			}
			printf("  %-42s %8.2f us\n", runs[i].name, (now_us() - begin) / (double)rounds);
		}
	}
	arena_close(keep);
	arena_close(f.cx.mem);
	return 0;
}
