/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/params.h"

#include "oauth/param_table.h"
#include "server/auth/audience.h"
#include "server/base/config.h"
#include "server/data/form.h"

static bool read_one(struct ctx *cx, struct str text, struct param *out)
{
	struct form form;
	if (!form_parse(cx, text, &form)) {
		*out = form.count ? (struct param){ form.fields[0].name, form.fields[0].value, false }
				  : (struct param){ 0 };
		return true;
	}
	struct str rest = text, name;
	(void)str_cut(&rest, '=', &name);
	if (form_parse(cx, name, &form) || !form.count)
		return false;
	*out = (struct param){ .name = form.fields[0].name, .broken = true };
	return true;
}

err_t params_read(struct ctx *cx, struct str text, struct params *out)
{
	struct param *items = arena_array(cx->mem, struct param, PARAMS_MAX);
	struct params params = { items, 0, false };
	struct str rest = text.len ? text : STR_ABSENT, piece;
	while (str_cut(&rest, '&', &piece)) {
		struct param one;
		if (!piece.len)
			continue;
		if (params.count == PARAMS_MAX)
			return REFUSE(cx, MALFORMED, "", "The request has more than %d parameters.", PARAMS_MAX);
		if (!read_one(cx, piece, &one))
			params.nameless = true;
		else if (one.broken || one.value.len)
			items[params.count++] = one;
	}
	*out = params;
	return OK;
}

size_t param_count(const struct params *params, const char *name)
{
	size_t count = 0;
	for (size_t i = 0; i < params->count; i++)
		count += str_eq(params->items[i].name, str_of(name));
	return count;
}

struct str param_get(const struct params *params, const char *name)
{
	struct str value = STR_ABSENT;
	size_t count = 0;
	for (size_t i = 0; i < params->count; i++)
		if (str_eq(params->items[i].name, str_of(name))) {
			value = params->items[i].value;
			count++;
		}
	return count == 1 ? value : STR_ABSENT;
}

struct str param_repeated(const struct params *params)
{
	for (size_t i = 0; i < params->count; i++)
		for (size_t k = 0; k < i; k++)
			if (str_eq(params->items[i].name, params->items[k].name) &&
				!param_repeats(params->items[i].name))
				return params->items[i].name;
	return STR_ABSENT;
}

struct str param_broken(const struct params *params)
{
	for (size_t i = 0; i < params->count; i++)
		if (params->items[i].broken)
			return params->items[i].name;
	return params->nameless ? STR("(unreadable name)") : STR_ABSENT;
}

err_t params_check(struct ctx *cx, const struct params *params)
{
	struct str broken = param_broken(params), repeated = param_repeated(params);
	if (broken.ptr)
		return REFUSE(cx, MALFORMED, "", "A parameter is not well-formed UTF-8 in form encoding: %.*s.",
			STR_ARG(str_sub(broken, 0, 64)));
	if (repeated.ptr)
		return REFUSE(
			cx, MALFORMED, "", "A parameter is given twice: %.*s.", STR_ARG(str_sub(repeated, 0, 64)));
	return OK;
}

err_t params_audience(struct ctx *cx, const struct params *params, int16_t *out)
{
	int16_t audience = 0;
	bool whole = false;
	for (size_t i = 0; i < params->count; i++) {
		const struct param *p = &params->items[i];
		int16_t one;
		if (!str_eq(p->name, STR("resource")))
			continue;
		if (!audience_parse(cx->config->public_url, p->value, &one))
			return REFUSE(cx, INVALID_TARGET, "resource",
				"The parameter resource names none of this server's resources. Those are listed as "
				"protected_resources in the metadata.");
		whole |= !one;
		audience = (int16_t)(audience | one);
	}
	*out = whole ? 0 : audience;
	return OK;
}
