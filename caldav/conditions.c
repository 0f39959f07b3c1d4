/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The If header judged (RFC 4918 §10.4.3, §10.4.4; RFC 6578 §5). An object has its entity tag, compared strongly; a
 * calendar has its DAV:sync-token as a state token (its tag is weak and so matches nothing). There are no locks: a lock
 * token is nothing's state. What a credential may not read it may not probe: it has no state, as what is not there.
 *
 * A writing request and what it is conditional on are one transaction (module.conditions), which holds the calendars
 * that are named, the request's own and the destination's, so that what was true is true when it writes.
 */
#include "caldav/if_header.h"

#include "server/base/config.h"

struct judging {
	struct request *rq;
	struct if_header header;
	struct resource own;
	struct resource at[IF_RESOURCES_MAX]; /* a kind that has no state for what cannot be told */
	struct object_place places[IF_RESOURCES_MAX];
	struct place_state states[IF_RESOURCES_MAX]; /* zero where nothing is there */
};

static bool is_stateful(struct resource at)
{
	return at.kind == RES_CALENDAR || at.kind == RES_OBJECT;
}

/* ACL is none of them: it never changes anything. */
static const struct writer {
	enum method method;
	bool locks_account; /* when it is about a calendar */
} writers[] = {
	{ METHOD_PUT, false },
	{ METHOD_DELETE, false },
	{ METHOD_PROPPATCH, false },
	{ METHOD_MOVE, true },
	{ METHOD_COPY, true },
	{ METHOD_MKCALENDAR, true },
	{ METHOD_MKCOL, true },
};

static const struct writer *writer_of(enum method method)
{
	for (size_t i = 0; i < ARRAY_LEN(writers); i++)
		if (writers[i].method == method)
			return &writers[i];
	return NULL;
}

/* Of another host, another account, no resource of ours: unmapped. A path that cannot be read is none. */
static err_t resolve(struct judging *j, size_t i)
{
	struct str ref = j->header.resources[i];
	if (!ref.ptr) {
		j->at[i] = j->own;
		return OK;
	}
	err_t e = href_resolve(j->rq, ref, &j->at[i]);
	if (e)
		j->at[i] = (struct resource){ .kind = RES_ROOT };
	return err_is(e, MALFORMED) && str_starts(ref, STR("/"))
		       ? REFUSE(&j->rq->cx, MALFORMED, "If", "A resource in the If header is no path: %.*s",
				 STR_ARG(ref))
		       : OK;
}

/* May who asks read what this condition is about? Sync tokens are told by PROPFIND and by sync-collection. */
static bool may_read(const struct judging *j, size_t resource, const struct if_condition *condition)
{
	uint64_t scopes = j->rq->principal->scopes;
	if (condition->token.ptr)
		return j->at[resource].kind == RES_CALENDAR && (scopes & (CALENDARS_READ | EVENTS_READ));
	return j->at[resource].kind == RES_OBJECT && (scopes & EVENTS_READ);
}

static bool is_true(const struct judging *j, size_t resource, const struct if_condition *condition)
{
	const struct place_state *state = &j->states[resource];
	struct arena *mem = j->rq->cx.mem;
	if (!may_read(j, resource, condition) || id_is_zero(state->calendar))
		return false;
	if (!condition->token.ptr)
		return state->etag.ptr && !condition->tag.weak &&
		       str_eq(condition->tag.opaque, hex_of(mem, state->etag));
	struct sync_token now = { state->calendar, state->modseq, 0 };
	return str_eq(condition->token, sync_token_text(mem, j->rq->cx.config->public_url, now));
}

static bool list_holds(const struct judging *j, const struct if_list *list)
{
	for (size_t i = list->first; i < list->first + list->count; i++)
		if (is_true(j, list->resource, &j->header.conditions[i]) == j->header.conditions[i].negated)
			return false;
	return true;
}

static bool any_holds(const struct judging *j)
{
	for (size_t i = 0; i < j->header.list_count; i++)
		if (list_holds(j, &j->header.lists[i]))
			return true;
	return false;
}

/* Is there a condition that what is stored could make true? */
static bool needs_states(const struct judging *j)
{
	for (size_t l = 0; l < j->header.list_count; l++) {
		const struct if_list *list = &j->header.lists[l];
		for (size_t i = list->first; i < list->first + list->count; i++)
			if (may_read(j, list->resource, &j->header.conditions[i]))
				return true;
	}
	return false;
}

/* Every calendar that the request is about, so that the order of locks is kept whatever its method locks. */
static err_t lock(struct judging *j, const struct writer *writer, struct id_list *out)
{
	struct request *rq = j->rq;
	struct str names[IF_RESOURCES_MAX + 2];
	size_t count = 0;
	struct resource to;
	for (size_t i = 0; i < j->header.resource_count; i++)
		if (is_stateful(j->at[i]))
			names[count++] = j->at[i].calendar;
	if (is_stateful(j->own))
		names[count++] = j->own.calendar;
	struct str destination = request_header(rq, "Destination");
	if (destination.ptr && !href_resolve(rq, destination, &to) && is_stateful(to))
		names[count++] = to.calendar;
	TRY(db_begin(&rq->cx));
	return calendar_lock(&rq->cx, j->own.actor, (struct str_list){ names, count },
		writer->locks_account && j->own.kind == RES_CALENDAR, out);
}

/* What is not locked, though it may have come meanwhile, counts as not there. */
static err_t load(struct judging *j)
{
	struct request *rq = j->rq;
	struct actor actor = *j->own.actor;
	struct place_state *rows;
	size_t count;
	const struct writer *writer = writer_of(rq->method);
	if (writer)
		TRY(lock(j, writer, &actor.calendars));
	for (size_t i = 0; i < j->header.resource_count; i++)
		j->places[i] = (struct object_place){
			.calendar_name = is_stateful(j->at[i]) ? j->at[i].calendar : STR(""),
			.name = j->at[i].kind == RES_OBJECT ? j->at[i].object : STR(""),
		};
	TRY(place_states(&rq->cx, &actor, j->places, j->header.resource_count, &rows, &count));
	for (size_t i = 0; i < count; i++)
		j->states[rows[i].place] = rows[i];
	return OK;
}

err_t conditions_judge(struct request *rq)
{
	struct str text = request_header_list(rq, "If");
	if (!text.ptr || !rq->principal)
		return OK;
	struct judging *j = arena_new(rq->cx.mem, struct judging);
	j->rq = rq;
	TRY(href_of_request(rq, &j->own));
	TRY(if_header_parse(&rq->cx, text, &j->header));
	for (size_t i = 0; i < j->header.resource_count; i++)
		TRY(resolve(j, i));
	if (needs_states(j))
		TRY(load(j));
	if (!any_holds(j))
		return REFUSE(&rq->cx, PRECONDITION, "If", "No list of the If header is true.");
	return OK;
}

err_t dav_conditions(struct request *rq)
{
	bool later = rq->method == METHOD_PROPFIND || rq->method == METHOD_REPORT;
	return later ? OK : conditions_judge(rq);
}
