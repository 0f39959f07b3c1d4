/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of each method of methods.def: *_read checks what was sent, *_run does it and answers. */
#pragma once

#include "caldav/dispatch.h"

/*
 * What PUT and POST answer when they stored the body as `object` at `at`: to the octet as it was sent, so that its tag
 * may be told (RFC 4791 §5.3.4), and the object itself where Prefer asks for it (RFC 8144 §3.1).
 */
void put_answer(const struct dav_call *call, struct resource at, bool created, const struct object *object);

#define ICAL_TYPE "text/calendar;charset=utf-8" /* of what is answered as iCalendar */

dav_step propfind_read, propfind_run;   /* RFC 4918 §9.1 */
dav_step report_read, report_run;       /* RFC 3253 §3.6; reports/report.c: a table of reports, each with its scope */
dav_step get_run;                       /* RFC 4918 §9.4; HEAD too */
dav_step put_read, put_run;             /* RFC 4791 §5.3.2 */
dav_step post_read, post_run;           /* RFC 5995 §3.1 */
dav_step proppatch_read, proppatch_run; /* RFC 4918 §9.2 */
dav_step delete_read, delete_run;       /* RFC 4918 §9.6 */
dav_step copy_read, move_read, relocate_run; /* RFC 4918 §9.8, §9.9; move.c */
dav_step mkcalendar_read, mkcalendar_run;    /* RFC 4791 §5.3.1; RFC 5689 for MKCOL */
dav_step acl_run;                            /* RFC 3744 §8.1 */
