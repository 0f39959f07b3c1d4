/* SPDX-License-Identifier: Apache-2.0 */
#include "server/jose/jwk.h"

#include "server/crypto/digest.h"
#include "server/data/json_tree.h"

#define KEY_OCTETS 32      /* of a coordinate, and of an Ed25519 key */
#define EXPONENT_OCTETS 4u /* what is longer costs whoever verifies, and is of no use */

const struct jws_alg_row jws_alg_rows[] = {
	{ "ES256", JWS_ES256 },
	{ "EdDSA", JWS_EDDSA },
	{ "Ed25519", JWS_EDDSA },
	{ "PS256", JWS_PS256 },
	{ "RS256", JWS_RS256 },
};
const size_t jws_alg_row_count = ARRAY_LEN(jws_alg_rows);

bool jws_alg_parse(struct str name, enum jws_alg *out)
{
	for (size_t i = 0; i < jws_alg_row_count; i++)
		if (str_eq(name, str_of(jws_alg_rows[i].name))) {
			*out = jws_alg_rows[i].alg;
			return true;
		}
	return false;
}

/* ---- members ---- */

/* A member that is a text; absent where there is none. False: it is something else. */
static bool text_of(const struct cJSON *object, const char *name, struct str *out)
{
	const struct cJSON *member = json_tree_member(object, str_of(name));
	*out = STR_ABSENT;
	if (!member)
		return true;
	if (json_tree_type(member) != JSON_IS_TEXT)
		return false;
	*out = json_tree_text(member);
	return true;
}

static bool octets_of(struct ctx *cx, const struct cJSON *object, const char *name, struct bytes *out)
{
	struct str text;
	return text_of(object, name, &text) && text.ptr && base64url_to(cx->mem, text, out);
}

static struct str member_of(const struct cJSON *object, const char *name)
{
	return json_tree_text(json_tree_member(object, str_of(name)));
}

/* ---- types ---- */

static const char *read_ec(struct ctx *cx, const struct cJSON *o, struct jwk *key)
{
	struct str curve;
	if (!text_of(o, "crv", &curve) || !str_eq(curve, STR("P-256")))
		return "its curve is not P-256";
	if (!octets_of(cx, o, "x", &key->x) || !octets_of(cx, o, "y", &key->y) || key->x.len != KEY_OCTETS ||
		key->y.len != KEY_OCTETS)
		return "x and y are not 32 octets each in base64url";
	key->algs = JWS_ALG(JWS_ES256);
	key->members = str_fmt(cx->mem, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%.*s\",\"y\":\"%.*s\"}",
		STR_ARG(member_of(o, "x")), STR_ARG(member_of(o, "y")));
	return NULL;
}

static const char *read_okp(struct ctx *cx, const struct cJSON *o, struct jwk *key)
{
	struct str curve;
	if (!text_of(o, "crv", &curve) || !str_eq(curve, STR("Ed25519")))
		return "its curve is not Ed25519";
	if (!octets_of(cx, o, "x", &key->x) || key->x.len != KEY_OCTETS)
		return "x is not 32 octets in base64url";
	key->algs = JWS_ALG(JWS_EDDSA);
	key->members =
		str_fmt(cx->mem, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%.*s\"}", STR_ARG(member_of(o, "x")));
	return NULL;
}

static size_t bits_of(struct bytes number)
{
	size_t bits = number.len * 8;
	for (uint8_t first = number.ptr[0]; !(first & 0x80); first = (uint8_t)(first << 1))
		bits--;
	return bits;
}

static const char *read_rsa(struct ctx *cx, const struct cJSON *o, struct jwk *key)
{
	if (!octets_of(cx, o, "n", &key->n) || !key->n.len || !key->n.ptr[0] || !octets_of(cx, o, "e", &key->e) ||
		!key->e.len || !key->e.ptr[0])
		return "n and e are not numbers in base64url without zeros before them";
	if (bits_of(key->n) < JWK_RSA_BITS_MIN || bits_of(key->n) > JWK_RSA_BITS_MAX)
		return "an RSA key has 2048 to 8192 bits";
	if (key->e.len > EXPONENT_OCTETS || !(key->e.ptr[key->e.len - 1] & 1) || (key->e.len == 1 && key->e.ptr[0] < 3))
		return "e is not an odd number from 3 to 2^32";
	key->algs = JWS_ALG(JWS_PS256) | JWS_ALG(JWS_RS256);
	key->members = str_fmt(cx->mem, "{\"e\":\"%.*s\",\"kty\":\"RSA\",\"n\":\"%.*s\"}", STR_ARG(member_of(o, "e")),
		STR_ARG(member_of(o, "n")));
	return NULL;
}

