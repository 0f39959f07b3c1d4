/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/device_link.h"

#include "server/account/key.h"
#include "server/account/label.h"
#include "server/crypto/digest.h"
#include "server/crypto/secret.h"
#include "server/db/query.h"
#include "sql.h"

struct link_row {
	struct str email, name;
	struct instant expires_at;
};
DB_RESULT(device_link_find, struct link_row, email, name, expires_at);

static err_t refuse_link(struct ctx *cx)
{
	return REFUSE(cx, NOT_FOUND, "",
		"This link was used already, is too old, or a newer one took its place. Show a new one on the page of "
		"your device.");
}

err_t device_link_new(struct ctx *cx, struct id account, struct str email, struct str name, struct str *path_out)
{
	const struct secret_parts parts = { .kind = SECRET_MAILBOX, .account = id_in_mode(account, false) };
	struct str clean, token = secret_new(cx->mem, &parts, (struct bytes){ NULL, 0 });
	TRY(label_clean(cx, "name", name, &clean));
	TRY(db_exec(cx, &sql_device_link_put, NULL, IN(parts.account), IN(secret_hash(cx->mem, token)), IN(email),
		IN(instant_add_s(cx->now, DEVICE_LINK_S)), IN(clean)));
	*path_out = str_fmt(cx->mem, "/link/device/%.*s", STR_ARG(token));
	return OK;
}

err_t device_link_read(struct ctx *cx, struct str token, struct device_link *out)
{
	struct secret_parts parts;
	struct link_row row;
	if (!secret_parse(cx->mem, token, &parts) || parts.kind != SECRET_MAILBOX)
		return refuse_link(cx);
	err_t e = db_row(cx, &sql_device_link_find, ROW(device_link_find, &row), IN(parts.account),
		IN(secret_hash(cx->mem, token)), IN(cx->now));
	if (err_is(e, NOT_FOUND))
		return refuse_link(cx);
	TRY(e);
	*out = (struct device_link){ parts.account, row.email, row.name, row.expires_at };
	return OK;
}

static err_t use(struct ctx *cx, struct str token, struct device_link *out, struct id *key_out, struct str *secret_out)
{
	struct key made;
	size_t taken;
	TRY(device_link_read(cx, token, out));
	TRY(db_exec(cx, &sql_device_link_take, &taken, IN(out->account), IN(secret_hash(cx->mem, token)), IN(cx->now)));
	if (!taken)
		return refuse_link(cx);
	const struct key_new in = {
		.account = out->account, .kind = KEY_ACCOUNT, .name = out->name, .expires_at = INSTANT_NONE
	};
	TRY(key_create(cx, &in, &made, secret_out));
	*key_out = made.id;
	return db_commit(cx);
}

err_t device_link_use(
	struct ctx *cx, struct str token, struct device_link *out, struct id *key_out, struct str *secret_out)
{
	TRY(db_begin(cx));
	err_t e = use(cx, token, out, key_out, secret_out);
	if (e)
		db_rollback(cx);
	return e;
}
