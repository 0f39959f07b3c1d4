/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/exchange.h"

#include "server/crypto/digest.h"
#include "server/crypto/secret.h"
#include "server/db/query.h"
#include "sql.h"

struct exchanged {
	struct id_list calendars;
	bool with_details;
	struct id connected_account;
	uint64_t held; /* scopes of the subject token */
	bool in_scope, in_audience;
	struct instant until;
};
DB_RESULT(token_exchange, struct exchanged, connected_account, calendars, with_details, held, in_scope, in_audience,
	until);

static err_t no_subject(struct ctx *cx)
{
	return REFUSE(cx, INVALID_VALUE, "subject_token",
		"subject_token is no access token of this app that works, or is bound to a key or certificate that the "
		"request did not prove.");
}

err_t token_exchange(struct ctx *cx, const struct exchange_claim *claim, struct token_pair *out)
{
	struct secret_parts parts;
	struct exchanged got;
	if (claim->client->kind != CLIENT_CONFIDENTIAL)
		return REFUSE(
			cx, UNAUTHORIZED_CLIENT, "", "A public app proves nothing, so it cannot exchange tokens.");
	if (!claim->subject.ptr)
		return REFUSE(cx, MISSING_FIELD, "subject_token", "The parameter subject_token is missing.");
	if (!secret_parse(cx->mem, claim->subject, &parts) || parts.kind != SECRET_ACCESS)
		return no_subject(cx);

	/* It ends when the other does, so it stands in the same slot. */
	struct str access = secret_new(cx->mem,
		&(struct secret_parts){
			.kind = SECRET_ACCESS, .account = parts.account, .expiry_hour = parts.expiry_hour },
		(struct bytes){ 0 });
	err_t e = db_row(cx, &sql_token_exchange, ROW(token_exchange, &got), IN(parts.account),
		IN(secret_hash(cx->mem, claim->subject)), IN(token_slot(&parts)), IN(claim->client->id),
		IN(claim->bound.jkt), IN(secret_hash(cx->mem, access)), IN(claim->scopes), IN(claim->audience),
		IN(claim->bound.x5t));
	if (err_is(e, NOT_FOUND))
		return no_subject(cx);
	TRY(e);
	if (!got.in_scope)
		return REFUSE(cx, INVALID_SCOPE, "scope", "A scope was asked that the subject token does not have.");
	if (!got.in_audience)
		return REFUSE(
			cx, INVALID_TARGET, "resource", "A resource was asked that the subject token is not for.");
	*out = (struct token_pair){ .access = access,
		.scopes = claim->scopes ? claim->scopes : got.held,
		.connected_account = got.connected_account,
		.account = parts.account,
		.access_until = got.until,
		.by_proof = claim->bound.jkt.ptr != NULL,
		.details = { got.with_details, got.calendars } };
	return OK;
}
