/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "caldav/if_header.h"

#define LOCK "urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2"
#define OTHER_LOCK "urn:uuid:58f202ac-22cf-11d1-b12d-002035b29092"

static struct if_header *parsed(const char *text)
{
	struct if_header *h = arena_new(test_mem, struct if_header);
	assert_ok(if_header_parse(&test_cx, str_of(text), h));
	return h;
}

/* The header written again in one way: what was understood. */
static struct str shown(const struct if_header *h)
{
	struct buf out = buf_new(test_mem, 65536);
	size_t resource = SIZE_MAX;
	for (size_t l = 0; l < h->list_count; l++) {
		const struct if_list *list = &h->lists[l];
		if (list->resource != resource && h->resources[list->resource].ptr) {
			buf_char(&out, '<');
			buf_add(&out, h->resources[list->resource]);
			buf_char(&out, '>');
		}
		resource = list->resource;
		buf_char(&out, '(');
		for (size_t i = list->first; i < list->first + list->count; i++) {
			const struct if_condition *c = &h->conditions[i];
			struct str text = c->token.ptr ? c->token : c->tag.opaque;
			buf_fmt(&out, "%s%s%s", i > list->first ? " " : "", c->negated ? "!" : "",
				c->token.ptr  ? ""
				: c->tag.weak ? "~"
					      : "=");
			buf_add(&out, text);
		}
		buf_char(&out, ')');
	}
	return buf_str(&out);
}

TEST(the_examples_of_the_rfc_are_understood) /* RFC 4918 §10.4.6 to §10.4.11, RFC 6578 §5.1 */
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{ "(<" LOCK "> [\"I am an ETag\"]) ([\"I am another ETag\"])",
			"(" LOCK " =I am an ETag)(=I am another ETag)" },
		{ "(Not <" LOCK "> <" OTHER_LOCK ">)", "(!" LOCK " " OTHER_LOCK ")" },
		{ "(<" LOCK ">) (Not <DAV:no-lock>)", "(" LOCK ")(!DAV:no-lock)" },
		{ "</resource1> (<" LOCK "> [W/\"A weak ETag\"]) ([\"strong ETag\"])",
			"</resource1>(" LOCK " ~A weak ETag)(=strong ETag)" },
		{ "<http://www.example.com/specs/> (<" LOCK ">)", "<http://www.example.com/specs/>(" LOCK ")" },
		{ "</specs/rfc2518.doc> ([\"4217\"])", "</specs/rfc2518.doc>(=4217)" },
		{ "</specs/rfc2518.doc> (Not [\"4217\"])", "</specs/rfc2518.doc>(!=4217)" },
		{ "</home/cyrusdaboo/collection/> (<http://example.com/ns/sync/12345>)",
			"</home/cyrusdaboo/collection/>(http://example.com/ns/sync/12345)" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_str(shown(parsed(cases[i].text)), str_of(cases[i].shown));
}

TEST(blanks_are_free_between_the_parts_and_a_tag_may_hold_brackets) /* §10.4.2 */
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{ " \t( \t<a:b>\t)  ", "(a:b)" },
		{ "(<a:b>[\"x\"]<c:d>)(<e:f>)", "(a:b =x c:d)(e:f)" },
		{ "(not<a:b> NOT [\"x\"])", "(!a:b !=x)" },
		{ "([\"])>, (<\"])", "(=])>, (<)" },
		{ "([\"\"] [W/\"\"])", "(= ~)" },
		{ "</a>(<a:b>)(<c:d>)</b?q=1>(<e:f>)", "</a>(a:b)(c:d)</b?q=1>(e:f)" },
		{ "</a> (<a:b>) </a> (<c:d>)", "</a>(a:b)</a>(c:d)" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_str(shown(parsed(cases[i].text)), str_of(cases[i].shown));
}

TEST(untagged_lists_are_about_the_request_itself) /* §10.4.2 */
{
	const struct if_header *h = parsed("(<a:b>) (<c:d> Not [\"e\"])");
	assert_int_equal(h->resource_count, 1);
	assert_null(h->resources[0].ptr);
	assert_int_equal(h->list_count, 2);
	assert_int_equal(h->lists[1].first, 1);
	assert_int_equal(h->lists[1].count, 2);
	assert_int_equal(h->condition_count, 3);
}

