/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/tokens.h"

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

int32_t token_generation(struct ctx *cx, const struct secret_parts *parts, struct str token)
{
	if (parts->generation > INT32_MAX || !secret_tag_true(parts, token, tag_key(cx)))
		return INT32_MAX;
	return (int32_t)parts->generation;
}

struct token_draft token_draft(struct ctx *cx, const struct token_lineage *lineage)
{
	struct instant until = instant_add_s(cx->now, ACCESS_LIFETIME_S);
	uint32_t hour = (uint32_t)(instant_s(until) / 3600);
	struct str access = secret_new(cx->mem,
		&(struct secret_parts){ .kind = SECRET_ACCESS, .account = lineage->account, .expiry_hour = hour },
		(struct bytes){ 0 });
	struct str refresh = secret_new(cx->mem,
		&(struct secret_parts){ .kind = SECRET_REFRESH,
			.account = lineage->account,
			.family = lineage->family,
			.generation = lineage->generation },
		tag_key(cx));
	return (struct token_draft){
		.access = access,
		.refresh = refresh,
		.access_hash = secret_hash(cx->mem, access),
		.refresh_hash = secret_hash(cx->mem, refresh),
		.access_until = until,
		.refresh_until = instant_add_s(cx->now, REFRESH_IDLE_S),
		.slot = (int16_t)(hour % TOKEN_SLOTS),
	};
}
