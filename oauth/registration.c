/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/registration.h"

#include <string.h>

#include "oauth/client.h"
#include "server/base/buf.h"
#include "server/crypto/digest.h"
#include "server/crypto/keyring.h"

#define FORMAT 1
#define PURPOSE "open-client"
#define TAG_SIZE 16
#define PACKED_MAX ((size_t)128 * 1024)
#define VARINT_SHIFT 7

/* ---- octets ---- */

static void put_number(struct buf *out, uint64_t n)
{
	for (; n >> VARINT_SHIFT; n >>= VARINT_SHIFT)
		buf_char(out, (char)((n & 0x7f) | 0x80));
	buf_char(out, (char)n);
}

static void put_text(struct buf *out, struct str text)
{
	put_number(out, text.len);
	buf_add(out, text);
}

/* What is left to be read; `broken` once something was not there. */
struct reader {
	const uint8_t *at, *end;
	bool broken;
};

static uint64_t take_number(struct reader *r)
{
	uint64_t n = 0;
	for (unsigned shift = 0; shift < 64 && r->at < r->end; shift += VARINT_SHIFT) {
		uint8_t octet = *r->at++;
		n |= (uint64_t)(octet & 0x7f) << shift;
		if (!(octet & 0x80))
			return n;
	}
	r->broken = true;
	return 0;
}

static struct str take_text(struct reader *r)
{
	uint64_t len = take_number(r);
	if (r->broken || len > (uint64_t)(r->end - r->at)) {
		r->broken = true;
		return STR_ABSENT;
	}
	struct str text = { (const char *)r->at, (size_t)len };
	r->at += len;
	return text;
}

/* Empty and absent are the same here. */
static struct str take_optional(struct reader *r)
{
	struct str text = take_text(r);
	return text.len ? text : STR_ABSENT;
}

struct bytes registration_pack(struct arena *mem, const struct registration *in)
{
	struct buf out = buf_new(mem, PACKED_MAX);
	buf_char(&out, FORMAT);
	put_number(&out, (uint64_t)in->by);
	put_number(&out, in->scopes);
	put_number(&out, (uint64_t)in->grants);
	put_text(&out, in->name);
	put_number(&out, in->redirects.count);
	for (size_t i = 0; i < in->redirects.count; i++)
		put_text(&out, in->redirects.items[i]);
	if (in->by == REGISTERED_BY_DOCUMENT) {
		put_text(&out, in->url);
		put_number(&out, (uint64_t)in->means.auth);
		put_text(&out, in->means.jwks);
		put_text(&out, in->means.uri);
	}
	return bytes_of(out.ptr, out.full ? 0 : out.len);
}

bool registration_unpack(struct arena *mem, struct bytes packed, struct registration *out)
{
	struct reader r = { packed.ptr, packed.ptr + packed.len, packed.len == 0 };
	struct registration in = { 0 };
	if (r.broken || *r.at++ != FORMAT)
		return false;
	in.by = (int16_t)take_number(&r);
	in.scopes = take_number(&r);
	in.grants = (int16_t)take_number(&r);
	in.name = take_text(&r);
	uint64_t count = take_number(&r);
	if (r.broken || count > CLIENT_REDIRECTS_MAX)
		return false;
	struct str *redirects = arena_array(mem, struct str, count + 1);
	for (size_t i = 0; i < count; i++)
		redirects[i] = take_text(&r);
	in.redirects = (struct str_list){ redirects, (size_t)count };
	if (in.by == REGISTERED_BY_DOCUMENT) {
		in.url = take_text(&r);
		in.means.auth = (int16_t)take_number(&r);
		in.means.jwks = take_optional(&r);
		in.means.uri = take_optional(&r);
	} else {
		in.means.auth = CLIENT_AUTH_NONE;
	}
	*out = in;
	return !r.broken && r.at == r.end;
}

/* ---- the client_id ---- */

struct id registration_id(struct arena *mem, const struct registration *in)
{
	struct id id;
	uint8_t hash[SHA256_SIZE];
	struct bytes packed = registration_pack(mem, in);
	bool by_url = in->by == REGISTERED_BY_DOCUMENT;
	struct str what = by_url ? in->url : bytes_str(packed);
	struct str text = str_cat(mem, by_url ? STR("document ") : STR("registration "), what);
	sha256(bytes_of(text.ptr, text.len), hash);
	memcpy(id.octets, hash, sizeof id.octets);
	return id;
}

static void tag_of(struct ctx *cx, struct bytes packed, uint8_t tag[SHA256_SIZE])
{
	hmac_sha256(keyring_key(cx->keys, cx->mem, PURPOSE), packed, tag);
}

err_t registration_seal(struct ctx *cx, const struct registration *in, struct str *client_id_out)
{
	uint8_t tag[SHA256_SIZE];
	struct bytes packed = registration_pack(cx->mem, in);
	if (!packed.len || packed.len > REGISTRATION_SEALED_MAX)
		return REFUSE(cx, INVALID_CLIENT_METADATA, "redirect_uris",
			"Name and redirect URIs together are longer than %d octets, too long for a client_id that "
			"stands in "
			"URLs. Register fewer redirect URIs.",
			REGISTRATION_SEALED_MAX);
	tag_of(cx, packed, tag);
	struct buf sealed = buf_new(cx->mem, REGISTRATION_SEALED_MAX + TAG_SIZE);
	buf_add(&sealed, bytes_str(packed));
	buf_add(&sealed, (struct str){ (const char *)tag, TAG_SIZE });
	*client_id_out =
		str_cat(cx->mem, STR(REGISTRATION_PREFIX), base64url_of(cx->mem, bytes_of(sealed.ptr, sealed.len)));
	return OK;
}

bool registration_unseal(struct ctx *cx, struct str client_id, struct registration *out)
{
	uint8_t tag[SHA256_SIZE];
	struct bytes sealed;
	struct str text = str_from(client_id, sizeof REGISTRATION_PREFIX - 1);
	if (!str_starts(client_id, STR(REGISTRATION_PREFIX)) || text.len > 2 * REGISTRATION_SEALED_MAX ||
		!base64url_to(cx->mem, text, &sealed) || sealed.len <= TAG_SIZE)
		return false;
	struct bytes packed = bytes_of(sealed.ptr, sealed.len - TAG_SIZE);
	tag_of(cx, packed, tag);
	if (!bytes_same(bytes_of(sealed.ptr + packed.len, TAG_SIZE), bytes_of(tag, TAG_SIZE)))
		return false;
	return registration_unpack(cx->mem, packed, out) && out->by == REGISTERED_BY_ITSELF;
}
