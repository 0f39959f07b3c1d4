/* SPDX-License-Identifier: Apache-2.0 */
#include "web/chart.h"

#include "web/say.h"

#define HEIGHT 1000
#define STEP 10 /* from bar to bar */
#define GAP 2
#define LEAST 12 /* of what is not nothing */

struct str chart_number(struct request *rq, int64_t number)
{
	struct str mark = say(rq, ","), digits = str_fmt(rq->cx.mem, "%lld", (long long)number);
	struct buf out = buf_new(rq->cx.mem, digits.len * (1 + mark.len) + 1);
	for (size_t i = 0; i < digits.len; i++) {
		if (i && (digits.len - i) % 3 == 0)
			buf_add(&out, mark);
		buf_char(&out, digits.ptr[i]);
	}
	return buf_str(&out);
}

struct str chart_tenths(struct request *rq, int64_t tenths)
{
	struct str whole = str_fmt(rq->cx.mem, "%lld", (long long)tenths / 10);
	return say_with(rq, "{whole}.{tenths}", "whole", whole, "tenths",
		str_fmt(rq->cx.mem, "%lld", (long long)tenths % 10), NULL);
}

struct str chart_ms(struct request *rq, int64_t us)
{
	return str_cat(rq->cx.mem, us < 10000 ? chart_tenths(rq, us / 100) : chart_number(rq, us / 1000), STR(" ms"));
}

static struct str number_with(struct request *rq, int64_t number, const char *unit)
{
	return str_cat(rq->cx.mem, chart_number(rq, number), str_of(unit));
}

static int64_t sum_of(const struct chart_bar *bar)
{
	int64_t sum = 0;
	for (size_t i = 0; i < CHART_PARTS; i++)
		sum += bar->parts[i];
	return sum;
}

static int64_t most_of(const struct chart_bar *bars, size_t count)
{
	int64_t most = 0;
	for (size_t i = 0; i < count; i++)
		if (sum_of(&bars[i]) > most)
			most = sum_of(&bars[i]);
	return most;
}

static void number_set(struct arena *mem, struct html_values *v, const char *name, int64_t number)
{
	html_set(v, name, str_fmt(mem, "%lld", (long long)number));
}

/* One on the other, from below. */
static void parts_add(struct arena *mem, struct html_values *v, const struct chart_bar *bar, size_t index, int64_t most)
{
	int64_t top = HEIGHT;
	for (size_t i = 0; i < CHART_PARTS; i++) {
		if (!bar->parts[i])
			continue;
		int64_t height = (int64_t)((double)bar->parts[i] / (double)most * HEIGHT);
		height = height < LEAST ? LEAST : height > top ? top : height;
		top -= height;
		struct html_values *part = html_add_row(v, "parts");
		number_set(mem, part, "of", (int64_t)i);
		number_set(mem, part, "x", (int64_t)index * STEP + GAP / 2);
		number_set(mem, part, "w", STEP - GAP);
		number_set(mem, part, "y", top);
		number_set(mem, part, "h", height);
	}
}

void chart_values(
	struct request *rq, struct html_values *v, const struct chart_bar *bars, size_t count, const char *unit)
{
	struct arena *mem = rq->cx.mem;
	static const char *const names[CHART_PARTS] = { "part_0", "part_1", "part_2" };
	int64_t most = most_of(bars, count);
	number_set(mem, v, "width", (int64_t)(count ? count : 1) * STEP);
	html_set(v, "most", number_with(rq, most, unit));
	for (size_t i = 0; i < count; i++) {
		struct html_values *bar = html_add_row(v, "bars");
		html_set(bar, "day", day_words_short(mem, request_language(rq), bars[i].day));
		html_set(bar, "all", number_with(rq, sum_of(&bars[i]), unit));
		for (size_t k = 0; k < CHART_PARTS; k++)
			html_set(bar, names[k], number_with(rq, bars[i].parts[k], unit));
		number_set(mem, bar, "at", (int64_t)i * STEP);
		if (most)
			parts_add(mem, bar, &bars[i], i, most);
	}
}
