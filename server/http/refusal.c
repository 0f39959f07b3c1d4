/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/refusal.h"

#include "server/base/config.h"
#include "server/data/json.h"
#include "server/http/route.h"
#include "server/jose/dpop.h"

/* A quoted-string's inside (RFC 9110 §5.6.4); our texts are ASCII. */
static void add_quoted(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"' || text.ptr[i] == '\\')
			buf_char(out, '\\');
		buf_char(out, text.ptr[i]);
	}
}

/* RFC 6750 §3.1: which error a Bearer challenge names. None when no authentication was tried. */
static const char *bearer_error(const struct request *rq, err_t e)
{
	int status = err_row(e->kind)->api_status;
	if (e->kind == INSUFFICIENT_SCOPE)
		return "insufficient_scope";
	if (status == 400)
		return "invalid_request";
	if (e->kind == MISSING_CREDENTIALS || (rq->sent != VIA_BEARER && rq->sent != VIA_DPOP))
		return NULL;
	return status == 401 ? "invalid_token" : NULL;
}

/* RFC 9449 §7.1 */
static const char *dpop_error(const struct request *rq, err_t e)
{
	if (e->kind == INVALID_DPOP_PROOF)
		return "invalid_dpop_proof";
	return e->kind == USE_DPOP_NONCE ? "use_dpop_nonce" : bearer_error(rq, e);
}

/* RFC 9728 §3.1: the well-known path comes before the path of the resource. */
static void add_metadata_url(struct request *rq, const struct audience_row *resource, struct buf *out)
{
	buf_fmt(out, ", resource_metadata=\"%.*s/.well-known/oauth-protected-resource%s\"",
		STR_ARG(rq->cx.config->public_url), resource->path);
}

/*
 * What an app that comes without a good token is told to ask its user for: of the API what the call needs, of a
 * protocol what its clients do. Who has a good one is told what that lacks.
 */
static uint64_t scopes_of(const struct request *rq, const struct audience_row *resource, err_t e)
{
	uint64_t lacking = e->scopes & SCOPES_ASKABLE;
	if (lacking)
		return lacking;
	if (err_row(e->kind)->api_status != 401 || !rq->module || !rq->module->audience)
		return 0;
	if (rq->module->audience != AUDIENCE_API)
		return resource->scopes;
	return rq->route ? rq->route->scopes & SCOPES_ALL : 0;
}

/* In the scheme that was tried. */
static void token_challenge(struct request *rq, struct response *rs, err_t e)
{
	bool by_proof = rq->sent == VIA_DPOP;
	const char *error = by_proof ? dpop_error(rq, e) : bearer_error(rq, e);
	struct buf out = buf_new(rq->cx.mem, 2048);
	buf_fmt(&out, "%s realm=\"Calends\"", by_proof ? "DPoP" : "Bearer");
	if (by_proof)
		BUF_LIT(&out, ", algs=\"" DPOP_ALG_NAMES "\"");
	if (error) {
		buf_fmt(&out, ", error=\"%s\", error_description=\"", error);
		add_quoted(&out, err_text(e));
		buf_char(&out, '"');
	}
	const struct audience_row *resource = audience_of_bit(rq->module ? rq->module->audience : 0);
	uint64_t scopes = scopes_of(rq, resource, e);
	if (scopes)
		buf_fmt(&out, ", scope=\"%.*s\"", STR_ARG(scope_text(rq->cx.mem, scopes)));
	/* Where no route takes a token, an authorization server gives nothing that would help. */
	if (rq->cx.config && (!rq->module || rq->module->audience))
		add_metadata_url(rq, resource, &out);
	response_header(rs, "WWW-Authenticate", buf_str(&out));
}

/*
 * Basic stands first and in a line of its own: some clients take the first challenge alone, others stumble over an
 * unknown scheme. Bearer leads to the authorization server (RFC 9728 §5.1).
 */
void auth_challenge(struct request *rq, struct response *rs, err_t e)
{
	bool unauthenticated = err_row(e->kind)->api_status == 401;
	if (!unauthenticated && e->kind != INSUFFICIENT_SCOPE)
		return;
	if (unauthenticated && rq->module && rq->module->basic)
		response_header(rs, "WWW-Authenticate", STR("Basic realm=\"Calends\""));
	token_challenge(rq, rs, e);
}

/* ---- the API's error object ---- */

struct error_view {
	struct str type, code, message, param, request_id, doc_url;
	int64_t retry_after_s;
	struct json_list next_slots; /* of struct err_slot */
};

struct error_answer {
	struct error_view error;
};

