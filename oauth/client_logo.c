/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/client_logo.h"

#include "server/account/account_picture.h"
#include "server/account/audit.h"
#include "server/db/query.h"
#include "sql.h"

struct set_row {
	struct id id;
};
DB_RESULT(client_logo_set, struct set_row, id);

struct logo_row {
	struct bytes data;
};
DB_RESULT(client_logo, struct logo_row, data);
DB_RESULT(client_logo_tags, struct client_logo_tag, id, tag);

err_t client_logo_set(struct ctx *cx, struct id owner, struct id client, struct bytes logo)
{
	struct set_row row;
	return db_row(cx, &sql_client_logo_set, ROW(client_logo_set, &row), IN(client), IN(owner), IN(logo),
		IN(picture_tag(cx->mem, logo)), IN(audit_by(cx)));
}

err_t client_logo(struct ctx *cx, struct id client, struct str tag, struct id asker, struct bytes *out)
{
	struct logo_row row;
	struct id both[] = { id_in_mode(asker, false), id_in_mode(asker, true) };
	const struct id_list askers = { both, ARRAY_LEN(both) };
	TRY(db_row(cx, &sql_client_logo, ROW(client_logo, &row), IN(client), IN(tag), IN(askers)));
	*out = row.data;
	return OK;
}

err_t client_logo_tags(
	struct ctx *cx, const struct id *clients, size_t count, struct client_logo_tag **out, size_t *count_out)
{
	const struct id_list ids = { clients, count };
	*count_out = 0;
	if (!count)
		return OK;
	return db_rows(cx, &sql_client_logo_tags, client_logo_tags, out, count_out, IN(ids));
}

struct str client_logo_tag_of(const struct client_logo_tag *tags, size_t count, struct id client)
{
	for (size_t i = 0; i < count; i++)
		if (id_eq(tags[i].id, client))
			return tags[i].tag;
	return STR_ABSENT;
}
