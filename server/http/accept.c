/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/accept.h"

#include "server/data/parameters.h"

#define Q_ONE 1000

/* Of one type: the quality of the most exact range so far. */
struct liking {
	int exact; /* 0: none has named it; 1: any type, 2: any subtype, 3: it */
	int q;
};

/* "0", "0.", "0.5", "1.000" (RFC 9110 §12.4.2). */
static bool q_read(struct str s, int *out)
{
	int q = 0, unit = Q_ONE / 10;
	if (s.len == 0 || s.len > 5 || (s.ptr[0] != '0' && s.ptr[0] != '1') || (s.len > 1 && s.ptr[1] != '.'))
		return false;
	q = (s.ptr[0] - '0') * Q_ONE;
	for (size_t i = 2; i < s.len; i++, unit /= 10) {
		if (!char_is_digit(s.ptr[i]))
			return false;
		q += (s.ptr[i] - '0') * unit;
	}
	*out = q;
	return q <= Q_ONE;
}

/* A member or parameter up to `at`, which may stand inside of a quoted text, too. */
static bool cut_unquoted(struct str *rest, char at, struct str *head)
{
	bool quoted = false;
	size_t i = 0;
	if (!rest->ptr)
		return false;
	for (; i < rest->len && (quoted || rest->ptr[i] != at); i++) {
		if (quoted && rest->ptr[i] == '\\')
			i++;
		else if (rest->ptr[i] == '"')
			quoted = !quoted;
	}
	*head = str_sub(*rest, 0, i);
	*rest = i < rest->len ? str_from(*rest, i + 1) : STR_ABSENT;
	return true;
}

/* q of 1 where none is given. */
static bool media_params_read(struct str params, int *q)
{
	struct str param;
	*q = Q_ONE;
	while (cut_unquoted(&params, ';', &param)) {
		struct str value = str_trim(param, " \t"), name;
		if (!value.len)
			continue;
		if (!str_cut(&value, '=', &name) || !value.ptr || !str_is_token(name))
			return false;
		if (str_eq_nocase(name, STR("q")) && !q_read(value, q))
			return false;
	}
	return true;
}

static int exactness(struct str type, struct str subtype, struct str of)
{
	struct str of_type;
	(void)str_cut(&of, '/', &of_type);
	if (str_eq(type, STR("*")))
		return 1;
	if (!str_eq_nocase(type, of_type))
		return 0;
	return str_eq(subtype, STR("*")) ? 2 : str_eq_nocase(subtype, of) ? 3 : 0;
}

/* False: it is no media range. */
static bool member_read(struct str member, const struct str *types, size_t count, struct liking *likings)
{
	struct str rest = member, range, type;
	int q;
	(void)cut_unquoted(&rest, ';', &range);
	range = str_trim(range, " \t");
	if (!str_cut(&range, '/', &type) || !range.ptr || !str_is_token(type) || !str_is_token(range) ||
		(str_eq(type, STR("*")) && !str_eq(range, STR("*"))) || !media_params_read(rest, &q))
		return false;
	for (size_t i = 0; i < count; i++) {
		int exact = exactness(type, range, types[i]);
		if (exact > likings[i].exact || (exact && exact == likings[i].exact && q > likings[i].q))
			likings[i] = (struct liking){ exact, q };
	}
	return true;
}

#define TYPES_MAX 4

bool accept_choose(struct str accept, const struct str *types, size_t count, size_t *out)
{
	struct liking likings[TYPES_MAX] = { 0 };
	struct str rest = accept, member;
	bool any = false, malformed = false;
	size_t best = 0;
	count = count < TYPES_MAX ? count : TYPES_MAX;
	while (cut_unquoted(&rest, ',', &member)) {
		member = str_trim(member, " \t");
		any = any || member.len;
		malformed = malformed || (member.len && !member_read(member, types, count, likings));
	}
	for (size_t i = 1; i < count; i++)
		if (likings[i].q > likings[best].q)
			best = i;
	*out = best;
	return !any || malformed || likings[best].q > 0;
}