#define E(member) offsetof(struct error_view, member)

/* clang-format off */
static const struct json_field slot_fields[] = {
	{ "start", JSON_TIME, 0, offsetof(struct err_slot, start), 0, 0, 0, NULL, NULL, 0, 0, "When it begins", "2026-11-30T09:00:00Z" },
	{ "end",   JSON_TIME, 0, offsetof(struct err_slot, end),   0, 0, 0, NULL, NULL, 0, 0, "When it ends", "2026-11-30T09:30:00Z" },
};
static const struct json_field error_fields[] = {
	/* name                   kind      flags          offset            given min max */
	{ "type",                 JSON_STR, 0,             E(type),          0, 0, 0, NULL, NULL, 0, 0, "The family of the failure", "invalid_request_error" },
	{ "code",                 JSON_STR, 0,             E(code),          0, 0, 0, NULL, NULL, 0, 0, "The failure; what a program looks at", "invalid_value" },
	{ "message",              JSON_STR, 0,             E(message),       0, 0, 0, NULL, NULL, 0, 0, "What happened and how to mend it, for people", "Must be a whole number from 1 to 100." },
	{ "param",                JSON_STR, JSON_OPTIONAL, E(param),         0, 0, 0, NULL, NULL, 0, 0, "The field or parameter at fault, as a dotted path, or the scopes that are missing", "limit" },
	{ "request_id",           JSON_STR, 0,             E(request_id),    0, 0, 0, NULL, NULL, 0, 0, "For questions to the operator; also in Request-Id", "req_0355WHuCFfRpMfB53mC9Z6" },
	{ "retry_after_seconds",  JSON_INT, JSON_OPTIONAL, E(retry_after_s), 0, 0, 0, NULL, NULL, 0, 0, "When another try makes sense", "2" },
	{ "next_slots",           JSON_OBJECTS, JSON_OPTIONAL, E(next_slots), 0, 0, 0, NULL, slot_fields, ARRAY_LEN(slot_fields), sizeof(struct err_slot), "slot_unavailable: the next times that can be booked instead", NULL },
	{ "doc_url",              JSON_STR, JSON_OPTIONAL, E(doc_url),       0, 0, 0, NULL, NULL, 0, 0, "The page about this code", "https://calends.example/docs/errors/invalid_value" },
};
static const struct json_field answer_fields[] = {
	{ .name = "error", .kind = JSON_OBJECT, .fields = error_fields, .field_count = ARRAY_LEN(error_fields), .size = sizeof(struct error_view), .doc = "What went wrong" },
};
/* clang-format on */

static const struct json_resource error_resource = {
	.name = "error",
	JSON_FIELDS(answer_fields),
	.size = sizeof(struct error_answer),
	.doc = "A failure.",
};

static struct error_answer answer_of(struct arena *mem, const struct err_row *row, struct id request, struct str docs)
{
	return (struct error_answer){ {
		.type = str_of(row->api_type),
		.code = str_of(row->api_code),
		.message = str_of(row->text),
		.request_id = id_text(mem, "req", request),
		.doc_url = docs.ptr ? str_fmt(mem, "%.*s/docs/errors/%s", STR_ARG(docs), row->api_code) : STR_ABSENT,
	} };
}

static void write_answer(struct json *j, const char *key, const struct error_answer *answer)
{
	json_object(j, key);
	json_write(j, j->out->mem, answer_fields, ARRAY_LEN(answer_fields), answer);
	json_object_end(j);
}

static void error_example(struct json *j, const char *key, const struct err_row *row)
{
	static const struct id request = { { 1, 155, 66, 96, 208 } };
	const struct error_answer answer = answer_of(j->out->mem, row, request, STR_ABSENT);
	write_answer(j, key, &answer);
}

const struct error_form api_errors = { &error_resource, error_example };

void reply_error(struct request *rq, struct response *rs, err_t e)
{
	const struct err_row *row = err_row(e->kind);
	const struct config *config = rq->cx.config;
	struct json j = json_begin(reply(rs, row->api_status, "application/json"));
	struct error_answer answer =
		answer_of(rq->cx.mem, row, rq->cx.request_id, config ? config->public_url : STR_ABSENT);
	answer.error.message = err_text(e);
	answer.error.param = e->scopes ? scope_text(rq->cx.mem, e->scopes) : e->param;
	answer.error.retry_after_s = e->retry_after_s;
	answer.error.next_slots = (struct json_list){ e->slots, e->slot_count };
	write_answer(&j, NULL, &answer);
	auth_challenge(rq, rs, e);
}
