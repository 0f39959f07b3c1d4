/* SPDX-License-Identifier: Apache-2.0 */
#include "server/auth/credential.h"

static bool is_token68(struct str s)
{
	size_t i = 0;
	while (i < s.len && (char_is_alpha(s.ptr[i]) || char_is_digit(s.ptr[i]) || str_has(STR("-._~+/"), s.ptr[i])))
		i++;
	if (!i)
		return false;
	while (i < s.len && s.ptr[i] == '=')
		i++;
	return i == s.len;
}

static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7F)
			return true;
	return false;
}

/* RFC 7617 §2: user-id and password are UTF-8 here, the first colon parts them, control characters are not allowed. */
static err_t read_basic(struct ctx *cx, struct str text, struct credential *out)
{
	struct bytes raw;
	if (!base64_to(cx->mem, text, &raw))
		return FAIL(cx, CREDENTIALS_INVALID, "Basic: not base64");
	struct str pair = bytes_str(raw), username;
	if (!pair.len || !str_is_utf8(pair) || has_control(pair))
		return FAIL(cx, CREDENTIALS_INVALID, "Basic: not UTF-8 text");
	if (!str_has(pair, ':'))
		return FAIL(cx, CREDENTIALS_INVALID, "Basic: no colon");
	(void)str_cut(&pair, ':', &username);
	*out = (struct credential){ .transport = VIA_BASIC, .username = username, .secret = pair };
	return OK;
}

err_t credential_read(struct ctx *cx, struct str header, struct credential *out)
{
	static const struct {
		struct str name;
		enum transport transport;
	} schemes[] = { { STR_INIT("Bearer"), VIA_BEARER }, { STR_INIT("Basic"), VIA_BASIC },
		{ STR_INIT("DPoP"), VIA_DPOP } };
	struct str scheme;

	*out = (struct credential){ .transport = VIA_NONE };
	if (!str_cut(&header, ' ', &scheme))
		return OK;
	while (str_starts(header, STR(" "))) /* RFC 9110 §11.4: one or more of them */
		header = str_from(header, 1);
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		if (!str_eq_nocase(scheme, schemes[i].name))
			continue;
		out->transport = schemes[i].transport;
		if (!is_token68(header))
			return FAIL(cx, CREDENTIALS_INVALID, "Authorization: not one token after the scheme");
		if (schemes[i].transport == VIA_BASIC)
			return read_basic(cx, header, out);
		out->secret = header;
		return OK;
	}
	return FAIL(cx, CREDENTIALS_INVALID, "Authorization: unknown scheme");
}

const char *who_name(enum who kind)
{
	switch (kind) {
	case SESSION:
		return "session";
	case TOKEN:
		return "token";
	case ACCOUNT_KEY:
		return "account_key";
	case SECRET_KEY:
		return "secret_key";
	case RESTRICTED_KEY:
		return "restricted_key";
	case PUBLISHABLE_KEY:
		return "publishable_key";
	case NOBODY:
	case ANYONE:
	case OPTIONAL_SESSION:
	case KEY:
		break;
	}
	return "other";
}

struct ctx_by who_by(const struct principal *p)
{
	return (struct ctx_by){
		.kind = who_name(p->kind),
		.credential = p->credential,
		.client = p->client,
	};
}
