/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/base/buf.h"
#include "server/mail/message.h"

static struct str written(struct mail_message message)
{
	message.from.email = STR("calendar@example.org");
	message.date = test_cx.now;
	if (!message.text.ptr)
		message.text = STR("Hello");
	return mail_message_write(test_mem, &message);
}

/* RFC 5322 §2.1.1 and §2.3: ASCII, each line ended by CRLF and no other CR or LF, 78 octets at most. */
static void assert_lines(struct str message)
{
	struct str rest = message, line;
	assert_true(str_ends(message, STR("\r\n")));
	while (str_cut(&rest, '\n', &line) && rest.ptr) {
		assert_true(str_ends(line, STR("\r")));
		line.len--;
		assert_true(line.len <= 78);
		for (size_t i = 0; i < line.len; i++)
			if ((line.ptr[i] < ' ' && line.ptr[i] != '\t') || line.ptr[i] > '~')
				fail_msg("octet %d in: %.*s", line.ptr[i], STR_ARG(line));
	}
}

/* The lines of a field, folds and all. */
static struct str field(struct str message, const char *name)
{
	struct str start = str_fmt(test_mem, "\r\n%s: ", name);
	size_t from = str_find(message, start), to;
	assert_true(from != SIZE_MAX);
	message = str_from(message, from + start.len);
	for (to = 0; !(str_starts(str_from(message, to), STR("\r\n")) && message.ptr[to + 2] != ' '); to++)
		;
	return str_sub(message, 0, to);
}

TEST(an_address_is_dot_atoms_of_a_host_with_a_name) /* RFC 5321 §4.1.2, RFC 6531 §3.3 */
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = { { "a@example.org", true }, { "a.b+c@mail.example.org", true }, { "O'Neil@x.example", true },
		{ "a@localhost", true }, { "", false }, { "a", false }, { "@x.org", false }, { "a@", false },
		{ "a@b@c.org", false }, { ".a@x.org", false }, { "a..b@x.org", false }, { "a@x..org", false },
		{ "a@-x.org", false }, { "a@x-.org", false }, { "a@x.org.", false }, { "a b@x.org", false },
		{ "a\r\nRCPT TO:<b@x.org", false }, { "a>@x.org", false }, { "\"a\"@x.org", false },
		{ "a@[127.0.0.1]", false }, { "j\xC3\xB6rg@x.org", true }, { "a@b\xC3\xBC.org", true },
		{ "a@b\xC3_\xBC.org", false }, { "j\xC3rg@x.org", false }, { "\xC2\x85@x.org", false },
		{ "j\xC3\xB6 rg@x.org", false }, { "a@x.org ", false }, { "a,b@x.org", false } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (mail_is_address(str_of(cases[i].text)) != cases[i].good)
			fail_msg("%s", cases[i].text);
	char local[80], label[90];
	memset(local, 'a', sizeof local);
	memset(label, 'b', sizeof label);
	assert_true(mail_is_address(str_fmt(test_mem, "%.64s@x.org", local)));
	assert_false(mail_is_address(str_fmt(test_mem, "%.65s@x.org", local)));
	assert_true(mail_is_address(str_fmt(test_mem, "a@%.63s.org", label)));
	assert_false(mail_is_address(str_fmt(test_mem, "a@%.64s.org", label)));
	assert_false(mail_is_address(
		str_fmt(test_mem, "a@%.60s.%.60s.%.60s.%.60s.%.60s", label, label, label, label, label)));
}

