/* SPDX-License-Identifier: Apache-2.0 */
/* Charts of days as SVG, made here: bars of parts that stand on each other, without text, which pages put around them.
 */
#pragma once

#include "server/data/html.h"
#include "server/http/request.h"

#define CHART_PARTS 3

struct chart_bar {
	int32_t day; /* since 1970-01-01 */
	/* From below. What they are, the template's classes say: part-0, part-1, part-2. */
	int64_t parts[CHART_PARTS];
};

/*
 * Into v: `width` of the drawing, whose height is 1000; `most`, the highest bar; a row of "bars" for each with its
 * `day`, where it stands, its sums `all`, `part_0` …, and a row of "parts" for each that is not zero. `unit`: after
 * numbers, as " ms".
 */
void chart_values(
	struct request *rq, struct html_values *v, const struct chart_bar *bars, size_t count, const char *unit);

/* "12,345", as the page's language writes it. */
struct str chart_number(struct request *rq, int64_t number);

/* "1.7" of 17. */
struct str chart_tenths(struct request *rq, int64_t tenths);

/* "3.9 ms", and from 10 ms on "12 ms". */
struct str chart_ms(struct request *rq, int64_t us);
