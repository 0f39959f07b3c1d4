/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public keys of others (RFC 7517), to verify signatures with. A key says which algorithms it is for: by its type and
 * curve, and by `alg`, `use` and `key_ops` where it has them. Nothing else chooses one, so that no signature is ever
 * verified in a way that its key was not made for (RFC 8725 §3.1). There is no `none`, and no key that both sides have.
 */
#pragma once

#include "server/base/ctx.h"

enum jws_alg { JWS_ES256, JWS_EDDSA, JWS_PS256, JWS_RS256, JWS_ALGS };
#define JWS_ALG(alg) (1u << (alg)) /* in a set of them */
#define JWS_ALGS_ALL (JWS_ALG(JWS_ALGS) - 1)

/* Names of RFC 7518 §3.1 and RFC 8037 §3.1; EdDSA over Ed25519 is also called Ed25519 (RFC 9864 §2.2). */
struct jws_alg_row {
	const char *name;
	enum jws_alg alg;
};
extern const struct jws_alg_row jws_alg_rows[];
extern const size_t jws_alg_row_count;
bool jws_alg_parse(struct str name, enum jws_alg *out);

#define JWK_RSA_BITS_MIN 2048
#define JWK_RSA_BITS_MAX 8192
#define JWK_NAME_MAX 256                     /* octets of a kid */
#define JWK_SET_MAX 20                       /* keys of a set that are ours to use */
#define JWK_SET_TEXT_MAX ((size_t)32 * 1024) /* octets */

enum jwk_type { JWK_EC, JWK_OKP, JWK_RSA };

struct jwk {
	enum jwk_type type;
	unsigned algs;      /* a set of JWS_ALG() */
	struct str kid;     /* absent where it has none */
	struct bytes x, y;  /* P-256: both, of 32 octets; Ed25519: x */
	struct bytes n, e;  /* RSA, without zeros before them */
	struct str members; /* of which its thumbprint is (RFC 7638 §3) */
};

struct cJSON;

/*
 * The public key that a JSON object is. NULL, or what is wrong with it, for people: a type, curve or size that is none
 * of ours, a member that is not base64url in its only spelling, a private part (it is nobody's business here, and has
 * been told by now), a purpose other than signatures.
 */
const char *jwk_read(struct ctx *cx, const struct cJSON *value, struct jwk *out);
/* The same from its text: for tests. */
const char *jwk_read_text(struct ctx *cx, struct str text, struct jwk *out);

struct jwk_set {
	struct jwk items[JWK_SET_MAX];
	size_t count;
};

/*
 * A JWK Set (RFC 7517 §5). Keys of types and purposes that are none of ours are passed over, as §5 has it; one with a
 * private part spoils the set. NULL, or what is wrong with it.
 */
const char *jwk_set_read(struct ctx *cx, struct str text, struct jwk_set *out);

/* SHA-256 of what the key is (RFC 7638), 32 octets in cx->mem. */
struct bytes jwk_thumbprint(struct arena *mem, const struct jwk *key);
