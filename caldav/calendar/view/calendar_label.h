/* SPDX-License-Identifier: Apache-2.0 */
/* What people and programs are told of a calendar, the same on REST, pages and CalDAV: its name, colour and address. */
#pragma once

#include "caldav/calendar/store/store.h"

struct str calendar_label(const struct calendar *calendar);
/* #rrggbb; `fallback` where it has no colour that could be drawn. Apple writes #RRGGBBAA: the alpha is left out. */
struct str calendar_rgb(const struct calendar *calendar, struct str fallback);

/* The account in paths below /dav/: "usr_…", "test-usr_…" for the test twin. */
#define DAV_TEST_PREFIX "test-"
struct str dav_account(struct arena *mem, struct id account);
/* The calendar's collection on CalDAV, under the public URL. */
struct str calendar_url(struct ctx *cx, const struct calendar *calendar);
