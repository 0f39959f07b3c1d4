/* SPDX-License-Identifier: Apache-2.0 */
/* Registering an app, and changing it: one form. */
#include "oauth/client_json.h"
#include "server/account/hold.h"
#include "server/db/query.h"
#include "web/apps.h"
#include "web/once.h"
#include "web/pages.h"
#include "web/say.h"
#include "web/stale.h"
#include "web/ticks.h"

#define MACHINE "machine_scope"

/* How an app proves itself, as far as this form offers it: what else there is, /v1/oauth_apps sets. */
static const struct {
	const char *word;
	int16_t auth;
} proofs[] = { { "secret", CLIENT_AUTH_OPEN }, { "keys", CLIENT_AUTH_KEY } };

/* ---- what was sent ---- */

/* One a line; blank lines mean nothing. */
static struct str_list lines_of(struct arena *mem, struct str text)
{
	struct str *lines = arena_array(mem, struct str, text.len + 1);
	struct str rest = text, line;
	size_t count = 0;
	while (str_cut(&rest, '\n', &line)) {
		line = str_trim(line, STR_BLANK);
		if (line.len)
			lines[count++] = line;
	}
	return (struct str_list){ lines, count };
}

struct sent {
	struct str name, jwks_uri;
	struct str_list redirects;
	uint64_t scopes, machine_scopes;
	int16_t auth; /* of `proofs`; -1: not said */
	bool fapi2;
};

static err_t read_sent(struct request *rq, struct sent *out)
{
	struct str profile = form_get(&rq->form, "profile"), proof = form_get(&rq->form, "proof");
	struct sent sent = {
		.name = form_get(&rq->form, "name"),
		.jwks_uri = str_trim(form_get(&rq->form, "jwks_uri"), STR_BLANK),
		.redirects = lines_of(rq->cx.mem, form_get(&rq->form, "redirect_uris")),
		.auth = -1,
		.fapi2 = str_eq(profile, STR(CLIENT_PROFILE_FAPI2)),
	};
	TRY(ticks_read_named(rq, "scope", &sent.scopes));
	TRY(ticks_read_named(rq, MACHINE, &sent.machine_scopes));
	for (size_t i = 0; i < ARRAY_LEN(proofs); i++)
		if (str_eq(proof, str_of(proofs[i].word)))
			sent.auth = proofs[i].auth;
	if (sent.auth < 0 && proof.len)
		return REFUSE(&rq->cx, INVALID_VALUE, "proof", "Choose how the app proves itself.");
	if (profile.len && !sent.fapi2)
		return REFUSE(&rq->cx, INVALID_VALUE, "profile", "There is no such profile.");
	if (!sent.scopes && sent.redirects.count)
		return REFUSE(&rq->cx, INVALID_VALUE, "scope", "Tick what the app may ask its users for.");
	if (!sent.redirects.count && !sent.machine_scopes)
		return REFUSE(&rq->cx, INVALID_VALUE, "redirect_uri",
			"Where shall users come back to? An app without this can work for itself alone: then tick what "
			"it may, "
			"further below.");
	*out = sent;
	return OK;
}

/* With keys it says where they are; a set that was given by the API stays as long as nothing is said. */
static struct client_means means_sent(const struct sent *sent, struct client_means was)
{
	if (sent->auth < 0)
		return was;
	if (sent->auth != CLIENT_AUTH_KEY)
		return was.auth == CLIENT_AUTH_KEY ? (struct client_means){ 0 } : was;
	was.auth = CLIENT_AUTH_KEY;
	if (sent->jwks_uri.len) {
		was.uri = sent->jwks_uri;
		was.jwks = STR_ABSENT;
	}
	return was;
}

static int16_t grants_sent(const struct sent *sent, int16_t was)
{
	int grants = was & ~(GRANT_CODE | GRANT_REFRESH | GRANT_CLIENT);
	if (sent->redirects.count)
		grants |= GRANT_CODE | (was & GRANT_CODE ? was & GRANT_REFRESH : GRANT_REFRESH);
	if (sent->machine_scopes)
		grants |= GRANT_CLIENT;
	return (int16_t)grants;
}

