/* SPDX-License-Identifier: Apache-2.0 */
/* library: caldav */
/* A calendar-query and, after a NUL, an object: what the plan rules out never matches. */
#include "caldav/calendar/validate.h"
#include "caldav/calendar/view/select.h"
#include "caldav/reports/calendar_data.h"
#include "caldav/reports/filter_match.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_match(struct ctx *cx, const struct filter *f, struct ical *object)
{
	bool fits = false;
	const struct ical_comp *main = ical_main(object);
	if (filter_matches(cx, f, object, STR_ABSENT, &fits) || !fits)
		return;
	assert(!f->plan.nothing || !main);
	assert(filter_may_hold(&f->plan, object->data));
	assert(!main || filter_uid(cx->mem, &f->plan, ical_text(cx->mem, ical_value(main, STR("UID")))));
}

static void check_data(struct ctx *cx, const struct xml_node *query, struct ical *object)
{
	struct calendar_data wanted;
	const struct xml_node *prop = xml_child(query, NS_DAV, "prop");
	const struct xml_node *element = prop ? xml_child(prop, NS_CALDAV, "calendar-data") : NULL;
	struct buf out = buf_new(cx->mem, (size_t)16 << 20);
	if (!calendar_data_read(cx, element, &wanted) && object &&
		!ical_expand_data(cx, object, &wanted.selection, &out))
		assert(out.full || str_is_utf8(buf_str(&out)) || !str_is_utf8(object->data));
}

static void try_one(struct ctx *cx, struct str query, struct str text)
{
	const struct xml_node *root = NULL;
	struct ical_facts facts;
	struct filter filter;
	struct ical *object = NULL;
	if (xml_parse(cx, query, &root) || !root)
		return;
	/* What is stored was judged before. */
	if (ical_validate(cx, text, &facts) || ical_parse(cx, text, &object))
		object = NULL;
	if (!filter_read(cx, root, &filter) && object)
		check_match(cx, &filter, object);
	check_data(cx, root, object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_open();
	struct ctx cx = { .mem = mem, .now = instant_of_s(1764000000) };
	const uint8_t *cut = size ? memchr(data, 0, size) : NULL;
	size_t head = cut ? (size_t)(cut - data) : size;
	struct str all = { (const char *)data, size };
	try_one(&cx, str_sub(all, 0, head), cut ? str_from(all, head + 1) : STR(""));
	arena_close(mem);
	return 0;
}
