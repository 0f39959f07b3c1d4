/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes a request conditional, checked: the If header (RFC 4918 §10.4.3, §10.4.4; RFC 6578 §5), and the entity
 * tags and dates of RFC 9110 §13 as far as no one checks them nearer to the data (enum dav_checks).
 *
 * For If an object has its entity tag, compared strongly; a calendar has its DAV:sync-token as a state token (its tag
 * is weak and so matches nothing). There are no locks: a lock token is nothing's state. What a credential may not read
 * it may not probe by If: it has no state, as what is not there.
 *
 * A writing request and what it is conditional on are one transaction, which holds the calendars that are named, the
 * request's own and the destination's, so that what was true is true when it writes.
 */
#include "caldav/dispatch.h"
#include "caldav/if_header.h"

#include "server/base/config.h"

#define RESOURCES_MAX (IF_RESOURCES_MAX + 1) /* those of the header, and the request's own */

struct checking {
	struct dav_call *call;
	struct if_header header;           /* no lists: there is none */
	struct resource at[RESOURCES_MAX]; /* a kind that has no state for what cannot be told */
	size_t count;
	struct object_path paths[RESOURCES_MAX];
	struct resource_state states[RESOURCES_MAX]; /* zero where nothing is there */
};

static bool is_stateful(struct resource at)
{
	return at.kind == RES_CALENDAR || at.kind == RES_OBJECT;
}

/* ---- what is there ---- */

/* Every calendar that the request is about, so that the order of locks is kept whatever its method locks. */
static err_t lock(struct checking *j, struct id_list *out)
{
	const struct dav_call *call = j->call;
	struct request *rq = call->rq;
	struct str names[RESOURCES_MAX + 2];
	size_t count = 0;
	for (size_t i = 0; i < j->count; i++)
		if (is_stateful(j->at[i]))
			names[count++] = j->at[i].calendar;
	if (is_stateful(call->at))
		names[count++] = call->at.calendar;
	if (is_stateful(call->to))
		names[count++] = call->to.calendar;
	bool account_too = call->method->locks == LOCKS_ACCOUNT && call->at.kind == RES_CALENDAR;
	TRY(db_begin(&rq->cx));
	return calendar_lock(&rq->cx, call->at.actor, (struct str_list){ names, count }, account_too, out);
}

/* What is not locked, though it may have come meanwhile, counts as not there. */
static err_t load(struct checking *j)
{
	struct request *rq = j->call->rq;
	struct actor actor = *j->call->at.actor;
	struct resource_state *rows;
	size_t count;
	if (j->call->method->locks != LOCKS_NOTHING)
		TRY(lock(j, &actor.calendars));
	for (size_t i = 0; i < j->count; i++)
		j->paths[i] = (struct object_path){
			.calendar_name = is_stateful(j->at[i]) ? j->at[i].calendar : STR(""),
			.name = j->at[i].kind == RES_OBJECT ? j->at[i].object : STR(""),
		};
	TRY(resource_states(&rq->cx, &actor, j->paths, j->count, &rows, &count));
	for (size_t i = 0; i < count; i++)
		j->states[rows[i].nth] = rows[i];
	return OK;
}

/* ---- the If header ---- */

/* Of another host, another account, no resource of ours: unmapped. A path that cannot be read is none. */
static err_t resolve(struct checking *j, size_t i)
{
	const struct dav_call *call = j->call;
	struct str ref = j->header.resources[i];
	if (!ref.ptr) {
		j->at[i] = call->at;
		return OK;
	}
	err_t e = href_resolve(call->rq, ref, &j->at[i]);
	if (e)
		j->at[i] = (struct resource){ .kind = RES_ROOT };
	return err_is(e, MALFORMED) && str_starts(ref, STR("/"))
		       ? REFUSE(&call->rq->cx, MALFORMED, "If", "A resource in the If header is no path: %.*s",
				 STR_ARG(ref))
		       : OK;
}

/* May who asks read what this condition is about? Sync tokens are told by PROPFIND and by sync-collection. */
static bool may_read(const struct checking *j, size_t resource, const struct if_condition *condition)
{
	uint64_t scopes = j->call->at.actor->rights;
	if (condition->token.ptr)
		return j->at[resource].kind == RES_CALENDAR && (scopes & (CALENDARS_READ | EVENTS_READ));
	return j->at[resource].kind == RES_OBJECT && (scopes & EVENTS_READ);
}

