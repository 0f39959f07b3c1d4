/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/props/props.h"
#include "server/base/config.h"
#include "tests/support/test.h"

/* What a PROPFIND of a calendar looks like to a credential of these scopes. */
static struct principal asker;
static struct actor actor;
static struct calendar calendar;
static struct object object;
static const uint8_t tag[16] = { 0xab };

static struct prop_context context_with(uint64_t scopes)
{
	static const struct config config = { .public_url = STR_INIT("http://dav.test") };
	test_cx.config = &config;
	asker = (struct principal){
		.kind = ACCOUNT_KEY, .scopes = scopes, .email = STR("ada@example.org"), .name = STR("Ada <Lovelace>")
	};
	actor = actor_own(&asker);
	calendar = (struct calendar){ .id = { { 1 } },
		.name = STR("work"),
		.displayname = STR("Work & play"),
		.components = COMPONENT_VEVENT | COMPONENT_VTODO,
		.writable = true,
		.modseq = 42,
		.created_at = test_cx.now };
	object = (struct object){ .name = STR("a.ics"), .etag = { tag, sizeof tag }, .size = 7 };
	return (struct prop_context){
		.cx = &test_cx,
		.principal = &asker,
		.principal_href = STR("/dav/principals/usr_x/"),
	};
}

static struct subject calendar_subject(void)
{
	return (struct subject){ .at = { .actor = &actor, .kind = RES_CALENDAR, .calendar = calendar.name },
		.calendar = &calendar };
}

static struct str answer_for(const struct prop_context *context, const struct subject *subject, const char *body)
{
	const struct xml_node *root = NULL;
	struct requested_props requested;
	struct buf out = buf_new(test_mem, 1 << 20);
	assert_ok(xml_parse(&test_cx, str_of(body), &root));
	assert_ok(requested_read(&test_cx, root, &requested));
	props_write(context, &requested, subject, &out);
	return buf_str(&out);
}

static bool holds(struct str text, const char *part)
{
	return str_find(text, str_of(part)) != SIZE_MAX;
}

#define ASK(inside)                                                                                                    \
	"<propfind xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav' xmlns:S='http://calendarserver.org/ns/' "      \
	"xmlns:A='http://apple.com/ns/ical/'>" inside "</propfind>"

TEST(names_are_found_by_namespace_and_name_alone)
{
	assert_non_null(prop_find(STR(NS_DAV), STR("getetag")));
	assert_non_null(prop_find(STR(NS_CALDAV), STR("calendar-data")));
	assert_non_null(prop_find(STR(NS_CS), STR("getctag")));
	assert_non_null(prop_find(STR(NS_ICAL), STR("calendar-color")));
	assert_null(prop_find(STR(NS_CALDAV), STR("getetag")));
	assert_null(prop_find(STR(NS_DAV), STR("GETETAG")));
	assert_null(prop_find(STR(""), STR("getetag")));
	assert_null(prop_find(STR(NS_DAV), STR("")));
}

/* RFC 4918 §9.1: values with 200, what is not there with 404, nothing else. */
TEST(each_asked_property_is_in_one_propstat)
{
	struct prop_context context = context_with(SCOPES_ALL | OWNER);
	struct subject s = calendar_subject();
	struct str out = answer_for(&context, &s,
		ASK("<prop><S:getctag/><displayname/><getlastmodified/><x xmlns='urn:other'/><y xmlns=''/></prop>"));
	assert_str(out,
		STR("<D:propstat><D:prop><S:getctag>42</S:getctag><D:displayname>Work &amp; play</D:displayname>"
		    "</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat><D:propstat><D:prop><D:getlastmodified/>"
		    "<x:x xmlns:x=\"urn:other\"/><y xmlns=\"\"/></D:prop><D:status>HTTP/1.1 404 Not Found</D:status>"
		    "</D:propstat>"));
}

/* RFC 8144 §2.1 */
TEST(minimal_leaves_404_out)
{
	struct prop_context context = context_with(SCOPES_ALL | OWNER);
	struct subject s = calendar_subject();
	context.minimal = true;
	struct str out = answer_for(&context, &s, ASK("<prop><S:getctag/><getlastmodified/></prop>"));
	assert_true(holds(out, "<S:getctag>42</S:getctag>"));
	assert_false(holds(out, "404"));
	out = answer_for(&context, &s, ASK("<prop><getlastmodified/></prop>"));
	assert_str(out, STR("<D:propstat><D:prop></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"));
}

