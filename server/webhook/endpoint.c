/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/audit.h"
#include "server/base/config.h"
#include "server/crypto/digest.h"
#include "server/crypto/keyring.h"
#include "server/crypto/seal.h"
#include "server/db/query.h"
#include "server/net/target.h"
#include "server/webhook/sign.h"
#include "server/webhook/webhook.h"
#include "sql.h"

#define ENDPOINT_COLS                                                                                                  \
	account, id, connection, connect, url, events, description, disabled_at, disabled_reason, secret, old_until,   \
		failing_since, last_success_at, created_at, updated_at
DB_RESULT(webhook_endpoint_get, struct webhook_endpoint, ENDPOINT_COLS);
DB_RESULT(webhook_endpoint_older, struct webhook_endpoint, ENDPOINT_COLS);
DB_RESULT(webhook_endpoint_newer, struct webhook_endpoint, ENDPOINT_COLS);

struct made_row {
	struct id id;
};
DB_RESULT(webhook_endpoint_create, struct made_row, id);

struct webhook_owner webhook_owner_of(const struct principal *who)
{
	return (struct webhook_owner){
		.account = who->account,
		.connection = who->connected_account,
		.scopes = who->scopes & SCOPES_ALL,
		.calendars = who->calendars,
	};
}

/* ---- what it is told of ---- */

const char *const webhook_types[] = { "event.created", "event.updated", "event.rescheduled", "event.cancelled",
	"event.attendee_responded", "event.deleted", "booking.created", "booking.rescheduled", "booking.cancelled",
	"calendar.created", "calendar.updated", "calendar.deleted", "connected_account.authorized",
	"connected_account.scopes_changed", "connected_account.deauthorized", "connected_account.deactivated",
	"connected_account.reactivated", "voice.session_ended", "ping" };
const size_t webhook_type_count = ARRAY_LEN(webhook_types);

/* One of webhook_types, or name.*, or *. */
static bool type_known(struct str name)
{
	bool group = str_ends(name, STR(".*"));
	struct str head = group ? str_sub(name, 0, name.len - 1) : name;
	for (size_t i = 0; i < webhook_type_count; i++)
		if (group ? str_starts(str_of(webhook_types[i]), head) : str_eq(name, str_of(webhook_types[i])))
			return true;
	return str_eq(name, STR("*"));
}

static err_t check_events(struct ctx *cx, struct str_list events)
{
	for (size_t i = 0; i < events.count; i++)
		if (!type_known(events.items[i]))
			return REFUSE(cx, INVALID_VALUE, "events",
				"\"%.*s\" is no type of event. Those there are stand in the reference; event.* is all "
				"that begin so, "
				"* is all.",
				STR_ARG(events.items[i]));
	return OK;
}

static err_t check_url(struct ctx *cx, struct str url)
{
	TRY(target_check(cx, "url", url, cx->config->allow_private_hooks));
	return target_look_up(cx, "url", url, cx->config->allow_private_hooks);
}

/* ---- secrets ---- */

#define PURPOSE "webhook-secret"

static struct str context_of(struct arena *mem, struct id endpoint)
{
	return id_text(mem, "wbk", endpoint);
}

static struct bytes sealed(struct ctx *cx, struct id endpoint, struct str secret)
{
	return seal(cx->mem, keyring_key(cx->keys, cx->mem, PURPOSE), context_of(cx->mem, endpoint),
		bytes_of(secret.ptr, secret.len));
}

err_t webhook_secret_open(struct ctx *cx, struct id endpoint, struct bytes secret, struct str *out)
{
	struct bytes plain;
	if (!unseal(cx->mem, keyring_key(cx->keys, cx->mem, PURPOSE), context_of(cx->mem, endpoint), secret, &plain))
		return FAIL(cx, INTERNAL, "the secret of a webhook endpoint was sealed with another key");
	*out = bytes_str(plain);
	return OK;
}

/* ---- operations ---- */

err_t webhook_endpoint_get(
	struct ctx *cx, const struct webhook_owner *owner, struct id id, struct webhook_endpoint *out)
{
	return db_row(cx, &sql_webhook_endpoint_get, ROW(webhook_endpoint_get, out), IN(owner->account),
		db_in_id_or_null(owner->connection), IN(owner->scopes), IN(owner->calendars),
		db_in_id_or_null(owner->hosted), IN(id));
}

err_t webhook_endpoint_page(struct ctx *cx, const struct webhook_owner *owner, struct id bound, bool back, size_t limit,
	struct webhook_endpoint **out, size_t *count_out)
{
	if (back)
		return db_rows(cx, &sql_webhook_endpoint_newer, webhook_endpoint_newer, out, count_out,
			IN(owner->account), db_in_id_or_null(owner->connection), IN(owner->scopes),
			IN(owner->calendars), db_in_id_or_null(owner->hosted), IN(bound), IN((int32_t)limit));
	return db_rows(cx, &sql_webhook_endpoint_older, webhook_endpoint_older, out, count_out, IN(owner->account),
		db_in_id_or_null(owner->connection), IN(owner->scopes), IN(owner->calendars),
		db_in_id_or_null(owner->hosted), IN(bound), IN((int32_t)limit));
}