static const struct {
	const char *kty;
	enum jwk_type type;
	const char *(*read)(struct ctx *cx, const struct cJSON *o, struct jwk *key);
} types[] = {
	{ "EC", JWK_EC, read_ec },
	{ "OKP", JWK_OKP, read_okp },
	{ "RSA", JWK_RSA, read_rsa },
};

/* ---- what it is for ---- */

static const char *const private_parts[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };

static bool has_private_part(const struct cJSON *object)
{
	for (size_t i = 0; i < ARRAY_LEN(private_parts); i++)
		if (json_tree_member(object, str_of(private_parts[i])))
			return true;
	return false;
}

static bool lists_verify(const struct cJSON *ops)
{
	if (json_tree_type(ops) != JSON_IS_LIST)
		return false;
	for (const struct cJSON *op = json_tree_first(ops); op; op = json_tree_next(op))
		if (json_tree_type(op) == JSON_IS_TEXT && str_eq(json_tree_text(op), STR("verify")))
			return true;
	return false;
}

/* RFC 7517 §4.2 to §4.5. */
static const char *read_purpose(const struct cJSON *o, struct jwk *key)
{
	const struct cJSON *ops = json_tree_member(o, STR("key_ops"));
	struct str use, alg;
	enum jws_alg only;
	if (!text_of(o, "use", &use) || (use.ptr && !str_eq(use, STR("sig"))))
		return "its use is not sig";
	if (ops && !lists_verify(ops))
		return "its key_ops have no verify";
	if (!text_of(o, "alg", &alg) || (alg.ptr && !jws_alg_parse(alg, &only)))
		return "its alg is none of ES256, EdDSA, PS256 and RS256";
	if (alg.ptr && !(key->algs & JWS_ALG(only)))
		return "its alg is not one of its type";
	if (alg.ptr)
		key->algs = JWS_ALG(only);
	if (!text_of(o, "kid", &key->kid) || key->kid.len > JWK_NAME_MAX)
		return "its kid is not a text of at most 256 octets";
	return NULL;
}

const char *jwk_read(struct ctx *cx, const struct cJSON *value, struct jwk *out)
{
	struct jwk key = { 0 };
	struct str kty;
	if (!value || json_tree_type(value) != JSON_IS_OBJECT)
		return "it is not an object";
	if (has_private_part(value))
		return "it has private parts: send the public key alone, and use another pair from now on";
	if (!text_of(value, "kty", &kty) || !kty.ptr)
		return "it has no kty";
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (!str_eq(kty, str_of(types[i].kty)))
			continue;
		key.type = types[i].type;
		const char *wrong = types[i].read(cx, value, &key);
		if (!wrong)
			wrong = read_purpose(value, &key);
		if (!wrong)
			*out = key;
		return wrong;
	}
	return "its kty is none of EC, OKP and RSA";
}

const char *jwk_read_text(struct ctx *cx, struct str text, struct jwk *out)
{
	const struct cJSON *root;
	if (text.len > JWK_SET_TEXT_MAX || json_tree_parse(cx, text, &root))
		return "it is not one JSON object with each name once";
	return jwk_read(cx, root, out);
}

const char *jwk_set_read(struct ctx *cx, struct str text, struct jwk_set *out)
{
	const struct cJSON *root, *keys;
	out->count = 0;
	if (text.len > JWK_SET_TEXT_MAX)
		return "it is longer than 32 KiB";
	if (json_tree_parse(cx, text, &root))
		return "it is not one JSON object with each name once";
	keys = json_tree_member(root, STR("keys"));
	if (!keys || json_tree_type(keys) != JSON_IS_LIST)
		return "it has no list of keys";
	for (const struct cJSON *one = json_tree_first(keys); one; one = json_tree_next(one)) {
		if (json_tree_type(one) != JSON_IS_OBJECT || has_private_part(one))
			return "one of its keys is not a public key";
		if (out->count == JWK_SET_MAX)
			return "it has more than 20 keys";
		if (!jwk_read(cx, one, &out->items[out->count]))
			out->count++;
	}
	return out->count ? NULL : "none of its keys is for ES256, EdDSA, PS256 or RS256";
}

struct bytes jwk_thumbprint(struct arena *mem, const struct jwk *key)
{
	return secret_hash(mem, key->members);
}
