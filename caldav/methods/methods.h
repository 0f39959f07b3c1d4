/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of each method of methods.def: *_read checks what was sent, *_run does it and answers. */
#pragma once

#include "caldav/dispatch.h"

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
