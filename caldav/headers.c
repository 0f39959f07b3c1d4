/* SPDX-License-Identifier: Apache-2.0 */
/* Request headers that several methods read: Depth, Overwrite, If-Match and If-None-Match. */
#include "caldav/methods.h"

err_t depth_read(const struct request *rq, enum depth *out)
{
	static const struct {
		const char *text;
		enum depth depth;
	} known[] = { { "0", DEPTH_0 }, { "1", DEPTH_1 }, { "infinity", DEPTH_INFINITY } };

	struct str value = request_header(rq, "Depth");
	*out = DEPTH_ABSENT;
	if (!value.ptr)
		return OK;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq_nocase(value, str_of(known[i].text))) {
			*out = known[i].depth;
			return OK;
		}
	return REFUSE(&rq->cx, MALFORMED, "Depth", "Depth is 0, 1 or infinity.");
}

err_t overwrite_read(const struct request *rq, bool *out)
{
	struct str value = request_header(rq, "Overwrite");
	*out = !str_eq_nocase(value, STR("F"));
	if (value.ptr && *out && !str_eq_nocase(value, STR("T")))
		return REFUSE(&rq->cx, MALFORMED, "Overwrite", "Overwrite is T or F.");
	return OK;
}

/* An ETag that we could have given: lower-case hex of the right length. */
static bool tag_is_ours(struct arena *mem, struct str opaque, struct bytes *out)
{
	return opaque.len == ETAG_OCTETS * 2 && str_eq(opaque, str_lower(mem, opaque)) && hex_to(mem, opaque, out);
}

/* Tags of others and, for the strong comparison, weak ones can match no object: they are left out. */
static struct bytes_list tags_of_objects(struct arena *mem, const struct etag_list *tags, bool weak_counts)
{
	struct bytes_list list = { NULL, 0 };
	if (!tags->items)
		return list;
	struct bytes *items = arena_array(mem, struct bytes, tags->count);
	for (size_t i = 0; i < tags->count; i++)
		if ((weak_counts || !tags->items[i].weak) &&
			tag_is_ours(mem, tags->items[i].opaque, &items[list.count]))
			list.count++;
	list.items = items;
	return list;
}

err_t preconditions_read(const struct request *rq, struct preconditions *out)
{
	struct etag_list match, none_match;
	TRY(etags_read(rq, "If-Match", &match));
	TRY(etags_read(rq, "If-None-Match", &none_match));
	*out = (struct preconditions){
		.match_any = match.any,
		.match = tags_of_objects(rq->cx.mem, &match, false),
		.none_match_any = none_match.any,
		.none_match = tags_of_objects(rq->cx.mem, &none_match, true),
	};
	return OK;
}

err_t weak_tag_judge(const struct request *rq, struct str tag, bool *unchanged_out)
{
	struct etag_list match, none_match;
	TRY(etags_read(rq, "If-Match", &match));
	TRY(etags_read(rq, "If-None-Match", &none_match));
	if (match.items)
		return FAIL(&rq->cx, PRECONDITION, "a weak tag matches none strongly");
	*unchanged_out = etags_hold(&none_match, tag, true);
	return OK;
}

static bool tag_listed(struct bytes_list list, struct bytes etag)
{
	for (size_t i = 0; i < list.count; i++)
		if (bytes_same(list.items[i], etag))
			return true;
	return false;
}

bool preconditions_refuse(const struct preconditions *when, struct bytes etag)
{
	return when->match.items && !tag_listed(when->match, etag);
}

bool preconditions_unchanged(const struct preconditions *when, struct bytes etag)
{
	return when->none_match_any || tag_listed(when->none_match, etag);
}

err_t calendar_preconditions(struct request *rq, struct resource at, const struct preconditions *when)
{
	struct calendar calendar;
	bool same;
	if (when->match.items || when->none_match_any)
		return FAIL(&rq->cx, PRECONDITION, "a calendar that is there has no strong tag");
	if (!when->none_match.items)
		return OK;
	TRY(calendar_by_name(&rq->cx, at.actor, at.calendar, &calendar));
	TRY(weak_tag_judge(rq, calendar_etag(rq->cx.mem, &calendar), &same));
	return same ? FAIL(&rq->cx, PRECONDITION, "If-None-Match") : OK;
}
