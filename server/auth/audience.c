/* SPDX-License-Identifier: Apache-2.0 */
#include "server/auth/audience.h"

const struct audience_row audience_rows[] = {
	{ 0, "", "API and CalDAV", SCOPES_ALL },
#define AUDIENCE(constant, bit, path, name, scopes) { constant, path, name, scopes },
#include "server/auth/audience.def"
#undef AUDIENCE
};
const size_t audience_row_count = ARRAY_LEN(audience_rows);

const struct audience_row *audience_of_path(struct str path)
{
	for (size_t i = 0; i < audience_row_count; i++)
		if (str_eq(path, str_of(audience_rows[i].path)))
			return &audience_rows[i];
	return NULL;
}

const struct audience_row *audience_of_bit(int16_t bit)
{
	for (size_t i = 0; i < audience_row_count; i++)
		if (audience_rows[i].bit == bit)
			return &audience_rows[i];
	return NULL;
}
