/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/etag.h"

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

/* A tag whose quotes the client dropped: what is between commas and blanks, without quotes of its own. */
static bool bare_cut(struct str *rest, struct etag *out)
{
	bool weak = str_starts(*rest, STR("W/"));
	struct str s = weak ? str_from(*rest, 2) : *rest;
	size_t len = 0;
	while (len < s.len && (unsigned char)s.ptr[len] > ' ' && s.ptr[len] != 127 && s.ptr[len] != ',') {
		if (s.ptr[len] == '"')
			return false;
		len++;
	}
	struct etag tag = { .opaque = str_sub(s, 0, len), .weak = weak };
	if (!len || str_eq(tag.opaque, STR("*")))
		return false;
	*out = tag;
	*rest = str_from(s, len);
	return true;
}

err_t etags_read(const struct request *rq, const char *name, struct etag_list *out)
{
	struct str rest = request_header_list(rq, name);
	*out = (struct etag_list){ 0 };
	if (!rest.ptr)
		return OK;
	rest = str_trim(rest, STR_BLANK);
	if (str_eq(rest, STR("*"))) {
		out->any = true;
		return OK;
	}
	struct etag *items = arena_array(rq->cx.mem, struct etag, ETAGS_MAX);
	size_t count = 0;
	while (rest.len) {
		if (rest.ptr[0] == ',') { /* RFC 9110 §5.6.1.2: empty elements are ignored */
			rest = str_trim(str_from(rest, 1), STR_BLANK);
			continue;
		}
		struct etag tag;
		bool is_tag = etag_cut(&rest, &tag) ? !tag.has_blank : bare_cut(&rest, &tag);
		rest = str_trim(rest, STR_BLANK);
		if (!is_tag || (rest.len && rest.ptr[0] != ','))
			return REFUSE(&rq->cx, MALFORMED, name, "%s is * or a list of entity tags.", name);
		if (count == ETAGS_MAX)
			return REFUSE(&rq->cx, MALFORMED, name, "%s has more than %d entity tags.", name, ETAGS_MAX);
		items[count++] = tag;
	}
	if (!count)
		return REFUSE(&rq->cx, MALFORMED, name, "%s is empty.", name);
	out->items = items;
	out->count = count;
	return OK;
}

bool etags_hold(const struct etag_list *list, struct str tag, bool weak_counts)
{
	struct etag own;
	if (list->any)
		return true;
	if (!list->items || !etag_cut(&tag, &own))
		return false;
	for (size_t i = 0; i < list->count; i++)
		if (str_eq(list->items[i].opaque, own.opaque) && (weak_counts || !(list->items[i].weak || own.weak)))
			return true;
	return false;
}
