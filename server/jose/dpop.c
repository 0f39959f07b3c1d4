/* SPDX-License-Identifier: Apache-2.0 */
#include "server/jose/dpop.h"

#include <assert.h>
#include <string.h>

#include "server/base/buf.h"
#include "server/crypto/digest.h"
#include "server/crypto/keyring.h"
#include "server/data/json_tree.h"
#include "server/data/uri.h"
#include "server/jose/dpop_here.h"

#define PROOF_MAX ((size_t)4096) /* octets: a key of 8192 bits and its signature are some 3000 */
#define URL_MAX ((size_t)4096)

/* ---- nonces ---- */

#define TIME_SIZE 6 /* of milliseconds */
#define MAC_SIZE 16
#define AHEAD_S 60 /* another clock may be ahead of ours */
#define SKEW_S 10  /* or behind it */

/* What stands in a nonce, and is under its MAC: when and by whom it was made, and whether for its maker alone. */
struct nonce {
	uint8_t time[TIME_SIZE], maker[DPOP_MAKER_SIZE], for_maker;
	uint8_t mac[MAC_SIZE];
};
#define NONCE_SIZE (TIME_SIZE + DPOP_MAKER_SIZE + 1 + MAC_SIZE)
static_assert(sizeof(struct nonce) == NONCE_SIZE, "octets, without holes");

static void nonce_mac(struct ctx *cx, const struct nonce *nonce, uint8_t out[MAC_SIZE])
{
	uint8_t mac[SHA256_SIZE];
	hmac_sha256(keyring_key(cx->keys, cx->mem, "dpop-nonce"), bytes_of(nonce, NONCE_SIZE - MAC_SIZE), mac);
	memcpy(out, mac, MAC_SIZE);
}

struct str dpop_nonce(struct ctx *cx, struct instant now)
{
	struct nonce nonce;
	uint64_t now_ms = (uint64_t)(now.us / 1000);
	for (size_t i = 0; i < TIME_SIZE; i++)
		nonce.time[i] = (uint8_t)(now_ms >> (8 * (TIME_SIZE - 1 - i)));
	memcpy(nonce.maker, dpop_maker(), sizeof nonce.maker);
	nonce.for_maker = dpop_here_alone((int64_t)now_ms);
	nonce_mac(cx, &nonce, nonce.mac);
	return base64url_of(cx->mem, bytes_of(&nonce, NONCE_SIZE));
}

static bool nonce_read(struct ctx *cx, struct str text, struct nonce *out, int64_t *out_ms)
{
	struct bytes octets;
	uint8_t mac[MAC_SIZE];
	int64_t at_ms = 0, now_ms = cx->now.us / 1000;
	if (!base64url_to(cx->mem, text, &octets) || octets.len != NONCE_SIZE)
		return false;
	memcpy(out, octets.ptr, NONCE_SIZE);
	nonce_mac(cx, out, mac);
	if (!bytes_same(bytes_of(out->mac, MAC_SIZE), bytes_of(mac, MAC_SIZE)))
		return false;
	for (size_t i = 0; i < TIME_SIZE; i++)
		at_ms = at_ms << 8 | out->time[i];
	*out_ms = at_ms;
	return at_ms > now_ms - DPOP_NONCE_S * 1000 && at_ms < now_ms + AHEAD_S * 1000;
}

/* One that another instance made is good where all know what came: in the database. */
static err_t validate_nonce(struct ctx *cx, const struct dpop_use *use, struct str text, struct dpop *out)
{
	struct nonce nonce;
	if (!nonce_read(cx, text, &nonce, &out->nonce_ms))
		return FAIL(cx, USE_DPOP_NONCE, "no nonce of ours, or an old one");
	bool own = memcmp(nonce.maker, dpop_maker(), sizeof nonce.maker) == 0;
	if (!own)
		dpop_here_others(cx->now.us / 1000);
	out->here = nonce.for_maker && !use->everywhere;
	if (out->here && !own)
		return FAIL(cx, USE_DPOP_NONCE, "a nonce for another instance alone");
	return OK;
}

/* ---- where it is for ---- */

static bool is_unreserved(unsigned char c)
{
	return char_is_alpha((char)c) || char_is_digit((char)c) || (c && strchr("-._~", c));
}

/* An escape of what needs none is the character (RFC 3986 §6.2.2.2); hex digits are compared in upper case. */
static void add_path(struct buf *out, struct str path)
{
	for (size_t i = 0; i < path.len; i++) {
		int high = path.ptr[i] == '%' && i + 2 < path.len ? char_hex(path.ptr[i + 1]) : -1;
		int low = high >= 0 ? char_hex(path.ptr[i + 2]) : -1;
		if (low < 0) {
			buf_char(out, path.ptr[i]);
			continue;
		}
		unsigned char c = (unsigned char)(high << 4 | low);
		if (is_unreserved(c))
			buf_char(out, (char)c);
		else
			buf_fmt(out, "%%%02X", c);
		i += 2;
	}
	if (!path.len)
		buf_char(out, '/');
}

static bool is_default_port(struct str scheme, struct str port)
{
	return !port.len || (str_eq(scheme, STR("https")) && str_eq(port, STR("443"))) ||
	       (str_eq(scheme, STR("http")) && str_eq(port, STR("80")));
}

