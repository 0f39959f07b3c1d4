/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/idempotency.h"

#include <assert.h>

#include "server/account/done_once.h"
#include "server/crypto/digest.h"
#include "server/crypto/keyring.h"
#include "server/crypto/seal.h"
#include "server/http/header_alias.h"

#define HEADER "Idempotency-Key"
#define KEY_MAX 255

/* Visible ASCII. A header that is sent twice is joined by ", ", which is not. */
static bool is_key(struct str key)
{
	bool good = key.len >= 1 && key.len <= KEY_MAX;
	for (size_t i = 0; good && i < key.len; i++)
		good = key.ptr[i] > ' ' && key.ptr[i] <= '~';
	return good;
}

static err_t check_key(struct ctx *cx, struct str key)
{
	return is_key(key)
		       ? OK
		       : REFUSE(cx, INVALID_VALUE, HEADER,
				 "An Idempotency-Key is 1 to %d visible ASCII characters, once. A UUID is a good one.",
				 KEY_MAX);
}

static struct bytes hash_of(struct buf *text)
{
	return secret_hash(text->mem, buf_str(text));
}

/* What is done, after whose credential does it. */
static struct str key_text(const struct request *rq, struct id connected_account, struct str key)
{
	return str_fmt(rq->cx.mem, " %.*s %s %s %.*s", STR_ARG(id_uuid(rq->cx.mem, connected_account)),
		method_name(rq->method), rq->route->path, STR_ARG(key));
}

/* One key of one credential at one route is one thing to be done, whoever else uses the same text. */
static struct bytes key_hash(const struct api_call *call, struct str key)
{
	struct arena *mem = call->rq->cx.mem;
	return secret_hash(mem, str_cat(mem, id_uuid(mem, call->rq->principal->credential),
					key_text(call->rq, call->who.connected_account, key)));
}

void idempotency_ahead(struct request *rq, struct id account, struct bytes key)
{
	struct str sent = request_header_list(rq, HEADER);
	if (sent.ptr && is_key(sent))
		done_once_ahead(&rq->cx, account, key_text(rq, (struct id){ { 0 } }, sent), key);
}

/*
 * What must be the same for the same answer: also what the caller may see. Else an answer from before would tell what a
 * consent of today leaves out.
 */
static struct bytes fingerprint(const struct api_call *call)
{
	const struct request *rq = call->rq;
	struct arena *mem = rq->cx.mem;
	struct buf text = buf_new(mem, rq->body.len + rq->target.len + KIB(256));
	buf_fmt(&text, "%.*s\n%llu\n", STR_ARG(rq->target), (unsigned long long)call->actor.rights);
	for (size_t i = 0; i < call->actor.calendars.count; i++)
		buf_fmt(&text, "%.*s ", STR_ARG(id_uuid(mem, call->actor.calendars.items[i])));
	buf_fmt(&text, "\n%.*s\n%.*s\n%.*s\n", STR_ARG(request_header_list(rq, "If-Match")),
		STR_ARG(request_header_list(rq, "If-None-Match")), STR_ARG(request_header_list(rq, "Content-Type")));
	buf_add(&text, rq->body);
	assert(!text.full); /* the head has a limit, and so has a credential's list of calendars */
	return hash_of(&text);
}

/* ---- answers that hold a secret ---- */

#define PURPOSE "idempotent-answer"

static struct bytes kept_of(struct api_call *call, const struct idempotency *idempotency, struct bytes body)
{
	struct ctx *cx = &call->rq->cx;
	if (call->contract->flags & TELLS_SECRET)
		return bytes_of("", 0);
	if (call->contract->flags & SHOWS_SECRET)
		return seal(
			cx->mem, keyring_key(cx->keys, cx->mem, PURPOSE), hex_of(cx->mem, idempotency->key_hash), body);
	return body;
}

static err_t open_kept(struct api_call *call, const struct idempotency *idempotency, struct bytes *body)
{
	struct ctx *cx = &call->rq->cx;
	if (!(call->contract->flags & SHOWS_SECRET) || unseal(cx->mem, keyring_key(cx->keys, cx->mem, PURPOSE),
							       hex_of(cx->mem, idempotency->key_hash), *body, body))
		return OK;
	return FAIL(cx, INTERNAL, "an answer was sealed with another key");
}

err_t idempotency_begin(struct api_call *call, struct response *rs, struct idempotency *out)
{
	struct ctx *cx = &call->rq->cx;
	struct str key = request_header_list(call->rq, HEADER);
	struct once_answer answer;
	enum done_once state;
	*out = (struct idempotency){ 0 };
	if (!key.ptr)
		return OK;
	TRY(check_key(cx, key));
	out->key_hash = key_hash(call, key);
	out->fingerprint = fingerprint(call);
	TRY(done_once_begin(cx, call->rq->principal->account, out->key_hash, out->fingerprint, &state, &answer));
	out->asked = state == ONCE_NEW;
	if (out->asked)
		return OK;
	if (state == ONCE_RUNNING) {
		struct err *e = FAIL(cx, IDEMPOTENCY_RUNNING, "a request with this key is running");
		e->retry_after_s = 1;
		return e;
	}
	if (state == ONCE_OTHER)
		return REFUSE(cx, IDEMPOTENCY_IN_USE, HEADER, "%s", err_row(IDEMPOTENCY_IN_USE)->text);
	if (call->contract->flags & TELLS_SECRET)
		return REFUSE(cx, KEY_ALREADY_SHOWN, HEADER, "%s", err_row(KEY_ALREADY_SHOWN)->text);
	TRY(open_kept(call, out, &answer.body));
	response_restore(rs, answer.status, answer.head, answer.body);
	response_header(rs, "Idempotent-Replayed", STR("true"));
	const char *alias = header_alias(call->rq, "Idempotent-Replay");
	if (alias)
		response_header(rs, alias, STR("true"));
	out->replayed = true;
	return OK;
}

err_t idempotency_end(struct api_call *call, struct response *rs, const struct idempotency *idempotency)
{
	struct ctx *cx = &call->rq->cx;
	struct str head = rs->head.len ? buf_str(&rs->head) : STR("");
	if (!idempotency->asked)
		return OK;
	TRY(response_fits(rs));
	struct bytes body = bytes_of(rs->body.ptr ? rs->body.ptr : "", rs->body.len);
	const struct once_answer answer = { (int16_t)rs->status, head, kept_of(call, idempotency, body) };
	return done_once_end(
		cx, call->rq->principal->account, idempotency->key_hash, idempotency->fingerprint, &answer);
}
