/* SPDX-License-Identifier: Apache-2.0 */
/* The same call for a shell, for Node and for Python, for the reference. Tests run all of them. */
#include "server/http/openapi.h"
#include "server/http/subrequest.h"
#include "web/json_view.h"
#include "web/reference.h"

#define EXAMPLE_MAX KIB(64)

struct example {
	struct arena *mem;
	const struct reference_operation *op;
	struct str url;        /* with path and query */
	struct str body, file; /* JSON over several lines; the name of a file that is sent instead. Absent: none */
	bool once;             /* goes with an Idempotency-Key */
};

static const struct json_field *param_of(const struct example *x, size_t *count)
{
	size_t size;
	return contract_params(x->mem, x->op->contract, count, &size);
}

static err_t value_of(void *owner, struct str name, struct str *out)
{
	const struct example *x = owner;
	size_t count;
	const struct json_field *params = param_of(x, &count);
	for (size_t i = 0; i < count; i++)
		if (str_eq(str_of(params[i].name), name))
			*out = openapi_value(x->mem, &params[i]);
	return OK;
}

/* With the parameters that must be there, or one of which must. */
static struct str url_of(struct example *x, struct str base)
{
	struct ctx cx = { .mem = x->mem };
	const struct operation operation = { x->op->route, x->op->contract };
	struct buf url = buf_new(x->mem, EXAMPLE_MAX), query = buf_new(x->mem, EXAMPLE_MAX);
	size_t count;
	const struct json_field *params = param_of(x, &count);
	buf_add(&url, base);
	if (operation_path(&cx, &operation, value_of, x, &url))
		return STR("");
	for (size_t i = 0; i < count; i++)
		if (!(params[i].flags & JSON_IN_PATH) && (params[i].flags & (JSON_REQUIRED | JSON_NEEDED)))
			form_add(&query, params[i].name, openapi_value(x->mem, &params[i]));
	if (query.len)
		buf_fmt(&url, "?%.*s", STR_ARG(buf_str(&query)));
	return buf_str(&url);
}

static const char *method_of_example(const struct example *x)
{
	return method_name(x->op->route->method);
}

/* Lines after the first begin with `margin`. */
static void add_indented(struct buf *out, struct str text, const char *margin)
{
	for (size_t i = 0; i < text.len; i++) {
		buf_char(out, text.ptr[i]);
		if (text.ptr[i] == '\n')
			buf_fmt(out, "%s", margin);
	}
}

/* ---- a shell ---- */

/* Between single quotes. */
static void add_quoted(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == '\'')
			BUF_LIT(out, "'\\''");
		else
			buf_char(out, text.ptr[i]);
}

static struct str curl(const struct example *x)
{
	struct buf out = buf_new(x->mem, EXAMPLE_MAX);
	enum method method = x->op->route->method;
	bool implied = method == METHOD_GET || (method == METHOD_POST && (x->body.ptr || x->file.ptr));
	BUF_LIT(&out, "curl ");
	if (x->op->contract->flags & STAYS_OPEN)
		BUF_LIT(&out, "-N ");
	if (!implied)
		buf_fmt(&out, "-X %s ", method_of_example(x));
	buf_fmt(&out, "\"%.*s\" \\\n  -H \"Authorization: Bearer $TEST_KEY\"", STR_ARG(x->url));
	if (x->file.ptr)
		buf_fmt(&out, " \\\n  -H \"Content-Type: %s\" \\\n  --data-binary @%.*s", x->op->contract->body_type,
			STR_ARG(x->file));
	if (x->body.ptr) {
		BUF_LIT(&out, " \\\n  -H \"Content-Type: application/json\" \\\n  -d '");
		add_quoted(&out, x->body);
		BUF_LIT(&out, "'");
	}
	return buf_str(&out);
}

/* ---- Node: JSON is JavaScript ---- */