static struct str url_form(struct arena *mem, struct str url)
{
	struct uri uri;
	struct buf out = buf_new(mem, 3 * URL_MAX);
	if (url.len > URL_MAX || !uri_split(url, &uri) || !uri.host.len || uri.userinfo.ptr)
		return STR_ABSENT;
	struct str scheme = str_lower(mem, uri.scheme);
	buf_add(&out, scheme);
	BUF_LIT(&out, "://");
	buf_add(&out, str_lower(mem, uri.host));
	buf_char(&out, ':');
	buf_add(&out, is_default_port(scheme, uri.port) ? STR("") : uri.port);
	add_path(&out, uri.path);
	return out.full ? STR_ABSENT : buf_str(&out);
}

bool dpop_same_url(struct arena *mem, struct str a, struct str b)
{
	struct str left = url_form(mem, a), right = url_form(mem, b);
	return left.ptr && right.ptr && str_eq(left, right);
}

/* ---- the proof ---- */

static err_t refuse(struct ctx *cx, const char *wrong)
{
	return REFUSE(cx, INVALID_DPOP_PROOF, "DPoP", "The DPoP proof is not taken: %s.", wrong);
}

static const char *read_key(struct ctx *cx, const struct jws *proof, struct jwk *out)
{
	if (!jws_typ_is(proof, "dpop+jwt"))
		return "its typ is not dpop+jwt";
	if (!(DPOP_ALGS & JWS_ALG(proof->alg)))
		return "its alg is none of ES256, EdDSA and PS256";
	if (!proof->jwk)
		return "its header has no jwk";
	if (jwk_read(cx, proof->jwk, out))
		return "its jwk is not a public key of type EC (P-256), OKP (Ed25519) or RSA (2048 to 8192 bits)";
	return NULL;
}

/* RFC 9449 §4.3, 8 and 9. */
static const char *validate_target(struct ctx *cx, const struct cJSON *claims, const struct dpop_use *use)
{
	struct str htm = jws_text(claims, "htm"), htu = jws_text(claims, "htu");
	if (!str_eq(htm, str_of(use->method)))
		return "its htm is not the method of this request";
	if (!htu.ptr || !dpop_same_url(cx->mem, htu, use->url))
		return "its htu is not the URL of this request as the server's public URL has it";
	return NULL;
}

/* RFC 9449 §4.3, 12: of the token as it was sent. */
static const char *validate_token(struct ctx *cx, const struct cJSON *claims, const struct dpop_use *use)
{
	struct str hash = base64url_of(cx->mem, secret_hash(cx->mem, use->token));
	return !use->token.ptr || str_eq(jws_text(claims, "ath"), hash) ? NULL
									: "its ath is not the hash of the access token";
}

/*
 * How old a proof is the nonce tells, whatever the clock of who made it says in iat. What it says besides of when it is
 * good counts (RFC 7519 §4.1.4, §4.1.5).
 */
static const char *validate_dates(struct ctx *cx, const struct cJSON *claims)
{
	int64_t now_s = instant_s(cx->now), at_s;
	if (!jws_date(claims, "iat", &at_s))
		return "it has no iat";
	if (json_tree_member(claims, STR("nbf")) && (!jws_date(claims, "nbf", &at_s) || at_s > now_s + AHEAD_S))
		return "its nbf is yet to come";
	if (json_tree_member(claims, STR("exp")) && (!jws_date(claims, "exp", &at_s) || at_s <= now_s - SKEW_S))
		return "its exp is past";
	return NULL;
}

static const char *validate_claims(struct ctx *cx, const struct cJSON *claims, const struct dpop_use *use)
{
	struct str jti = jws_text(claims, "jti");
	if (!jti.len || jti.len > DPOP_JTI_MAX)
		return "its jti is not a text of 1 to 256 octets";
	const char *wrong = validate_dates(cx, claims);
	if (!wrong)
		wrong = validate_target(cx, claims, use);
	return wrong ? wrong : validate_token(cx, claims, use);
}

static struct bytes once_of(struct ctx *cx, struct bytes jkt, struct str jti)
{
	struct str key = bytes_str(jkt);
	return bytes_of(secret_hash(cx->mem, str_cat(cx->mem, key, jti)).ptr, DPOP_ONCE_SIZE);
}

err_t dpop_check(struct ctx *cx, const struct dpop_use *use, struct dpop *out)
{
	struct jws proof;
	struct jwk key;
	if (!use->proof.ptr)
		return refuse(cx, "there is none, and this needs one in the DPoP header");
	if (use->proof.len > PROOF_MAX)
		return refuse(cx, "it is longer than 4 KiB");
	const char *wrong = jws_read(cx, use->proof, &proof);
	if (!wrong)
		wrong = read_key(cx, &proof, &key);
	if (wrong)
		return refuse(cx, wrong);
	const struct cJSON *claims = jws_claims(cx, &proof);
	wrong = claims ? validate_claims(cx, claims, use) : "its payload is not one JSON object with each name once";
	if (wrong)
		return refuse(cx, wrong);
	if (!jws_verify(cx, &proof, &key))
		return refuse(cx, "its signature is not of the key in it");
	struct dpop dpop = { .jkt = jwk_thumbprint(cx->mem, &key) };
	TRY(validate_nonce(cx, use, jws_text(claims, "nonce"), &dpop));
	dpop.once = once_of(cx, dpop.jkt, jws_text(claims, "jti"));
	*out = dpop;
	return OK;
}
