/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/feed.h"

#include "server/account/account.h"
#include "server/account/audit.h"
#include "server/crypto/digest.h"
#include "server/crypto/keyring.h"
#include "server/crypto/secret.h"
#include "server/db/query.h"
#include "sql.h"

#define PURPOSE "feed-token"

struct seed_row {
	struct id id, seed;
	struct instant made_at;
};
DB_RESULT(calendar_feed_seeds, struct seed_row, id, seed, made_at);

struct feed_row {
	struct id seed;
	int16_t status, plan;
};
DB_RESULT(calendar_feed, struct feed_row, seed, status, plan);

struct changed_row {
	struct id id;
};
DB_RESULT(calendar_feed_change, struct changed_row, id);

/* The key of a calendar's token, 32 octets. */
static struct bytes key_of(struct ctx *cx, struct id seed)
{
	uint8_t *key = arena_take(cx->mem, SHA256_SIZE, 1);
	hmac_sha256(keyring_key(cx->keys, cx->mem, PURPOSE), bytes_of(seed.octets, sizeof seed.octets), key);
	return bytes_of(key, SHA256_SIZE);
}

err_t feeds_list(struct ctx *cx, const struct actor *actor, struct feed_list *out)
{
	struct seed_row *rows;
	size_t count;
	TRY(db_rows(cx, &sql_calendar_feed_seeds, calendar_feed_seeds, &rows, &count, IN(actor->owner),
		IN(actor->calendars)));
	struct feed *feeds = arena_array(cx->mem, struct feed, count + 1);
	for (size_t i = 0; i < count; i++) {
		const struct secret_parts parts = {
			.kind = SECRET_FEED, .account = actor->owner, .family = rows[i].id
		};
		feeds[i] = (struct feed){ rows[i].id, secret_new(cx->mem, &parts, key_of(cx, rows[i].seed)),
			rows[i].made_at };
	}
	*out = (struct feed_list){ feeds, count };
	return OK;
}

const struct feed *feed_of(const struct feed_list *feeds, struct id calendar)
{
	for (size_t i = 0; i < feeds->count; i++)
		if (id_eq(feeds->items[i].calendar, calendar))
			return &feeds->items[i];
	return NULL;
}

err_t feed_change(struct ctx *cx, const struct actor *actor, struct id calendar, enum feed_change change)
{
	static const struct str kinds[] = {
		[FEED_MADE] = STR_INIT("feed.made"),
		[FEED_REGENERATED] = STR_INIT("feed.regenerated"),
		[FEED_ENDED] = STR_INIT("feed.ended"),
	};
	struct changed_row row;
	return db_row(cx, &sql_calendar_feed_change, ROW(calendar_feed_change, &row), IN(actor->owner),
		IN(actor->calendars), IN(calendar), IN(audit_by(cx)), IN(kinds[change]));
}

err_t feed_open(struct ctx *cx, struct str token, struct actor *actor_out, struct id *calendar_out)
{
	struct secret_parts parts;
	struct feed_row row;
	if (!secret_parse(cx->mem, token, &parts) || parts.kind != SECRET_FEED)
		return FAIL(cx, NOT_FOUND, "no feed's token");
	TRY(db_row(cx, &sql_calendar_feed, ROW(calendar_feed, &row), IN(parts.account), IN(parts.family)));
	if (!secret_tag_true(&parts, token, key_of(cx, row.seed)))
		return FAIL(cx, NOT_FOUND, "an old token of a feed, or one that was made up");
	if (row.status != STATUS_ACTIVE)
		return FAIL(cx, ACCOUNT_DEACTIVATED, "feed of a deactivated account");
	if (row.plan < PLAN_PRO)
		return FAIL(cx, PLAN_REQUIRED, "feed of an account on the free plan");
	struct id *only = arena_new(cx->mem, struct id);
	*only = parts.family;
	*actor_out = (struct actor){ .owner = parts.account, .calendars = { only, 1 }, .rights = EVENTS_READ };
	*calendar_out = parts.family;
	return OK;
}
