/* SPDX-License-Identifier: Apache-2.0 */
#include "server/auth/scope.h"

#include "server/base/buf.h"

const struct scope_row scope_rows[] = {
#define SCOPE(constant, bit, name, risk, sentence, opens) { constant, name, risk, sentence, opens },
#include "server/auth/scopes.def"
#undef SCOPE
};
const size_t scope_row_count = ARRAY_LEN(scope_rows);

struct str scope_text(struct arena *mem, uint64_t scopes)
{
	struct buf out = buf_new(mem, 4096);
	for (size_t i = 0; i < scope_row_count; i++) {
		if (!(scopes & scope_rows[i].bit))
			continue;
		if (out.len)
			buf_char(&out, ' ');
		buf_add(&out, str_of(scope_rows[i].name));
	}
	return buf_str(&out);
}

static uint64_t scope_bit_of(struct str name)
{
	for (size_t i = 0; i < scope_row_count; i++)
		if (str_eq(name, str_of(scope_rows[i].name)))
			return scope_rows[i].bit;
	return 0;
}

bool scope_parse(struct str text, uint64_t *out)
{
	uint64_t scopes = 0;
	struct str name;
	if (!text.len)
		return false;
	while (str_cut(&text, ' ', &name)) {
		uint64_t bit = scope_bit_of(name);
		if (!bit)
			return false;
		scopes |= bit;
	}
	*out = scopes;
	return true;
}

err_t scopes_require(struct ctx *cx, uint64_t held, uint64_t needed)
{
	uint64_t missing = needed & ~held;
	if (!missing)
		return OK;
	if (missing & OWNER)
		return FAIL(cx, KEY_KIND_NOT_ALLOWED, "needs the owner's own credential");
	struct err *e =
		REFUSE(cx, INSUFFICIENT_SCOPE, "", "This needs the scope %.*s.", STR_ARG(scope_text(cx->mem, needed)));
	e->scopes = needed;
	return e;
}
