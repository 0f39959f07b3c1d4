/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/data/xml.h"
#include "tests/support/spent.h"

static const struct xml_node *parse(struct str text)
{
	const struct xml_node *root = NULL;
	assert_ok(xml_parse(&test_cx, text, &root));
	assert_non_null(root);
	return root;
}

TEST(a_body_becomes_a_tree)
{
	const struct xml_node *root = parse(STR(
		"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		"<D:propfind xmlns:D=\"DAV:\" xmlns=\"urn:x\"><!-- <x> --><D:prop a=\"1 &amp;amp; &lt;&#38;&quot;\">"
		" <getetag/> <D:b xmlns:D=\"urn:y\">t<![CDATA[<&>]]>&#x41;&gt;\r\n</D:b></D:prop></D:propfind>"));
	assert_true(xml_is(root, NS_DAV, "propfind"));
	const struct xml_node *prop = xml_child(root, NS_DAV, "prop");
	assert_non_null(prop);
	assert_str(xml_attribute(prop, "a"), STR("1 &amp; <&\""));
	assert_null(xml_attribute(prop, "b").ptr);
	assert_str(prop->text, STR("  "));
	assert_true(xml_is(prop->first, "urn:x", "getetag"));
	assert_str(prop->first->text, STR(""));
	const struct xml_node *b = xml_child(prop, "urn:y", "b");
	assert_str(b->text, STR("t<&>A>\n"));
	assert_str(xml_text(b), STR("t<&>A>"));
	assert_null(b->next);
	assert_null(xml_child(prop, NS_DAV, "b"));
	assert_null(xml_text(NULL).ptr);
}

TEST(an_empty_body_has_no_root)
{
	const struct xml_node *root = &(const struct xml_node){ 0 };
	assert_ok(xml_parse(&test_cx, STR(""), &root));
	assert_null(root);
}

