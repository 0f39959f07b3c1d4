/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "oauth/answer.h"
#include "server/base/config.h"

/* As the browser is led there. */
#define URL(how, ...) url_of(how(&test_cx, __VA_ARGS__))
static struct str url_of(struct redirect_answer answer)
{
	return redirect_answer_url(test_mem, &answer);
}

static const struct config config = { .public_url = STR_INIT("https://calends.example") };

static const struct auth_request request = { .redirect_uri = STR_INIT("https://app.example/cb"),
	.state = STR_INIT("a b&c"),
	.error = STR_INIT("invalid_scope"),
	.error_description = STR_INIT("It was not granted.") };

/* OAuth 2.1 §4.1.2, §4.1.2.1; RFC 9207 §2: state as it came, and the issuer in each answer. */
TEST(every_answer_has_the_state_and_the_issuer)
{
	test_cx.config = &config;
	assert_str(URL(answer_code, &request, STR("cac_1")),
		STR("https://app.example/cb?code=cac_1&state=a+b%26c&iss=https%3A%2F%2Fcalends.example"));
	assert_str(URL(answer_stored, &request),
		STR("https://app.example/"
		    "cb?error=invalid_scope&error_description=It+was+not+granted.&state=a+b%26c&iss="
		    "https%3A%2F%2Fcalends.example"));
	assert_str(URL(answer_error, &request, REFUSE(&test_cx, ACCESS_DENIED, "", "No.")),
		STR("https://app.example/"
		    "cb?error=access_denied&error_description=No.&state=a+b%26c&iss=https%3A%2F%2F"
		    "calends.example"));
}

TEST(a_state_that_did_not_come_does_not_go_and_a_query_stays)
{
	struct auth_request other = { .redirect_uri = STR("https://app.example/cb?tenant=1"), .state = STR_ABSENT };
	test_cx.config = &config;
	assert_str(URL(answer_code, &other, STR("x")),
		STR("https://app.example/cb?tenant=1&code=x&iss=https%3A%2F%2Fcalends.example"));
	other.state = STR(""); /* it came, and was empty */
	assert_str(URL(answer_code, &other, STR("x")),
		STR("https://app.example/cb?tenant=1&code=x&state=&iss=https%3A%2F%2Fcalends.example"));
}

/* OAuth 2.1 §4.1.2.1: %x20-21 / %x23-5B / %x5D-7E. */
TEST(a_description_has_the_characters_that_it_may_have)
{
	struct str text = error_description(test_mem, REFUSE(&test_cx, MALFORMED, "",
							      "a\"b\\c\x7F"
							      "d\te\xC3\xA4~ !"));
	assert_str(text, STR("a'b?c?d?e??~ !"));
	for (size_t i = 0; i < text.len; i++)
		assert_true(text.ptr[i] >= 0x20 && text.ptr[i] <= 0x7E && text.ptr[i] != '"' && text.ptr[i] != '\\');
	assert_str(error_description(test_mem, FAIL(&test_cx, INVALID_GRANT, "for the log")),
		str_of(err_row(INVALID_GRANT)->text));
}

TEST(an_error_has_a_code_of_the_protocol)
{
	assert_str(error_code(FAIL(&test_cx, INVALID_SCOPE, "x")), STR("invalid_scope"));
	assert_str(error_code(FAIL(&test_cx, UNAVAILABLE, "x")), STR("temporarily_unavailable"));
	assert_str(error_code(FAIL(&test_cx, INTERNAL, "x")), STR("server_error"));
	for (enum err_kind kind = 1; kind < ERR_KINDS; kind++) /* none says an error that only our API has */
		if (!err_row(kind)->oauth_error)
			assert_str(error_code(FAIL(&test_cx, kind, "x")), STR("server_error"));
}

TESTS(RUN(every_answer_has_the_state_and_the_issuer), RUN(a_state_that_did_not_come_does_not_go_and_a_query_stays),
	RUN(a_description_has_the_characters_that_it_may_have), RUN(an_error_has_a_code_of_the_protocol))
