/* SPDX-License-Identifier: Apache-2.0 */
#include "server/jose/webauthn.h"

#include <string.h>

#include "server/crypto/digest.h"
#include "server/data/cbor.h"
#include "server/data/json_tree.h"
#include "server/jose/jws.h"

enum { FLAG_PRESENT = 1, FLAG_VERIFIED = 4, FLAG_SHARED = 8, FLAG_BACKED_UP = 16, FLAG_KEY = 64 };

#define AUTH_HEAD 37 /* octets: hash of the RP id, flags, counter (§6.1) */
#define AAGUID 16
#define CUT "The answer of the passkey is cut off, or not what a passkey says."

/* ---- client data (§5.8.1) ---- */

static const char *validate_client_data(
	struct ctx *cx, const struct webauthn_asked *asked, const char *type, struct bytes client_data)
{
	const struct cJSON *root;
	if (client_data.len > WEBAUTHN_CLIENT_DATA_MAX || json_tree_parse(cx, bytes_str(client_data), &root))
		return CUT;
	if (!str_eq(jws_text(root, "type"), str_of(type)))
		return "The passkey answered another question.";
	struct str challenge = jws_text(root, "challenge"), ours = base64url_of(cx->mem, asked->challenge);
	if (!bytes_same(bytes_of(challenge.ptr, challenge.len), bytes_of(ours.ptr, ours.len)))
		return "The passkey answered an older question.";
	if (!str_eq(jws_text(root, "origin"), asked->origin))
		return "The passkey was used on a page of another address.";
	const struct cJSON *cross = json_tree_member(root, STR("crossOrigin"));
	if (cross && (json_tree_type(cross) != JSON_IS_BOOL || json_tree_bool(cross)))
		return "The passkey was used inside a page of another address.";
	return NULL;
}

/* ---- authenticator data (§6.1) ---- */

static const char *validate_authenticator(
	const struct webauthn_asked *asked, struct bytes data, unsigned *bits_out, struct webauthn_flags *out)
{
	uint8_t rp[SHA256_SIZE];
	if (data.len < AUTH_HEAD)
		return CUT;
	sha256(bytes_of(asked->rp_id.ptr, asked->rp_id.len), rp);
	if (!bytes_same(bytes_of(data.ptr, SHA256_SIZE), bytes_of(rp, sizeof rp)))
		return "The passkey is of another address.";
	unsigned bits = data.ptr[32];
	if (!(bits & FLAG_PRESENT))
		return "The passkey was used without anybody there.";
	if (asked->verified && !(bits & FLAG_VERIFIED))
		return "The passkey has to be unlocked by a PIN, a finger or a face.";
	if ((bits & FLAG_BACKED_UP) && !(bits & FLAG_SHARED))
		return CUT;
	out->counter = (uint32_t)data.ptr[33] << 24 | (uint32_t)data.ptr[34] << 16 | (uint32_t)data.ptr[35] << 8 |
		       data.ptr[36];
	out->verified = bits & FLAG_VERIFIED;
	out->shared = bits & FLAG_SHARED;
	*bits_out = bits;
	return NULL;
}

/* ---- keys (RFC 9053 §7) ---- */

static struct bytes octets_at(const struct cbor_item_t *map, int64_t key)
{
	struct bytes octets;
	return cbor_as_bytes(cbor_member_at(map, key), &octets) ? octets : (struct bytes){ NULL, 0 };
}

static int64_t number_at(const struct cbor_item_t *map, int64_t key)
{
	int64_t number;
	return cbor_as_int(cbor_member_at(map, key), &number) ? number : 0;
}

static struct bytes without_zeros(struct bytes number)
{
	while (number.len && !number.ptr[0])
		number = bytes_of(number.ptr + 1, number.len - 1);
	return number;
}

