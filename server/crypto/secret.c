/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto/secret.h"

#include <assert.h>
#include <string.h>

#include <zlib.h>

#include "server/crypto/digest.h"

#define CRC_DIGITS 6
#define REGION '0' /* one region; a parser takes any, so that keys survive a move */
#define VERSION 1
#define NUMBER_MAX 72
#define CP_RANDOM 16
#define PREFIX_SHOWN 6

/* What stands in the number, in this order: octets of each field, 0 where a kind has none. */
struct format {
	const char *prefix;
	uint8_t region, version, expiry, random, account, family, generation, tag, digits;
};

/* clang-format off */
static const struct format formats[SECRET_KINDS] = {
	/*                    prefix    region version expiry random account family generation tag digits */
	[SECRET_CP]      = { "cp_",       0,     0,      0,    0,     0,      0,     0,         0,   0 }, /* hex: below */
	[SECRET_SK_LIVE] = { "sk_live_",  1,     0,      0,   24,    16,      0,     0,         0,  54 },
	[SECRET_SK_TEST] = { "sk_test_",  1,     0,      0,   24,    16,      0,     0,         0,  54 },
	[SECRET_RK_LIVE] = { "rk_live_",  1,     0,      0,   24,    16,      0,     0,         0,  54 },
	[SECRET_RK_TEST] = { "rk_test_",  1,     0,      0,   24,    16,      0,     0,         0,  54 },
	[SECRET_PK_LIVE] = { "pk_live_",  1,     0,      0,   24,    16,      0,     0,         0,  54 },
	[SECRET_PK_TEST] = { "pk_test_",  1,     0,      0,   24,    16,      0,     0,         0,  54 },
	[SECRET_ACCESS]  = { "cat_",      0,     1,      3,   24,    16,      0,     0,         0,  60 },
	[SECRET_REFRESH] = { "crt_",      0,     0,      0,   24,    16,     16,     4,         8,  92 },
	[SECRET_CODE]    = { "cac_",      0,     0,      0,   24,    16,     16,     0,         0,  76 },
	[SECRET_CLIENT]  = { "cls_",      0,     0,      0,   32,     0,      0,     0,         0,  43 },
	[SECRET_SESSION] = { "ses_",      0,     0,      0,   24,    16,      0,     0,         0,  54 },
	[SECRET_FEED]    = { "cft_",      0,     0,      0,    0,    16,     16,     0,        24,  76 },
	[SECRET_DEVICE]  = { "cds_",      0,     0,      0,   32,     0,      0,     0,         0,  43 },
	[SECRET_REGISTRATION] = { "cri_", 0,     0,      0,   32,     0,      0,     0,         0,  43 },
	[SECRET_MANAGE]  = { "crm_",      0,     0,      0,   32,     0,      0,     0,         0,  43 },
	[SECRET_MAILBOX] = { "cml_",      0,     0,      0,   24,    16,      0,     0,         0,  54 },
	[SECRET_BOOKING] = { "cbk_",      0,     0,      0,    0,    16,     16,     0,        24,  76 },
};
/* clang-format on */

static size_t number_size(const struct format *f)
{
	return (size_t)f->version + f->expiry + f->random + f->account + f->family + f->generation + f->tag;
}

static uint32_t crc_of(struct str s)
{
	return (uint32_t)crc32(0, (const Bytef *)s.ptr, (uInt)s.len);
}

static void crc_text(char out[CRC_DIGITS], struct str before)
{
	uint32_t crc = crc_of(before);
	const uint8_t octets[] = { (uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8), (uint8_t)crc };
	base62_of(out, CRC_DIGITS, bytes_of(octets, sizeof octets));
}

static uint8_t *put_number(uint8_t *at, size_t octets, uint32_t number)
{
	for (size_t i = 0; i < octets; i++)
		at[i] = (uint8_t)(number >> (8 * (octets - 1 - i)));
	return at + octets;
}

static uint8_t *put_id(uint8_t *at, size_t octets, struct id id)
{
	memcpy(at, id.octets, octets);
	return at + octets;
}

static struct str cp_new(struct arena *mem, struct id account)
{
	uint8_t octets[CP_RANDOM + sizeof account.octets];
	random_fill(octets, CP_RANDOM);
	memcpy(octets + CP_RANDOM, account.octets, sizeof account.octets);
	struct str text = str_cat(mem, STR("cp_"), hex_of(mem, bytes_of(octets, sizeof octets)));
	explicit_bzero(octets, sizeof octets);
	return text;
}

static void tag_of(const struct format *f, struct bytes key, const uint8_t *number, uint8_t *out)
{
	uint8_t mac[SHA256_SIZE];
	hmac_sha256(key, bytes_of(number, number_size(f) - f->tag), mac);
	memcpy(out, mac, f->tag);
}

struct str secret_new(struct arena *mem, const struct secret_parts *parts, struct bytes tag_key)
{
	if (parts->kind == SECRET_CP)
		return cp_new(mem, parts->account);
	const struct format *f = &formats[parts->kind];
	assert(parts->expiry_hour < UINT32_C(1) << 24 && (tag_key.ptr != NULL) == (f->tag > 0));