/* RFC 4791 §5.2, RFC 6578 §4: they SHOULD NOT be part of allprop. */
TEST(allprop_has_no_caldav_properties_but_what_include_adds)
{
	struct prop_context context = context_with(SCOPES_ALL | OWNER);
	struct subject s = calendar_subject();
	struct str out = answer_for(&context, &s, ASK("<allprop/>"));
	assert_true(holds(out, "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"));
	assert_false(holds(out, "<C:supported"));
	assert_false(holds(out, "<D:sync-token"));
	assert_false(holds(out, "<D:acl"));
	out = answer_for(&context, &s, ASK("<allprop/><include><S:getctag/><displayname/></include>"));
	assert_true(holds(out, "<S:getctag>42</S:getctag>"));
	size_t first = str_find(out, STR("<D:displayname>"));
	assert_int_equal(str_find(str_from(out, first + 1), STR("<D:displayname>")), SIZE_MAX);
}

TEST(propname_tells_what_is_there_without_values)
{
	struct prop_context context = context_with(SCOPES_ALL | OWNER);
	struct subject s = calendar_subject();
	const struct dead_property dead = {
		.ns = STR("urn:d"), .local = STR("dead"), .xml = STR("<d xmlns=\"urn:d\">v</d>")
	};
	s.dead = &dead;
	s.dead_count = 1;
	struct str out = answer_for(&context, &s, ASK("<propname/>"));
	assert_true(holds(out, "<S:getctag/>"));
	assert_true(holds(out, "<x:dead xmlns:x=\"urn:d\"/>"));
	assert_false(holds(out, "<A:calendar-color/>")); /* not set */
	assert_false(holds(out, "42"));
}

TEST(dead_properties_answer_by_namespace_and_name)
{
	struct prop_context context = context_with(SCOPES_ALL | OWNER);
	struct subject s = calendar_subject();
	const struct dead_property dead = {
		.ns = STR("urn:d"), .local = STR("p"), .xml = STR("<p xmlns=\"urn:d\">v</p>")
	};
	s.dead = &dead;
	s.dead_count = 1;
	assert_true(
		holds(answer_for(&context, &s, ASK("<prop><p xmlns='urn:d'/></prop>")), "<p xmlns=\"urn:d\">v</p>"));
	assert_true(holds(answer_for(&context, &s, ASK("<prop><p xmlns='urn:e'/></prop>")), "404 Not Found"));
}

/* The namespace of a stranger is text like any other. */
TEST(a_foreign_namespace_is_escaped)
{
	struct prop_context context = context_with(SCOPES_ALL | OWNER);
	struct subject s = calendar_subject();
	struct str out = answer_for(&context, &s, ASK("<prop><p xmlns='urn:a&amp;b'/></prop>"));
	assert_true(holds(out, "<x:p xmlns:x=\"urn:a&amp;b\"/>"));
}

TEST(a_body_that_asks_twice_is_refused) /* RFC 4918 §14.20 */
{
	static const char *const bodies[] = { ASK("<prop><getetag/></prop><prop><displayname/></prop>"),
		ASK("<allprop/><propname/>"), ASK("<prop/><allprop/>") };
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		const struct xml_node *root = NULL;
		struct requested_props requested;
		assert_ok(xml_parse(&test_cx, str_of(bodies[i]), &root));
		assert_err(requested_read(&test_cx, root, &requested), MALFORMED);
	}
}

TEST(an_empty_body_asks_allprop) /* RFC 4918 §9.1 */
{
	struct requested_props requested;
	assert_ok(requested_read(&test_cx, NULL, &requested));
	assert_int_equal(requested.kind, REQUESTED_ALL);
}

