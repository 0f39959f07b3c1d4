/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/zone/zone.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "caldav/calendar/zone/tzif.h"
#include "server/base/clock.h"

#define ZONE_FOLDER "/usr/share/zoneinfo/"
#define INDEX_SIZE_MAX (1U << 20)
#define FILE_SIZE_MAX (1U << 16)
#define NAMES_MAX 2000
#define DISPLAYS_MAX 200
#define TZID_MAX 255 /* a longer one is no name, whatever its tail */
#define DAY_S INT64_C(86400)

struct zone {
	struct str name; /* absent: embedded */
	struct tzif tz;
	bool endless; /* embedded: the last 28 years repeat */
};

struct entry {
	struct str name;
	const struct zone *zone; /* NULL while its target is not known */
	struct str target;       /* of a link */
};

static const struct zone utc = { .name = STR_INIT("Etc/UTC") };

/*
 * Like the log's descriptor, the table is the process's: filled once under `once`, then only read. It is reached by
 * code that has no struct of the server at hand (parsing, tests, fuzzers).
 */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct {
	struct arena *mem;
	struct entry entries[NAMES_MAX];
	size_t count, iana_count;
	struct entry displays[DISPLAYS_MAX];
	size_t display_count;
	struct str version;
} table;

/* ---- loading ---- */

static bool file_read(struct arena *mem, const char *path, size_t max, struct bytes *out)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= 0 && (size_t)st.st_size <= max;
	if (good) {
		size_t size = (size_t)st.st_size, have = 0;
		uint8_t *octets = arena_take(mem, size + 1, 1);
		ssize_t n;
		while (have < size && (n = read(fd, octets + have, size - have)) > 0)
			have += (size_t)n;
		*out = bytes_of(octets, have);
		good = have == size;
	}
	close(fd);
	return good;
}

/* Names come from the system's own index, and still must look like names before they become paths. */
static bool name_is_sane(struct str name)
{
	if (!name.len || name.len > 60 || name.ptr[0] == '/' || str_find(name, STR("..")) != SIZE_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!char_is_alpha(name.ptr[i]) && !char_is_digit(name.ptr[i]) && !str_has(STR("/_+-"), name.ptr[i]))
			return false;
	return true;
}

static const struct zone *zone_load(struct arena *scratch, struct str name)
{
	struct zone z = { .name = name };
	struct bytes file;
	struct arena_mark mark = arena_mark(scratch);
	const char *path = str_c(scratch, str_cat(scratch, STR(ZONE_FOLDER), name));
	bool good = path && file_read(scratch, path, FILE_SIZE_MAX, &file) && tzif_parse(table.mem, file, &z.tz);
	arena_rewind(scratch, mark);
	if (!good)
		return NULL;
	struct zone *kept = arena_new(table.mem, struct zone);
	*kept = z;
	return kept;
}

static void entry_add(struct str name, const struct zone *zone, struct str target)
{
	if (table.count < NAMES_MAX)
		table.entries[table.count++] = (struct entry){ str_dup(table.mem, name), zone,
			target.ptr ? str_dup(table.mem, target) : STR_ABSENT };
}

#define VERSION_LINE "# version "

/* tzdata.zi: "Z name …" has a file, "L target name" is a link. */
static void index_read(struct arena *scratch)
{
	struct bytes file;
	if (!file_read(scratch, ZONE_FOLDER "tzdata.zi", INDEX_SIZE_MAX, &file))
		return;
	struct str rest = { (const char *)file.ptr, file.len }, line, kind, first, second = STR_ABSENT;
	if (str_starts(rest, STR(VERSION_LINE)) && str_cut(&rest, '\n', &line))
		table.version = str_dup(table.mem, str_from(line, sizeof VERSION_LINE - 1));
	while (str_cut(&rest, '\n', &line)) {
		if (line.len < 3 || line.ptr[1] != ' ' || !str_cut(&line, ' ', &kind) || !str_cut(&line, ' ', &first))
			continue;
		if (kind.ptr[0] == 'L' && str_cut(&line, ' ', &second) && name_is_sane(second))
			entry_add(second, NULL, first);
		else if (kind.ptr[0] == 'Z' && name_is_sane(first))
			entry_add(first, str_eq(first, utc.name) ? &utc : zone_load(scratch, str_dup(table.mem, first)),
				STR_ABSENT);
	}
}

static int nocase_cmp(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	for (size_t i = 0; i < n; i++) {
		int d = (unsigned char)char_lower(a.ptr[i]) - (unsigned char)char_lower(b.ptr[i]);
		if (d)
			return d;
	}
	return a.len < b.len ? -1 : a.len > b.len;
}