/* Of the kinds that were asked for, and usable with OpenSSL; false for any other. */
static bool key_of_cose(const struct cbor_item_t *map, struct jwk *out)
{
	int64_t type = number_at(map, 1), alg = number_at(map, 3), curve = number_at(map, -1);
	*out = (struct jwk){ .type = JWK_EC };
	if (type == 2 && alg == -7 && curve == 1) {
		out->algs = JWS_ALG(JWS_ES256);
		out->x = octets_at(map, -2);
		out->y = octets_at(map, -3);
		return out->x.len == 32 && out->y.len == 32 && jwk_is_usable(out);
	}
	if (type == 1 && alg == -8 && curve == 6) {
		out->type = JWK_OKP;
		out->algs = JWS_ALG(JWS_EDDSA);
		out->x = octets_at(map, -2);
		return out->x.len == 32 && jwk_is_usable(out);
	}
	if (type == 3 && alg == -257) {
		out->type = JWK_RSA;
		out->algs = JWS_ALG(JWS_RS256);
		out->n = without_zeros(octets_at(map, -1));
		out->e = without_zeros(octets_at(map, -2));
		return out->n.len >= JWK_RSA_BITS_MIN / 8 && out->n.len <= JWK_RSA_BITS_MAX / 8 && out->e.len > 0 &&
		       out->e.len <= 8 && jwk_is_usable(out);
	}
	return false;
}

static enum jws_alg alg_of(const struct jwk *key)
{
	return key->type == JWK_EC ? JWS_ES256 : key->type == JWK_OKP ? JWS_EDDSA : JWS_RS256;
}

/* ---- the two answers ---- */

/* What stands after the head: which authenticator, the credential's id, its key (§6.5.1). Extensions may follow. */
static const char *read_credential(struct ctx *cx, struct bytes data, struct webauthn_key *out)
{
	struct bytes rest = bytes_of(data.ptr + AUTH_HEAD, data.len - AUTH_HEAD);
	struct jwk key;
	size_t used;
	if (rest.len < AAGUID + 2)
		return CUT;
	size_t len = (size_t)rest.ptr[AAGUID] << 8 | rest.ptr[AAGUID + 1];
	rest = bytes_of(rest.ptr + AAGUID + 2, rest.len - AAGUID - 2);
	if (!len || len > WEBAUTHN_CREDENTIAL_ID_MAX || len > rest.len)
		return CUT;
	out->credential_id = bytes_of(rest.ptr, len);
	rest = bytes_of(rest.ptr + len, rest.len - len);
	const struct cbor_item_t *map = cbor_read(cx->mem, rest, &used);
	if (!map || used > WEBAUTHN_KEY_MAX)
		return CUT;
	out->key = bytes_of(rest.ptr, used);
	return key_of_cose(map, &key) ? NULL : "The passkey has a kind of key that this server does not know.";
}

const char *webauthn_register(struct ctx *cx, const struct webauthn_asked *asked, struct bytes client_data,
	struct bytes attestation, struct webauthn_key *out)
{
	struct bytes data;
	unsigned bits;
	size_t used;
	const char *wrong = validate_client_data(cx, asked, "webauthn.create", client_data);
	if (wrong)
		return wrong;
	const struct cbor_item_t *object = cbor_read(cx->mem, attestation, &used);
	if (!object || used != attestation.len || !cbor_as_bytes(cbor_member(object, STR("authData")), &data))
		return CUT;
	wrong = validate_authenticator(asked, data, &bits, &out->flags);
	if (wrong)
		return wrong;
	return bits & FLAG_KEY ? read_credential(cx, data, out) : CUT;
}

const char *webauthn_assert(struct ctx *cx, const struct webauthn_asked *asked, struct bytes key,
	const struct webauthn_answer *answer, struct webauthn_flags *out)
{
	struct jwk jwk;
	unsigned bits;
	size_t used;
	struct bytes data = answer->authenticator_data;
	const char *wrong = validate_client_data(cx, asked, "webauthn.get", answer->client_data);
	if (!wrong)
		wrong = validate_authenticator(asked, data, &bits, out);
	if (wrong)
		return wrong;
	const struct cbor_item_t *map = cbor_read(cx->mem, key, &used);
	if (!map || !key_of_cose(map, &jwk) || data.len > CBOR_OCTETS_MAX)
		return CUT;
	/* §7.2 steps 20, 21: over the data and the hash of the client data. */
	uint8_t *text = arena_take(cx->mem, 1, data.len + SHA256_SIZE);
	memcpy(text, data.ptr, data.len);
	sha256(answer->client_data, text + data.len);
	if (!jwk_signed(&jwk, alg_of(&jwk), bytes_of(text, data.len + SHA256_SIZE), answer->signature))
		return "The passkey's signature is wrong.";
	return NULL;
}
