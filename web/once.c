/* SPDX-License-Identifier: Apache-2.0 */
#include "web/once.h"

#include "server/account/done_once.h"
#include "server/base/wait.h"
#include "server/crypto/digest.h"
#include "server/db/query.h"

#define NAME_MAX_LEN 64
#define TRIES 10 /* for what another request is at */
#define PAUSE_MS 100

/* Of the frame around a form, or of who confirmed it (confirm.c). */
static bool is_entry(struct str name)
{
	return !str_eq(name, STR("csrf")) && !str_starts(name, STR("confirm_")) && !str_starts(name, STR("passkey_"));
}

/* Where it goes, its name and its entries: one of them another, and it is another form. */
static struct bytes key_of(struct request *rq)
{
	struct arena *mem = rq->cx.mem;
	const struct form *form = &rq->form;
	size_t size = rq->target.len + 64;
	for (size_t i = 0; i < form->count; i++)
		size += form->fields[i].name.len + form->fields[i].value.len + 64;
	for (size_t i = 0; i < form->file_count; i++)
		size += form->files[i].name.len + form->files[i].filename.len + 128;
	struct buf text = buf_new(mem, size);
	buf_fmt(&text, "form %.*s\n", STR_ARG(rq->target));
	for (size_t i = 0; i < form->count; i++) {
		const struct form_field *f = &form->fields[i];
		if (is_entry(f->name)) {
			buf_fmt(&text, "%zu %zu ", f->name.len, f->value.len);
			buf_add(&text, f->name);
			buf_add(&text, f->value);
		}
	}
	for (size_t i = 0; i < form->file_count; i++) {
		const struct form_file *f = &form->files[i];
		buf_fmt(&text, "%zu %zu ", f->name.len, f->filename.len);
		buf_add(&text, f->name);
		buf_add(&text, f->filename);
		buf_add(&text, hex_of(mem, secret_hash(mem, f->data)));
	}
	return secret_hash(mem, buf_str(&text));
}

err_t once_begin(struct request *rq, struct once *out)
{
	struct ctx *cx = &rq->cx;
	struct str name = form_get(&rq->form, "once");
	enum done_once state = ONCE_RUNNING;
	struct once_answer answer;
	*out = (struct once){ 0 };
	if (!name.len || name.len > NAME_MAX_LEN)
		return OK;
	out->key = key_of(rq);
	for (int i = 0; i < TRIES && state == ONCE_RUNNING; i++) {
		if (i)
			(void)wait_ms(PAUSE_MS, ctx_deadline(cx, PAUSE_MS));
		TRY(done_once_begin(cx, rq->principal->account, out->key, out->key, &state, &answer));
	}
	out->asked = state == ONCE_NEW;
	if (state == ONCE_DONE)
		out->result = bytes_str(answer.body);
	return out->asked || out->result.ptr ? OK : FAIL(cx, IDEMPOTENCY_RUNNING, "the same form is being worked on");
}

err_t once_end(struct request *rq, const struct once *once, err_t e, struct str result)
{
	const struct once_answer answer = { 303, STR(""), bytes_of(result.ptr, result.len) };
	if (!once->asked)
		return e;
	if (!e)
		e = done_once_end(&rq->cx, rq->principal->account, once->key, once->key, &answer);
	if (e)
		db_rollback(&rq->cx);
	return e;
}

err_t once_leads(struct request *rq, struct response *rs, struct once *out, bool *done_out)
{
	TRY(once_begin(rq, out));
	*done_out = out->result.ptr != NULL;
	if (*done_out)
		reply_redirect(rs, 303, out->result);
	return OK;
}

struct str once_path(struct request *rq, const char *folder, const char *prefix, struct id id, bool shown)
{
	return str_fmt(rq->cx.mem, "%s/%.*s?done=%s", folder, STR_ARG(id_text(rq->cx.mem, prefix, id)),
		shown ? "shown-before" : "done-before");
}
