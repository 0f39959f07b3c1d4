/* SPDX-License-Identifier: Apache-2.0 */
/*
 * REPORT (RFC 3253 §3.6): one table in report.c names each report, where it may be asked, the scopes it needs, and who
 * runs it. DAV:supported-report-set is made from the same table.
 */
#pragma once

#include "caldav/methods.h"
#include "caldav/props/props.h"

/* One REPORT in work. */
struct report_call {
	struct request *rq;
	struct response *rs;
	struct resource at;
	const struct xml_node *root;
};

typedef err_t report_run(struct report_call *call);

report_run report_query;           /* report_query.c */
report_run report_multiget;        /* report_multiget.c */
report_run report_sync;            /* report_sync.c */
report_run report_freebusy;        /* report_freebusy.c */
report_run report_expand_property; /* report_expand.c */
report_run report_principal_match; /* report_principal.c, and these */
report_run report_principal_search;
report_run report_search_properties;
report_run report_acl_principals;

/* What of one object calendar-data may make, at most. */
#define DATA_MAX (16 * 1024 * 1024)

/* The value of DAV:supported-report-set on this kind of resource. */
void reports_write(enum resource_kind kind, struct buf *out);

/* Depth 0 or none, as reports over principals want it (RFC 3744 §9). MALFORMED. */
MUST_CHECK err_t report_depth_zero(const struct report_call *call);
