/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/header_alias.h"

#include "server/base/config.h"

const char *header_alias(const struct request *rq, const char *name)
{
	struct str brand = rq->cx.config ? rq->cx.config->brand : STR("");
	for (size_t i = 0; i < brand.len; i++)
		if (!char_is_alpha(brand.ptr[i]) && !char_is_digit(brand.ptr[i]) && brand.ptr[i] != '-')
			return NULL;
	return brand.len > 0 ? str_cat(rq->cx.mem, brand, str_cat(rq->cx.mem, STR("-"), str_of(name))).ptr : NULL;
}

err_t header_or_alias(struct request *rq, const char *header, const char *name, struct str *out)
{
	const char *alias = header_alias(rq, name);
	struct str own = request_header_list(rq, header), other = alias ? request_header_list(rq, alias) : STR_ABSENT;
	if (own.ptr && other.ptr && !str_eq(own, other))
		return REFUSE(&rq->cx, INVALID_VALUE, header, "%s says something else. Send one of the two.", alias);
	*out = own.ptr ? own : other;
	return OK;
}
