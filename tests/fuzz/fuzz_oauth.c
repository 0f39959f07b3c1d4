/* SPDX-License-Identifier: Apache-2.0 */
/* library: oauth */
#include "oauth/params.h"
#include "oauth/pkce.h"
#include "oauth/redirect.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A URI that may be registered matches itself, and what matches it differs in the port of a loopback host alone. */
static void try_uri(struct ctx *cx, struct str text)
{
	struct str line, rest = text;
	(void)str_cut(&rest, '\n', &line);
	bool can_register = !redirect_uri_check(cx, line, true);
	if (can_register) {
		assert(redirect_uri_matches(line, line));
		assert(redirect_host(cx->mem, line).len);
	}
	if (rest.ptr && can_register && redirect_uri_matches(line, rest) && !str_eq(line, rest))
		assert(redirect_is_loopback(line) && redirect_is_loopback(rest));
	struct redirect_answer answer = { .redirect_uri = line, .state = rest, .iss = STR("https://x") };
	struct str url = redirect_answer_url(cx->mem, &answer);
	assert(str_starts(url, line) || url.len < line.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_open();
	struct ctx cx = { .mem = mem };
	struct str text = { (const char *)data, size };
	struct params params;
	if (!params_read(&cx, text, &params))
		for (size_t i = 0; i < params.count; i++)
			assert(params.items[i].broken || params.items[i].value.len);
	try_uri(&cx, text);
	struct bytes challenge = pkce_challenge_read(mem, text);
	assert(!challenge.ptr || (challenge.len == 32 && size == 43));
	arena_close(mem);
	return 0;
}
