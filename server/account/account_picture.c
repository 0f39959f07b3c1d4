/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/account_picture.h"

#include "server/base/config.h"
#include "server/crypto/digest.h"
#include "server/db/query.h"
#include "sql.h"

struct picture_row {
	struct bytes data;
};
DB_RESULT(account_picture, struct picture_row, data);

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

err_t account_picture_url(struct ctx *cx, struct id account, struct str *out)
{
	struct tag_row row;
	*out = STR_ABSENT;
	err_t e = db_row(cx, &sql_account_picture_tag, ROW(account_picture_tag, &row), IN(account));
	if (err_is(e, NOT_FOUND))
		return OK;
	TRY(e);
	*out = str_fmt(cx->mem, "%.*s/pictures/%.*s/%.*s", STR_ARG(cx->config->public_url),
		STR_ARG(id_text(cx->mem, "usr", account)), STR_ARG(row.tag));
	return OK;
}