	uint8_t number[NUMBER_MAX], *at = number;
	at = put_number(at, f->version, VERSION);
	at = put_number(at, f->expiry, parts->expiry_hour);
	random_fill(at, f->random);
	at = put_id(at + f->random, f->account, parts->account);
	at = put_id(at, f->family, parts->family);
	at = put_number(at, f->generation, parts->generation);
	if (f->tag)
		tag_of(f, tag_key, number, at);

	size_t prefix = strlen(f->prefix), len = prefix + f->region + f->digits;
	char *text = arena_take(mem, len + CRC_DIGITS + 1, 1);
	memcpy(text, f->prefix, prefix);
	if (f->region)
		text[prefix] = REGION;
	base62_of(text + prefix + f->region, f->digits, bytes_of(number, number_size(f)));
	crc_text(text + len, (struct str){ text, len });
	explicit_bzero(number, sizeof number);
	return (struct str){ text, len + CRC_DIGITS };
}

/* Which kind has this beginning and exactly this length. */
static bool kind_of(struct str text, enum secret_kind *out)
{
	for (unsigned kind = 0; kind < SECRET_KINDS; kind++) {
		const struct format *f = &formats[kind];
		struct str prefix = str_of(f->prefix);
		size_t digits = kind == SECRET_CP ? 64 : (size_t)f->region + f->digits + CRC_DIGITS;
		if (str_starts(text, prefix)) {
			*out = (enum secret_kind)kind;
			return text.len == prefix.len + digits;
		}
	}
	return false;
}

static bool cp_parse(struct str text, struct secret_parts *out)
{
	struct str hex = str_from(text, 3);
	uint8_t octets[CP_RANDOM + sizeof out->account.octets];
	for (size_t i = 0; i < sizeof octets; i++) {
		int high = char_hex(hex.ptr[2 * i]), low = char_hex(hex.ptr[2 * i + 1]);
		/* upper case would be another string for the hash, but never one that we made */
		if (high < 0 || low < 0 || char_lower(hex.ptr[2 * i]) != hex.ptr[2 * i] ||
			char_lower(hex.ptr[2 * i + 1]) != hex.ptr[2 * i + 1])
			return false;
		octets[i] = (uint8_t)(high << 4 | low);
	}
	*out = (struct secret_parts){ .kind = SECRET_CP };
	memcpy(out->account.octets, octets + CP_RANDOM, sizeof out->account.octets);
	return true;
}

/* Checksum and digits; the number of the secret goes to `number`. */
static bool number_read(const struct format *f, struct str text, uint8_t number[NUMBER_MAX])
{
	size_t prefix = strlen(f->prefix), len = text.len - CRC_DIGITS;
	char crc[CRC_DIGITS];
	crc_text(crc, str_sub(text, 0, len));
	return memcmp(crc, text.ptr + len, CRC_DIGITS) == 0 &&
	       base62_to(str_sub(text, prefix + f->region, len), number, number_size(f));
}

static uint32_t take_number(const uint8_t **at, size_t octets)
{
	uint32_t number = 0;
	for (size_t i = 0; i < octets; i++)
		number = number << 8 | *(*at)++;
	return number;
}

static struct id take_id(const uint8_t **at, size_t octets)
{
	struct id id = { { 0 } };
	memcpy(id.octets, *at, octets);
	*at += octets;
	return id;
}

bool secret_parse(struct arena *mem, struct str text, struct secret_parts *out)
{
	enum secret_kind kind;
	if (!text.ptr || !kind_of(text, &kind))
		return false;
	if (kind == SECRET_CP)
		return cp_parse(text, out);

	const struct format *f = &formats[kind];
	uint8_t number[NUMBER_MAX];
	if (!number_read(f, text, number))
		return false;
	const uint8_t *at = number;
	if (f->version && take_number(&at, f->version) != VERSION)
		return false;
	*out = (struct secret_parts){ .kind = kind };
	out->expiry_hour = take_number(&at, f->expiry);
	at += f->random;
	out->account = take_id(&at, f->account);
	out->family = take_id(&at, f->family);
	out->generation = take_number(&at, f->generation);
	if (f->tag) {
		uint8_t *tag = arena_take(mem, f->tag, 1);
		memcpy(tag, at, f->tag);
		out->tag = bytes_of(tag, f->tag);
	}
	return true;
}

bool secret_tag_true(const struct secret_parts *parts, struct str text, struct bytes tag_key)
{
	const struct format *f = &formats[parts->kind];
	uint8_t number[NUMBER_MAX], tag[SHA256_SIZE];
	if (!f->tag || !number_read(f, text, number))
		return false;
	tag_of(f, tag_key, number, tag);
	return bytes_same(bytes_of(tag, f->tag), parts->tag);
}

struct str secret_prefix(struct arena *mem, struct str secret)
{
	enum secret_kind kind;
	if (!kind_of(secret, &kind))
		return str_dup(mem, str_sub(secret, 0, PREFIX_SHOWN));
	return str_dup(mem, str_sub(secret, 0, strlen(formats[kind].prefix) + PREFIX_SHOWN));
}
