/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/account_picture.h"

#include "server/crypto/digest.h"
#include "server/db/query.h"
#include "sql.h"

struct picture_row {
	struct bytes data;
};
DB_RESULT(account_picture, struct picture_row, data);

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
