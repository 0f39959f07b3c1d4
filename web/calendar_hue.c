/* SPDX-License-Identifier: Apache-2.0 */
/* Which of eight colours a calendar has in the views. */
#include "web/calendar_view.h"
#include "web/ticks.h"

/* Those of --cal1 … --cal8 in app.css, in degrees. */
static const int hues[CALENDAR_HUES] = { 244, 177, 19, 297, 209, 90, 341, 39 };

/* Of #rrggbb; -1: a grey, which has none. */
static int hue_of(struct str rgb)
{
	int part[3], most = 0, least = 255, at = 0;
	for (int i = 0; i < 3; i++) {
		part[i] = char_hex(rgb.ptr[1 + 2 * i]) * 16 + char_hex(rgb.ptr[2 + 2 * i]);
		if (part[i] > most) {
			most = part[i];
			at = i;
		}
		least = part[i] < least ? part[i] : least;
	}
	if (most - least < 16)
		return -1;
	return ((120 * at + 60 * (part[(at + 1) % 3] - part[(at + 2) % 3]) / (most - least)) + 360) % 360;
}

static int distance(int a, int b)
{
	int apart = a > b ? a - b : b - a;
	return apart < 180 ? apart : 360 - apart;
}

/* The nearest to the calendar's own colour; -1: it has none of its own. */
static int nearest(const struct calendar *calendar)
{
	struct str rgb = calendar_rgb(calendar, STR_ABSENT);
	int hue = rgb.len == 7 && !str_eq_nocase(rgb, STR(DEFAULT_COLOR)) ? hue_of(rgb) : -1, best = 0;
	if (hue < 0)
		return -1;
	for (int i = 1; i < CALENDAR_HUES; i++)
		if (distance(hues[i], hue) < distance(hues[best], hue))
			best = i;
	return best;
}

/* For each, 0 to 7. */
static int *numbers(struct arena *mem, const struct calendar *calendars, size_t count)
{
	int *out = arena_array(mem, int, count + 1);
	int used[CALENDAR_HUES] = { 0 };
	for (size_t i = 0; i < count; i++) {
		out[i] = nearest(&calendars[i]);
		if (out[i] >= 0)
			used[out[i]]++;
	}
	for (size_t i = 0; i < count; i++) {
		int least = 0;
		if (out[i] >= 0)
			continue;
		for (int h = 1; h < CALENDAR_HUES; h++)
			if (used[h] < used[least])
				least = h;
		used[least]++;
		out[i] = least;
	}
	return out;
}

static struct str *named(struct arena *mem, const struct str *names, const int *hue, size_t count)
{
	struct str *out = arena_array(mem, struct str, count + 1);
	for (size_t i = 0; i < count; i++)
		out[i] = names[hue[i]];
	return out;
}

struct str *calendar_hues(struct arena *mem, const struct calendar *calendars, size_t count)
{
	static const struct str classes[CALENDAR_HUES] = { STR_INIT("hue-1"), STR_INIT("hue-2"), STR_INIT("hue-3"),
		STR_INIT("hue-4"), STR_INIT("hue-5"), STR_INIT("hue-6"), STR_INIT("hue-7"), STR_INIT("hue-8") };
	return named(mem, classes, numbers(mem, calendars, count), count);
}

struct str *calendar_fills(struct arena *mem, const struct calendar *calendars, size_t count)
{
	static const struct str fills[CALENDAR_HUES] = { STR_INIT("var(--cal1)"), STR_INIT("var(--cal2)"),
		STR_INIT("var(--cal3)"), STR_INIT("var(--cal4)"), STR_INIT("var(--cal5)"), STR_INIT("var(--cal6)"),
		STR_INIT("var(--cal7)"), STR_INIT("var(--cal8)") };
	struct str *out = named(mem, fills, numbers(mem, calendars, count), count);
	for (size_t i = 0; i < count; i++) {
		struct str own = calendar_rgb(&calendars[i], STR_ABSENT);
		if (own.len && !str_eq_nocase(own, STR(DEFAULT_COLOR)))
			out[i] = own;
	}
	return out;
}

err_t calendar_fill(struct request *rq, const struct actor *actor, const struct calendar *calendar, struct str *out)
{
	struct calendar *all;
	size_t count;
	*out = calendar_fills(rq->cx.mem, calendar, 1)[0];
	if (!str_starts(*out, STR("var")))
		return OK;
	TRY(calendar_list(&rq->cx, actor, &all, &count));
	const struct str *fills = calendar_fills(rq->cx.mem, all, count);
	for (size_t i = 0; i < count; i++)
		if (id_eq(all[i].id, calendar->id))
			*out = fills[i];
	return OK;
}