static int entry_cmp(const void *a, const void *b)
{
	return nocase_cmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static struct entry *entry_in(struct entry *entries, size_t count, struct str name)
{
	struct entry key = { .name = name };
	return name.ptr ? bsearch(&key, entries, count, sizeof key, entry_cmp) : NULL;
}

static struct entry *entry_find(struct str name)
{
	return entry_in(table.entries, table.count, name);
}

/* Links may point to links: a few rounds settle all. */
static void links_resolve(void)
{
	for (int round = 0; round < 5; round++)
		for (size_t i = 0; i < table.count; i++) {
			struct entry *e = &table.entries[i];
			const struct entry *target = e->zone ? NULL : entry_find(e->target);
			if (target)
				e->zone = target->zone;
		}
}

static void displays_load(void)
{
	static const struct {
		struct str shown, iana;
	} displays[] = {
#define D(name, zone) { STR_INIT(name), STR_INIT(zone) },
#include "caldav/calendar/zone/windows_display.def"
#undef D
	};
	_Static_assert(ARRAY_LEN(displays) <= DISPLAYS_MAX, "the table holds all");
	for (size_t i = 0; i < ARRAY_LEN(displays); i++) {
		const struct entry *iana = entry_find(displays[i].iana);
		if (iana)
			table.displays[table.display_count++] =
				(struct entry){ displays[i].shown, iana->zone, STR_ABSENT };
	}
	qsort(table.displays, table.display_count, sizeof *table.displays, entry_cmp);
}

static void table_load(void)
{
	static const struct {
		struct str windows, iana;
	} windows[] = {
#define W(name, zone) { STR_INIT(name), STR_INIT(zone) },
#include "caldav/calendar/zone/windows_zones.def"
#undef W
	};
	struct arena *scratch = arena_open();
	table.mem = arena_open();
	index_read(scratch);
	table.iana_count = table.count;
	arena_close(scratch);
	if (!table.iana_count)
		entry_add(STR("UTC"), &utc, STR_ABSENT);
	for (size_t i = 0; i < ARRAY_LEN(windows); i++)
		entry_add(windows[i].windows, NULL, windows[i].iana);
	qsort(table.entries, table.count, sizeof *table.entries, entry_cmp);
	links_resolve();
	displays_load();
}

err_t zone_setup(struct ctx *cx)
{
	pthread_once(&once, table_load);
	if (!table.iana_count)
		return FAIL(cx, INTERNAL, "no time zone data in " ZONE_FOLDER " (tzdata.zi)");
	return OK;
}

/* ---- looking up ---- */

size_t zone_count(void)
{
	pthread_once(&once, table_load);
	return table.iana_count;
}

struct str zone_version(void)
{
	pthread_once(&once, table_load);
	return table.version.ptr ? table.version : STR("");
}

const struct zone *zone_utc(void)
{
	return &utc;
}

struct str zone_name(const struct zone *zone)
{
	return zone->name;
}

const struct zone *zone_by_name(struct str tzid)
{
	pthread_once(&once, table_load);
	if (tzid.len > TZID_MAX)
		return NULL;
	const struct entry *e = entry_find(tzid);
	/* /Europe/Berlin, /mozilla.org/20070129_1/Europe/Berlin, /freeassociation.sourceforge.net/Europe/Berlin: the
	 * longest tail. */
	if (!e && tzid.len && tzid.ptr[0] == '/')
		for (size_t i = 0; i < tzid.len && !e; i++)
			if (tzid.ptr[i] == '/')
				e = entry_find(str_from(tzid, i + 1));
	return e ? e->zone : NULL;
}

const struct zone *zone_by_display_name(struct str name)
{
	pthread_once(&once, table_load);
	size_t prefix = str_starts(name, STR("(")) ? str_find(name, STR(")")) : SIZE_MAX;
	if (prefix != SIZE_MAX)
		name = str_from(name, prefix + 1);
	const struct entry *e = entry_in(table.displays, table.display_count, str_trim(name, STR_BLANK));
	return e ? e->zone : NULL;
}

/* ---- converting ---- */

/* How many changes lie at or before `at`. */
static size_t changes_before(const struct zone_change *changes, size_t count, int64_t at)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (changes[middle].utc <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int64_t year_of(int64_t at)
{
	int64_t year, days = at / DAY_S - (at % DAY_S < 0);
	int month, day;
	civil_from_days(days, &year, &month, &day);
	return year;
}

static int32_t offset_by_rule(const struct tz_rule *rule, int64_t at)
{
	struct zone_change two[2];
	if (!rule->changes)
		return rule->std;
	/* Around New Year the year before, or after, may be the one that counts. */
	for (int64_t year = year_of(at) + 1;; year--) {
		tz_rule_year(rule, year, two);
		for (int i = 1; i >= 0; i--)
			if (two[i].utc <= at)
				return two[i].offset;
	}
}

/*
 * A year after the changes of an endless embedded zone looks like one of the last 28: their changes are made up to a
 * year (EMBEDDED_LAST_YEAR in vtimezone.c) before which 28 years have no century without a leap day, so they hold every
 * kind of year.
 */
static int64_t year_like_it(const struct zone *zone, int64_t at)
{
	int64_t last = year_of(zone->tz.changes[zone->tz.count - 1].utc) - 1, year = year_of(at);
	int64_t january_1 = days_from_civil(year, 1, 1), length = days_from_civil(year + 1, 1, 1) - january_1;
	if (year <= last)
		return at;
	for (int64_t y = last; y > last - 28; y--) {
		int64_t like = days_from_civil(y, 1, 1);
		if ((january_1 - like) % 7 == 0 && days_from_civil(y + 1, 1, 1) - like == length)
			return at - (january_1 - like) * DAY_S;
	}
	return at;
}

int32_t zone_offset_at(const struct zone *zone, int64_t at)
{
	const struct tzif *tz = &zone->tz;
	if (zone->endless && tz->count && at >= tz->changes[tz->count - 1].utc)
		at = year_like_it(zone, at);
	size_t before = changes_before(tz->changes, tz->count, at);
	if (before == tz->count && tz->has_rule)
		return offset_by_rule(&tz->rule, at);
	return before ? tz->changes[before - 1].offset : tz->first_offset;
}

int64_t zone_to_local(const struct zone *zone, int64_t at)
{
	return zone == &utc ? at : at + zone_offset_at(zone, at);
}

int64_t zone_to_utc(const struct zone *zone, int64_t local)
{
	if (zone == &utc)
		return local;
	/* No offset is above 15 hours: the true instant lies between, and there is one change between at most. */
	int32_t before = zone_offset_at(zone, local - 15 * 3600), after = zone_offset_at(zone, local + 15 * 3600);
	if (before == after || zone_offset_at(zone, local - before) == before)
		return local - before; /* plain, or the first of two */
	if (zone_offset_at(zone, local - after) == after)
		return local - after;
	return local - before; /* in the gap */
}

int64_t zone_to_utc_second(const struct zone *zone, int64_t local)
{
	if (zone == &utc)
		return local;
	int64_t second = local - zone_offset_at(zone, local + 15 * 3600);
	return zone_to_local(zone, second) == local ? second : zone_to_utc(zone, local);
}

/* ---- zones of one's own, and listing changes ---- */

const struct zone *zone_of_changes(
	struct arena *mem, int32_t first_offset, const struct zone_change *changes, size_t count, bool endless)
{
	struct zone *z = arena_new(mem, struct zone);
	z->tz = (struct tzif){ .first_offset = first_offset, .changes = changes, .count = count };
	z->endless = endless;
	return z;
}

size_t zone_changes_after(const struct zone *zone, int64_t at, struct zone_change *out, size_t max)
{
	const struct tzif *tz = &zone->tz;
	size_t n = 0;
	for (size_t i = changes_before(tz->changes, tz->count, at - 1); i < tz->count && n < max; i++)
		out[n++] = tz->changes[i];
	if (!tz->has_rule || !tz->rule.changes)
		return n;
	int64_t from = tz->count && tz->changes[tz->count - 1].utc >= at ? tz->changes[tz->count - 1].utc + 1 : at;
	for (int64_t year = year_of(from) - 1; n < max; year++) {
		struct zone_change two[2];
		tz_rule_year(&tz->rule, year, two);
		for (size_t i = 0; i < 2 && n < max; i++)
			if (two[i].utc >= from)
				out[n++] = two[i];
	}
	return n;
}

bool zone_is_steady(const struct zone *zone, int64_t from, int64_t to)
{
	struct zone_change next;
	if (zone == &utc)
		return true;
	if (zone->endless && zone->tz.count && to >= zone->tz.changes[zone->tz.count - 1].utc)
		return false; /* its changes go on without being listed */
	return !zone_changes_after(zone, from, &next, 1) || next.utc > to;
}

const struct tz_rule *zone_rule(const struct zone *zone)
{
	return zone->tz.has_rule ? &zone->tz.rule : NULL;
}

struct str zone_rfc3339(struct arena *mem, const struct zone *zone, int64_t at)
{
	int offset = zone_offset_at(zone, at) / 60, distance = offset < 0 ? -offset : offset;
	struct str local = instant_rfc3339(mem, instant_of_s(at + (int64_t)offset * 60));
	return str_fmt(mem, "%.*s%c%02d:%02d", STR_ARG(str_sub(local, 0, local.len - 1)), offset < 0 ? '-' : '+',
		distance / 60, distance % 60);
}
