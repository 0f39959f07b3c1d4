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
	return db_exec(cx, &sql_account_picture_set, NULL, IN(account), IN(id_in_mode(account, true)), IN(picture),
		IN(picture_tag(cx->mem, picture)));
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

static struct str path_of(struct ctx *cx, struct id account, struct str tag)
{
	return str_fmt(cx->mem, "/pictures/%.*s/%.*s", STR_ARG(id_text(cx->mem, "usr", account)),
		STR_ARG(name_of(cx, account, tag)));
}

struct str account_picture_url(struct ctx *cx, struct id account, struct str tag)
{
	if (!tag.ptr)
		return STR_ABSENT;
	return str_cat(cx->mem, cx->config->public_url, path_of(cx, id_in_mode(account, false), tag));
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
