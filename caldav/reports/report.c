/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/reports/report.h"

#include "caldav/methods/methods.h"

#define ON_CALENDARS (ON(RES_HOME) | ON(RES_CALENDAR) | ON(RES_OBJECT))
#define ON_COLLECTIONS (ON_EVERY & ~ON(RES_OBJECT))
#define ON_OWNED (ON_CALENDARS | ON(RES_PRINCIPAL))
#define ON_PRINCIPALS (ON_EVERY & ~ON_CALENDARS)
#define ON_BUSY (ON(RES_HOME) | ON(RES_CALENDAR) | ON(RES_PRINCIPAL))

static const struct report {
	const char *ns, *local;
	struct str element;
	unsigned on;
	uint64_t scopes; /* 0: those of a PROPFIND there */
	const char *privilege;
	dav_step *run;
} reports[] = {
#define D(name) NS_DAV, name, STR_INIT("<D:" name "/>")
#define C(name) NS_CALDAV, name, STR_INIT("<C:" name "/>")
	/* clang-format off */
	/* name                                where                            scopes          privilege            run                        source */
	{ C("calendar-query"),                 ON_CALENDARS,                    EVENTS_READ,    "D:read",            report_query },            /* RFC 4791 §7.8 */
	{ C("calendar-multiget"),              ON_CALENDARS,                    EVENTS_READ,    "D:read",            report_multiget },         /* RFC 4791 §7.9 */
	{ C("free-busy-query"),                ON_BUSY,                         CALENDARS_READ, "C:read-free-busy",  report_freebusy },         /* RFC 4791 §7.10 */
	{ D("sync-collection"),                ON(RES_CALENDAR),                EVENTS_READ,    "D:read",            report_sync },             /* RFC 6578 §3.2 */
	{ D("expand-property"),                ON_EVERY,                        0,              "D:read",            report_expand_property },  /* RFC 3253 §3.8 */
	{ D("acl-principal-prop-set"),         ON_OWNED,                        OWNER,          "D:read-acl",        report_acl_principals },   /* RFC 3744 §9.2 */
	{ D("principal-match"),                ON_COLLECTIONS,                  0,              "D:read",            report_principal_match },  /* RFC 3744 §9.3 */
	{ D("principal-property-search"),      ON_EVERY,                        0,              "D:read",            report_principal_search }, /* RFC 3744 §9.4 */
	{ D("principal-search-property-set"),  ON_PRINCIPALS,                   0,              "D:read",            report_search_properties }, /* RFC 3744 §9.5 */
/* clang-format on */
#undef D
#undef C
};

void reports_write(enum resource_kind kind, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(reports); i++) {
		if (!(reports[i].on & ON(kind)))
			continue;
		BUF_LIT(out, "<D:supported-report><D:report>");
		buf_add(out, reports[i].element);
		BUF_LIT(out, "</D:report></D:supported-report>");
	}
}

static const struct report *report_find(const struct xml_node *root, enum resource_kind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(reports); i++)
		if ((reports[i].on & ON(kind)) && xml_is(root, reports[i].ns, reports[i].local))
			return &reports[i];
	return NULL;
}

err_t report_depth_zero(const struct dav_call *call)
{
	enum depth depth;
	TRY(depth_read(call->rq, &depth));
	if (depth == DEPTH_0 || depth == DEPTH_ABSENT)
		return OK;
	return REFUSE(&call->rq->cx, MALFORMED, "Depth", "This report is asked with Depth 0.");
}

err_t report_read(struct dav_call *call)
{
	const struct xml_node *root = call->root;
	const struct report *report = report_find(root, call->at.kind);
	if (!report)
		return FAIL(&call->rq->cx, DAV_REPORT, "%.*s %.*s", STR_ARG(root->ns), STR_ARG(root->local));
	call->scopes = report->scopes ? report->scopes : scopes_to_read(call->at.kind);
	call->privilege = report->privilege;
	return OK;
}

err_t report_run(struct dav_call *call)
{
	return report_find(call->root, call->at.kind)->run(call);
}
