/* SPDX-License-Identifier: Apache-2.0 */
/* The form for one operation: a field for each parameter, the body as text. */
#include "web/try_form.h"

#include "server/http/openapi.h"
#include "web/json_view.h"

#define EXAMPLE_ID "_0355WHuCFfRpMfB53mC9Z6" /* of the examples in tables of fields */

struct str try_field(struct arena *mem, const char *name)
{
	return str_cat(mem, STR("p."), str_of(name));
}

static bool is_of_calendar(const struct json_field *f)
{
	return f->kind == JSON_ID && str_eq(str_of(f->of), STR("cal"));
}

static struct str words_of(const struct json_field *f)
{
	return f->kind == JSON_WORD ? str_of(f->of) : f->kind == JSON_BOOL ? STR("true false") : STR_ABSENT;
}

/* What was sent; in the beginning a calendar of theirs, where one must be named. */
static struct str value_of(const struct trial *trial, const struct json_field *f)
{
	bool must = f->flags & (JSON_IN_PATH | JSON_REQUIRED | JSON_NEEDED);
	if (trial->sent)
		return form_get(&trial->rq->form, str_c(trial->rq->cx.mem, try_field(trial->rq->cx.mem, f->name)));
	return must && is_of_calendar(f) ? trial->calendar : STR("");
}

static void add_param(const struct trial *trial, struct html_values *v, const struct json_field *f)
{
	struct arena *mem = trial->rq->cx.mem;
	struct str value = value_of(trial, f), words = words_of(f), word;
	struct html_values *row = html_add_row(v, "params");
	html_set(row, "name", try_field(mem, f->name));
	html_set(row, "label", str_of(f->name));
	html_set(row, "value", value);
	html_set(row, "example", openapi_value(mem, f));
	html_set_flag(row, "required", f->flags & (JSON_IN_PATH | JSON_REQUIRED));
	html_set_flag(row, "choice", words.ptr);
	html_set_flag(row, "bad", trial->bad.len && str_eq(trial->bad, str_of(f->name)));
	while (words.ptr && str_cut(&words, ' ', &word)) {
		struct html_values *option = html_add_row(row, "options");
		html_set(option, "option", word);
		html_set_flag(option, "chosen", str_eq(word, value));
	}
	if (f->doc)
		reference_prose(row, "doc", str_of(f->doc));
}

/* The example, about what is theirs. */
static struct str with_own_ids(const struct trial *trial, struct str text)
{
	struct arena *mem = trial->rq->cx.mem;
	const struct {
		struct str example, own;
	} ids[] = {
		{ STR("cal" EXAMPLE_ID), trial->calendar },
		{ STR("usr" EXAMPLE_ID), id_text(mem, "usr", trial->rq->principal->account) },
	};
	struct buf out = buf_new(mem, TRY_BODY_MAX);
	for (size_t at = 0; at < text.len;) {
		size_t i = 0;
		while (i < ARRAY_LEN(ids) && !str_starts(str_from(text, at), ids[i].example))
			i++;
		if (i == ARRAY_LEN(ids)) {
			buf_char(&out, text.ptr[at++]);
			continue;
		}
		buf_add(&out, ids[i].own);
		at += ids[i].example.len;
	}
	return buf_str(&out);
}

static struct str body_of(const struct trial *trial)
{
	struct arena *mem = trial->rq->cx.mem;
	const struct contract *c = trial->op.contract;
	if (trial->sent)
		return form_get(&trial->rq->form, "body");
	struct str example = with_own_ids(trial, openapi_body_example(mem, c));
	return c->body ? json_view(mem, example) : example;
}

bool try_for_others(const struct reference_operation *op)
{
	return op->route->who & SECRET_KEY && !(op->route->scopes & OWNER);
}

/* As far as they let the app read who they are. */
static void set_connections(const struct trial *trial, struct html_values *v)
{
	struct arena *mem = trial->rq->cx.mem;
	struct str chosen = form_get(&trial->rq->form, "connected_account");
	html_set_flag(v, "for_others", try_for_others(&trial->op));
	html_set(v, "connected_account", chosen);
	html_set_flag(v, "any_connection", trial->connection_count > 0);
	for (size_t i = 0; i < trial->connection_count; i++) {
		const struct platform_account *c = &trial->connections[i];
		struct html_values *row = html_add_row(v, "connections");
		html_set(row, "connection", id_text(mem, "cpa", c->id));
		html_set(row, "user",
			c->scopes & PROFILE_READ ? c->email : id_text(mem, "usr", id_in_mode(c->account, false)));
	}
}

void try_form_values(const struct trial *trial, struct html_values *v)
{
	struct arena *mem = trial->rq->cx.mem;
	const struct contract *c = trial->op.contract;
	size_t count, size;
	const struct json_field *params = contract_params(mem, c, &count, &size);
	for (size_t i = 0; i < count; i++)
		add_param(trial, v, &params[i]);
	html_set_flag(v, "takes_body", c->body || c->body_type);
	html_set(v, "body_type", c->body_type ? str_of(c->body_type) : STR("application/json"));
	if (c->body || c->body_type)
		html_set(v, "body_value", body_of(trial));
	set_connections(trial, v);
	html_set_flag(v, "takes_match", c->flags & TAKES_IF_MATCH);
	struct str match = form_get(&trial->rq->form, "if_match"), key = form_get(&trial->rq->form, "idempotency_key");
	bool writes = contract_writes(c, trial->op.route->method);
	html_set_flag(v, "writes", writes);
	html_set_flag(v, "headers", writes || try_for_others(&trial->op));
	html_set_flag(v, "headers_sent", match.len || key.len || form_get(&trial->rq->form, "connected_account").len);
	html_set(v, "if_match", match);
	html_set(v, "idempotency_key", key);
}
