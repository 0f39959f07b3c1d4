/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the audit log as they are told of: on REST, on the page and by commands. */
#include "server/account/audit.h"

static const struct audit_kind kinds[] = {
#define AUDIT(name, prefix, summary) { name, prefix, summary },
#include "server/account/audit.def"
#undef AUDIT
};

#define AUDIT(name, prefix, summary) " " name
const char audit_kinds_after_blank[] =
#include "server/account/audit.def"
	;
#undef AUDIT

#define D(member) offsetof(struct audit_details, member)
#define V(member) offsetof(struct audit_view, member)
#define MAYBE JSON_NULLABLE

/* clang-format off */
static const struct json_field detail_fields[] = {
	{ "name",        JSON_STR, JSON_OPTIONAL, D(name),        0, 0, 0, NULL, NULL, 0, 0, "What it is called", "Laptop" },
	{ "prefix",      JSON_STR, JSON_OPTIONAL, D(prefix),      0, 0, 0, NULL, NULL, 0, 0, "How its secret begins: all that can still be told of it", "sk_live_8f3a1c" },
	{ "key_kind",    JSON_STR, JSON_OPTIONAL, D(key_kind),    0, 0, 0, NULL, NULL, 0, 0, "The kind of a key", "secret" },
	{ "changed",     JSON_STR, JSON_OPTIONAL, D(changed),     0, 0, 0, NULL, NULL, 0, 0, "Which fields were changed, with blanks between", "name scopes" },
	{ "scopes",      JSON_STR, JSON_OPTIONAL, D(scopes),      0, 0, 0, NULL, NULL, 0, 0, "What was granted, with blanks between", "events:read" },
	{ "client_name", JSON_STR, JSON_OPTIONAL, D(client_name), 0, 0, 0, NULL, NULL, 0, 0, "What the app is called", "Acme" },
	{ "reason",      JSON_STR, JSON_OPTIONAL, D(reason),      0, 0, 0, NULL, NULL, 0, 0, "Why it was refused, or ended", "wrong_password" },
	{ "email",       JSON_STR, JSON_OPTIONAL, D(email),       0, 0, 0, NULL, NULL, 0, 0, "The address", "ann@example.org" },
	{ "email_before", JSON_STR, JSON_OPTIONAL, D(email_before), 0, 0, 0, NULL, NULL, 0, 0, "The address until then", "ann@example.net" },
	{ "origin",      JSON_STR, JSON_OPTIONAL, D(origin),      0, 0, 0, NULL, NULL, 0, 0, "Of which origin the page was", NULL },
};