TEST(header_texts_are_quoted_or_encoded_words) /* RFC 5322 §3.2.4, RFC 2047 §2 and §5 */
{
	static const struct {
		const char *name, *expected;
	} cases[] = {
		{ "Ann", "\"Ann\"\r\n <calendar@example.org>" },
		{ "A \"B\" \\", "\"A \\\"B\\\" \\\\\"\r\n <calendar@example.org>" },
		{ "Ann\r\nBcc: x@y.z", "\"Ann  Bcc: x@y.z\"\r\n <calendar@example.org>" },
		{ "=?UTF-8?Q?x?=", "=?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?=\r\n <calendar@example.org>" },
		{ "J\xC3\xB6rg", "=?UTF-8?B?SsO2cmc=?=\r\n <calendar@example.org>" },
		{ "", "<calendar@example.org>" },
		{ "\r\n\t", "<calendar@example.org>" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str message = str_cat(test_mem, STR("\r\n"),
			written((struct mail_message){ .from.name = str_of(cases[i].name), .subject = STR("x") }));
		assert_str(field(message, "From"), str_of(cases[i].expected));
	}
}

TEST(a_long_subject_is_cut_into_words_of_whole_characters)
{
	struct buf text = buf_new(test_mem, 4096);
	for (int i = 0; i < 60; i++)
		BUF_LIT(&text, "x\xE6\x97\xA5");
	struct str message = written((struct mail_message){ .subject = buf_str(&text) });
	struct str rest = field(message, "Subject"), word, decoded = STR("");
	assert_lines(message);
	while (str_cut(&rest, ' ', &word)) {
		struct bytes octets;
		word = str_trim(word, "\r\n");
		assert_true(word.len <= 75 && str_starts(word, STR("=?UTF-8?B?")) && str_ends(word, STR("?=")));
		assert_true(base64_to(test_mem, str_sub(word, 10, word.len - 2), &octets));
		struct str part = bytes_str(octets);
		assert_true(str_is_utf8(part));
		decoded = str_cat(test_mem, decoded, part);
	}
	assert_str(decoded, buf_str(&text));
}

TEST(bodies_are_quoted_printable) /* RFC 2045 §6.7 */
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "a", "a\r\n" },
		{ "a\nb\r\nc", "a\r\nb\r\nc\r\n" },
		{ "a=b \nc\t", "a=3Db=20\r\nc=09\r\n" },
		{ "\xC3\xB6", "=C3=B6\r\n" },
		{ ".\n.", ".\r\n.\r\n" },
		{ "a\x01\x7F\rb", "ab\r\n" },
		{ "a\n\nb\n\n", "a\r\n\r\nb\r\n" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str message =
			written((struct mail_message){ .subject = STR("x"), .text = str_of(cases[i].text) });
		size_t at = str_find(message, STR("\r\n\r\n"));
		assert_str(str_from(message, at + 4), str_of(cases[i].expected));
		assert_lines(message);
	}
}

TEST(lines_of_any_length_are_softly_broken)
{
	char *text = arena_take(test_mem, 3000, 1);
	for (size_t i = 0; i < 3000; i++)
		text[i] = i % 7 ? 'a' : '=';
	struct str message = written((struct mail_message){ .subject = STR("x"), .text = { text, 3000 } });
	assert_lines(message);
	assert_true(str_find(message, STR("=\r\n")) != SIZE_MAX);
}

TEST(what_is_sent_twice_is_the_same)
{
	const struct mail_message message = { .subject = STR("x"),
		.text = STR("a"),
		.calendar = STR("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"),
		.method = STR("REQUEST") };
	struct str first = written(message);
	assert_str(written(message), first);
	assert_lines(first);
	assert_true(str_find(first, STR("text/calendar; method=REQUEST; charset=UTF-8\r\n")) != SIZE_MAX);
	struct str head = mail_message_head(test_mem, STR("k.1"), STR("c@example.org"), STR("b@example.net"));
	assert_str(head, STR("Message-ID: <k.1@example.org>\r\nTo: <b@example.net>\r\n"));
}

TEST(a_page_stands_after_the_text) /* RFC 2046 §5.1.4: in order of increasing faithfulness */
{
	struct str message = written((struct mail_message){
		.subject = STR("x"), .text = STR("plain words"), .html = STR("<p>fine words</p>\n") });
	size_t plain = str_find(message, STR("text/plain")), html = str_find(message, STR("text/html"));
	assert_lines(message);
	assert_true(str_find(message, STR("multipart/alternative")) < plain && plain < html && html != SIZE_MAX);
	assert_true(str_find(message, STR("<p>fine words</p>\r\n--=_a")) != SIZE_MAX);
	message = written((struct mail_message){ .subject = STR("x"),
		.text = STR("plain words"),
		.html = STR("<p>fine words</p>\n"),
		.calendar = STR("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"),
		.method = STR("REQUEST") });
	html = str_find(message, STR("text/html"));
	assert_true(str_find(message, STR("text/plain")) < html && html < str_find(message, STR("text/calendar")));
}

TESTS(RUN(a_page_stands_after_the_text), RUN(an_address_is_dot_atoms_of_a_host_with_a_name),
	RUN(header_texts_are_quoted_or_encoded_words), RUN(a_long_subject_is_cut_into_words_of_whole_characters),
	RUN(bodies_are_quoted_printable), RUN(lines_of_any_length_are_softly_broken),
	RUN(what_is_sent_twice_is_the_same))
