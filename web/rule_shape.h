/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recurrence rules (RFC 5545 §3.3.10) as people make them: every so many days, weeks, months or years, on which days,
 * and to which end. However a program wrote it (BYDAY=2TU; BYDAY=TU;BYSETPOS=2), what means the same has one shape.
 */
#pragma once

#include "caldav/calendar/rule/rrule.h"
#include "caldav/calendar/zone/zone.h"

#define WEEKDAYS_WORK 0x1fU /* Monday to Friday */
#define WEEKDAYS_ALL 0x7fU

struct rule_shape {
	enum rrule_freq freq; /* RRULE_DAILY and longer */
	int64_t every;
	uint8_t weekdays;   /* bit 0 Monday; of a month: which are counted; 0: the start says */
	int position;       /* in the month: 1 to 5, or -1, the last, of `weekdays` in it; 0: not counted */
	uint32_t monthdays; /* bit 1 … bit 31; 0: the start says */
	int month;          /* of a year, 1 to 12; 0: the start says */
	int wkst;           /* 0 Monday … 6 Sunday */
	int64_t count;      /* 0: no end by number */
	bool ends;          /* on last_day, as calendar_view.h counts days */
	int64_t last_day;
};

/*
 * False: it has another shape. `zone` is the clock of the series, and `start` its beginning there: an UNTIL before that
 * time of the day leaves its day out.
 */
bool rule_shape_read(struct ctx *cx, struct str rule, const struct zone *zone, int64_t start, struct rule_shape *out);
/* The same of a rule that is read already, without its end; and its end alone. */
bool rule_shape_of(const struct rrule *rule, struct rule_shape *out);
void rule_shape_end(const struct rrule *rule, const struct zone *zone, int64_t start, struct rule_shape *out);
/* What it is without its end, as an RRULE. WKST is written where it tells one rule from another. */
struct str rule_shape_text(struct arena *mem, const struct rule_shape *shape);
/* "TU,TH" of bits; and back, of what is a day. */
struct str weekdays_text(struct arena *mem, unsigned weekdays);
unsigned weekdays_read(struct str text);
/* How many weekdays are in it. */
int weekdays_count(unsigned weekdays);
/* The first of them; 7: none. */
int weekdays_first(unsigned weekdays);
