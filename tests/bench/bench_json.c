/* SPDX-License-Identifier: Apache-2.0 */
/* What reading a JSON body costs in CPU and memory: bench_json [ROUNDS]. Build with MODE=release. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "server/base/buf.h"
#include "server/data/json.h"

struct guest {
	struct str email, name;
};

struct event {
	bool none;
	struct str title, description, location, start, end;
	int64_t count;
	bool busy;
	struct json_list guests;
	struct str_list dates;
};

/* clang-format off */
static const struct json_field guest_fields[] = {
	{ .name = "email", .kind = JSON_STR, .flags = JSON_REQUIRED, .offset = offsetof(struct guest, email) },
	{ .name = "name",  .kind = JSON_STR, .offset = offsetof(struct guest, name) },
};
static const struct json_field fields[] = {
	{ .name = "title",       .kind = JSON_STR,  .offset = offsetof(struct event, title) },
	{ .name = "description", .kind = JSON_STR,  .offset = offsetof(struct event, description) },
	{ .name = "location",    .kind = JSON_STR,  .offset = offsetof(struct event, location) },
	{ .name = "start_time",  .kind = JSON_STR,  .offset = offsetof(struct event, start) },
	{ .name = "end_time",    .kind = JSON_STR,  .offset = offsetof(struct event, end) },
	{ .name = "count",       .kind = JSON_INT,  .offset = offsetof(struct event, count) },
	{ .name = "busy",        .kind = JSON_BOOL, .offset = offsetof(struct event, busy) },
	{ .name = "attendees",   .kind = JSON_OBJECTS, .offset = offsetof(struct event, guests), .fields = guest_fields, .field_count = 2, .size = sizeof(struct guest) },
	{ .name = "dates",       .kind = JSON_STRS, .offset = offsetof(struct event, dates) },
};
/* clang-format on */

static struct str event_body(struct arena *mem, int guests, int dates)
{
	struct buf out = buf_new(mem, 1 << 20);
	BUF_LIT(&out, "{\"title\":\"Planning for the week\",\"description\":\"Bring \\\"numbers\\\".\\nRoom 4.\","
		      "\"location\":\"Berlin, Unter den Linden 4\",\"start_time\":\"2026-11-24T09:00:00+01:00\","
		      "\"end_time\":\"2026-11-24T10:00:00+01:00\",\"count\":12,\"busy\":true,\"attendees\":[");
	for (int i = 0; i < guests; i++)
		buf_fmt(&out, "%s{\"email\":\"guest.number.%d@example.org\",\"name\":\"Guest Number %d\"}",
			i ? "," : "", i, i);
	BUF_LIT(&out, "],\"dates\":[");
	for (int i = 0; i < dates; i++)
		buf_fmt(&out, "%s\"2026-11-24T09:%02d:00Z\"", i ? "," : "", i % 60);
	BUF_LIT(&out, "]}");
	return buf_str(&out);
}

/* Hostile: as many values, or names, as may stand in a body, before the field that nobody knows is refused. */
static struct str many(struct arena *mem, const char *format, int count)
{
	struct buf out = buf_new(mem, 1 << 20);
	BUF_LIT(&out, "{\"zz\":");
	buf_char(&out, format[0] == '"' ? '{' : '[');
	for (int i = 0; i < count; i++) {
		if (i)
			buf_char(&out, ',');
		if (format[0] == '"')
			buf_fmt(&out, "\"n%d\":0", i);
		else
			buf_add(&out, str_of(format));
	}
	buf_char(&out, format[0] == '"' ? '}' : ']');
	buf_char(&out, '}');
	return buf_str(&out);
}

static double now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void measure(const char *name, struct str text, int rounds)
{
	struct arena *mem = arena_open();
	size_t used = 0;
	bool good = false;
	double begun = now_us();
	for (int i = 0; i < rounds; i++) {
		struct ctx cx = { .mem = mem };
		struct event out = { 0 };
		good = !json_read(&cx, text, fields, ARRAY_LEN(fields), &out);
		used = arena_used(mem);
		arena_reset(mem);
	}
	printf("%-28s %8zu octets  %9.2f us  %9zu octets of memory  %s\n", name, text.len, (now_us() - begun) / rounds,
		used, good ? "read" : "refused");
	arena_close(mem);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 20000;
	struct arena *mem = arena_open();
	measure("an event", event_body(mem, 2, 0), rounds);
	measure("100 attendees, 100 dates", event_body(mem, 100, 100), rounds / 20 + 1);
	measure("1,000 attendees and dates", event_body(mem, 1000, 1000), rounds / 200 + 1);
	measure("19,000 numbers", many(mem, "0", 19000), rounds / 400 + 1);
	measure("19,000 lists", many(mem, "[]", 19000), rounds / 400 + 1);
	measure("19,000 names", many(mem, "\"", 19000), rounds / 400 + 1);
	arena_close(mem);
	return 0;
}
