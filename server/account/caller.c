/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/caller.h"

const struct id caller_documentation = { { 'd', 'o', 'c', 'u', 'm', 'e', 'n', 't', 'a', 't', 'i', 'o', 'n' } };

struct str caller_text(struct arena *mem, struct id credential)
{
	if (id_eq(credential, caller_documentation))
		return STR(CALLER_DOCUMENTATION);
	return id_is_zero(credential) ? STR_ABSENT : id_text(mem, "key", credential);
}

bool caller_parse(struct str text, struct id *out)
{
	if (!str_eq(text, STR(CALLER_DOCUMENTATION)))
		return id_parse(text, "key", out);
	*out = caller_documentation;
	return true;
}
