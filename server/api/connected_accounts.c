/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The users who connected to a platform's apps, for its own secret keys: each sees those of its own mode. What a
 * platform does for one of them goes through the Connected-Account header (on_behalf.c).
 */
#include "oauth/connected_account.h"
#include "server/account/resources.h"
#include "server/api/api.h"
#include "server/api/page.h"

struct user_view {
	struct str id, name, email;
};

struct platform_account_view {
	struct str id, object;
	struct user_view user;
	struct str client_id, status;
	struct str_list scopes, calendars;
	bool livemode, has_user;
	struct instant authorized_at, last_used_at, authorization_expires_at, deauthorized_at;
};

#define U(member) offsetof(struct user_view, member)
#define V(member) offsetof(struct platform_account_view, member)
#define MAYBE JSON_NULLABLE
#define STATES "active deactivated deauthorized"

/* clang-format off */
static const struct json_field user_fields[] = {
	{ "id",    JSON_STR, 0,     U(id),    0, 0, 0, NULL, NULL, 0, 0, "usr_…", "usr_0355WHuCFfRpMfB53mC9Z6" },
	{ "name",  JSON_STR, MAYBE, U(name),  0, 0, 0, NULL, NULL, 0, 0, "null without profile:read, and once it has ended", "Ann" },
	{ "email", JSON_STR, MAYBE, U(email), 0, 0, 0, NULL, NULL, 0, 0, "Likewise", "ann@example.org" },
};

static const struct json_field platform_account_fields[] = {
	{ "id",            JSON_STR,    0,     V(id),            0, 0, 0, NULL, NULL, 0, 0, "cpa_…: the value of Connected-Account", "cpa_0355WHuCFfRpMfB53mC9Z6" },
	{ "object",        JSON_STR,    0,     V(object),        0, 0, 0, NULL, NULL, 0, 0, "connected_account", "connected_account" },
	{ "user",          JSON_OBJECT, 0,     V(user), V(has_user), 0, 0, NULL, user_fields, ARRAY_LEN(user_fields), sizeof(struct user_view), "Who connected", NULL },
	{ "client_id",     JSON_STR,    0,     V(client_id),     0, 0, 0, NULL, NULL, 0, 0, "To which app, cli_…", "cli_0355WHuCFfRpMfB53mC9Z6" },
	{ "scopes",        JSON_STRS,   0,     V(scopes),        0, 0, 0, NULL, NULL, 0, 0, "What is granted", "events:read" },
	{ "calendars",     JSON_STRS,   MAYBE, V(calendars),     0, 0, 0, NULL, NULL, 0, 0, "The calendars that it is limited to, cal_…; null: all", NULL },
	{ "status",        JSON_WORD,   0,     V(status),        0, 0, 0, STATES, NULL, 0, 0, "deactivated: the user's account is, and may come back; deauthorized: it has ended", "active" },
	{ "livemode",      JSON_BOOL,   0,     V(livemode),      0, 0, 0, NULL, NULL, 0, 0, "false in test mode", "true" },
	{ "authorized_at", JSON_TIME,   0,     V(authorized_at), 0, 0, 0, NULL, NULL, 0, 0, "When the user last consented", NULL },
	{ "last_used_at",  JSON_TIME,   MAYBE, V(last_used_at),  0, 0, 0, NULL, NULL, 0, 0, "When a token of it was last used; null: never", NULL },
	{ "authorization_expires_at", JSON_TIME, MAYBE, V(authorization_expires_at), 0, 0, 0, NULL, NULL, 0, 0, "When it ends by itself, as the user chose; null: never", NULL },
	{ "deauthorized_at", JSON_TIME, MAYBE, V(deauthorized_at), 0, 0, 0, NULL, NULL, 0, 0, "When it ended; null: it has not", NULL },
};
/* clang-format on */

static const struct json_resource platform_account_resource = {
	.name = "connected_account",
	JSON_FIELDS(platform_account_fields),
	.size = sizeof(struct platform_account_view),
	.doc = "A user's connection to an app of the platform. It keeps its id when the user consents again.",
};

static const char *const states[] = {
	[PLATFORM_ACCOUNT_ACTIVE] = "active",
	[PLATFORM_ACCOUNT_DEACTIVATED] = "deactivated",
	[PLATFORM_ACCOUNT_DEAUTHORIZED] = "deauthorized",
};

static struct instant forever_is_none(struct instant at)
{
	return instant_before(at, INSTANT_FOREVER) ? at : INSTANT_NONE;
}

