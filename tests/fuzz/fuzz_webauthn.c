/* SPDX-License-Identifier: Apache-2.0 */
/* library: jose */
#include "server/data/cbor.h"
#include "server/jose/webauthn.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The client data is right; the rest is what was sent. */
static struct bytes client_data(struct ctx *cx, const char *type, struct bytes challenge)
{
	struct str challenge_text = base64url_of(cx->mem, challenge);
	struct str text = str_fmt(cx->mem, "{\"type\":\"%s\",\"challenge\":\"%.*s\",\"origin\":\"https://a.example\"}",
		type, STR_ARG(challenge_text));
	return bytes_of(text.ptr, text.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t challenge[WEBAUTHN_CHALLENGE_SIZE] = { 1 };
	struct arena *mem = arena_open();
	struct ctx cx = { .mem = mem };
	struct webauthn_asked asked = { bytes_of(challenge, sizeof challenge), STR("https://a.example"),
		STR("a.example"), false };
	struct bytes input = bytes_of(data, size);
	struct webauthn_key key;
	struct webauthn_flags flags;
	size_t used = 0;
	const struct cbor_item_t *item = cbor_read(mem, input, &used);
	assert(!item || (used > 0 && used <= size));
	(void)cbor_member(item, STR("authData"));
	(void)cbor_member_at(item, -2);
	if (!webauthn_register(&cx, &asked, client_data(&cx, "webauthn.create", asked.challenge), input, &key))
		assert(key.credential_id.len > 0 && key.key.len > 0 && key.key.len <= WEBAUTHN_KEY_MAX);
	struct webauthn_answer answer = { client_data(&cx, "webauthn.get", asked.challenge), input, input };
	(void)webauthn_assert(&cx, &asked, input, &answer, &flags);
	(void)webauthn_register(&cx, &asked, input, input, &key);
	arena_close(mem);
	return 0;
}
