/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/document.h"

#include <stdatomic.h>

#include "oauth/document_limits.h"
#include "server/base/config.h"
#include "server/base/log.h"
#include "server/data/uri.h"
#include "server/db/query.h"
#include "server/net/fetch.h"
#include "server/net/target.h"
#include "sql.h"

#define FETCH_MS 3000u
#define CLAIMED_S 4 /* by then it has ended */
#define AGAIN_S 60  /* one that failed is not fetched again so soon */
#define FRESH_LEAST_S 60
#define FRESH_MOST_S 86400
#define FRESH_DEFAULT_S 3600
#define KEPT_S 86400 /* while it cannot be fetched, what it said so long ago still counts */
#define WAIT_STEP_MS 50u
#define WAITING_MAX 16

struct document_row {
	struct bytes packed;
	struct str wrong;
	struct instant fetched_at, fresh_until, tried_at;
};
DB_RESULT(client_document_find, struct document_row, packed, wrong, fetched_at, fresh_until, tried_at);
struct claimed {
	bool mine;
};
DB_RESULT(client_document_claim, struct claimed, mine);

bool document_is(struct str client_id)
{
	return str_starts(client_id, STR("https://")) || str_starts(client_id, STR("http://"));
}

static bool may_be_private(const struct ctx *cx)
{
	return cx->config && cx->config->allow_private_hooks;
}

/* §3: https, a path, no fragment, no user, no dot segments; and a host that this server may call. */
static err_t check_url(struct ctx *cx, struct str url, struct str *origin_out)
{
	struct uri u;
	if (url.len > DOCUMENT_URL_MAX || !uri_split(url, &u) || !u.host.len || u.path.len < 2 || u.fragment.ptr ||
		u.userinfo.ptr || path_has_dots(u.path))
		return REFUSE(cx, INVALID_VALUE, "client_id",
			"A client_id that is a URL has a path, and no fragment, user or dot segment.");
	err_t e = target_check(cx, "client_id", url, may_be_private(cx));
	if (e)
		return REFUSE(cx, INVALID_VALUE, "client_id", "%.*s", STR_ARG(err_text(e)));
	*origin_out = str_sub(url, 0, (size_t)(u.path.ptr - url.ptr));
	return OK;
}

/* ---- what was kept ---- */

static err_t row_of(struct ctx *cx, struct str url, struct document_row *out)
{
	*out = (struct document_row){
		.fetched_at = INSTANT_NONE, .fresh_until = INSTANT_NONE, .tried_at = INSTANT_NONE
	};
	err_t e = db_row(cx, &sql_client_document_find, ROW(client_document_find, out), IN(url));
	return err_is(e, NOT_FOUND) ? OK : e;
}

static err_t refuse(struct ctx *cx, struct str url, struct str wrong)
{
	return REFUSE(cx, INVALID_VALUE, "client_id",
		"The app that led you here describes itself at %.*s, but that is not taken: %.*s",
		STR_ARG(str_sub(url, 0, 200)), STR_ARG(wrong));
}

static bool is_fresh(const struct ctx *cx, const struct document_row *row)
{
	return !instant_is_none(row->fresh_until) && instant_before(cx->now, row->fresh_until);
}

static err_t use_row(struct ctx *cx, struct str url, const struct document_row *row, struct registration *out)
{
	if (row->packed.ptr && registration_unpack(cx->mem, row->packed, out))
		return OK;
	return refuse(cx, url, row->wrong.ptr ? row->wrong : STR("nothing was there."));
}

/* ---- fetching ---- */

/* RFC 9111 §5.2.2.1, within our bounds. */
static int64_t fresh_s_of(struct str cache_control)
{
	struct str rest = cache_control, directive;
	while (rest.ptr && str_cut(&rest, ',', &directive)) {
		uint64_t seconds;
		directive = str_trim(directive, STR_BLANK);
		if (str_starts_nocase(directive, STR("no-store")) || str_starts_nocase(directive, STR("no-cache")))
			return FRESH_LEAST_S;
		if (!str_starts_nocase(directive, STR("max-age=")))
			continue;
		if (!str_to_u64(str_trim(str_from(directive, 8), "\""), FRESH_MOST_S, &seconds))
			return FRESH_MOST_S;
		return seconds < FRESH_LEAST_S ? FRESH_LEAST_S : (int64_t)seconds;
	}
	return FRESH_DEFAULT_S;
}

/* What came of one fetch. */
struct document_fetched {
	struct bytes packed;
	struct str wrong;
	bool unreachable; /* it may be there again soon: what it said before counts on */
	int64_t fresh_s;
};