static const struct json_field audit_fields[] = {
	/* name          kind         flags  offset          given min max */
	{ "object",      JSON_STR,    0,     V(object),      0, 0, 0, NULL, NULL, 0, 0, "audit_entry", "audit_entry" },
	{ "sequence",    JSON_INT,    0,     V(sequence),    0, 0, 0, NULL, NULL, 0, 0, "Its number in the account's chain, from 1 without gaps", "17" },
	{ "at",          JSON_TIME,   0,     V(at),          0, 0, 0, NULL, NULL, 0, 0, "When it was written", NULL },
	{ "kind",        JSON_WORD,   0,     V(kind),        0, 0, 0, AUDIT_KINDS, NULL, 0, 0, "What happened", "key.created" },
	{ "summary",     JSON_STR,    0,     V(summary),     0, 0, 0, NULL, NULL, 0, 0, "The same for people", "An API key was made" },
	{ "subject",     JSON_STR,    MAYBE, V(subject),     0, 0, 0, NULL, NULL, 0, 0, "What it happened to: usr_…, ses_…, key_…, cpa_…, cli_…", "key_0355WHuCFfRpMfB53mC9Z6" },
	{ "actor",       JSON_WORD,   0,     V(actor),       0, 0, 0, "session token account_key secret_key restricted_key publishable_key app command anonymous server", NULL, 0, 0, "What kind of credential did it; app: a connected app itself, command: the operator, anonymous: nobody had signed in", "session" },
	{ "credential",  JSON_STR,    MAYBE, V(credential),  0, 0, 0, NULL, NULL, 0, 0, "Which one: ses_…, key_…, of a token its cpa_…", NULL },
	{ "client",      JSON_STR,    MAYBE, V(client),      0, 0, 0, NULL, NULL, 0, 0, "Which app, cli_…", NULL },
	{ "network",     JSON_STR,    MAYBE, V(network),     0, 0, 0, NULL, NULL, 0, 0, "From which network, roughly", "192.0.2.0/24" },
	{ "agent",       JSON_STR,    MAYBE, V(agent),       0, 0, 0, NULL, NULL, 0, 0, "With which program: the beginning of its User-Agent, or the command", "DAVx5/4.5" },
	{ "request_id",  JSON_STR,    MAYBE, V(request_id),  0, 0, 0, NULL, NULL, 0, 0, "The Request-Id of its answer", NULL },
	{ "livemode",    JSON_BOOL,   0,     V(livemode),    0, 0, 0, NULL, NULL, 0, 0, "false in test mode", "true" },
	{ "details",     JSON_OBJECT, 0,     V(details),     V(details.given), 0, 0, NULL, detail_fields, ARRAY_LEN(detail_fields), sizeof(struct audit_details), "What else is known, by kind", NULL },
};
/* clang-format on */

const struct json_resource audit_resource = {
	.name = "audit_entry",
	JSON_FIELDS(audit_fields),
	.size = sizeof(struct audit_view),
	.doc = "One row of the audit log. It is never changed.",
};

/* ---- ids ---- */

static const struct {
	const char *actor, *prefix;
} credentials[] = {
	{ "session", "ses" },
	{ "token", "cpa" },
	{ "account_key", "key" },
	{ "secret_key", "key" },
	{ "restricted_key", "key" },
	{ "publishable_key", "key" },
};

const struct audit_kind *audit_kind_at(size_t i)
{
	return i < ARRAY_LEN(kinds) ? &kinds[i] : NULL;
}

bool audit_credential_parse(struct str text, struct id *out)
{
	return id_parse(text, "key", out) || id_parse(text, "ses", out) || id_parse(text, "cpa", out);
}

static struct str id_or_absent(struct arena *mem, const char *prefix, struct id id)
{
	return id_is_zero(id) ? STR_ABSENT : id_text(mem, prefix, id);
}

static struct str credential_text(struct arena *mem, const struct audit_row *row)
{
	for (size_t i = 0; i < ARRAY_LEN(credentials); i++)
		if (str_eq(row->actor, str_of(credentials[i].actor)))
			return id_or_absent(mem, credentials[i].prefix, row->credential_id);
	return STR_ABSENT;
}

static struct str text_or_absent(struct str text)
{
	return text.len ? text : STR_ABSENT;
}

err_t audit_view_of(struct ctx *cx, const struct audit_row *row, struct audit_view *out)
{
	struct audit_view view = {
		.object = STR("audit_entry"),
		.sequence = row->seq,
		.at = row->at,
		.kind = row->kind,
		.actor = row->actor,
		.credential = credential_text(cx->mem, row),
		.client = id_or_absent(cx->mem, "cli", row->client_id),
		.network = text_or_absent(row->network),
		.agent = text_or_absent(row->agent),
		.request_id = id_or_absent(cx->mem, "req", row->request_id),
		.livemode = !id_is_test(row->account),
	};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eq(row->kind, str_of(kinds[i].name))) {
			view.summary = str_of(kinds[i].summary);
			view.subject = id_or_absent(cx->mem, kinds[i].prefix, row->subject_id);
		}
	TRY(json_read_known(cx, row->details, detail_fields, ARRAY_LEN(detail_fields), &view.details));
	view.details.given = true;
	*out = view;
	return OK;
}
