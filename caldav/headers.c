/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/headers.h"

err_t header_once(const struct request *rq, const char *name, struct str *out)
{
	*out = request_header(rq, name);
	if (request_header_list(rq, name).len == out->len)
		return OK;
	return REFUSE(&rq->cx, MALFORMED, name, "%s was sent more than once.", name);
}

err_t depth_read(const struct request *rq, enum depth *out)
{
	static const struct {
		const char *text;
		enum depth depth;
	} known[] = { { "0", DEPTH_0 }, { "1", DEPTH_1 }, { "infinity", DEPTH_INFINITY } };

	struct str value;
	*out = DEPTH_ABSENT;
	TRY(header_once(rq, "Depth", &value));
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
	struct str value;
	TRY(header_once(rq, "Overwrite", &value));
	*out = !str_eq_nocase(value, STR("F"));
	if (value.ptr && *out && !str_eq_nocase(value, STR("T")))
		return REFUSE(&rq->cx, MALFORMED, "Overwrite", "Overwrite is T or F.");
	return OK;
}

/* RFC 9110 §13.1.3, §13.1.4: what is no date, or more than one, is ignored. */
static struct instant date_read(const struct request *rq, const char *name)
{
	struct instant at;
	struct str value = str_trim(request_header_list(rq, name), STR_BLANK);
	return value.ptr && instant_from_http(value, rq->cx.now, &at) ? at : INSTANT_NONE;
}

err_t conditions_read(const struct request *rq, struct conditions *out)
{
	struct conditions c = {
		.unmodified_since = date_read(rq, "If-Unmodified-Since"),
		.modified_since = date_read(rq, "If-Modified-Since"),
	};
	TRY(etags_read(rq, "If-Match", &c.match));
	TRY(etags_read(rq, "If-None-Match", &c.none_match));
	*out = c;
	return OK;
}

static bool is_sent(const struct etag_list *list)
{
	return list->any || list->items;
}

bool conditions_are_none(const struct conditions *c)
{
	return !is_sent(&c->match) && !is_sent(&c->none_match) && instant_is_none(c->unmodified_since) &&
	       instant_is_none(c->modified_since);
}

/* RFC 9110 §8.8.3.2: strongly, two tags are the same when neither is weak. */
static bool is_listed(const struct etag_list *list, const struct representation *now, bool weak_counts)
{
	return now && (list->any || (now->tag.ptr && etags_hold(list, now->tag, weak_counts)));
}

/* A date is no condition of what has none. */
static bool is_later(const struct representation *now, struct instant since)
{
	return instant_s(now->modified) > instant_s(since);
}

static bool has_dates(const struct representation *now, struct instant since)
{
	return now && !instant_is_none(now->modified) && !instant_is_none(since);
}

enum condition_result conditions_evaluate(const struct conditions *c, const struct representation *now, bool reads)
{
	if (is_sent(&c->match)) {
		if (!is_listed(&c->match, now, false))
			return CONDITIONS_FAIL;
	} else if (has_dates(now, c->unmodified_since) && is_later(now, c->unmodified_since)) {
		return CONDITIONS_FAIL;
	}
	if (is_sent(&c->none_match)) {
		if (!is_listed(&c->none_match, now, true))
			return CONDITIONS_HOLD;
		return reads ? CONDITIONS_UNCHANGED : CONDITIONS_FAIL;
	}
	if (reads && has_dates(now, c->modified_since) && !is_later(now, c->modified_since))
		return CONDITIONS_UNCHANGED;
	return CONDITIONS_HOLD;
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

struct preconditions conditions_of_object(struct arena *mem, const struct conditions *c)
{
	return (struct preconditions){
		.match_any = c->match.any,
		.match = tags_of_objects(mem, &c->match, false),
		.none_match_any = c->none_match.any,
		.none_match = tags_of_objects(mem, &c->none_match, true),
	};
}