static bool is_true(const struct checking *j, size_t resource, const struct if_condition *condition)
{
	const struct resource_state *state = &j->states[resource];
	struct ctx *cx = &j->call->rq->cx;
	if (!may_read(j, resource, condition) || id_is_zero(state->calendar))
		return false;
	if (!condition->token.ptr)
		return state->etag.ptr && !condition->tag.weak &&
		       str_eq(condition->tag.opaque, hex_of(cx->mem, state->etag));
	struct sync_token now = { state->calendar, state->modseq, 0 };
	return str_eq(condition->token, sync_token_text(cx->mem, cx->config->public_url, now));
}

static bool list_holds(const struct checking *j, const struct if_list *list)
{
	for (size_t i = list->first; i < list->first + list->count; i++)
		if (is_true(j, list->resource, &j->header.conditions[i]) == j->header.conditions[i].negated)
			return false;
	return true;
}

static bool any_holds(const struct checking *j)
{
	for (size_t i = 0; i < j->header.list_count; i++)
		if (list_holds(j, &j->header.lists[i]))
			return true;
	return false;
}

/* Is there a condition that what is stored could make true? */
static bool needs_states(const struct checking *j)
{
	for (size_t l = 0; l < j->header.list_count; l++) {
		const struct if_list *list = &j->header.lists[l];
		for (size_t i = list->first; i < list->first + list->count; i++)
			if (may_read(j, list->resource, &j->header.conditions[i]))
				return true;
	}
	return false;
}

static err_t read_if(struct checking *j, struct str text)
{
	if (!text.ptr)
		return OK;
	TRY(if_header_parse(&j->call->rq->cx, text, &j->header));
	j->count = j->header.resource_count;
	for (size_t i = 0; i < j->count; i++)
		TRY(resolve(j, i));
	return OK;
}

/* ---- entity tags and dates ---- */

/* Are they checked here? The store compares an object's tags itself, and knows no dates. */
static bool is_checked_here(const struct dav_call *call)
{
	const struct conditions *when = &call->when;
	switch (call->method->checked) {
	case CHECKED_NEVER:
	case CHECKED_BY_HANDLER:
		return false;
	case CHECKED_FIRST:
		return !conditions_are_none(when);
	case CHECKED_BY_STORE:
		if (call->at.kind == RES_OBJECT)
			return !instant_is_none(when->unmodified_since);
		return !conditions_are_none(when);
	}
	return false;
}

/* RFC 9110 §13.2.1: where the answer without conditions is no success, there are none. */
static err_t own_check(const struct dav_call *call, const struct resource_state *state)
{
	struct arena *mem = call->rq->cx.mem;
	struct representation now = { .modified = INSTANT_NONE };
	bool is_there = !is_stateful(call->at);
	if (call->at.kind == RES_CALENDAR && !id_is_zero(state->calendar)) {
		is_there = true;
		now.tag = calendar_tag(mem, state->calendar, state->modseq, state->prop_version);
	} else if (call->at.kind == RES_OBJECT && state->etag.ptr) {
		is_there = true;
		now = (struct representation){ etag_text(mem, state->etag), state->updated_at };
	}
	if (call->method->target == (is_there ? TARGET_NEW : TARGET_THERE))
		return OK;
	if (conditions_evaluate(&call->when, is_there ? &now : NULL, false) == CONDITIONS_HOLD)
		return OK;
	return FAIL(&call->rq->cx, PRECONDITION, "a condition failed");
}

err_t conditions_check(struct dav_call *call)
{
	struct checking *j = arena_new(call->rq->cx.mem, struct checking);
	j->call = call;
	if (call->method->checked != CHECKED_NEVER)
		TRY(conditions_read(call->rq, &call->when));
	TRY(read_if(j, request_header_list(call->rq, "If")));
	bool own = is_checked_here(call), needs = needs_states(j);
	if (own) {
		j->at[j->count++] = call->at;
		needs |= is_stateful(call->at);
	}
	if (needs)
		TRY(load(j));
	if (j->header.list_count && !any_holds(j))
		return REFUSE(&call->rq->cx, PRECONDITION, "If", "No list of the If header is true.");
	return own ? own_check(call, &j->states[j->count - 1]) : OK;
}
