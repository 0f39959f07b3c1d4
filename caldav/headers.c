/* SPDX-License-Identifier: Apache-2.0 */
/* Request headers that several methods read: Depth, Overwrite, If-Match and If-None-Match. */
#include "caldav/methods.h"

#define TAGS_MAX 100

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

bool etag_cut(struct str *rest, struct etag *out)
{
	bool weak = str_starts(*rest, STR("W/"));
	struct str s = weak ? str_from(*rest, 2) : *rest;
	if (!str_starts(s, STR("\"")))
		return false;
	size_t len = str_find(str_from(s, 1), STR("\""));
	if (len == SIZE_MAX)
		return false;
	struct etag tag = { .opaque = str_sub(s, 1, 1 + len), .weak = weak };
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)tag.opaque.ptr[i];
		if ((c < ' ' && c != '\t') || c == 127)
			return false;
		tag.has_blank |= c == ' ' || c == '\t';
	}
	*out = tag;
	*rest = str_from(s, len + 2);
	return true;
}

/* An ETag that we could have given: lower-case hex of the right length. */
static bool tag_is_ours(struct arena *mem, struct str opaque, struct bytes *out)
{
	return opaque.len == ETAG_OCTETS * 2 && str_eq(opaque, str_lower(mem, opaque)) && hex_to(mem, opaque, out);
}

struct tags {
	bool any;                 /* the header is * */
	const struct etag *items; /* NULL: no such header, or * */
	size_t count;
};

static err_t tags_read(const struct request *rq, const char *name, struct tags *out)
{
	struct str rest = request_header_list(rq, name);
	*out = (struct tags){ 0 };
	if (!rest.ptr)
		return OK;
	rest = str_trim(rest, STR_BLANK);
	if (str_eq(rest, STR("*"))) {
		out->any = true;
		return OK;
	}
	struct etag *items = arena_array(rq->cx.mem, struct etag, TAGS_MAX);
	size_t count = 0;
	while (rest.len) {
		if (rest.ptr[0] == ',') { /* RFC 9110 §5.6.1.2: empty elements are ignored */
			rest = str_trim(str_from(rest, 1), STR_BLANK);
			continue;
		}
		struct etag tag;
		bool is_tag = etag_cut(&rest, &tag) && !tag.has_blank;
		rest = str_trim(rest, STR_BLANK);
		if (!is_tag || (rest.len && rest.ptr[0] != ','))
			return REFUSE(&rq->cx, MALFORMED, name, "%s is * or a list of quoted entity tags.", name);
		if (count == TAGS_MAX)
			return REFUSE(&rq->cx, MALFORMED, name, "%s has more than %d entity tags.", name, TAGS_MAX);
		items[count++] = tag;
	}
	if (!count)
		return REFUSE(&rq->cx, MALFORMED, name, "%s is empty.", name);
	out->items = items;
	out->count = count;
	return OK;
}

/* Tags of others and, for the strong comparison, weak ones can match no object: they are left out. */
static struct bytes_list tags_of_objects(struct arena *mem, const struct tags *tags, bool weak_counts)
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
	struct tags match, none_match;
	TRY(tags_read(rq, "If-Match", &match));
	TRY(tags_read(rq, "If-None-Match", &none_match));
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
	struct etag own;
	struct tags match, none_match;
	TRY(tags_read(rq, "If-Match", &match));
	TRY(tags_read(rq, "If-None-Match", &none_match));
	if (match.items)
		return FAIL(&rq->cx, PRECONDITION, "a weak tag matches none strongly");
	bool unchanged = none_match.any;
	bool is_tag = etag_cut(&tag, &own);
	for (size_t i = 0; is_tag && i < none_match.count; i++)
		unchanged |= str_eq(none_match.items[i].opaque, own.opaque);
	*unchanged_out = unchanged;
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
	TRY(calendar_by_name(&rq->cx, at.account, rq->principal->calendars, at.calendar, &calendar));
	TRY(weak_tag_judge(rq, calendar_etag(rq->cx.mem, &calendar), &same));
	return same ? FAIL(&rq->cx, PRECONDITION, "If-None-Match") : OK;
}
