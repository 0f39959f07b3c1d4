/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/version.h"

#include "server/http/header_alias.h"

#define HEADER "Api-Version"

/* Of whoever is not known it is the newest. */
static const struct api_version *own_version(const struct request *rq)
{
	const struct principal *p = rq->principal;
	return p && p->api_version.ptr ? api_version_kept(p->api_version) : api_version_newest();
}

err_t version_choose(struct request *rq)
{
	struct str asked;
	TRY(header_or_alias(rq, HEADER, "Version", &asked));
	rq->version = asked.ptr ? api_version_find(asked) : own_version(rq);
	if (!rq->version)
		return REFUSE(&rq->cx, INVALID_VALUE, HEADER,
			"There is no version \"%.*s\". There are: %.*s. Without the header it is the one that your key "
			"or app was made with.",
			STR_ARG(str_sub(asked, 0, 40)), STR_ARG(api_version_names(rq->cx.mem)));
	return OK;
}

static void alias_header(struct response *rs, const char *name, struct str value)
{
	const char *alias = header_alias(rs->rq, name);
	if (alias)
		response_header(rs, alias, value);
}

void version_tell(struct response *rs, const struct api_version *version)
{
	struct arena *mem = rs->rq->cx.mem;
	response_header(rs, HEADER, str_of(version->name));
	alias_header(rs, "Version", str_of(version->name));
	if (!version->deprecated_s)
		return;
	response_header(rs, "Deprecation", str_fmt(mem, "@%lld", (long long)version->deprecated_s));
	response_header(rs, "Sunset", instant_imf(mem, instant_of_s(version->sunset_s)));
	alias_header(rs, "Deprecation-Date", str_sub(instant_rfc3339(mem, instant_of_s(version->deprecated_s)), 0, 10));
}

void version_headers(struct request *rq, struct response *rs)
{
	version_tell(rs, rq->version ? rq->version : own_version(rq));
}
