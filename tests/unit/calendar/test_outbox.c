/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "caldav/calendar/store/outbox.h"

TEST(a_kind_is_found_by_its_label_and_what_a_newer_server_writes_is_none_of_ours)
{
	static const struct {
		const char *label;
		enum outbox_kind kind;
	} cases[] = {
#define OUTBOX_KIND(name, label) { label, OUTBOX_##name },
#include "caldav/calendar/store/outbox.def"
#undef OUTBOX_KIND
		{ "object_create", OUTBOX_KINDS },
		{ "object_created2", OUTBOX_KINDS },
		{ "", OUTBOX_KINDS },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(outbox_kind_of(str_of(cases[i].label)), cases[i].kind);
}

TESTS(RUN(a_kind_is_found_by_its_label_and_what_a_newer_server_writes_is_none_of_ours))
