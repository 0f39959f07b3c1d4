/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/audit.h"

#include "server/data/agent.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"

#define ROWS_SHOWN 50

static const struct {
	const char *actor, *label;
} actors[] = {
	{ "session", SAY("This account, in a browser") },
	{ "token", SAY("A connected app") },
	{ "account_key", SAY("An account key") },
	{ "secret_key", SAY("A secret key") },
	{ "restricted_key", SAY("A restricted key") },
	{ "publishable_key", SAY("A publishable key") },
	{ "command", SAY("The operator of this server") },
	{ "anonymous", SAY("A browser that was not signed in") },
	{ "server", SAY("The server itself") },
};

static struct str actor_label(struct request *rq, struct str actor)
{
	for (size_t i = 0; i < ARRAY_LEN(actors); i++)
		if (str_eq(actor, str_of(actors[i].actor)))
			return say(rq, actors[i].label);
	return actor;
}

static const struct {
	const char *reason, *label;
} reasons[] = {
	{ "new_browser", SAY("A browser that was not seen before") },
	{ "wrong_password", SAY("The password was wrong") },
	{ "wrong_answer", SAY("The passkey's answer was wrong, or for another page") },
	{ "counter_went_back", SAY("The passkey's counter went back: there may be a copy of it") },
	{ "wrong_code", SAY("The password was right, the code of the app was wrong") },
	{ "account_deactivated", SAY("The account is deactivated") },
	{ "secret_key_in_browser", SAY("A web page held a secret key: rotate it") },
	{ "origin_not_allowed", SAY("A web page that may not use this key") },
	{ "ip_not_allowed", SAY("An address that it may not come from") },
	{ "client_deleted", SAY("The app was deleted") },
	{ "account_deleted", SAY("The account was deleted") },
	{ "account_claimed", SAY("A new password was set for an address that nobody had confirmed") },
};

static struct str reason_label(struct request *rq, struct str reason)
{
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (str_eq(reason, str_of(reasons[i].reason)))
			return say(rq, reasons[i].label);
	return reason;
}

static err_t row_values(struct request *rq, struct html_values *v, const struct audit_row *row)
{
	struct audit_view view;
	TRY(audit_view_of(&rq->cx, row, &view));
	html_set(v, "summary", catalogue_text(request_language(rq), view.summary));
	html_set(v, "sequence", str_fmt(rq->cx.mem, "%lld", (long long)view.sequence));
	html_set(v, "what", view.details.name.ptr ? view.details.name : view.details.client_name);
	html_set(v, "prefix", view.details.prefix);
	html_set(v, "changed", view.details.changed);
	html_set(v, "scopes", view.details.scopes);
	html_set(v, "reason", reason_label(rq, view.details.reason));
	html_set(v, "origin", view.details.origin);
	html_set(v, "actor", actor_label(rq, view.actor));
	html_set(v, "credential", view.credential);
	html_set(v, "network", view.network);
	html_set(v, "agent", agent_words(rq->cx.mem, request_language(rq), view.agent));
	html_set(v, "agent_whole", view.agent);
	html_set(v, "request_id", view.request_id);
	html_set_flag(v, "refused", str_ends(view.kind, STR(".refused")));
	page_when(rq, v, "at", view.at);
	return OK;
}

/* What the address asks for; what makes no sense asks for nothing. */
struct audit_list_view {
	struct audit_filter filter;
	int64_t before;
	bool test;
};

static err_t read_view(struct request *rq, struct html_values *v, struct audit_list_view *out)
{
	const struct form *params;
	const struct audit_kind *kind;
	struct audit_list_view asked = { .before = INT64_MAX };
	uint64_t number;
	TRY(request_params(rq, &params));
	struct str sent = form_get(params, "kind");
	asked.test = str_eq(form_get(params, "mode"), STR("test"));
	if (str_to_u64(form_get(params, "before"), INT64_MAX, &number))
		asked.before = (int64_t)number;
	for (size_t i = 0; (kind = audit_kind_at(i)); i++) {
		struct html_values *row = html_add_row(v, "kinds");
		bool chosen = str_eq(sent, str_of(kind->name));
		html_set(row, "kind", str_of(kind->name));
		html_set(row, "kind_summary", say(rq, kind->summary));
		html_set_flag(row, "chosen", chosen);
		if (chosen) {
			asked.filter.kind = str_of(kind->name);
			html_set(v, "kind_asked", asked.filter.kind);
		}
	}
	html_set_flag(v, "mode_test", asked.test);
	html_set(v, "mode_path", STR("/audit"));
	html_set_flag(v, "later", asked.before != INT64_MAX);
	*out = asked;
	return OK;
}

err_t audit_page_show(struct request *rq, struct response *rs)
{
	struct html_values *v = page_new(rq, "Activity", "audit");
	struct audit_list_view asked;
	struct audit_row *rows;
	size_t count;
	TRY(read_view(rq, v, &asked));
	TRY(audit_page(&rq->cx, id_in_mode(rq->principal->account, asked.test), &asked.filter, asked.before, false,
		ROWS_SHOWN + 1, &rows, &count));
	for (size_t i = 0; i < count && i < ROWS_SHOWN; i++)
		TRY(row_values(rq, html_add_row(v, "rows"), &rows[i]));
	html_set_flag(v, "any", count > 0);
	if (count > ROWS_SHOWN)
		html_set(v, "older", str_fmt(rq->cx.mem, "%lld", (long long)rows[ROWS_SHOWN - 1].seq));
	return page_reply(rs, 200, "audit", v);
}
