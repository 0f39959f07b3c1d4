/* SPDX-License-Identifier: Apache-2.0 */
/*
 * REPORT (RFC 3253 §3.6): one table in report.c names each report, where it may be asked, the scopes it needs, and who
 * runs it. DAV:supported-report-set is made from the same table.
 */
#pragma once

#include "caldav/dispatch.h"
#include "caldav/props/props.h"

/* The step `run` of each row: call->root is the report's element. */
dav_step report_query;            /* report_query.c */
dav_step report_multiget;         /* report_multiget.c */
dav_step report_sync;             /* report_sync.c */
dav_step report_freebusy;         /* report_freebusy.c */
dav_step report_expand_property;  /* report_expand.c */
dav_step report_principal_match;  /* report_match.c */
dav_step report_principal_search; /* report_principal.c, and these */
dav_step report_search_properties;
dav_step report_acl_principals;

/* What of one object calendar-data may make, at most. */
#define DATA_MAX (16 * 1024 * 1024)

/* The value of DAV:supported-report-set on this kind of resource. */
void reports_write(enum resource_kind kind, struct buf *out);

/* Depth 0 or none, as reports over principals want it (RFC 3744 §9). MALFORMED. */
MUST_CHECK err_t report_depth_zero(const struct dav_call *call);