static struct document_fetched validate(struct ctx *cx, struct str url, err_t e, const struct fetched *got)
{
	struct registration said = { .url = url };
	struct document_fetched none = { .fresh_s = AGAIN_S };
	if (e) {
		none.unreachable = !got->cut;
		none.wrong = err_text(e);
		return none;
	}
	none.unreachable = got->status >= 500 || got->status == 429;
	none.wrong = str_fmt(cx->mem, "it is answered with status %d.", got->status);
	if (got->status != 200)
		return none;
	e = registration_read(cx, got->body, REGISTERED_BY_DOCUMENT, &said, NULL);
	none.wrong = e ? err_text(e) : STR_ABSENT;
	if (e)
		return none;
	return (struct document_fetched){ .packed = registration_pack(cx->mem, &said),
		.fresh_s = fresh_s_of(got->cache_control) };
}

static struct document_fetched fetch_document(struct ctx *cx, struct str url)
{
	const struct str accept[] = { STR("Accept: application/json") };
	const struct fetch what = { .url = url,
		.headers = { accept, ARRAY_LEN(accept) },
		.keep = DOCUMENT_MAX,
		.whole_ms = FETCH_MS,
		.may_be_private = may_be_private(cx) };
	struct fetched got = { 0 };
	err_t e = fetch(cx, &what, &got);
	struct document_fetched came = validate(cx, url, e, &got);
	if (came.wrong.ptr)
		log_event(LOG_WARN, "client_document_refused", LOG_STR("url", str_sub(url, 0, 300)),
			LOG_STR("why", came.wrong));
	return came;
}

static bool counts_still(const struct ctx *cx, const struct document_row *row)
{
	return row->packed.ptr && instant_before(instant_add_s(cx->now, -KEPT_S), row->fetched_at);
}

static err_t fetch_and_keep(struct ctx *cx, struct str url, struct str origin, struct document_row *row)
{
	size_t place;
	TRY(document_place_take(cx, origin, &place));
	struct document_fetched came = fetch_document(cx, url);
	document_place_leave(place);
	bool counts_on = came.unreachable && counts_still(cx, row);
	TRY(db_exec(cx, &sql_client_document_store, NULL, IN(url), IN(came.packed), IN(came.wrong), IN(cx->now),
		IN(instant_add_s(cx->now, came.fresh_s)), IN(counts_on)));
	if (!counts_on)
		row->packed = came.packed;
	row->wrong = came.wrong;
	return OK;
}

static atomic_int waiting;

static err_t busy(struct ctx *cx)
{
	return REFUSE(
		cx, UNAVAILABLE, "client_id", "The app's description is being fetched. Try again in a few seconds.");
}

static err_t wait_until_fresh(struct ctx *cx, struct str url, struct document_row *row)
{
	struct deadline until = ctx_deadline(cx, FETCH_MS);
	while (!is_fresh(cx, row)) {
		if (!wait_ms(WAIT_STEP_MS, until))
			return busy(cx);
		TRY(row_of(cx, url, row));
	}
	return OK;
}

/* Somebody else fetches it at this moment: a few flows of one app begin together. Each waits in a thread. */
static err_t wait_for_other(struct ctx *cx, struct str url, struct document_row *row)
{
	err_t e = atomic_fetch_add(&waiting, 1) < WAITING_MAX ? wait_until_fresh(cx, url, row) : busy(cx);
	atomic_fetch_sub(&waiting, 1);
	return e;
}

static err_t refresh(struct ctx *cx, struct str url, struct str origin, struct document_row *row)
{
	struct claimed claimed;
	TRY(document_network_take(cx));
	TRY(db_row(cx, &sql_client_document_claim, ROW(client_document_claim, &claimed), IN(url), IN(cx->now),
		IN(instant_add_s(cx->now, -CLAIMED_S))));
	return claimed.mine ? fetch_and_keep(cx, url, origin, row) : wait_for_other(cx, url, row);
}

err_t document_read(struct ctx *cx, struct str url, struct registration *out)
{
	struct document_row row;
	struct str origin;
	TRY(check_url(cx, url, &origin));
	TRY(row_of(cx, url, &row));
	err_t e = is_fresh(cx, &row) ? OK : refresh(cx, url, origin, &row);
	bool later = err_is(e, RATE_LIMITED) || err_is(e, UNAVAILABLE);
	if (!later || !counts_still(cx, &row))
		TRY(e);
	return use_row(cx, url, &row, out);
}
