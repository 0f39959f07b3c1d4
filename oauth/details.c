/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/details.h"

#include "server/auth/scope.h"
#include "server/data/json_tree.h"

#define OBJECTS_MAX 10
#define CALENDARS_MAX ((size_t)100)

/* clang-format off */
static const struct action { const char *name; uint64_t scopes; } actions[] = {
	{ "free_busy", CALENDARS_READ },
	{ "read",      CALENDARS_READ | EVENTS_READ },
	{ "write",     EVENTS_WRITE },
};
/* clang-format on */

static err_t refuse(struct ctx *cx, const char *wrong)
{
	return REFUSE(cx, INVALID_DETAILS, "authorization_details", "The parameter authorization_details %s.", wrong);
}

static bool read_action(const struct cJSON *item, uint64_t *scopes)
{
	if (json_tree_type(item) != JSON_IS_TEXT)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (str_eq(json_tree_text(item), str_of(actions[i].name))) {
			*scopes |= actions[i].scopes;
			return true;
		}
	return false;
}

static const char *read_actions(const struct cJSON *list, uint64_t *out)
{
	*out = 0;
	if (!list || json_tree_type(list) != JSON_IS_LIST || !json_tree_first(list))
		return "has an object without a list of actions";
	for (const struct cJSON *item = json_tree_first(list); item; item = json_tree_next(item))
		if (!read_action(item, out))
			return "has an action that is none of free_busy, read and write";
	return NULL;
}

static const char *add_calendars(const struct cJSON *list, struct id *ids, size_t *count)
{
	if (json_tree_type(list) != JSON_IS_LIST || !json_tree_first(list))
		return "has calendars that are not a list of ids; leave it out for the user to choose";
	for (const struct cJSON *item = json_tree_first(list); item; item = json_tree_next(item)) {
		if (*count == CALENDARS_MAX)
			return "names more than 100 calendars";
		if (json_tree_type(item) != JSON_IS_TEXT || !id_parse(json_tree_text(item), "cal", &ids[(*count)++]))
			return "names a calendar that is not an id (cal_…)";
	}
	return NULL;
}

/* §5: what is not known is refused, since the user could not be asked about it. */
static const char *check_members(const struct cJSON *object)
{
	static const char *const known[] = { "type", "actions", "calendars" };
	if (json_tree_type(object) != JSON_IS_OBJECT)
		return "has an item that is not an object";
	for (const struct cJSON *m = json_tree_first(object); m; m = json_tree_next(m)) {
		bool found = false;
		for (size_t i = 0; i < ARRAY_LEN(known); i++)
			found = found || str_eq(json_tree_name(m), str_of(known[i]));
		if (!found)
			return "has a member that is none of type, actions and calendars";
	}
	const struct cJSON *type = json_tree_member(object, STR("type"));
	if (!type || json_tree_type(type) != JSON_IS_TEXT || !str_eq(json_tree_text(type), STR(DETAILS_TYPE)))
		return "has an object whose type is not " DETAILS_TYPE;
	return NULL;
}

static const char *read_objects(const struct cJSON *list, struct id *ids, struct details *out)
{
	size_t objects = 0, with_calendars = 0;
	for (const struct cJSON *object = json_tree_first(list); object; object = json_tree_next(object), objects++) {
		uint64_t scopes = 0;
		const char *wrong = objects == OBJECTS_MAX ? "has more than 10 objects" : check_members(object);
		if (!wrong)
			wrong = read_actions(json_tree_member(object, STR("actions")), &scopes);
		const struct cJSON *calendars = wrong ? NULL : json_tree_member(object, STR("calendars"));
		if (calendars)
			wrong = add_calendars(calendars, ids, &out->calendars.count);
		if (!wrong && objects && scopes != out->scopes)
			wrong = "has objects with other actions: a connection may do the same in all of its calendars";
		if (wrong)
			return wrong;
		out->scopes = scopes;
		with_calendars += calendars != NULL;
	}
	if (!objects)
		return "is an empty list";
	if (with_calendars && with_calendars != objects)
		return "has an object with calendars beside one without: all, or these alone";
	out->calendars.items = with_calendars ? ids : NULL;
	return NULL;
}

err_t details_read(struct ctx *cx, const struct params *params, struct details *out)
{
	struct str text = param_get(params, "authorization_details");
	const struct cJSON *root;
	*out = (struct details){ .asked = text.ptr != NULL };
	if (!text.ptr)
		return OK;
	/* Our parser takes objects; more than the one member, and the text was not one value. */
	err_t e = json_tree_parse(cx, str_fmt(cx->mem, "{\"list\":%.*s}", STR_ARG(text)), &root);
	const struct cJSON *list = e ? NULL : json_tree_first(root);
	if (!list || json_tree_next(list) || json_tree_type(list) != JSON_IS_LIST)
		return refuse(cx, "is not a list in JSON, with each name once");
	const char *wrong = read_objects(list, arena_array(cx->mem, struct id, CALENDARS_MAX), out);
	return wrong ? refuse(cx, wrong) : OK;
}

err_t details_refuse(struct ctx *cx, const struct params *params)
{
	if (!param_count(params, "authorization_details"))
		return OK;
	return refuse(cx, "is taken where the user is asked alone: at the authorization endpoint, and pushed");
}

void details_write(struct json *j, uint64_t scopes, const struct granted_details *granted)
{
	struct id_list calendars = granted->calendars;
	if (!(scopes & (CALENDARS_READ | EVENTS_READ | EVENTS_WRITE)) || (!granted->asked && !calendars.items))
		return;
	json_array(j, "authorization_details");
	json_object(j, NULL);
	json_str(j, "type", STR(DETAILS_TYPE));
	json_array(j, "actions");
	if (scopes & EVENTS_READ)
		json_str(j, NULL, STR("read"));
	else if (scopes & CALENDARS_READ)
		json_str(j, NULL, STR("free_busy"));
	if (scopes & EVENTS_WRITE)
		json_str(j, NULL, STR("write"));
	json_array_end(j);
	if (calendars.items) {
		json_array(j, "calendars");
		for (size_t i = 0; i < calendars.count; i++)
			json_id(j, NULL, "cal", calendars.items[i]);
		json_array_end(j);
	}
	json_object_end(j);
	json_array_end(j);
}
