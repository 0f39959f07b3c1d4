/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reading request will ask is told while its key is still to be checked, so that both are one round trip. The
 * statement looks nothing up without that key: a stranger cannot learn from the time of a 401 what exists.
 */
#include "caldav/dispatch.h"
#include "server/crypto/digest.h"
#include "server/crypto/secret.h"

static enum dav_ahead ahead_of(enum method method)
{
	const struct dav_method *m = dav_method_of(method);
	return m ? m->ahead : AHEAD_NOTHING;
}

void dav_prefetch(struct request *rq, const struct credential *sent)
{
	struct secret_parts parts;
	struct resource at = { 0 };
	enum dav_ahead ahead = ahead_of(rq->method);
	if ((sent->transport != VIA_BASIC && sent->transport != VIA_BEARER) || !rq->route || ahead == AHEAD_NOTHING ||
		!secret_parse(rq->cx.mem, sent->secret, &parts) || parts.kind > SECRET_PK_TEST)
		return;
	if (href_parse(&rq->cx, &rq->path, &at) || !id_eq(at.account, parts.account))
		return;
	struct bytes key = secret_hash(rq->cx.mem, sent->secret);
	if (at.kind == RES_CALENDAR || (at.kind == RES_OBJECT && ahead == AHEAD_WITH_CALENDAR))
		calendar_prefetch(&rq->cx, at.account, at.calendar, key);
	if (at.kind == RES_OBJECT && ahead != AHEAD_CALENDAR)
		object_prefetch(&rq->cx, at.account, at.calendar, at.object, key);
}
