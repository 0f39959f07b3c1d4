/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every unit test begins with: cmocka, an arena (test_mem) and a ctx (test_cx) that are new for each TEST.
 *
 *     TEST(a_sentence_that_says_what_holds) { … }
 *     TESTS(RUN(a_sentence_that_says_what_holds), …)
 */
#pragma once

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "server/base/ctx.h"

static struct arena *test_mem;
static struct ctx test_cx;

#define TEST(name)                                                                                                     \
	static void name##_body(void);                                                                                 \
	static void name(void **state)                                                                                 \
	{                                                                                                              \
		(void)state;                                                                                           \
		test_mem = arena_open();                                                                               \
		test_cx = (struct ctx){ .mem = test_mem, .now = instant_of_s(1764000000) };                            \
		name##_body();                                                                                         \
		arena_close(test_mem);                                                                                 \
	}                                                                                                              \
	static void name##_body(void)

#define RUN(name) cmocka_unit_test(name)
#define TESTS(...)                                                                                                     \
	int main(void)                                                                                                 \
	{                                                                                                              \
		const struct CMUnitTest tests[] = { __VA_ARGS__ };                                                     \
		return cmocka_run_group_tests(tests, NULL, NULL);                                                      \
	}

/* The same with a set-up and tear-down of the whole program: int f(void **state). */
#define TESTS_WITH(setup, teardown, ...)                                                                               \
	int main(void)                                                                                                 \
	{                                                                                                              \
		const struct CMUnitTest tests[] = { __VA_ARGS__ };                                                     \
		return cmocka_run_group_tests(tests, (setup), (teardown));                                             \
	}

#define assert_str(actual, expected)                                                                                   \
	do {                                                                                                           \
		struct str actual_ = (actual), expected_ = (expected);                                                 \
		if (!str_eq(actual_, expected_))                                                                       \
			fail_msg("got \"%.*s\", expected \"%.*s\"", STR_ARG(actual_), STR_ARG(expected_));             \
	} while (0)

#define assert_ok(call)                                                                                                \
	do {                                                                                                           \
		err_t ok_ = (call);                                                                                    \
		if (ok_)                                                                                               \
			fail_msg("%s: %.*s %.*s", err_row(ok_->kind)->name, STR_ARG(err_text(ok_)),                    \
				STR_ARG(ok_->detail));                                                                 \
	} while (0)

#define assert_err(call, expected_kind)                                                                                \
	do {                                                                                                           \
		err_t err_ = (call);                                                                                   \
		if (!err_is(err_, (expected_kind)))                                                                    \
			fail_msg("got %s, expected %s", err_ ? err_row(err_->kind)->name : "OK", #expected_kind);      \
	} while (0)