/* ---- the form ---- */

static struct str joined(struct arena *mem, struct str_list lines)
{
	struct buf out = buf_new(mem, KIB(64));
	for (size_t i = 0; i < lines.count; i++)
		buf_fmt(&out, "%s%.*s", i ? "\n" : "", STR_ARG(lines.items[i]));
	return buf_str(&out);
}

static uint64_t ticked(struct request *rq, const char *name)
{
	uint64_t scopes;
	err_t e = ticks_read_named(rq, name, &scopes);
	return e ? 0 : scopes;
}

/* As it was sent. */
static void sent_values(struct request *rq, struct html_values *v)
{
	ticks_of_scopes(rq, v, "scopes", SCOPES_ASKABLE, ticked(rq, "scope"), 0);
	ticks_of_scopes(rq, v, "machine_scopes", SCOPES_ALL, ticked(rq, MACHINE), 0);
	html_set(v, "name_value", form_get(&rq->form, "name"));
	html_set(v, "redirect_uris", form_get(&rq->form, "redirect_uris"));
	html_set(v, "jwks_uri", form_get(&rq->form, "jwks_uri"));
	html_set_flag(v, "by_keys", str_eq(form_get(&rq->form, "proof"), STR("keys")));
	html_set_flag(v, "fapi2", str_eq(form_get(&rq->form, "profile"), STR(CLIENT_PROFILE_FAPI2)));
}

/* As it is. */
static void present_values(struct request *rq, struct html_values *v, const struct client *client)
{
	ticks_of_scopes(rq, v, "scopes", SCOPES_ASKABLE, client->scopes, 0);
	ticks_of_scopes(rq, v, "machine_scopes", SCOPES_ALL, client->machine_scopes, 0);
	html_set(v, "name_value", client->name);
	html_set(v, "redirect_uris", joined(rq->cx.mem, client->redirects));
	html_set(v, "jwks_uri", client->jwks_uri);
	html_set_flag(v, "by_keys", client->auth_method == CLIENT_AUTH_KEY);
	html_set_flag(
		v, "more_open", client->machine_scopes || client->profile || client->auth_method == CLIENT_AUTH_KEY);
}

/* An error of a field that this form does not have is told above all. */
static err_t again(struct response *rs, struct html_values *v, err_t e)
{
	static const char *const fields[] = { "name", "type", "mode", "redirect_uri", "scope", "machine", "proof",
		"jwks_uri", "profile" };
	struct ctx *cx = &rs->rq->cx;
	/* Which this form does not have, but what makes them. */
	if (str_eq(e->param, STR("jwks")))
		e = err_about(cx->mem, e, "jwks_uri");
	if (str_eq(e->param, STR("grant_types")) || str_eq(e->param, STR(MACHINE)) ||
		str_eq(e->param, STR("machine_scopes")))
		e = err_about(cx->mem, e, "machine");
	bool known = !e->param.len;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		known |= str_eq(e->param, str_of(fields[i]));
	static const char *const folded[] = { "machine", "proof", "jwks_uri", "profile" };
	for (size_t i = 0; i < ARRAY_LEN(folded); i++)
		if (str_eq(e->param, str_of(folded[i])))
			html_set_flag(v, "more_open", true);
	if (known || page_status(e) >= 500)
		return page_again(rs, "app_form", v, e);
	return page_again(rs, "app_form", v, err_about(cx->mem, e, ""));
}

/* ---- a new one ---- */

static struct html_values *new_values(struct request *rq)
{
	struct html_values *v = page_new(rq, "Register an app", "apps");
	struct str type = form_get(&rq->form, "type");
	html_set_flag(v, "new", true);
	html_set_flag(v, "type_public", str_eq(type, STR("public")));
	html_set_flag(v, "type_confidential", !str_eq(type, STR("public")));
	html_set_flag(v, "mode_test", page_asks_for_test(rq));
	sent_values(rq, v);
	return v;
}