err_t webhook_endpoint_hosted(struct ctx *cx, const struct webhook_owner *owner, struct webhook_endpoint *out)
{
	struct webhook_endpoint *rows;
	size_t count;
	TRY(webhook_endpoint_page(cx, owner, (struct id){ { 0 } }, true, 1, &rows, &count));
	if (!count)
		return FAIL(cx, NOT_FOUND, "a calendar without a webhook");
	*out = rows[0];
	return OK;
}

err_t webhook_endpoint_has_secret(struct ctx *cx, const struct webhook_endpoint *present, struct str secret, bool *out)
{
	struct str is;
	TRY(webhook_secret_open(
		cx, present->id, present->secret, &is)); /* hashes: what they begin with tells nothing */
	*out = str_eq(hex_of(cx->mem, secret_hash(cx->mem, is)), hex_of(cx->mem, secret_hash(cx->mem, secret)));
	return OK;
}

static err_t check_secret(struct ctx *cx, const struct webhook_owner *owner, struct str secret)
{
	if (!secret.ptr)
		return OK;
	if (!id_is_zero(owner->hosted) && !webhook_secret_is_fine_hosted(secret))
		return REFUSE(cx, INVALID_VALUE, "secret",
			"A secret is whsec_ and 16 to 128 visible ASCII characters. Leave it out to have one made.");
	if (id_is_zero(owner->hosted) && !webhook_secret_is_fine(cx->mem, secret))
		return REFUSE(cx, INVALID_VALUE, "secret",
			"A secret is whsec_ and the base64 of 24 to 64 octets. Leave it out to have one made.");
	return OK;
}

static err_t check_new(struct ctx *cx, const struct webhook_owner *owner, const struct webhook_endpoint_new *in)
{
	if (in->connect && !id_is_zero(owner->connection))
		return REFUSE(cx, FORBIDDEN, "connect_events",
			"An endpoint of one connected account is told of that account alone. Platforms make such "
			"endpoints with "
			"their own secret key.");
	TRY(check_secret(cx, owner, in->secret));
	if (id_is_zero(owner->hosted)) /* whose types are one, and none of those here */
		TRY(check_events(cx, in->events));
	return check_url(cx, in->url);
}

err_t webhook_endpoint_create(struct ctx *cx, const struct webhook_owner *owner, const struct webhook_endpoint_new *in,
	struct webhook_endpoint *out, struct str *secret_out)
{
	struct made_row made;
	struct webhook_endpoint endpoint;
	struct webhook_delivery ping;
	struct id id = id_new(cx->now);
	struct str secret = in->secret.ptr ? in->secret : webhook_secret_new(cx->mem);
	TRY(check_new(cx, owner, in));
	TRY(db_row(cx, &sql_webhook_endpoint_create, ROW(webhook_endpoint_create, &made), IN(owner->account), IN(id),
		db_in_id_or_null(owner->connection), IN(in->connect), IN(owner->scopes), IN(owner->calendars),
		IN(in->url), IN(in->events), IN(in->description), IN(in->disabled), IN(sealed(cx, id, secret)),
		IN(audit_by(cx)), db_in_id_or_null(owner->hosted)));
	if (id_is_zero(made.id) && !id_is_zero(owner->hosted))
		return REFUSE(cx, CONFLICT, "",
			"Another request made this calendar's webhook at the same moment. Ask again.");
	if (id_is_zero(made.id))
		return REFUSE(cx, FORBIDDEN, "",
			"There are %d endpoints already, which is as many as there can be. Delete one.",
			WEBHOOK_ENDPOINTS_MAX);
	TRY(webhook_endpoint_get(cx, owner, id, &endpoint));
	if (!in->disabled && id_is_zero(owner->hosted))
		TRY(webhook_ping(cx, &endpoint, &ping));
	*out = endpoint;
	*secret_out = secret;
	return OK;
}

err_t webhook_endpoint_change(struct ctx *cx, const struct webhook_owner *owner, const struct webhook_endpoint *present,
	const struct webhook_endpoint_change *change, struct webhook_endpoint *out)
{
	TRY(check_events(cx, change->events));
	if (change->url.ptr)
		TRY(check_url(cx, change->url));
	TRY(db_exec(cx, &sql_webhook_endpoint_change, NULL, IN(present->account), IN(present->id), IN(change->url),
		IN(change->events), IN(change->set_description), IN(change->description),
		change->enable || change->disable ? IN((int16_t)change->enable) : IN_NULL(DB_INT2), IN(cx->now),
		IN(audit_by(cx))));
	return webhook_endpoint_get(cx, owner, present->id, out);
}

err_t webhook_endpoint_rotate(struct ctx *cx, const struct webhook_owner *owner, const struct webhook_endpoint *present,
	struct str secret, struct webhook_endpoint *out, struct str *secret_out)
{
	TRY(check_secret(cx, owner, secret));
	if (!secret.ptr)
		secret = webhook_secret_new(cx->mem);
	TRY(db_exec(cx, &sql_webhook_endpoint_rotate, NULL, IN(present->account), IN(present->id),
		IN(sealed(cx, present->id, secret)), IN(instant_add_s(cx->now, WEBHOOK_OVERLAP_S)), IN(cx->now),
		IN(audit_by(cx))));
	TRY(webhook_endpoint_get(cx, owner, present->id, out));
	*secret_out = secret;
	return OK;
}

err_t webhook_endpoint_delete(struct ctx *cx, const struct webhook_endpoint *present)
{
	return db_exec(cx, &sql_webhook_endpoint_delete, NULL, IN(present->account), IN(present->id), IN(audit_by(cx)));
}
