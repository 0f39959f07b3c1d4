/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of RFC 6455. Its own examples are §5.7. */
#include "tests/support/test.h"

#include "server/http/websocket.h"

struct heard {
	size_t count;
	enum websocket_opcode opcode;
	char octets[256];
	size_t len;
	bool stop;
};

static bool hear(void *owner, enum websocket_opcode opcode, struct str payload)
{
	struct heard *h = owner;
	assert_true(payload.len < sizeof h->octets);
	h->count++;
	h->opcode = opcode;
	h->len = payload.len;
	memcpy(h->octets, payload.ptr, payload.len);
	return !h->stop;
}

#define READ(ws, h, literal) websocket_read(&(ws), (struct str){ literal, sizeof(literal) - 1 }, hear, &(h))

TEST(the_examples_of_the_rfc)
{
	struct websocket ws = { 0 };
	struct heard h = { 0 };
	assert_int_equal(READ(ws, h, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), 0);
	assert_int_equal(h.count, 1);
	assert_int_equal(h.opcode, WS_TEXT);
	assert_memory_equal(h.octets, "Hello", 5);
	struct buf out = buf_new(test_mem, 1024);
	websocket_write(&out, WS_TEXT, STR("Hello"));
	assert_str(buf_str(&out), STR("\x81\x05Hello"));
	/* §1.3 */
	assert_str(websocket_accept(test_mem, STR("dGhlIHNhbXBsZSBub25jZQ==")), STR("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
	websocket_free(&ws);
}

TEST(a_message_in_pieces_with_a_ping_between_octet_by_octet)
{
	static const char octets[] = "\x01\x82\1\2\3\4"
				     "Ig"
				     "\x89\x81\0\0\0\0p"
				     "\x80\x81\0\0\0\0!";
	struct websocket ws = { 0 };
	struct heard h = { 0 };
	for (size_t i = 0; i + 1 < sizeof octets; i++) {
		assert_int_equal(websocket_read(&ws, (struct str){ octets + i, 1 }, hear, &h), 0);
		if (i == sizeof octets - 9) {
			assert_int_equal(h.count, 1);
			assert_int_equal(h.opcode, WS_PING);
		}
	}
	assert_int_equal(h.count, 2);
	assert_int_equal(h.len, 3);
	assert_memory_equal(h.octets, "He!", 3);
	websocket_free(&ws);
}

TEST(lengths_have_three_forms)
{
	static const size_t sizes[] = { 0, 125, 126, 65535, 65536 };
	static char octets[65536];
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct buf out = buf_new(test_mem, 70000);
		websocket_write(&out, WS_BINARY, (struct str){ octets, sizes[i] });
		assert_int_equal(out.len, sizes[i] + (sizes[i] < 126 ? 2 : sizes[i] < 65536 ? 4 : 10));
	}
}

TEST(who_hears_enough_ends_it)
{
	struct websocket ws = { 0 };
	struct heard h = { .stop = true };
	assert_int_equal(READ(ws, h,
				 "\x88\x80\1\2\3\4"
				 "\x81\x80\1\2\3\4"),
		WS_NORMAL);
	assert_int_equal(h.count, 1);
	websocket_free(&ws);
}

TEST(keys_are_sixteen_octets)
{
	assert_true(websocket_key_is(test_mem, STR("dGhlIHNhbXBsZSBub25jZQ==")));
	assert_false(websocket_key_is(test_mem, STR("")));
	assert_false(websocket_key_is(test_mem, STR("dGhlIHNhbXBsZSBub25j")));
	assert_false(websocket_key_is(test_mem, STR("dGhlIHNhbXBsZSBub25jZQ")));
}

TESTS(RUN(the_examples_of_the_rfc), RUN(a_message_in_pieces_with_a_ping_between_octet_by_octet),
	RUN(lengths_have_three_forms), RUN(who_hears_enough_ends_it), RUN(keys_are_sixteen_octets))