TEST(utf_16_with_a_byte_order_mark_is_read)
{
	const struct str cases[] = {
		STR("\xFF\xFE<\0a\0>\0\xE4\0=\xD8\0\xDE<\0/\0a\0>\0"),
		STR("\xFE\xFF\0<\0a\0>\0\xE4\xD8=\xDE\0\0<\0/\0a\0>"),
		STR("\xEF\xBB\xBF<a>\xC3\xA4\xF0\x9F\x98\x80</a>"),
		STR("<?xml version='1.0' encoding='UTF-8'?><a>\xC3\xA4\xF0\x9F\x98\x80</a>"),
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_str(parse(cases[i])->text, STR("\xC3\xA4\xF0\x9F\x98\x80"));
}

TEST(hostile_bodies_are_refused)
{
	const struct {
		const char *why;
		struct str text;
	} cases[] = {
		{ "a document type", STR("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>") },
		{ "a document type, nothing else", STR("<!DOCTYPE a><a/>") },
		{ "an unknown entity", STR("<a>&x;</a>") },
		{ "an unknown entity in an attribute", STR("<a b=\"&x;\"/>") },
		{ "not UTF-8", STR("<a>\xFF</a>") },
		{ "Latin-1, declared", STR("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xE4</a>") },
		{ "Latin-1 declared, UTF-8 used", STR("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>") },
		{ "UTF-16 declared, UTF-8 used", STR("<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>") },
		{ "half a UTF-16 character", STR("\xFF\xFE<\0a\0/\0>\0x") },
		{ "half a surrogate pair", STR("\xFF\xFE<\0a\0>\0=\xD8<\0/\0a\0>\0") },
		{ "a NUL", STR("<a>\0</a>") },
		{ "a character reference to NUL", STR("<a>&#0;</a>") },
		{ "a control character", STR("<a>\x01</a>") },
		{ "blanks alone", STR("  \n") },
		{ "text alone", STR("hello") },
		{ "an open bracket alone", STR("<") },
		{ "an open tag", STR("<a") },
		{ "an open element", STR("<a>") },
		{ "crossed elements", STR("<a><b></a></b>") },
		{ "two roots", STR("<a/><b/>") },
		{ "text after the root", STR("<a/>x") },
		{ "an attribute twice", STR("<a b=\"1\" b=\"2\"/>") },
		{ "an undeclared prefix", STR("<D:a/>") },
		{ "a prefix without a namespace", STR("<a xmlns:D=\"\"><D:b/></a>") }, /* litmus propfind_invalid2 */
		{ "an open comment", STR("<a><!-- </a>") },
		{ "an open CDATA section", STR("<a><![CDATA[ </a>") },
		{ "'<' in an attribute", STR("<a b=\"<\"/>") },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct xml_node *root;
		if (!err_is(xml_parse(&test_cx, cases[i].text, &root), MALFORMED))
			fail_msg("accepted: %s", cases[i].why);
	}
}

static struct str repeated(struct str before, struct str piece, int times, struct str after)
{
	struct buf out = buf_new(test_mem, 16 * 1024 * 1024);
	buf_add(&out, before);
	for (int i = 0; i < times; i++)
		buf_add(&out, piece);
	buf_add(&out, after);
	return buf_str(&out);
}

TEST(bombs_are_refused_within_milliseconds) /* libxml2 2.9.14 takes over a minute for the attributes */
{
	struct buf attributes = buf_new(test_mem, 16 * 1024 * 1024);
	BUF_LIT(&attributes, "<a");
	for (int i = 0; i < 100000; i++)
		buf_fmt(&attributes, " a%d=\"\"", i);
	BUF_LIT(&attributes, "/>");
	const struct {
		const char *why;
		struct str text;
	} cases[] = {
		{ "100,000 nested elements", repeated(STR(""), STR("<a>"), 100000, STR("")) },
		{ "33 nested elements",
			repeated(repeated(STR(""), STR("<a>"), 33, STR("x")), STR("</a>"), 33, STR("")) },
		{ "100,000 attributes", buf_str(&attributes) },
		{ "65 attributes", repeated(STR("<a"), STR(" b=''"), 65, STR("/>")) },
		{ "a tag of 800 KB", repeated(STR("<a b=\""), STR("xxxxxxxx"), 100000, STR("\"/>")) },
		{ "100,000 elements", repeated(STR("<a>"), STR("<b/>"), 100000, STR("</a>")) },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct xml_node *root;
		double before = spent_ms();
		if (!err_is(xml_parse(&test_cx, cases[i].text, &root), MALFORMED))
			fail_msg("accepted: %s", cases[i].why);
		if (spent_ms() - before > 1000)
			fail_msg("slow: %s", cases[i].why);
	}
}

TEST(what_lies_within_the_limits_is_accepted)
{
	struct buf attributes = buf_new(test_mem, 4096);
	for (int i = 0; i < XML_ATTRIBUTES_MAX; i++)
		buf_fmt(&attributes, " a%d='>'", i);
	parse(repeated(STR("<a"), buf_str(&attributes), 1, STR("/>")));
	parse(repeated(repeated(STR(""), STR("<a>"), XML_DEPTH_MAX, STR("x")), STR("</a>"), XML_DEPTH_MAX, STR("")));
	const struct xml_node *root = parse(repeated(STR("<a>"), STR("<b>x</b> "), 30000, STR("</a>")));
	assert_int_equal(root->text.len, 30000);
}

TEST(an_error_names_its_line)
{
	const struct xml_node *root;
	err_t e = xml_parse(&test_cx, STR("<a>\n<b>\n</a>"), &root);
	assert_err(e, MALFORMED);
	assert_true(str_find(err_text(e), STR("line 3")) != SIZE_MAX);
	e = xml_parse(&test_cx, STR("\n\n<!DOCTYPE a><a/>"), &root);
	assert_true(str_find(err_text(e), STR("line 3")) != SIZE_MAX);
}

static const struct xml_node *set_property(struct str before, struct str property)
{
	struct str text = str_fmt(test_mem,
		"<D:propertyupdate xmlns:D=\"DAV:\" %.*s><D:set><D:prop>%.*s</D:prop></D:set>"
		"</D:propertyupdate>",
		STR_ARG(before), STR_ARG(property));
	return xml_child(xml_child(parse(text), NS_DAV, "set"), NS_DAV, "prop")->first;
}

TEST(property_values_are_kept_self_contained) /* RFC 4918 §4.3; litmus propvalnspace, propwformed */
{
	const struct {
		struct str before, property, kept;
	} cases[] = {
		{ STR(""), STR("<x/>"), STR("<x xmlns:D=\"DAV:\"/>") },
		{ STR("xmlns:y=\"urn:y\""), STR("<y:x>a &amp; b&#13;&lt;c></y:x>"),
			STR("<y:x xmlns:D=\"DAV:\" xmlns:y=\"urn:y\">a &amp; b&#13;&lt;c&gt;</y:x>") },
		{ STR("xml:lang=\"de\""), STR("<x xmlns=\"urn:x\">t</x>"),
			STR("<x xml:lang='de' xmlns:D=\"DAV:\" xmlns=\"urn:x\">t</x>") },
		{ STR("xml:lang=\"de\""), STR("<x xml:lang=\"en\"/>"), STR("<x xml:lang='en' xmlns:D=\"DAV:\"/>") },
		{ STR("xmlns:e=\"urn:1\""),
			STR("<e:x xmlns:e=\"urn:2\"><e:y xmlns:e=\"urn:3\" e:a='\"&#9;&#38;'/>z</e:x>"),
			STR("<e:x xmlns:D=\"DAV:\" xmlns:e=\"urn:2\"><e:y e:a='&quot;&#9;&amp;' "
			    "xmlns:e=\"urn:3\"/>z</e:x>") },
		{ STR(""), STR("<x a=\"it's\"/>"), STR("<x a='it&#39;s' xmlns:D=\"DAV:\"/>") },
		{ STR("xmlns=\"urn:d\""), STR("<x xmlns=\"\"><y/></x>"), STR("<x xmlns:D=\"DAV:\"><y/></x>") },
		{ STR("xmlns=\"urn:d\""), STR("<x><y xmlns=\"\"><D:prop/></y></x>"),
			STR("<x xmlns:D=\"DAV:\" xmlns=\"urn:d\"><y xmlns=\"\"><D:prop/></y></x>") },
		{ STR(""), STR("<x><!-- gone --><![CDATA[<]]></x>"), STR("<x xmlns:D=\"DAV:\">&lt;</x>") },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct xml_node *node = set_property(cases[i].before, cases[i].property);
		assert_str(node->fragment, cases[i].kept);
		/* It stands alone: the same element comes out of it. */
		const struct xml_node *again = parse(node->fragment);
		assert_str(again->ns, node->ns);
		assert_str(again->local, node->local);
		assert_str(again->text, node->text);
	}
}

TEST(a_namespace_may_hold_an_ampersand)
{
	const struct xml_node *root =
		parse(STR("<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop><x:p xmlns:x='urn:a&amp;b' "
			  "x:q='1'/></D:prop></D:set></D:propertyupdate>"));
	const struct xml_node *p = root->first->first->first;
	assert_str(p->ns, STR("urn:a&b"));
	assert_str(p->attrs[0].ns, STR("urn:a&b"));
	assert_true(str_find(p->fragment, STR("xmlns:x=\"urn:a&amp;b\"")) != SIZE_MAX);
}

TEST(only_properties_to_set_are_kept)
{
	const struct xml_node *root =
		parse(STR("<D:propertyupdate xmlns:D=\"DAV:\"><D:remove><D:prop><x/></D:prop></D:remove>"
			  "<D:set><D:prop><x/><y>1</y></D:prop></D:set></D:propertyupdate>"));
	const struct xml_node *removed = root->first->first->first, *x = root->first->next->first->first;
	assert_null(removed->fragment.ptr);
	assert_null(root->first->next->first->fragment.ptr);
	assert_str(x->fragment, STR("<x xmlns:D=\"DAV:\"/>"));
	assert_str(x->next->fragment, STR("<y xmlns:D=\"DAV:\">1</y>"));

	root = parse(STR(
		"<C:mkcalendar xmlns:C=\"urn:ietf:params:xml:ns:caldav\" xmlns=\"DAV:\"><set><prop><C:z/></prop></set>"
		"</C:mkcalendar>"));
	assert_non_null(root->first->first->first->fragment.ptr);
}

TEST(fragments_cannot_multiply_namespaces)
{
	struct buf text = buf_new(test_mem, 4 * 1024 * 1024);
	BUF_LIT(&text, "<D:propertyupdate xmlns:D=\"DAV:\"");
	for (int i = 0; i < 60; i++)
		buf_fmt(&text, " xmlns:n%d=\"urn:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%d\"", i, i);
	BUF_LIT(&text, "><D:set><D:prop>");
	for (int i = 0; i < 10000; i++)
		BUF_LIT(&text, "<x/>");
	BUF_LIT(&text, "</D:prop></D:set></D:propertyupdate>");
	const struct xml_node *root;
	assert_err(xml_parse(&test_cx, buf_str(&text), &root), MALFORMED);
}

TEST(the_language_in_scope_is_known)
{
	const struct xml_node *root = parse(STR("<a xml:lang=\"de\"><b/><c xml:lang=\"\"/></a>"));
	assert_str(root->first->lang, STR("de"));
	assert_str(root->first->next->lang, STR(""));
	assert_null(parse(STR("<a/>"))->lang.ptr);
}

TEST(escapes_keep_text_well_formed)
{
	struct buf out = buf_new(test_mem, 4096);
	xml_escape(&out, STR("a&b<c>d\"e\r\n\t\x01\xEF\xBF\xBF\xEF\xBF\xBD\xEF\xBC\x81"));
	assert_str(buf_str(&out), STR("a&amp;b&lt;c&gt;d\"e&#13;\n\t\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBC\x81"));
	buf_clear(&out);
	xml_escape_attribute(&out, STR("\"\n\t&"));
	assert_str(buf_str(&out), STR("&quot;&#10;&#9;&amp;"));
}

TESTS(RUN(a_body_becomes_a_tree), RUN(an_empty_body_has_no_root), RUN(utf_16_with_a_byte_order_mark_is_read),
	RUN(hostile_bodies_are_refused), RUN(bombs_are_refused_within_milliseconds),
	RUN(what_lies_within_the_limits_is_accepted), RUN(an_error_names_its_line),
	RUN(property_values_are_kept_self_contained), RUN(only_properties_to_set_are_kept),
	RUN(a_namespace_may_hold_an_ampersand), RUN(fragments_cannot_multiply_namespaces),
	RUN(the_language_in_scope_is_known), RUN(escapes_keep_text_well_formed))