err_t app_new_page(struct request *rq, struct response *rs)
{
	return page_reply(rs, 200, "app_form", new_values(rq));
}

static err_t read_new(struct request *rq, struct client_new *out)
{
	struct str mode = form_get(&rq->form, "mode");
	struct client_new in = { .name = form_get(&rq->form, "name") };
	struct sent sent;
	if (!client_kind_parse(form_get(&rq->form, "type"), &in.kind))
		return REFUSE(&rq->cx, INVALID_VALUE, "type", "Choose what kind of app it is.");
	if (mode.len && !str_eq(mode, STR("test")) && !str_eq(mode, STR("live")))
		return REFUSE(&rq->cx, INVALID_VALUE, "mode", "Choose live or test data.");
	TRY(read_sent(rq, &sent));
	in.owner = id_in_mode(rq->principal->account, str_eq(mode, STR("test")));
	in.redirects = sent.redirects;
	in.scopes = sent.scopes;
	in.grants = grants_sent(&sent, 0);
	in.means = means_sent(&sent, (struct client_means){ 0 });
	in.policy = (struct client_policy){ .machine_scopes = sent.machine_scopes,
		.profile = sent.fapi2 ? CLIENT_FAPI2 : CLIENT_ANY };
	*out = in;
	return OK;
}

err_t apps_create(struct request *rq, struct response *rs)
{
	struct client_new in;
	struct client made;
	struct str secret;
	struct once once;
	bool done;
	TRY(once_leads(rq, rs, &once, &done));
	if (done)
		return OK;
	err_t e = read_new(rq, &in);
	if (!e)
		e = client_create(&rq->cx, &in, &made, &secret);
	e = once_end(
		rq, &once, e, e ? STR("") : once_path(rq, "/apps", "cli", made.id, in.kind == CLIENT_CONFIDENTIAL));
	if (e)
		return again(rs, new_values(rq), e);
	return app_secret_page(rq, rs, &made, secret, true);
}

/* ---- a change ---- */

#define EDIT_FIELDS 7

static struct str proof_word(const struct client *client)
{
	for (size_t i = 0; i < ARRAY_LEN(proofs); i++)
		if (proofs[i].auth == client->auth_method)
			return str_of(proofs[i].word);
	return STR_ABSENT;
}

static const struct stale_field *edit_fields(struct arena *mem, const struct client *c)
{
	struct stale_field *fields = arena_array(mem, struct stale_field, EDIT_FIELDS), *f = fields;
	*f++ = (struct stale_field){ "name", SAY("Name"), stale_one(mem, c->name), STR_ABSENT };
	*f++ = (struct stale_field){ "redirect_uris", SAY("Redirect URIs"), stale_one(mem, joined(mem, c->redirects)),
		STR_ABSENT };
	*f++ = (struct stale_field){ "scope", SAY("What it may ask for"),
		ticks_scope_names(mem, c->scopes & SCOPES_ASKABLE), STR_ABSENT };
	*f++ = (struct stale_field){ MACHINE, SAY("What it may for itself"), ticks_scope_names(mem, c->machine_scopes),
		STR_ABSENT };
	*f++ = (struct stale_field){ "proof", SAY("It proves itself by"), stale_one(mem, proof_word(c)), STR_ABSENT };
	*f++ = (struct stale_field){ "jwks_uri", SAY("Where its public keys are"), stale_one(mem, c->jwks_uri),
		STR_ABSENT };
	*f = (struct stale_field){ "profile", SAY("Security profile"),
		stale_one(mem, c->profile == CLIENT_FAPI2 ? STR(CLIENT_PROFILE_FAPI2) : STR_ABSENT), STR_ABSENT };
	return fields;
}