TEST(what_is_malformed_is_refused_and_told_where)
{
	static const struct {
		const char *text, *place;
	} cases[] = {
		{ "", "octet 1:" },
		{ "  ", "octet 3:" },
		{ "()", "octet 3:" },
		{ "<a:b>", "octet 6:" },
		{ "[\"a\"]", "octet 1:" },
		{ "(<a:b>", "octet 7:" },
		{ "(<a:b>))", "octet 8:" },
		{ "(<a:b>), (<c:d>)", "octet 8:" },
		{ "(<a:b>) </x> (<c:d>)", "octet 9:" },
		{ "</x> </y> (<c:d>)", "octet 6:" },
		{ "</x> (<c:d>) </y>", "octet 18:" },
		{ "(Not)", "octet 5:" },
		{ "(Not Not <a:b>)", "octet 6:" },
		{ "(Nor <a:b>)", "octet 2:" },
		{ "(\"a\")", "octet 2:" },
		{ "(<a:b)", "octet 2:" },
		{ "(<a b>)", "octet 2:" },
		{ "(<>)", "octet 2:" },
		{ "(</path>)", "octet 2:" },
		{ "(<a:b#c>)", "octet 2:" },
		{ "([a])", "octet 2:" },
		{ "([\"a\")", "octet 2:" },
		{ "([\"a])", "octet 2:" },
		{ "([ \"a\"])", "octet 2:" },
		{ "([\"a\" ])", "octet 2:" },
		{ "([w/\"a\"])", "octet 2:" },
		{ "([\"a\x01\"])", "octet 2:" },
		{ "< /x> (<a:b>)", "octet 1:" },
		{ "<x> (<a:b>)", "octet 1:" },
		{ "<//x/y> (<a:b>)", "octet 1:" },
		{ "</a%2> (<a:b>)", "octet 1:" },
		{ "</x#y> (<a:b>)", "octet 1:" },
		{ "</x (<a:b>)", "octet 1:" },
		{ "(<a:b>) x", "octet 9:" },
	};
	struct if_header *h = arena_new(test_mem, struct if_header);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		err_t e = if_header_parse(&test_cx, str_of(cases[i].text), h);
		if (!err_is(e, MALFORMED) || str_find(err_text(e), str_of(cases[i].place)) == SIZE_MAX)
			fail_msg("%s: %.*s", cases[i].text, STR_ARG(e ? err_text(e) : STR("taken")));
		assert_str(e->param, STR("If"));
	}
}

/* `before`, `count` times `each`, `after`. */
static struct str repeated(const char *before, const char *each, size_t count, const char *after)
{
	struct buf out = buf_new(test_mem, 65536);
	buf_add(&out, str_of(before));
	for (size_t i = 0; i < count; i++)
		buf_add(&out, str_of(each));
	buf_add(&out, str_of(after));
	return buf_str(&out);
}

TEST(a_header_is_bounded)
{
	static const struct {
		const char *before, *each, *after;
		size_t most;
	} cases[] = {
		{ "", "</x> (<a:b>)", "", IF_RESOURCES_MAX },
		{ "", "(<a:b>)", "", IF_LISTS_MAX },
		{ "(", "<a:b> ", ")", IF_CONDITIONS_MAX },
	};
	struct if_header *h = arena_new(test_mem, struct if_header);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *before = cases[i].before, *each = cases[i].each, *after = cases[i].after;
		assert_ok(if_header_parse(&test_cx, repeated(before, each, cases[i].most, after), h));
		assert_err(if_header_parse(&test_cx, repeated(before, each, cases[i].most + 1, after), h), MALFORMED);
	}
}

TESTS(RUN(the_examples_of_the_rfc_are_understood), RUN(blanks_are_free_between_the_parts_and_a_tag_may_hold_brackets),
	RUN(untagged_lists_are_about_the_request_itself), RUN(what_is_malformed_is_refused_and_told_where),
	RUN(a_header_is_bounded))
