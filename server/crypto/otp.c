/* SPDX-License-Identifier: Apache-2.0 */
#include "server/crypto/otp.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define SHA1_SIZE 20
#define MODULUS 1000000U /* 10^OTP_DIGITS */
#define WINDOW 1         /* steps, to either side */

uint32_t hotp(struct bytes key, uint64_t counter)
{
	uint8_t moving[8], mac[SHA1_SIZE];
	unsigned size = 0;
	for (int i = 7; i >= 0; i--, counter >>= 8)
		moving[i] = (uint8_t)counter;
	/* SHA-1 is what apps know; its collisions do not matter to a MAC. */
	if (!HMAC(EVP_sha1(), key.ptr, (int)key.len, moving, sizeof moving, mac, &size) || size != sizeof mac) {
		fputs("calends: HMAC-SHA-1 failed\n", stderr);
		abort();
	}
	unsigned at = mac[SHA1_SIZE - 1] & 0xF;
	uint32_t word = (uint32_t)(mac[at] & 0x7F) << 24 | (uint32_t)mac[at + 1] << 16 | (uint32_t)mac[at + 2] << 8 |
			mac[at + 3];
	return word % MODULUS;
}

int64_t totp_step(struct instant at)
{
	return instant_s(at) / TOTP_STEP_S;
}

/* Six digits, blanks aside; false for anything else. */
static bool read_code(struct str code, uint32_t *out)
{
	uint32_t number = 0;
	int digits = 0;
	for (size_t i = 0; i < code.len; i++) {
		if (code.ptr[i] == ' ')
			continue;
		if (!char_is_digit(code.ptr[i]) || ++digits > OTP_DIGITS)
			return false;
		number = number * 10 + (uint32_t)(code.ptr[i] - '0');
	}
	*out = number;
	return digits == OTP_DIGITS;
}

int64_t totp_step_of(struct bytes key, struct str code, int64_t now, int64_t after)
{
	uint32_t given;
	int64_t found = 0;
	if (!read_code(code, &given))
		return 0;
	for (int64_t step = now - WINDOW; step <= now + WINDOW; step++) {
		bool same = (hotp(key, (uint64_t)step) ^ given) == 0;
		if (same && step > after)
			found = step;
	}
	return found;
}

struct str base32_of(struct arena *mem, struct bytes data)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	size_t len = (data.len * 8 + 4) / 5;
	char *out = arena_array(mem, char, len + 1);
	for (size_t i = 0; i < len; i++) {
		size_t bit = i * 5, at = bit / 8;
		unsigned pair = (unsigned)data.ptr[at] << 8 | (at + 1 < data.len ? data.ptr[at + 1] : 0U);
		out[i] = digits[pair >> (11 - bit % 8) & 31];
	}
	return (struct str){ out, len };
}
