/* SPDX-License-Identifier: Apache-2.0 */
/* Ticks of forms: scopes and calendars, as the keys page and the consent page offer them. */
#pragma once

#include "caldav/calendar/view/calendar_label.h"
#include "server/data/html.h"
#include "server/http/router.h"

/*
 * A row of `list` for each scope in `offered`: name, sentence, sensitive, ticked, and is_new unless in `held`.
 */
void ticks_of_scopes(
	struct request *rq, struct html_values *v, const char *list, uint64_t offered, uint64_t ticked, uint64_t held);
/* A row of "calendars" for each: id, name, color, ticked when in `chosen` (items NULL: all are), focus for the first.
 */
void ticks_of_calendars(struct arena *mem, struct html_values *v, const struct calendar *calendars, size_t count,
	struct id_list chosen);

/* In `chosen`; where its items are NULL, any is. */
bool ticks_is_chosen(struct id_list chosen, struct id id);
/* The values of the ticks of these scopes. */
struct str_list ticks_scope_names(struct arena *mem, uint64_t scopes);

/* All values of the fields named "scope". INVALID_VALUE (param "scope") for one that is no scope. 0 when none. */
MUST_CHECK err_t ticks_read_scopes(struct request *rq, uint64_t *out);
/* The same of the fields of another name, which the error names. */
MUST_CHECK err_t ticks_read_named(struct request *rq, const char *name, uint64_t *out);
/* All values of "calendar" when `calendars` is "some": items NULL for "all"; INVALID_VALUE (param "calendar") for none
 * ticked or an id that is none. */
MUST_CHECK err_t ticks_read_calendars(struct request *rq, struct id_list *out);

/* The same for a form that is shown again: those of "calendar" that are ids. Never NULL. */
struct id_list ticks_sent_calendars(struct request *rq);

/* Of new calendars, in rotation: told apart by people who see colours differently, and dark enough for white text. */
#define CALENDAR_COLORS 8
extern const char *const calendar_colors[CALENDAR_COLORS];

/* Of a calendar without a colour. */
#define DEFAULT_COLOR "#5b5bd6"
