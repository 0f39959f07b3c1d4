/* SPDX-License-Identifier: Apache-2.0 */
#include "server/webhook/sign.h"

#include <string.h>

#include "server/base/buf.h"
#include "server/crypto/digest.h"

#define PREFIX STR(WEBHOOK_SECRET_PREFIX)
#define SECRET_SIZE 32
#define SECRET_LEAST 24
#define SECRET_MOST 64
#define HOSTED_LEAST 16
#define HOSTED_MOST 128
#define SIGNATURES_MAX 1024

struct str webhook_secret_new(struct arena *mem)
{
	uint8_t octets[SECRET_SIZE];
	random_fill(octets, sizeof octets);
	struct str secret = str_cat(mem, PREFIX, base64_of(mem, bytes_of(octets, sizeof octets)));
	explicit_bzero(octets, sizeof octets);
	return secret;
}

static bool decode(struct arena *mem, struct str secret, struct bytes *out)
{
	return str_starts(secret, PREFIX) && base64_to(mem, str_from(secret, PREFIX.len), out);
}

bool webhook_secret_is_fine(struct arena *mem, struct str secret)
{
	struct bytes octets;
	return decode(mem, secret, &octets) && octets.len >= SECRET_LEAST && octets.len <= SECRET_MOST;
}

bool webhook_secret_is_fine_hosted(struct str secret)
{
	struct str rest = str_starts(secret, PREFIX) ? str_from(secret, PREFIX.len) : STR("");
	for (size_t i = 0; i < rest.len; i++)
		if (rest.ptr[i] <= ' ' || rest.ptr[i] > '~')
			return false;
	return rest.len >= HOSTED_LEAST && rest.len <= HOSTED_MOST;
}

struct bytes webhook_mac(struct arena *mem, enum webhook_key key, struct str secret, struct str content)
{
	uint8_t *mac = arena_array(mem, uint8_t, SHA256_SIZE);
	struct bytes octets = bytes_of(secret.ptr, secret.len);
	if (key == KEY_STRIPPED && str_starts(secret, PREFIX))
		octets = bytes_of(secret.ptr + PREFIX.len, secret.len - PREFIX.len);
	if (key == KEY_DECODED && !decode(mem, secret, &octets))
		octets = bytes_of(secret.ptr, secret.len);
	hmac_sha256(octets, bytes_of(content.ptr, content.len), mac);
	return bytes_of(mac, SHA256_SIZE);
}

static struct str seconds_of(struct arena *mem, const struct webhook_signed *what)
{
	return str_fmt(mem, "%lld", (long long)instant_s(what->at));
}

static struct str joined(struct arena *mem, struct str a, struct str b)
{
	return str_cat(mem, str_cat(mem, a, STR(".")), b);
}

static void add_hex(struct buf *out, enum webhook_key key, struct str secret, struct str content)
{
	if (!secret.ptr)
		return;
	BUF_LIT(out, ",v1=");
	buf_add(out, hex_of(out->mem, webhook_mac(out->mem, key, secret, content)));
}

struct str webhook_signature(struct arena *mem, const struct webhook_signed *what)
{
	struct buf out = buf_new(mem, SIGNATURES_MAX);
	struct str t = seconds_of(mem, what), content = joined(mem, t, what->body);
	BUF_LIT(&out, "t=");
	buf_add(&out, t);
	if (what->hosted) {
		add_hex(&out, KEY_STRIPPED, what->secret, content);
		add_hex(&out, KEY_STRIPPED, what->old, content);
	}
	add_hex(&out, KEY_AS_GIVEN, what->secret, content);
	add_hex(&out, KEY_AS_GIVEN, what->old, content);
	return buf_str(&out);
}

struct str webhook_signature_standard(struct arena *mem, const struct webhook_signed *what)
{
	struct buf out = buf_new(mem, SIGNATURES_MAX);
	struct str content = joined(mem, joined(mem, what->id, seconds_of(mem, what)), what->body);
	if (!webhook_secret_is_fine(mem, what->secret))
		return STR_ABSENT;
	BUF_LIT(&out, "v1,");
	buf_add(&out, base64_of(mem, webhook_mac(mem, KEY_DECODED, what->secret, content)));
	if (what->old.ptr && webhook_secret_is_fine(mem, what->old)) {
		BUF_LIT(&out, " v1,");
		buf_add(&out, base64_of(mem, webhook_mac(mem, KEY_DECODED, what->old, content)));
	}
	return buf_str(&out);
}
