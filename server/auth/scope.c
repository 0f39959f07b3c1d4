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

/* ---- aliases ---- */

const struct scope_alias scope_aliases[] = {
	/* draft-ietf-mailmaint-oauth-public: all that a calendar client does */
	{ SCOPE_CALENDAR_CLIENT, "urn:ietf:params:oauth:scope:calendars",
		CALENDARS_READ | CALENDARS_WRITE | CALENDARS_MANAGE | EVENTS_READ | EVENTS_WRITE,
		"What a calendar client needs (draft-ietf-mailmaint-oauth-public): calendars:read, calendars:write, "
		"calendars:manage, events:read and events:write together." },
	/* OpenID Connect Core §11; MCP clients ask for it beside anything */
	{ SCOPE_OFFLINE, "offline_access", 0,
		"A refresh token, which an app that is registered for that grant is given in any case." },
};
const size_t scope_alias_count = ARRAY_LEN(scope_aliases);

/* The bits of one name, with those that an alias means; 0: unknown. */
static uint64_t bits_of(struct str name)
{
	for (size_t i = 0; i < scope_alias_count; i++)
		if (str_eq(name, str_of(scope_aliases[i].name)))
			return scope_aliases[i].bit | scope_aliases[i].means;
	return scope_bit_of(name);
}

bool scope_parse_spoken(struct str text, uint64_t *out)
{
	uint64_t scopes = 0;
	struct str name;
	if (!text.len)
		return false;
	while (str_cut(&text, ' ', &name)) {
		uint64_t bits = bits_of(name);
		if (!bits)
			return false;
		scopes |= bits;
	}
	*out = scopes;
	return true;
}

uint64_t scope_spoken(uint64_t spoken, uint64_t granted)
{
	uint64_t scopes = granted & (uint64_t)SCOPES_ASKABLE;
	for (size_t i = 0; i < scope_alias_count; i++)
		if ((spoken & scope_aliases[i].bit) && !(scope_aliases[i].means & ~granted))
			scopes |= scope_aliases[i].bit;
	return scopes;
}

struct str scope_text_spoken(struct arena *mem, uint64_t scopes)
{
	struct str text = scope_text(mem, scopes);
	for (size_t i = 0; i < scope_alias_count; i++)
		if ((scopes & scope_aliases[i].bit) && !(scope_aliases[i].means & ~scopes))
			text = str_fmt(mem, "%.*s%s%s", STR_ARG(text), text.len ? " " : "", scope_aliases[i].name);
	return text;
}

struct str scope_unknown(struct str text)
{
	struct str name;
	while (str_cut(&text, ' ', &name))
		if (name.len && !bits_of(name))
			return name;
	return STR_ABSENT;
}

err_t scope_refused(struct ctx *cx, struct str text)
{
	struct str name = scope_unknown(text);
	if (name.ptr)
		return REFUSE(
			cx, INVALID_SCOPE, "scope", "There is no scope %.*s here.", STR_ARG(str_sub(name, 0, 100)));
	while (str_cut(&text, ' ', &name))
		if (name.len && !scope_bit_of(name)) /* an alias: what it means would have to be asked by name */
			return REFUSE(
				cx, INVALID_SCOPE, "scope", "The scope %.*s is not for this grant.", STR_ARG(name));
	return REFUSE(cx, INVALID_SCOPE, "scope", "Scopes are separated by one blank.");
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
