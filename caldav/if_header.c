/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/if_header.h"

#include "server/data/uri.h"

struct reader {
	struct ctx *cx;
	struct str rest;
	size_t length; /* of the whole */
	struct if_header *out;
};

static err_t malformed(const struct reader *r, const char *wrong)
{
	return REFUSE(r->cx, MALFORMED, "If", "The If header cannot be read at octet %zu: %s.",
		r->length - r->rest.len + 1, wrong);
}

static err_t too_many(const struct reader *r, size_t most, const char *what)
{
	return REFUSE(r->cx, MALFORMED, "If", "The If header has more than %zu %s.", most, what);
}

static void skip_blanks(struct reader *r)
{
	while (r->rest.len && (r->rest.ptr[0] == ' ' || r->rest.ptr[0] == '\t'))
		r->rest = str_from(r->rest, 1);
}

static bool next_is(const struct reader *r, char c)
{
	return r->rest.len && r->rest.ptr[0] == c;
}

static bool take(struct reader *r, char c)
{
	if (!next_is(r, c))
		return false;
	r->rest = str_from(r->rest, 1);
	return true;
}

/* RFC 3986 §4.3: without a fragment. */
static bool is_absolute_uri(struct str text)
{
	struct uri uri;
	return uri_split(text, &uri) && !uri.fragment.ptr;
}

/* RFC 4918 §8.3: an absolute URI, or a path, to which uri_split wants a scheme. */
static bool is_simple_ref(struct arena *mem, struct str text)
{
	if (!str_starts(text, STR("/")))
		return is_absolute_uri(text);
	return !str_starts(text, STR("//")) && is_absolute_uri(str_cat(mem, STR("http:"), text));
}

/* What stands between < and >. */
static bool take_bracketed(struct reader *r, struct str *out)
{
	size_t end = str_find(r->rest, STR(">"));
	if (end == SIZE_MAX)
		return false;
	*out = str_sub(r->rest, 1, end);
	r->rest = str_from(r->rest, end + 1);
	return true;
}

static err_t read_resource(struct reader *r)
{
	struct if_header *h = r->out;
	struct reader here = *r;
	struct str text;
	if (h->resource_count == IF_RESOURCES_MAX)
		return too_many(r, IF_RESOURCES_MAX, "resources");
	if (!take_bracketed(r, &text) || !is_simple_ref(r->cx->mem, text))
		return malformed(&here, "a resource is a path or an absolute URI in angle brackets");
	h->resources[h->resource_count++] = text;
	skip_blanks(r);
	return next_is(r, '(') ? OK : malformed(r, "a list in parentheses follows a resource");
}

static err_t read_condition(struct reader *r)
{
	struct if_header *h = r->out;
	struct if_condition condition = { .negated = str_starts_nocase(r->rest, STR("Not")) };
	if (h->condition_count == IF_CONDITIONS_MAX)
		return too_many(r, IF_CONDITIONS_MAX, "conditions");
	if (condition.negated) {
		r->rest = str_from(r->rest, 3);
		skip_blanks(r);
	}
	struct reader here = *r;
	if (next_is(r, '<')) {
		if (!take_bracketed(r, &condition.token) || !is_absolute_uri(condition.token))
			return malformed(&here, "a state token is an absolute URI in angle brackets");
	} else if (take(r, '[')) {
		if (!etag_cut(&r->rest, &condition.tag) || !take(r, ']'))
			return malformed(
				&here, "square brackets hold one entity tag in quotes, and no blanks beside it");
	} else {
		return malformed(
			r, "a condition is a <state token> or an [\"entity tag\"], with Not before it or without");
	}
	h->conditions[h->condition_count++] = condition;
	return OK;
}

static err_t read_list(struct reader *r)
{
	struct if_header *h = r->out;
	if (next_is(r, '<'))
		return malformed(r, "a resource stands before the first list, or nowhere");
	if (!take(r, '('))
		return malformed(r, "here a list in parentheses is due; lists have no commas between them and share "
				    "one header line");
	if (h->list_count == IF_LISTS_MAX)
		return too_many(r, IF_LISTS_MAX, "lists");
	struct if_list list = { .resource = h->resource_count - 1, .first = h->condition_count };
	for (skip_blanks(r); !take(r, ')'); skip_blanks(r))
		TRY(read_condition(r));
	list.count = h->condition_count - list.first;
	if (!list.count)
		return malformed(r, "a list holds one condition at least");
	h->lists[h->list_count++] = list;
	return OK;
}

err_t if_header_parse(struct ctx *cx, struct str text, struct if_header *out)
{
	struct reader r = { .cx = cx, .rest = text, .length = text.len, .out = out };
	out->resource_count = out->list_count = out->condition_count = 0;
	skip_blanks(&r);
	bool tagged = next_is(&r, '<');
	if (!tagged)
		out->resources[out->resource_count++] = STR_ABSENT;
	do {
		if (tagged && next_is(&r, '<'))
			TRY(read_resource(&r));
		TRY(read_list(&r));
		skip_blanks(&r);
	} while (r.rest.len);
	return OK;
}
