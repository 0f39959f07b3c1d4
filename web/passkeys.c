/* SPDX-License-Identifier: Apache-2.0 */
#include "web/passkeys.h"

#include "server/jose/webauthn.h"
#include "web/pages.h"

#define ALLOWED_MAX ((size_t)64 * 1024)

static bool is_of_one_account(enum passkey_purpose purpose)
{
	return purpose != PASSKEY_SIGN_IN;
}

/* The credentials that an account has, with blanks between: to choose among, or not to make once more. */
static struct str credential_ids(struct arena *mem, const struct passkey *keys, size_t count)
{
	struct buf out = buf_new(mem, ALLOWED_MAX);
	for (size_t i = 0; i < count; i++)
		buf_fmt(&out, "%s%.*s", i ? " " : "", STR_ARG(base64url_of(mem, keys[i].credential_id)));
	return buf_str(&out);
}

err_t passkey_values(struct request *rq, struct html_values *v, enum passkey_purpose purpose, struct id account)
{
	struct passkey *keys = NULL;
	size_t count = 0;
	struct ctx *cx = &rq->cx;
	struct passkey_question question = passkey_ask(cx, purpose, account, request_csrf(rq));
	if (!question.rp_id.ptr)
		return OK;
	if (is_of_one_account(purpose))
		TRY(passkey_list(cx, account, &keys, &count));
	if (!count && (purpose == PASSKEY_SECOND || purpose == PASSKEY_CONFIRM))
		return OK;
	struct html_values *row = html_add_row(v, "passkey");
	html_set(row, "passkey_does", purpose == PASSKEY_CREATE ? STR("create") : STR("get"));
	html_set(row, "passkey_token", question.token);
	html_set(row, "passkey_challenge", base64url_of(cx->mem, question.challenge));
	html_set(row, "passkey_rp", question.rp_id);
	html_set(row, "passkey_ids", credential_ids(cx->mem, keys, count));
	html_set(row, "passkey_verify", purpose == PASSKEY_SECOND ? STR("discouraged") : STR("required"));
	html_set(row, "passkey_algorithms", STR(WEBAUTHN_ALGORITHMS));
	html_set_flag(row, "passkey_new", purpose == PASSKEY_CREATE);
	html_set_flag(row, "passkey_signs_in", purpose == PASSKEY_SIGN_IN || purpose == PASSKEY_SECOND);
	html_set_flag(row, "passkey_confirms", purpose == PASSKEY_CONFIRM);
	if (purpose == PASSKEY_CREATE)
		html_set(row, "passkey_user", base64url_of(cx->mem, bytes_of(&account, sizeof account)));
	return OK;
}

bool passkey_sent_read(struct request *rq, struct passkey_sent *out)
{
	const struct form *form = &rq->form;
	*out = (struct passkey_sent){
		.token = form_get(form, "passkey_token"),
		.client_data = form_get(form, "passkey_client_data"),
		.attestation = form_get(form, "passkey_attestation"),
		.credential_id = form_get(form, "passkey_id"),
		.user_handle = form_get(form, "passkey_user"),
		.authenticator_data = form_get(form, "passkey_data"),
		.signature = form_get(form, "passkey_signature"),
	};
	return out->client_data.len > 0;
}

err_t passkey_proven(struct request *rq, enum passkey_purpose purpose, struct id account, struct passkey_proof *out)
{
	struct passkey_sent sent;
	(void)passkey_sent_read(rq, &sent); /* one that is empty is wrong like any other */
	return passkey_prove(&rq->cx, purpose, account, request_csrf(rq), &sent, out);
}

/* ---- those of an account ---- */

err_t passkeys_values(struct request *rq, struct html_values *v)
{
	struct passkey *keys;
	size_t count;
	TRY(passkey_list(&rq->cx, rq->principal->account, &keys, &count));
	for (size_t i = 0; i < count; i++) {
		struct html_values *row = html_add_row(v, "passkeys");
		html_set(row, "passkey_key", id_text(rq->cx.mem, "psk", keys[i].id));
		html_set(row, "passkey_name", keys[i].name);
		html_set_flag(row, "passkey_shared", keys[i].shared);
		page_when(rq, row, "passkey_made", keys[i].created_at);
		page_when(rq, row, "passkey_used", keys[i].last_used_at);
	}
	html_set_flag(v, "passkeys_possible",
		passkey_ask(&rq->cx, PASSKEY_CREATE, rq->principal->account, STR("")).rp_id.ptr != NULL);
	return OK;
}

static err_t new_values(struct request *rq, struct html_values **out)
{
	struct html_values *v = page_new(rq, "Add a passkey", "security");
	html_set(v, "name_value", form_get(&rq->form, "name"));
	*out = v;
	return passkey_values(rq, v, PASSKEY_CREATE, rq->principal->account);
}

err_t passkey_new_page(struct request *rq, struct response *rs)
{
	struct html_values *v;
	TRY(new_values(rq, &v));
	return page_reply(rs, 200, "passkey_new", v);
}

err_t passkey_new_post(struct request *rq, struct response *rs)
{
	struct passkey_sent sent;
	struct html_values *v;
	(void)passkey_sent_read(rq, &sent);
	err_t e = passkey_create(&rq->cx, rq->principal->account, request_csrf(rq), form_get(&rq->form, "name"), &sent);
	if (!e) {
		reply_redirect(rs, 303, STR("/security?done=passkey-added"));
		return OK;
	}
	if (page_status(e) >= 500)
		return e;
	TRY(new_values(rq, &v));
	return page_again(rs, "passkey_new", v, e);
}

static err_t passkey_in_path(struct request *rq, struct passkey *out)
{
	struct passkey *keys;
	size_t count;
	struct id id;
	if (!id_parse(rq->args[0], "psk", &id))
		return FAIL(&rq->cx, NOT_FOUND, "no passkey's id");
	TRY(passkey_list(&rq->cx, rq->principal->account, &keys, &count));
	for (size_t i = 0; i < count; i++)
		if (id_eq(keys[i].id, id)) {
			*out = keys[i];
			return OK;
		}
	return FAIL(&rq->cx, NOT_FOUND, "no such passkey");
}

err_t passkey_end_page(struct request *rq, struct response *rs)
{
	struct passkey key;
	TRY(passkey_in_path(rq, &key));
	struct html_values *v = page_new(rq, "Remove this passkey?", "security");
	html_set(v, "passkey_key", id_text(rq->cx.mem, "psk", key.id));
	html_set(v, "passkey_name", key.name);
	return page_reply(rs, 200, "passkey_end", v);
}

err_t passkey_end_post(struct request *rq, struct response *rs)
{
	struct passkey key;
	TRY(passkey_in_path(rq, &key));
	TRY(passkey_end(&rq->cx, rq->principal->account, key.id));
	reply_redirect(rs, 303, STR("/security?done=passkey-removed"));
	return OK;
}
