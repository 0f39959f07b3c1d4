/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DAV:sync-collection (RFC 6578) on a calendar. Depth is ignored: Thunderbird sends 1, others none. A calendar has no
 * collections inside, so that level infinite is level 1.
 */
#include "caldav/multistatus_rows.h"
#include "caldav/reports/calendar_data.h"
#include "caldav/reports/report.h"
#include "server/base/config.h"

struct sync {
	struct requested_props requested;
	struct calendar_data data;
	struct calendar calendar;
	struct sync_token since;
	uint64_t limit; /* of the client: 0 for none */
	int64_t state;  /* the calendar's counter on the first page: what comes later is for the next time */
};

static err_t limit_read(struct ctx *cx, const struct xml_node *root, uint64_t *out)
{
	const struct xml_node *limit = xml_child(root, NS_DAV, "limit");
	const struct xml_node *nresults = limit ? xml_child(limit, NS_DAV, "nresults") : NULL;
	*out = 0;
	if (!limit)
		return OK;
	if (!nresults || !str_to_u64(xml_text(nresults), UINT32_MAX, out))
		return REFUSE(cx, MALFORMED, "nresults", "A limit holds DAV:nresults, a number.");
	if (*out == 0)
		return REFUSE(cx, DAV_LIMITS, "nresults", "No answer fits into 0 results."); /* RFC 6578 §3.7 */
	return OK;
}

/* RFC 6578 §6.1: a token must be there, though empty at first. */
static err_t token_read(struct ctx *cx, const struct xml_node *root, struct sync *s)
{
	const struct xml_node *node = xml_child(root, NS_DAV, "sync-token");
	if (!node)
		return REFUSE(cx, MALFORMED, "sync-token", "A sync-collection needs a DAV:sync-token, empty at first.");
	struct str text = xml_text(node);
	if (!text.len)
		s->since = (struct sync_token){ .calendar = s->calendar.id };
	else if (!sync_token_parse(text, &s->since) || !id_eq(s->since.calendar, s->calendar.id))
		return FAIL(cx, DAV_SYNC_TOKEN, "foreign token: %.*s", STR_ARG(text));
	return OK;
}

static err_t sync_read(struct dav_call *call, struct sync *s)
{
	struct ctx *cx = &call->rq->cx;
	struct str level = xml_text(xml_child(call->root, NS_DAV, "sync-level"));
	if (level.ptr && !str_eq(level, STR("1")) && !str_eq(level, STR("infinite")) && !str_eq(level, STR("infinity")))
		return REFUSE(cx, MALFORMED, "sync-level", "sync-level is 1 or infinite.");
	TRY(requested_read(cx, call->root, &s->requested));
	TRY(calendar_data_read(cx, s->requested.calendar_data, &s->data));
	TRY(limit_read(cx, call->root, &s->limit));
	TRY(calendar_by_name(cx, call->at.actor, call->at.calendar, &s->calendar));
	s->data.selection.zone = calendar_zone(cx, STR_ABSENT, &s->calendar);
	return token_read(cx, call->root, s);
}

/* Runs of living objects together, tombstones as 404 (RFC 6578 §3.5.2), in order. */
static err_t write_changes(struct multistatus_rows *m, const struct sync *s, struct object *rows, size_t count)
{
	for (size_t from = 0; from < count && !m->gone;) {
		size_t end = from;
		while (end < count && !rows[end].deleted)
			end++;
		TRY(rows_respond(m, &s->calendar, rows + from, end - from));
		for (from = end; from < count && rows[from].deleted && !m->gone; from++)
			(void)rows_missing(m, href_text(m->cx->mem, href_object(m->at, rows[from].name)), 404);
	}
	return OK;
}

/*
 * A page of changes after s->since, of those that were there on the first page. since moves on to the last of them;
 * *more_out: there are others.
 */
static err_t sync_page(struct multistatus_rows *m, struct sync *s, int32_t limit, bool *more_out, uint64_t *count_out)
{
	struct changes_query q = { .calendar = s->calendar.id, .since = s->since, .limit = limit };
	struct changes got;
	TRY(object_changes(m->cx, m->context.actor, &q, &got));
	if (!m->out)
		s->state = got.state;
	while (got.count && got.rows[got.count - 1].modseq > s->state) {
		got.count--;
		got.more = false;
	}
	TRY(write_changes(m, s, got.rows, got.count));
	(void)rows_out(m); /* an answer without changes has begun too */
	if (got.count)
		s->since = sync_token_next(s->since, s->state, got.rows[got.count - 1].modseq, true);
	*count_out = got.count;
	*more_out = got.more;
	return OK;
}

/* RFC 6578 §3.6: the request's own resource is 507, and the token stands for what was sent. */
static void write_cut(struct multistatus_rows *m)
{
	multistatus_status(rows_out(m), href_text(m->cx->mem, m->at), 507, "D:number-of-matches-within-limits");
}

static void write_token(struct multistatus_rows *m, struct sync_token token)
{
	struct buf *out = rows_out(m);
	BUF_LIT(out, "<D:sync-token>");
	xml_escape(out, sync_token_text(m->cx->mem, m->cx->config->public_url, token));
	BUF_LIT(out, "</D:sync-token>");
}

err_t report_sync(struct dav_call *call)
{
	struct sync s = { .limit = 0 };
	struct multistatus_rows m;
	uint64_t sent = 0, count = 0;
	bool more = false;

	TRY(sync_read(call, &s));
	rows_open(&m, call, &s.requested);
	m.context.data = &s.data;
	m.at = call->at;
	do {
		uint64_t left = s.limit ? s.limit - sent : PAGE_ROWS;
		TRY(sync_page(&m, &s, (int32_t)(left < PAGE_ROWS ? left : PAGE_ROWS), &more, &count));
		sent += count;
	} while (rows_turn(&m) && more && (!s.limit || sent < s.limit));
	if (more)
		write_cut(&m);
	else
		s.since = sync_token_next(s.since, s.state, 0, false);
	write_token(&m, s.since);
	rows_close(&m);
	return OK;
}
