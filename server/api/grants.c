/* SPDX-License-Identifier: Apache-2.0 */
/* The apps that are connected to the key's own account, as its owner sees them; the page is web/connected_accounts.c.
 */
#include "oauth/connected_account.h"
#include "server/account/resources.h"
#include "server/api/api.h"
#include "server/api/page.h"

struct granted_app_view {
	struct str id, name, owner_name;
	bool verified;
};

struct grant_view {
	struct str id, object;
	struct granted_app_view client;
	bool has_client, livemode;
	struct str_list scopes, calendars;
	struct instant authorized_at, last_used_at, expires_at;
};

#define A(member) offsetof(struct granted_app_view, member)
#define V(member) offsetof(struct grant_view, member)
#define MAYBE JSON_NULLABLE

/* clang-format off */
static const struct json_field app_fields[] = {
	{ "id",         JSON_STR,  0, A(id),         0, 0, 0, NULL, NULL, 0, 0, "cli_…", "cli_0355WHuCFfRpMfB53mC9Z6" },
	{ "name",       JSON_STR,  0, A(name),       0, 0, 0, NULL, NULL, 0, 0, "What it calls itself", "Acme" },
	{ "owner_name", JSON_STR,  JSON_NULLABLE, A(owner_name), 0, 0, 0, NULL, NULL, 0, 0, "Whose app it is; null: nobody's here, it registered itself", "Acme Inc" },
	{ "verified",   JSON_BOOL, 0, A(verified),   0, 0, 0, NULL, NULL, 0, 0, "Does the operator of this server vouch for it?", "true" },
};

static const struct json_field grant_fields[] = {
	{ "id",            JSON_STR,    0,     V(id),            0, 0, 0, NULL, NULL, 0, 0, "cpa_…: the app knows it by the same id", "cpa_0355WHuCFfRpMfB53mC9Z6" },
	{ "object",        JSON_STR,    0,     V(object),        0, 0, 0, NULL, NULL, 0, 0, "grant", "grant" },
	{ "client",        JSON_OBJECT, 0,     V(client), V(has_client), 0, 0, NULL, app_fields, ARRAY_LEN(app_fields), sizeof(struct granted_app_view), "The app", NULL },
	{ "scopes",        JSON_STRS,   0,     V(scopes),        0, 0, 0, NULL, NULL, 0, 0, "What it may do", "events:read" },
	{ "calendars",     JSON_STRS,   MAYBE, V(calendars),     0, 0, 0, NULL, NULL, 0, 0, "The calendars that it is limited to, cal_…; null: all", NULL },
	{ "livemode",      JSON_BOOL,   0,     V(livemode),      0, 0, 0, NULL, NULL, 0, 0, "false in test mode", "true" },
	{ "authorized_at", JSON_TIME,   0,     V(authorized_at), 0, 0, 0, NULL, NULL, 0, 0, "When it was last allowed", NULL },
	{ "last_used_at",  JSON_TIME,   MAYBE, V(last_used_at),  0, 0, 0, NULL, NULL, 0, 0, "When it last came; null: never", NULL },
	{ "expires_at",    JSON_TIME,   MAYBE, V(expires_at),    0, 0, 0, NULL, NULL, 0, 0, "When it ends by itself; null: never", NULL },
};
/* clang-format on */

static const struct json_resource grant_resource = {
	.name = "grant",
	JSON_FIELDS(grant_fields),
	.size = sizeof(struct grant_view),
	.doc = "An app that is connected to the account.",
};

static struct grant_view view_of(struct arena *mem, const struct connected_account *c)
{
	return (struct grant_view){
		.id = id_text(mem, "cpa", c->id),
		.object = STR("grant"),
		.has_client = true,
		.client = { .id = id_text(mem, "cli", c->client_id),
			.name = c->client_name,
			.owner_name = c->owner_name,
			.verified = c->verified },
		.scopes = scope_names(mem, c->scopes),
		.calendars = calendar_names(mem, c->calendars),
		.livemode = !id_is_test(c->account),
		.authorized_at = c->authorized_at,
		.last_used_at = c->last_used_at,
		.expires_at = instant_before(c->expires_at, INSTANT_FOREVER) ? c->expires_at : INSTANT_NONE,
	};
}

static err_t run_list(struct api_call *call, struct response *rs)
{
	struct connected_account *rows;
	struct page page;
	struct id bound;
	size_t count;
	TRY(page_begin(call, "newest", &page));
	TRY(page_newest(&page, &bound));
	TRY(grant_page(&call->rq->cx, call->who.account, bound, page.back, page.limit + 1, &rows, &count));
	page_cut(&page, &count);
	struct json j = api_list_begin(call, rs);
	for (size_t i = 0; i < count; i++) {
		struct grant_view view = view_of(call->rq->cx.mem, &rows[page_row(&page, count, i)]);
		api_list_item(call, &j, &view);
	}
	PAGE_END_ROWS(&page, &j, rows, count);
	return OK;
}

const struct contract list_grants = {
	.id = "listGrants",
	.summary = "The apps that are connected to the key's account, in its own mode, newest first.",
	.answer = &grant_resource,
	.shape = ANSWER_LIST,
	.status = 200,
	.run = run_list,
};

struct one_params {
	struct id id;
};

static const struct json_field one_params[] = {
	{ .name = "grant",
		.kind = JSON_ID,
		.flags = JSON_IN_PATH,
		.of = "cpa",
		.offset = offsetof(struct one_params, id),
		.doc = "Its `id`" },
};

static err_t run_delete(struct api_call *call, struct response *rs)
{
	struct id id = ((const struct one_params *)call->params)->id;
	TRY(connected_account_end(&call->rq->cx, call->who.account, id));
	api_reply_deleted(call, rs, "cpa", id);
	return OK;
}

const struct contract end_grant = {
	.id = "endGrant",
	.summary = "Remove an app: its access ends at once.",
	PARAMS(one_params, struct one_params),
	.answer = &grant_resource,
	.shape = ANSWER_DELETED,
	.status = 200,
	ERRORS(NOT_FOUND),
	.run = run_delete,
};
