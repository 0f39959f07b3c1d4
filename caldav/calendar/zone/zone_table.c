/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/zone/zone_private.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "caldav/calendar/zone/zone.h"

#define ZONE_FOLDER "/usr/share/zoneinfo/"
#define INDEX_SIZE_MAX (1U << 20)
#define FILE_SIZE_MAX (1U << 16)
#define NAMES_MAX 2000
#define DISPLAYS_MAX 200
#define TZID_MAX 255 /* a longer one is no name, whatever its tail */

struct entry {
	struct str name;
	const struct zone *zone; /* NULL while its target is not known */
	struct str target;       /* of a link */
};

const struct zone utc_zone = { .name = STR_INIT("Etc/UTC") };

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
	struct str rest = bytes_str(file), line, kind, first, second = STR_ABSENT;
	if (str_starts(rest, STR(VERSION_LINE)) && str_cut(&rest, '\n', &line))
		table.version = str_dup(table.mem, str_from(line, sizeof VERSION_LINE - 1));
	while (str_cut(&rest, '\n', &line)) {
		if (line.len < 3 || line.ptr[1] != ' ' || !str_cut(&line, ' ', &kind) || !str_cut(&line, ' ', &first))
			continue;
		if (kind.ptr[0] == 'L' && str_cut(&line, ' ', &second) && name_is_sane(second))
			entry_add(second, NULL, first);
		else if (kind.ptr[0] == 'Z' && name_is_sane(first))
			entry_add(first,
				str_eq(first, utc_zone.name) ? &utc_zone
							     : zone_load(scratch, str_dup(table.mem, first)),
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
		entry_add(STR("UTC"), &utc_zone, STR_ABSENT);
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
	return &utc_zone;
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