/* Who the user is, is theirs to tell: as long as they let the app read it. */
static struct platform_account_view view_of(struct arena *mem, const struct platform_account *c)
{
	bool ended = c->state == PLATFORM_ACCOUNT_DEAUTHORIZED;
	bool shown = (c->scopes & PROFILE_READ) && !ended;
	struct instant expired = ended ? c->expires_at : INSTANT_NONE;
	return (struct platform_account_view){
		.id = id_text(mem, "cpa", c->id),
		.object = STR("connected_account"),
		.has_user = true,
		.user = { .id = id_text(mem, "usr", id_in_mode(c->account, false)),
			.name = shown ? c->name : STR_ABSENT,
			.email = shown ? c->email : STR_ABSENT },
		.client_id = id_text(mem, "cli", c->client_id),
		.scopes = scope_names(mem, c->scopes),
		.calendars = calendar_names(mem, c->calendars),
		.status = str_of(states[c->state]),
		.livemode = !id_is_test(c->account),
		.authorized_at = c->authorized_at,
		.last_used_at = c->last_used_at,
		.authorization_expires_at = forever_is_none(c->expires_at),
		.deauthorized_at = instant_is_none(c->revoked_at) ? expired : c->revoked_at,
	};
}

struct list_params {
	struct id client_id;
	struct str status, scope;
};

static const struct json_field list_params[] = {
	{ .name = "client_id",
		.kind = JSON_ID,
		.of = "cli",
		.offset = offsetof(struct list_params, client_id),
		.doc = "Only those of this app",
		.example = "cli_0355WHuCFfRpMfB53mC9Z6" },
	{ .name = "status",
		.kind = JSON_WORD,
		.of = STATES,
		.offset = offsetof(struct list_params, status),
		.doc = "Only those that are so; all when left out" },
	{ .name = "scope",
		.kind = JSON_STR,
		.offset = offsetof(struct list_params, scope),
		.doc = "Only those with these scopes, with blanks between",
		.example = "events:read" },
};

static err_t read_filter(struct api_call *call, struct platform_account_filter *out)
{
	const struct list_params *sent = call->params;
	*out = (struct platform_account_filter){ .client = sent->client_id };
	for (int i = PLATFORM_ACCOUNT_ACTIVE; i <= PLATFORM_ACCOUNT_DEAUTHORIZED; i++)
		if (str_eq(sent->status, str_of(states[i])))
			out->state = (int16_t)i;
	if (sent->scope.ptr && !scope_parse(sent->scope, &out->scopes))
		return REFUSE(&call->rq->cx, INVALID_VALUE, "scope", "A scope is not known.");
	return OK;
}

static err_t run_list(struct api_call *call, struct response *rs)
{
	struct platform_account_filter filter;
	struct platform_account *rows;
	struct page page;
	struct id bound;
	size_t count;
	TRY(read_filter(call, &filter));
	TRY(page_begin(call, "newest", &page));
	TRY(page_newest(&page, &bound));
	TRY(platform_account_page(
		&call->rq->cx, call->who.account, &filter, bound, page.back, page.limit + 1, &rows, &count));
	page_cut(&page, &count);
	struct json j = api_list_begin(call, rs);
	for (size_t i = 0; i < count; i++) {
		struct platform_account_view view = view_of(call->rq->cx.mem, &rows[page_row(&page, count, i)]);
		api_list_item(call, &j, &view);
	}
	PAGE_END_ROWS(&page, &j, rows, count);
	return OK;
}

const struct contract list_connected_accounts = {
	.id = "listConnectedAccounts",
	.summary = "The users who connected to the platform's apps, newest first, in the key's own mode; also those "
		   "that ended.",
	PARAMS(list_params, struct list_params),
	.answer = &platform_account_resource,
	.shape = ANSWER_LIST,
	.status = 200,
	.run = run_list,
};

struct one_params {
	struct id id;
};

static const struct json_field one_params[] = {
	{ .name = "connected_account",
		.kind = JSON_ID,
		.flags = JSON_IN_PATH,
		.of = "cpa",
		.offset = offsetof(struct one_params, id),
		.doc = "Its `id`" },
};

static struct id id_named(const struct api_call *call)
{
	return ((const struct one_params *)call->params)->id;
}

static err_t run_get(struct api_call *call, struct response *rs)
{
	struct platform_account connection;
	TRY(platform_account_get(&call->rq->cx, call->who.account, id_named(call), &connection));
	struct platform_account_view view = view_of(call->rq->cx.mem, &connection);
	api_reply(call, rs, &view);
	return OK;
}

const struct contract get_connected_account = {
	.id = "getConnectedAccount",
	.summary = "One user's connection to an app of the platform.",
	PARAMS(one_params, struct one_params),
	.answer = &platform_account_resource,
	.status = 200,
	ERRORS(NOT_FOUND),
	.run = run_get,
};

static err_t run_delete(struct api_call *call, struct response *rs)
{
	TRY(platform_account_deauthorize(&call->rq->cx, call->who.account, id_named(call)));
	api_reply_deleted(call, rs, "cpa", id_named(call));
	return OK;
}

const struct contract deauthorize_connected_account = {
	.id = "deauthorizeConnectedAccount",
	.summary = "Give up a connection: all its tokens are dead at once. The user may connect again.",
	PARAMS(one_params, struct one_params),
	.answer = &platform_account_resource,
	.shape = ANSWER_DELETED,
	.status = 200,
	ERRORS(NOT_FOUND),
	.run = run_delete,
};
