/* SPDX-License-Identifier: Apache-2.0 */
#include "server/auth/amr.h"

static const int16_t keys = AMR_HARDWARE | AMR_SOFTWARE, codes = AMR_OTP | AMR_RECOVERY;

bool amr_is_mfa(int16_t amr)
{
	bool known = amr & (AMR_PASSWORD | AMR_VERIFIED), had = amr & (keys | codes);
	return known && had;
}

struct str_list amr_names(struct arena *mem, int16_t amr)
{
	/* clang-format off */
	static const struct { int16_t bit; const char *name; } rows[] = {
		{ AMR_PASSWORD, "pwd" }, { AMR_OTP, "otp" }, { AMR_HARDWARE, "hwk" }, { AMR_SOFTWARE, "swk" },
	};
	/* clang-format on */
	struct str *names = arena_array(mem, struct str, ARRAY_LEN(rows) + 1);
	size_t count = 0;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (amr & rows[i].bit)
			names[count++] = str_of(rows[i].name);
	if (amr_is_mfa(amr))
		names[count++] = STR("mfa");
	return (struct str_list){ names, count };
}