/* A read-only credential must not see write. RFC 3744 §5.4. */
TEST(privileges_are_those_of_the_credential)
{
	static const struct {
		uint64_t scopes;
		bool writable;
		const char *has, *has_not;
	} cases[] = {
		{ SCOPES_ALL | OWNER, true, "<D:all/>", NULL },
		{ SCOPES_ALL | OWNER, false, "<D:write-properties/>", "<D:write/>" },
		{ SCOPES_ALL | OWNER, false, "<D:read/>", "<D:bind/>" },
		{ CALENDARS_READ | EVENTS_READ, true, "<D:read/>", "<D:write" },
		{ CALENDARS_READ | EVENTS_READ, true, "<C:read-free-busy/>", "<D:bind/>" },
		{ CALENDARS_READ, true, "<C:read-free-busy/>", "<D:read/>" },
		{ CALENDARS_READ, true, "<D:read-current-user-privilege-set/>", "<D:read-acl/>" },
		{ SCOPES_ALL, true, "<D:write/>", "<D:all/>" },
		{ SCOPES_ALL, true, "<D:unbind/>", "<D:read-acl/>" }, /* §3.6: for the owner */
		{ SCOPES_ALL | OWNER, true, "<D:read-acl/>", NULL },
		{ CALENDARS_READ | EVENTS_READ | EVENTS_WRITE, true, "<D:write-content/>", "<D:write/>" },
		{ CALENDARS_READ | EVENTS_READ | EVENTS_WRITE, true, "<D:unbind/>", "<D:write-properties/>" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct prop_context context = context_with(cases[i].scopes);
		struct subject s = calendar_subject();
		calendar.writable = cases[i].writable;
		struct str out = answer_for(&context, &s, ASK("<prop><current-user-privilege-set/></prop>"));
		if (!holds(out, cases[i].has))
			fail_msg("case %zu lacks %s: %.*s", i, cases[i].has, STR_ARG(out));
		if (cases[i].has_not && holds(out, cases[i].has_not))
			fail_msg("case %zu has %s: %.*s", i, cases[i].has_not, STR_ARG(out));
	}
}

TEST(a_name_and_an_address_need_the_profile_scope) /* profile:read */
{
	struct prop_context context = context_with(EVENTS_READ | CALENDARS_READ);
	struct subject s = { .at = { .actor = &actor, .kind = RES_PRINCIPAL } };
	const char *body = ASK("<prop><displayname/><S:email-address-set/><C:calendar-user-address-set/></prop>");
	struct str out = answer_for(&context, &s, body);
	assert_false(holds(out, "ada@"));
	assert_false(holds(out, "Lovelace"));
	assert_true(holds(out, "403 Forbidden"));
	context = context_with(EVENTS_READ | PROFILE_READ);
	out = answer_for(&context, &s, body);
	assert_true(holds(out, "mailto:ada@example.org"));
	assert_true(holds(out, "Ada &lt;Lovelace&gt;"));
	assert_false(holds(out, "403"));
}

/* Only names that could be dead cost a query: what TB and DAVx5 ask of a calendar does not. */
TEST(live_names_need_no_look_for_dead_ones)
{
	static const struct {
		const char *body;
		enum resource_kind kind;
		bool wants;
	} cases[] = {
		{ ASK("<prop><resourcetype/><owner/><C:calendar-home-set/><S:getctag/></prop>"), RES_CALENDAR, false },
		{ ASK("<prop><getetag/><getcontenttype/></prop>"), RES_OBJECT, false },
		{ ASK("<prop><displayname/></prop>"), RES_CALENDAR, false },
		{ ASK("<prop><displayname/></prop>"), RES_OBJECT, true },
		{ ASK("<prop><x xmlns='urn:x'/></prop>"), RES_CALENDAR, true },
		{ ASK("<prop><x xmlns='urn:x'/></prop>"), RES_ROOT, false },
		{ ASK("<allprop/>"), RES_CALENDAR, true },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct xml_node *root = NULL;
		struct requested_props requested;
		assert_ok(xml_parse(&test_cx, str_of(cases[i].body), &root));
		assert_ok(requested_read(&test_cx, root, &requested));
		if (requested_wants_dead(&requested, cases[i].kind) != cases[i].wants)
			fail_msg("case %zu", i);
	}
}

TEST(an_object_tells_its_tag_and_type_exactly)
{
	struct prop_context context = context_with(SCOPES_ALL | OWNER);
	struct subject s = calendar_subject();
	s.at.kind = RES_OBJECT;
	s.object = &object;
	struct str out = answer_for(
		&context, &s, ASK("<prop><getetag/><getcontenttype/><resourcetype/><C:calendar-data/></prop>"));
	assert_true(holds(out, "<D:getetag>\"ab000000000000000000000000000000\"</D:getetag>"));
	assert_true(holds(out, "<D:getcontenttype>text/calendar;charset=utf-8</D:getcontenttype>"));
	assert_true(holds(out, "<D:resourcetype/>"));
	assert_true(
		holds(out, "<D:prop><C:calendar-data/></D:prop><D:status>HTTP/1.1 404")); /* no report: RFC 4791 §9.6 */
}

TESTS(RUN(names_are_found_by_namespace_and_name_alone), RUN(each_asked_property_is_in_one_propstat),
	RUN(minimal_leaves_404_out), RUN(allprop_has_no_caldav_properties_but_what_include_adds),
	RUN(propname_tells_what_is_there_without_values), RUN(dead_properties_answer_by_namespace_and_name),
	RUN(a_foreign_namespace_is_escaped), RUN(a_body_that_asks_twice_is_refused), RUN(an_empty_body_asks_allprop),
	RUN(privileges_are_those_of_the_credential), RUN(a_name_and_an_address_need_the_profile_scope),
	RUN(live_names_need_no_look_for_dead_ones), RUN(an_object_tells_its_tag_and_type_exactly))