static struct str node(const struct example *x)
{
	struct buf out = buf_new(x->mem, EXAMPLE_MAX);
	if (x->file.ptr)
		BUF_LIT(&out, "import { readFileSync } from 'node:fs'\n\n");
	buf_fmt(&out, "const answer = await fetch('%.*s', {\n", STR_ARG(x->url));
	if (x->op->route->method != METHOD_GET)
		buf_fmt(&out, "\tmethod: '%s',\n", method_of_example(x));
	BUF_LIT(&out, "\theaders: {\n\t\tAuthorization: `Bearer ${process.env.TEST_KEY}`,\n");
	if (x->body.ptr)
		BUF_LIT(&out, "\t\t'Content-Type': 'application/json',\n");
	if (x->file.ptr)
		buf_fmt(&out, "\t\t'Content-Type': '%s',\n", x->op->contract->body_type);
	if (x->once)
		BUF_LIT(&out, "\t\t'Idempotency-Key': crypto.randomUUID(),\n");
	BUF_LIT(&out, "\t},\n");
	if (x->body.ptr) {
		BUF_LIT(&out, "\tbody: JSON.stringify(");
		add_indented(&out, x->body, "\t");
		BUF_LIT(&out, "),\n");
	}
	if (x->file.ptr)
		buf_fmt(&out, "\tbody: readFileSync('%.*s'),\n", STR_ARG(x->file));
	buf_fmt(&out, "})\nif (!answer.ok) throw new Error(await answer.text())\nconsole.log(await answer.%s())",
		x->op->contract->answer ? "json" : "text");
	return buf_str(&out);
}

/* ---- Python ---- */

/* JSON is Python but for three words. */
static struct str python_of(struct arena *mem, struct str json)
{
	static const struct {
		struct str json, python;
	} words[] = {
		{ STR_INIT("true"), STR_INIT("True") },
		{ STR_INIT("false"), STR_INIT("False") },
		{ STR_INIT("null"), STR_INIT("None") },
	};
	struct buf out = buf_new(mem, EXAMPLE_MAX);
	for (size_t at = 0; at < json.len;) {
		size_t w = 0;
		if (json.ptr[at] == '"') {
			size_t end = json_string_end(json, at);
			buf_add(&out, str_sub(json, at, end));
			at = end;
			continue;
		}
		while (w < ARRAY_LEN(words) && !str_starts(str_from(json, at), words[w].json))
			w++;
		if (w == ARRAY_LEN(words)) {
			buf_char(&out, json.ptr[at++]);
			continue;
		}
		buf_add(&out, words[w].python);
		at += words[w].json.len;
	}
	return buf_str(&out);
}

static struct str python(const struct example *x)
{
	struct buf out = buf_new(x->mem, EXAMPLE_MAX);
	struct str verb = str_lower(x->mem, str_of(method_of_example(x)));
	buf_fmt(&out, "import os%s\nimport requests\n\nanswer = requests.%.*s(\n    \"%.*s\",\n",
		x->once ? ", uuid" : "", STR_ARG(verb), STR_ARG(x->url));
	BUF_LIT(&out, "    headers={\n        \"Authorization\": f\"Bearer {os.environ['TEST_KEY']}\",\n");
	if (x->file.ptr)
		buf_fmt(&out, "        \"Content-Type\": \"%s\",\n", x->op->contract->body_type);
	if (x->once)
		BUF_LIT(&out, "        \"Idempotency-Key\": str(uuid.uuid4()),\n");
	BUF_LIT(&out, "    },\n");
	if (x->body.ptr) {
		BUF_LIT(&out, "    json=");
		add_indented(&out, python_of(x->mem, x->body), "    ");
		BUF_LIT(&out, ",\n");
	}
	if (x->file.ptr)
		buf_fmt(&out, "    data=open(\"%.*s\", \"rb\").read(),\n", STR_ARG(x->file));
	buf_fmt(&out, ")\nif not answer.ok:\n    raise SystemExit(answer.text)\nprint(answer.%s)",
		x->op->contract->answer ? "json()" : "text");
	return buf_str(&out);
}

void reference_example(
	struct arena *mem, struct html_values *v, struct str url, const struct reference_operation *operation)
{
	const struct contract *c = operation->contract;
	struct example x = { .mem = mem, .op = operation };
	x.url = url_of(&x, url);
	x.once = operation->route->method == METHOD_POST && contract_writes(c, METHOD_POST);
	if (c->body)
		x.body = json_view(mem, openapi_body_example(mem, c));
	else if (c->body_type)
		x.file = STR("calendar.ics");
	html_set(v, "example_curl", curl(&x));
	html_set(v, "example_file", x.file.ptr ? openapi_body_example(mem, c) : STR_ABSENT);
	if (c->flags & STAYS_OPEN)
		return;
	html_set(v, "example_node", node(&x));
	html_set(v, "example_python", python(&x));
}
