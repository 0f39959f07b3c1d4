/* SPDX-License-Identifier: Apache-2.0 */
/* The list of connected apps, a line each; all else stands on the page of one (connected_account.c). */
#include <string.h>

#include "oauth/client_logo.h"
#include "server/auth/scope.h"
#include "web/apps.h"
#include "web/connected_account_view.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"
#include "web/ticks.h"

#define ROWS_A_PAGE 50

/* The first whose scope it has says it best. */
static struct str in_one_line(struct request *rq, uint64_t scopes)
{
	/* clang-format off */
	static const struct { uint64_t scope; const char *text; } lines[] = {
		{ EVENTS_WRITE,   SAY("Sees and changes your events") },
		{ EVENTS_READ,    SAY("Sees your events") },
		{ CALENDARS_READ, SAY("Sees when you are busy") },
		{ SCOPES_ALL,     SAY("Uses your account") },
	};
	/* clang-format on */
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (scopes & lines[i].scope)
			return say(rq, lines[i].text);
	return say(rq, "Signs you in");
}

static struct str in_which(struct request *rq, struct id_list calendars)
{
	if (!calendars.items)
		return say(rq, "all calendars");
	return say_count(rq, (int64_t)calendars.count, SAY("one calendar"), SAY("{n} calendars"));
}

void connected_account_values(struct request *rq, struct html_values *v, const struct connected_account *c)
{
	html_set(v, "connected_account_id", id_text(rq->cx.mem, "cpa", c->id));
	html_set(v, "app_name", c->client_name);
	html_set(v, "app_initials", page_initials(rq->cx.mem, c->client_name));
	html_set(v, "owner", c->owner_name);
	html_set_flag(v, "verified", c->verified);
	html_set_flag(v, "test", id_is_test(c->account));
	html_set(v, "may", in_one_line(rq, c->scopes));
	html_set(v, "in", c->scopes & SCOPES_ALL ? in_which(rq, c->calendars) : STR_ABSENT);
	ticks_of_scopes(rq, v, "scopes", c->scopes, c->scopes, 0);
	page_when(rq, v, "since", c->authorized_at);
	page_when(rq, v, "last_used", c->last_used_at);
	page_when_of(rq, v, "expires", c->expires_at, c->account);
}

/* As on the consent page: letters stand for the logo of an app that nobody vouches for. */
/* The apps whose logos are shown: those that the operator vouches for. */
static struct id_list verified_of(struct arena *mem, const struct connected_account *connected, size_t count)
{
	struct id *ids = arena_array(mem, struct id, count + 1);
	size_t verified = 0;
	for (size_t i = 0; i < count; i++)
		if (connected[i].verified)
			ids[verified++] = connected[i].client_id;
	return (struct id_list){ ids, verified };
}

err_t connected_accounts_page(struct request *rq, struct response *rs)
{
	struct html_values *v = page_new(rq, "Connected apps", "connected_accounts");
	struct connected_account *connected;
	const struct form *params;
	struct client_logo_tag *tags = NULL;
	struct id before, newest;
	size_t count, tag_count;

	TRY(request_params(rq, &params));
	memset(&newest, 0xff, sizeof newest);
	bool further = id_parse(form_get(params, "before"), "cpa", &before);
	TRY(connected_account_older(
		&rq->cx, rq->principal->account, further ? before : newest, ROWS_A_PAGE + 1, &connected, &count));
	const struct id_list verified = verified_of(rq->cx.mem, connected, count);
	TRY(client_logo_tags(&rq->cx, verified.items, verified.count, &tags, &tag_count));
	for (size_t i = 0; i < count && i < ROWS_A_PAGE; i++) {
		struct html_values *row = html_add_row(v, "connected_accounts");
		connected_account_values(rq, row, &connected[i]);
		app_logo_url(
			rq, row, connected[i].client_id, client_logo_tag_of(tags, tag_count, connected[i].client_id));
	}
	html_set_flag(v, "any", count > 0);
	html_set_flag(v, "further", further);
	if (count > ROWS_A_PAGE)
		html_set(v, "older", id_text(rq->cx.mem, "cpa", connected[ROWS_A_PAGE - 1].id));
	page_notice(rq, v);
	return page_reply(rs, 200, "connected_accounts", v);
}
