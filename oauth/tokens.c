/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/tokens.h"

#include "oauth/client.h"
#include "server/crypto/digest.h"
#include "server/crypto/keyring.h"

static struct bytes tag_key(struct ctx *cx)
{
	return keyring_key(cx->keys, cx->mem, "refresh-tag");
}

struct instant token_until(struct instant access_until, struct instant connection_until)
{
	return instant_before(connection_until, access_until) ? connection_until : access_until;
}

struct instant token_grant_end(const struct ctx *cx, const struct client *client)
{
	return client->refresh_absolute_s ? instant_add_s(cx->now, client->refresh_absolute_s) : INSTANT_FOREVER;
}

int32_t token_generation(struct ctx *cx, const struct secret_parts *parts, struct str token)
{
	if (parts->generation > INT32_MAX || !secret_tag_true(parts, token, tag_key(cx)))
		return INT32_MAX;
	return (int32_t)parts->generation;
}

int16_t token_slot(const struct secret_parts *access)
{
	return (int16_t)(access->expiry_hour % TOKEN_SLOTS);
}

struct access_draft access_draft(struct ctx *cx, struct id account)
{
	struct instant until = instant_add_s(cx->now, ACCESS_LIFETIME_S);
	const struct secret_parts parts = {
		.kind = SECRET_ACCESS, .account = account, .expiry_hour = (uint32_t)(instant_s(until) / 3600)
	};
	struct str text = secret_new(cx->mem, &parts, (struct bytes){ 0 });
	return (struct access_draft){ text, secret_hash(cx->mem, text), until, token_slot(&parts) };
}

struct token_draft token_draft(struct ctx *cx, const struct token_lineage *lineage)
{
	struct access_draft access = access_draft(cx, lineage->account);
	struct str refresh = secret_new(cx->mem,
		&(struct secret_parts){ .kind = SECRET_REFRESH,
			.account = lineage->account,
			.family = lineage->family,
			.generation = lineage->generation },
		tag_key(cx));
	return (struct token_draft){
		.access = access.text,
		.refresh = refresh,
		.access_hash = access.hash,
		.refresh_hash = secret_hash(cx->mem, refresh),
		.access_until = access.until,
		.refresh_until = instant_add_s(cx->now, lineage->idle_s ? lineage->idle_s : REFRESH_IDLE_S),
		.slot = access.slot,
	};
}
