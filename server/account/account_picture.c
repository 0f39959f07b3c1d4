/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/account_picture.h"

#include "server/base/config.h"
#include "server/crypto/digest.h"
#include "server/crypto/keyring.h"
#include "server/db/query.h"
#include "sql.h"

struct picture_row {
	struct bytes data;
};
DB_RESULT(account_picture, struct picture_row, data);
DB_RESULT(account_picture_shown, struct picture_row, data);

struct tag_row {
	struct str tag;
};
DB_RESULT(account_picture_tag, struct tag_row, tag);

struct str picture_tag(struct arena *mem, struct bytes picture)
{
	uint8_t digest[SHA256_SIZE];
	if (!picture.ptr)
		return STR_ABSENT;
	sha256(picture, digest);
	return hex_of(mem, bytes_of(digest, sizeof digest / 2));
}

err_t account_picture_set(struct ctx *cx, struct id account, struct bytes picture)
{
	return db_exec(cx, &sql_account_picture_set, NULL, IN(account), IN(picture), IN(picture_tag(cx->mem, picture)));
}

err_t account_picture(struct ctx *cx, struct id account, struct str tag, struct bytes *out)
{
	struct picture_row row;
	TRY(db_row(cx, &sql_account_picture, ROW(account_picture, &row), IN(account), IN(tag)));
	*out = row.data;
	return OK;
}

#define MAC_SIZE 16

static struct str name_of(struct ctx *cx, struct id account, struct str tag)
{
	uint8_t mac[SHA256_SIZE];
	struct str about = str_cat(cx->mem, id_text(cx->mem, "usr", account), tag);
	hmac_sha256(keyring_key(cx->keys, cx->mem, "picture-address"), bytes_of(about.ptr, about.len), mac);
	return str_fmt(cx->mem, "%.*s-%.*s", STR_ARG(tag), STR_ARG(base64url_of(cx->mem, bytes_of(mac, MAC_SIZE))));
}

struct str account_picture_path(struct ctx *cx, struct id account, struct str tag)
{
	return str_fmt(cx->mem, "/pictures/%.*s/%.*s", STR_ARG(id_text(cx->mem, "usr", account)),
		STR_ARG(name_of(cx, account, tag)));
}

err_t account_picture_url(struct ctx *cx, struct id account, struct str *out)
{
	struct tag_row row;
	*out = STR_ABSENT;
	err_t e = db_row(cx, &sql_account_picture_tag, ROW(account_picture_tag, &row), IN(account));
	if (err_is(e, NOT_FOUND))
		return OK;
	TRY(e);
	*out = str_cat(cx->mem, cx->config->public_url, account_picture_path(cx, account, row.tag));
	return OK;
}

void account_picture_prefetch(struct ctx *cx, struct id account, struct bytes key)
{
	db_prefetch(cx, &sql_account_picture_tag_with_key, &sql_account_picture_tag, IN(account), IN(key));
}

err_t account_picture_shown(struct ctx *cx, struct id account, struct str name, struct bytes *out)
{
	struct picture_row row;
	struct str rest = name, tag;
	if (!str_cut(&rest, '-', &tag))
		return FAIL(cx, NOT_FOUND, "no name of a picture");
	struct str ours = name_of(cx, account, tag);
	if (!bytes_same(bytes_of(ours.ptr, ours.len), bytes_of(name.ptr, name.len)))
		return FAIL(cx, NOT_FOUND, "not made here");
	TRY(db_row(cx, &sql_account_picture_shown, ROW(account_picture_shown, &row), IN(account), IN(tag)));
	*out = row.data;
	return OK;
}
