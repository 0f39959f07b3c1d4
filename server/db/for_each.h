/* SPDX-License-Identifier: Apache-2.0 */
/* DB_FOR_EACH(macro, with, a, b, …) is macro(with, a) macro(with, b) …, for 1 to 32 of them. */
#pragma once

/* clang-format off */
#define DB_FOR_EACH(m, t, ...) DB_CAT_(DB_FOR_EACH_, DB_COUNT_(__VA_ARGS__, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0))(m, t, __VA_ARGS__)
#define DB_COUNT_(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16, _17, _18, _19, _20, _21, _22, _23, _24, _25, _26, _27, _28, _29, _30, _31, _32, n, ...) n
#define DB_CAT_(a, b) DB_CAT2_(a, b)
#define DB_CAT2_(a, b) a##b
#define DB_FOR_EACH_1(m, t, a) m(t, a)
#define DB_FOR_EACH_2(m, t, a, ...) m(t, a) DB_FOR_EACH_1(m, t, __VA_ARGS__)
#define DB_FOR_EACH_3(m, t, a, ...) m(t, a) DB_FOR_EACH_2(m, t, __VA_ARGS__)
#define DB_FOR_EACH_4(m, t, a, ...) m(t, a) DB_FOR_EACH_3(m, t, __VA_ARGS__)
#define DB_FOR_EACH_5(m, t, a, ...) m(t, a) DB_FOR_EACH_4(m, t, __VA_ARGS__)
#define DB_FOR_EACH_6(m, t, a, ...) m(t, a) DB_FOR_EACH_5(m, t, __VA_ARGS__)
#define DB_FOR_EACH_7(m, t, a, ...) m(t, a) DB_FOR_EACH_6(m, t, __VA_ARGS__)
#define DB_FOR_EACH_8(m, t, a, ...) m(t, a) DB_FOR_EACH_7(m, t, __VA_ARGS__)
#define DB_FOR_EACH_9(m, t, a, ...) m(t, a) DB_FOR_EACH_8(m, t, __VA_ARGS__)
#define DB_FOR_EACH_10(m, t, a, ...) m(t, a) DB_FOR_EACH_9(m, t, __VA_ARGS__)
#define DB_FOR_EACH_11(m, t, a, ...) m(t, a) DB_FOR_EACH_10(m, t, __VA_ARGS__)
#define DB_FOR_EACH_12(m, t, a, ...) m(t, a) DB_FOR_EACH_11(m, t, __VA_ARGS__)
#define DB_FOR_EACH_13(m, t, a, ...) m(t, a) DB_FOR_EACH_12(m, t, __VA_ARGS__)
#define DB_FOR_EACH_14(m, t, a, ...) m(t, a) DB_FOR_EACH_13(m, t, __VA_ARGS__)
#define DB_FOR_EACH_15(m, t, a, ...) m(t, a) DB_FOR_EACH_14(m, t, __VA_ARGS__)
#define DB_FOR_EACH_16(m, t, a, ...) m(t, a) DB_FOR_EACH_15(m, t, __VA_ARGS__)
#define DB_FOR_EACH_17(m, t, a, ...) m(t, a) DB_FOR_EACH_16(m, t, __VA_ARGS__)
#define DB_FOR_EACH_18(m, t, a, ...) m(t, a) DB_FOR_EACH_17(m, t, __VA_ARGS__)
#define DB_FOR_EACH_19(m, t, a, ...) m(t, a) DB_FOR_EACH_18(m, t, __VA_ARGS__)
#define DB_FOR_EACH_20(m, t, a, ...) m(t, a) DB_FOR_EACH_19(m, t, __VA_ARGS__)
#define DB_FOR_EACH_21(m, t, a, ...) m(t, a) DB_FOR_EACH_20(m, t, __VA_ARGS__)
#define DB_FOR_EACH_22(m, t, a, ...) m(t, a) DB_FOR_EACH_21(m, t, __VA_ARGS__)
#define DB_FOR_EACH_23(m, t, a, ...) m(t, a) DB_FOR_EACH_22(m, t, __VA_ARGS__)
#define DB_FOR_EACH_24(m, t, a, ...) m(t, a) DB_FOR_EACH_23(m, t, __VA_ARGS__)
#define DB_FOR_EACH_25(m, t, a, ...) m(t, a) DB_FOR_EACH_24(m, t, __VA_ARGS__)
#define DB_FOR_EACH_26(m, t, a, ...) m(t, a) DB_FOR_EACH_25(m, t, __VA_ARGS__)
#define DB_FOR_EACH_27(m, t, a, ...) m(t, a) DB_FOR_EACH_26(m, t, __VA_ARGS__)
#define DB_FOR_EACH_28(m, t, a, ...) m(t, a) DB_FOR_EACH_27(m, t, __VA_ARGS__)
#define DB_FOR_EACH_29(m, t, a, ...) m(t, a) DB_FOR_EACH_28(m, t, __VA_ARGS__)
#define DB_FOR_EACH_30(m, t, a, ...) m(t, a) DB_FOR_EACH_29(m, t, __VA_ARGS__)
#define DB_FOR_EACH_31(m, t, a, ...) m(t, a) DB_FOR_EACH_30(m, t, __VA_ARGS__)
#define DB_FOR_EACH_32(m, t, a, ...) m(t, a) DB_FOR_EACH_31(m, t, __VA_ARGS__)
/* clang-format on */
