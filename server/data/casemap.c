/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/casemap.h"

#include <limits.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

static struct str ascii_upper(struct arena *mem, struct str text)
{
	char *out = arena_array(mem, char, text.len + 1);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		out[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
	}
	return (struct str){ out, text.len };
}

/* A character for a character, which may take one unit or two. */
static UChar *title(struct arena *mem, const UChar *in, int32_t in_len, int32_t *len, UErrorCode *error)
{
	int32_t count = 0;
	UChar32 *characters = arena_array(mem, UChar32, (size_t)in_len + 1);
	UChar *out = arena_array(mem, UChar, 2 * (size_t)in_len + 1);
	u_strToUTF32(characters, in_len + 1, &count, in, in_len, error);
	for (int32_t i = 0; i < count; i++)
		characters[i] = u_totitle(characters[i]);
	u_strFromUTF32(out, 2 * in_len + 1, len, characters, count, error);
	return out;
}

struct str unicode_casemap(struct arena *mem, struct str text)
{
	UErrorCode error = U_ZERO_ERROR;
	int32_t len = 0;
	if (str_is_ascii(text) || text.len > INT_MAX / 32)
		return ascii_upper(mem, text);
	UChar *wide = arena_array(mem, UChar, text.len + 1);
	u_strFromUTF8(wide, (int32_t)text.len + 1, &len, text.ptr, (int32_t)text.len, &error);
	UChar *titled = title(mem, wide, U_SUCCESS(error) ? len : 0, &len, &error);
	if (U_FAILURE(error))
		return text;
	const UNormalizer2 *nfkd = unorm2_getNFKDInstance(&error);
	int32_t most = unorm2_normalize(nfkd, titled, len, NULL, 0, &error);
	error = error == U_BUFFER_OVERFLOW_ERROR ? U_ZERO_ERROR : error;
	UChar *plain = arena_array(mem, UChar, (size_t)most + 1);
	len = unorm2_normalize(nfkd, titled, len, plain, most + 1, &error);
	size_t octets = 3 * (size_t)(U_SUCCESS(error) ? len : 0) + 1;
	char *out = arena_array(mem, char, octets);
	u_strToUTF8(out, (int32_t)octets, &len, plain, len, &error);
	return U_FAILURE(error) ? text : (struct str){ out, (size_t)len };
}
