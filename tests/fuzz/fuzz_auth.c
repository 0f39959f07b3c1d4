/* SPDX-License-Identifier: Apache-2.0 */
/* library: http */
/* Header values that are parsed by hand: Authorization, Accept-Encoding, Cookie, Prefer, forwarded addresses; and
 * paths. */
#include <stdint.h>
#include <stdlib.h>

#include "server/auth/credential.h"
#include "server/auth/scope.h"
#include "server/base/config.h"
#include "server/http/gzip.h"
#include "server/http/match.h"
#include "server/http/proxy.h"
#include "server/http/router.h"

static void check_credential(struct ctx *cx, struct str text)
{
	struct credential sent;
	if (credential_read(cx, text, &sent) || sent.transport == VIA_NONE)
		return;
	if (!sent.secret.ptr || (sent.transport == VIA_BASIC && !sent.username.ptr))
		abort();
}

static void check_path(struct ctx *cx, struct str text)
{
	static const char *const patterns[] = { "/", "/a/:b", "/a/:b/", "/:a/*rest", "/a" };
	struct path path;
	struct str args[PATH_ARGS_MAX];
	size_t count;
	if (!text.len || text.ptr[0] != '/' || path_parse(cx, text, &path))
		return;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		if (path_fits(cx->mem, &path, patterns[i], args, &count) && count > PATH_ARGS_MAX)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct config config = { .public_url = STR_INIT("http://127.0.0.1:1") };
	struct arena *mem = arena_open();
	struct str text = { (const char *)data, size };
	struct request *rq = arena_new(mem, struct request);
	const struct proxy_list *list;
	struct address peer = { { 0 } };
	uint64_t scopes;

	rq->cx = (struct ctx){ .mem = mem, .config = &config };
	rq->headers[0] = (struct header){ STR("Cookie"), text };
	rq->headers[1] = (struct header){ STR("Prefer"), text };
	rq->headers[2] = (struct header){ STR("X-Forwarded-For"), text };
	rq->headers[3] = (struct header){ STR("Forwarded"), text };
	rq->headers[4] = (struct header){ STR("Content-Type"), text };
	rq->header_count = 5;
	check_credential(&rq->cx, text);
	check_path(&rq->cx, text);
	(void)gzip_accepted(text);
	(void)scope_parse(text, &scopes);
	(void)request_cookie(rq, STR("a"));
	(void)request_wants_minimal(rq);
	(void)request_media_type(rq);
	if (!proxy_list_parse(&rq->cx, STR("::/0"), &list))
		(void)proxy_apply(rq, list, peer, false);
	arena_close(mem);
	return 0;
}
