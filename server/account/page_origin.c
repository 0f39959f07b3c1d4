/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/page_origin.h"

#include "server/data/uri.h"
#include "server/db/query.h"
#include "sql.h"

#define ORIGIN_MAX 300 /* the longest name of a host, and a port */

struct known {
	bool known;
};
DB_RESULT(page_origin_known, struct known, known);

static bool is_loopback(struct str host)
{
	return str_eq(host, STR("127.0.0.1")) || str_eq(host, STR("::1")) || str_eq(host, STR("localhost"));
}

/* As the column `origin` of oauth_client_redirect has it. */
static struct str loopback_of(struct arena *mem, struct str origin, const struct uri *uri)
{
	if (!is_loopback(uri->host))
		return origin;
	struct str without_port = uri->port.ptr ? str_sub(origin, 0, origin.len - uri->port.len - 1) : origin;
	return str_cat(mem, STR("loopback "), without_port);
}

err_t page_origin_known(struct ctx *cx, struct str origin, bool *out)
{
	struct uri uri;
	struct known row;
	*out = false;
	if (origin.len > ORIGIN_MAX || !(str_starts(origin, STR("http://")) || str_starts(origin, STR("https://"))) ||
		!uri_split(origin, &uri) || uri.path.len || uri.query.ptr || uri.fragment.ptr)
		return OK;
	TRY(db_row(cx, &sql_page_origin_known, ROW(page_origin_known, &row), IN(origin),
		IN(loopback_of(cx->mem, origin, &uri)), IN(cx->now)));
	*out = row.known;
	return OK;
}