static struct html_values *edit_values(struct request *rq, const struct client *client, unsigned conflicts)
{
	struct html_values *v = page_new(rq, "Edit your app", "apps");
	app_values(rq, v, client);
	stale_values(rq, v, edit_fields(rq->cx.mem, client), EDIT_FIELDS, conflicts);
	html_set_flag(v, "was_verified", client->verified);
	html_set_flag(
		v, "other_proof", client->auth_method != CLIENT_AUTH_OPEN && client->auth_method != CLIENT_AUTH_KEY);
	return v;
}

err_t app_edit_page(struct request *rq, struct response *rs)
{
	struct client client;
	TRY(app_in_path(rq, &client));
	struct html_values *v = edit_values(rq, &client, 0);
	present_values(rq, v, &client);
	return page_reply(rs, 200, "app_form", v);
}

static bool same_list(struct str_list a, struct str_list b)
{
	bool same = a.count == b.count;
	for (size_t i = 0; same && i < a.count; i++) {
		bool found = false;
		for (size_t k = 0; k < b.count; k++)
			found |= str_eq(a.items[i], b.items[k]);
		same = found;
	}
	return same;
}

static bool same_means(const struct client_means *a, const struct client_means *b)
{
	return a->auth == b->auth && str_eq(a->jwks, b->jwks) && str_eq(a->uri, b->uri);
}

/* Only what is another than it was: a name that is sent again ends no word of the operator. */
static err_t change(struct request *rq, const struct client *client)
{
	struct client_policy was = client_policy_of(client), policy = was;
	struct client_means had = client_means_of(client);
	struct sent sent;
	TRY(read_sent(rq, &sent));
	policy.machine_scopes = sent.machine_scopes;
	policy.profile = sent.fapi2 ? CLIENT_FAPI2 : CLIENT_ANY;
	int16_t grants = grants_sent(&sent, client->grants);
	struct client_change wanted = {
		.name = str_eq(sent.name, client->name) ? STR_ABSENT : sent.name,
		.scopes = sent.scopes == client->scopes ? 0 : sent.scopes,
		.grants = grants == client->grants ? 0 : grants,
		.redirects = same_list(sent.redirects, client->redirects) ? (struct str_list){ 0 } : sent.redirects,
		.means = client->kind == CLIENT_CONFIDENTIAL ? means_sent(&sent, had) : had,
		.policy = client_policy_changes(rq->cx.mem, &was, &policy).ptr ? &policy : NULL,
	};
	wanted.has_means = !same_means(&wanted.means, &had);
	if (!wanted.name.ptr && !wanted.scopes && !wanted.grants && !wanted.redirects.items && !wanted.has_means &&
		!wanted.policy)
		return OK;
	return client_change(&rq->cx, client, &wanted);
}

/* Read, checked and changed while nobody else changes it. */
static err_t edit(struct request *rq, struct client *client, unsigned *conflicts)
{
	TRY(row_hold(&rq->cx, HELD_CLIENT, client->owner, client->id));
	TRY(app_in_path(rq, client));
	TRY(stale_check(rq, edit_fields(rq->cx.mem, client), EDIT_FIELDS, conflicts));
	return change(rq, client);
}

err_t app_edit_post(struct request *rq, struct response *rs)
{
	struct client client;
	unsigned conflicts = 0;
	bool own;
	TRY(app_in_path(rq, &client));
	TRY(db_join(&rq->cx, &own));
	err_t e = db_settle(&rq->cx, own, edit(rq, &client, &conflicts));
	if (e) {
		struct html_values *v = edit_values(rq, &client, conflicts);
		sent_values(rq, v);
		html_set_flag(v, "more_open", conflicts != 0);
		return again(rs, v, e);
	}
	reply_redirect(
		rs, 303, str_fmt(rq->cx.mem, "/apps/%.*s?done=saved", STR_ARG(id_text(rq->cx.mem, "cli", client.id))));
	return OK;
}
