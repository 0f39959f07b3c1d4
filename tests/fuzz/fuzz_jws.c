/* SPDX-License-Identifier: Apache-2.0 */
/* library: jose */
#include "server/jose/jws.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The text is as it came, or as a header and a payload in clear with a line's end between. */
static struct str composed(struct arena *mem, struct str text)
{
	struct str rest = text, header;
	if (!str_cut(&rest, '\n', &header) || !rest.ptr)
		return text;
	return str_fmt(mem, "%.*s.%.*s.AAAA", STR_ARG(base64url_of(mem, bytes_of(header.ptr, header.len))),
		STR_ARG(base64url_of(mem, bytes_of(rest.ptr, rest.len))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_open();
	struct ctx cx = { .mem = mem };
	struct str text = composed(mem, (struct str){ (const char *)data, size });
	struct jws jws;
	struct jwk key;
	int64_t at;
	if (!jws_read(&cx, text, &jws)) {
		assert(jws.alg < JWS_ALGS && text.len <= JWS_MAX);
		const struct cJSON *claims = jws_claims(&cx, &jws);
		if (claims && jws_date(claims, "exp", &at))
			assert(at >= -INT64_C(9007199254740992) && at <= INT64_C(9007199254740992));
		if (jws.jwk && !jwk_read(&cx, jws.jwk, &key))
			assert(!jws_verify(&cx, &jws, &key) || jws.signature.len > 3);
	}
	arena_close(mem);
	return 0;
}
