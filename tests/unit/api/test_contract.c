/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "server/api/api.h"
#include "server/api/routes.h"

static const struct module *const modules[] = { &api_module, &hosted_module };

/* Calls `check` for the contract of each row, with its route. */
static void each(void (*check)(const struct route *route, const struct contract *contract))
{
	for (size_t m = 0; m < ARRAY_LEN(modules); m++)
		for (size_t i = 0; i < modules[m]->route_count; i++)
			check(&modules[m]->routes[i], modules[m]->contracts[i]);
}

static bool has_field(const struct contract *contract, struct str name)
{
	for (size_t i = 0; i < contract->param_count; i++)
		if (str_eq(str_of(contract->params[i].name), name))
			return (contract->params[i].flags & JSON_IN_PATH) != 0;
	return false;
}

static void check_path(const struct route *route, const struct contract *contract)
{
	struct str rest = str_of(route->path), segment;
	size_t named = 0, in_path = 0;
	while (str_cut(&rest, '/', &segment))
		if (str_starts(segment, STR(":"))) {
			named++;
			if (!has_field(contract, str_from(segment, 1)))
				fail_msg("%s: no parameter %.*s", contract->id, STR_ARG(segment));
		}
	for (size_t i = 0; i < contract->param_count; i++)
		in_path += (contract->params[i].flags & JSON_IN_PATH) != 0;
	assert_int_equal(named, in_path);
}

TEST(every_name_in_a_path_is_a_parameter)
{
	each(check_path);
}

static void check_fields(const char *of, const struct json_field *fields, size_t count, size_t size)
{
	assert_true(count <= JSON_FIELDS_MAX);
	for (size_t i = 0; i < count; i++) {
		const struct json_field *f = &fields[i];
		bool words = f->kind == JSON_WORD || f->kind == JSON_ID;
		bool said = f->kind == JSON_STR || words == (f->of != NULL); /* a text may have a mask */
		if (!f->doc || strlen(f->doc) < 2 || !said || f->offset >= size)
			fail_msg("%s.%s: documented, with its words, inside its struct", of, f->name);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(fields[k].name, f->name);
		if (f->field_count)
			check_fields(f->name, f->fields, f->field_count,
				f->kind == JSON_OBJECTS || f->kind == JSON_MAP ? f->size : size - f->offset);
	}
}

static void check_documented(const struct route *route, const struct contract *contract)
{
	assert_ptr_equal(route->run, api_run);
	assert_non_null(contract->run);
	assert_true(strlen(contract->id) > 5 && strlen(contract->summary) > 8 && contract->status >= 200);
	assert_int_equal(contract->answer == NULL, contract->shape == ANSWER_NONE || contract->shape == ANSWER_TEXT);
	assert_true(contract->shape != ANSWER_TEXT || contract->also_as);
	assert_int_equal(contract->body != NULL, route->body == BODY_JSON);
	check_fields(contract->id, contract->params, contract->param_count, contract->params_size);
	if (contract->answer)
		check_fields(contract->answer->name, contract->answer->fields, contract->answer->count,
			contract->answer->size);
}

TEST(every_call_and_field_is_documented)
{
	each(check_documented);
}

/* Who calls with a scope that shows less than the resource must be told open fields alone, so some must be open.
 */
static void check_open(const struct route *route, const struct contract *contract)
{
	size_t open = 0;
	if (!contract->answer || !(contract->answer->reads & ~route->scopes) || (route->scopes & OWNER))
		return;
	for (size_t i = 0; i < contract->answer->count; i++)
		open += (contract->answer->fields[i].flags & JSON_OPEN) != 0;
	if (open == 0 || open == contract->answer->count)
		fail_msg("%s answers all or nothing to who may not read", contract->id);
}

TEST(who_may_only_write_is_told_something_and_not_all)
{
	each(check_open);
}

TEST(ids_are_unique)
{
	for (size_t m = 0; m < ARRAY_LEN(modules); m++)
		for (size_t i = 0; i < modules[m]->route_count; i++)
			for (size_t n = 0; n <= m; n++)
				for (size_t k = 0; k < (n == m ? i : modules[n]->route_count); k++)
					assert_string_not_equal(
						modules[m]->contracts[i]->id, modules[n]->contracts[k]->id);
}

TEST(a_contract_names_its_own_failures_and_those_of_every_call)
{
	assert_true(contract_names(&get_event, NOT_FOUND));
	assert_true(contract_names(&get_profile, TOKEN_REVOKED));
	assert_false(contract_names(&get_profile, UID_CONFLICT));
	assert_true(contract_names(&create_event, UID_CONFLICT));
}

TESTS(RUN(every_name_in_a_path_is_a_parameter), RUN(every_call_and_field_is_documented),
	RUN(who_may_only_write_is_told_something_and_not_all), RUN(ids_are_unique),
	RUN(a_contract_names_its_own_failures_and_those_of_every_call))
