/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/pkce.h"

#include "server/crypto/digest.h"

#define VERIFIER_MIN 43
#define VERIFIER_MAX 128

/* The unreserved characters of RFC 3986 §2.3, and those of base64, in which clients at large send it
 * (git-credential-oauth). The digest alone decides. */
static bool is_verifier(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!char_is_alpha(s.ptr[i]) && !char_is_digit(s.ptr[i]) && !str_has(STR("-._~+/="), s.ptr[i]))
			return false;
	return true;
}

struct bytes pkce_challenge_read(struct arena *mem, struct str challenge)
{
	struct bytes digest;
	if (!challenge.ptr || !base64url_to(mem, challenge, &digest) || digest.len != SHA256_SIZE)
		return (struct bytes){ 0 };
	return digest;
}

struct bytes pkce_challenge(struct arena *mem, struct str verifier)
{
	if (!verifier.ptr || verifier.len < VERIFIER_MIN || verifier.len > VERIFIER_MAX || !is_verifier(verifier))
		return (struct bytes){ 0 };
	return secret_hash(mem, verifier);
}
