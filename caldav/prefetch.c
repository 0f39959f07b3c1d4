/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reading request will ask is told while its key is still to be checked, so that both are one round trip. The
 * statement looks nothing up without that key: a stranger cannot learn from the time of a 401 what exists.
 */
#include "caldav/dispatch.h"
#include "server/crypto/digest.h"
#include "server/crypto/secret.h"

static bool reads(enum method method)
{
	const struct dav_method *m = dav_method_of(method);
	return m && !m->writes && method != METHOD_ACL;
}

void dav_prefetch(struct request *rq, const struct credential *sent)
{
	struct secret_parts parts;
	struct resource at = { 0 };
	if ((sent->transport != VIA_BASIC && sent->transport != VIA_BEARER) || !rq->route || !reads(rq->method) ||
		!secret_parse(rq->cx.mem, sent->secret, &parts) || parts.kind > SECRET_PK_TEST)
		return;
	if (href_parse(&rq->cx, &rq->path, &at) || !id_eq(at.account, parts.account))
		return;
	struct bytes key = secret_hash(rq->cx.mem, sent->secret);
	if (at.kind == RES_CALENDAR || (at.kind == RES_OBJECT && rq->method == METHOD_PROPFIND))
		calendar_prefetch(&rq->cx, at.account, at.calendar, key);
	if (at.kind == RES_OBJECT && rq->method != METHOD_REPORT)
		object_prefetch(&rq->cx, at.account, at.calendar, at.object, key);
}
