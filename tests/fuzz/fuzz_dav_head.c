/* SPDX-License-Identifier: Apache-2.0 */
/* library: caldav */
/* What CalDAV reads outside of bodies: hrefs and Destination, entity tags, Depth, Overwrite, sync tokens. */
#include <assert.h>

#include "caldav/headers.h"
#include "caldav/href.h"
#include "server/base/config.h"
#include "server/http/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_href(struct request *rq, struct str text)
{
	struct resource r, again;
	if (href_resolve(rq, text, &r))
		return;
	/* What was understood is written canonically, and read back as the same. */
	struct str canonical = href_text(rq->cx.mem, r);
	err_t e = href_resolve(rq, canonical, &again);
	assert(!e && resource_same(r, again));
	assert(str_eq(href_text(rq->cx.mem, again), canonical));
}

static void try_conditions(struct request *rq, const char *name, struct str text)
{
	static const struct representation now = { STR_INIT("\"00112233445566778899aabbccddeeff\""), { 0 } };
	struct conditions when;
	rq->headers[1] = (struct header){ str_of(name), text };
	rq->header_count = 2;
	if (conditions_read(rq, &when))
		return;
	struct preconditions stored = conditions_of_object(rq->cx.mem, &when);
	for (size_t i = 0; i < stored.match.count; i++)
		assert(stored.match.items[i].len == ETAG_OCTETS);
	enum condition_result write = conditions_evaluate(&when, &now, false),
			      read = conditions_evaluate(&when, &now, true);
	assert((write == CONDITIONS_HOLD) == (read == CONDITIONS_HOLD) || !instant_is_none(when.modified_since));
}

static void try_token(struct arena *mem, struct str text)
{
	struct sync_token t, again;
	if (!sync_token_parse(text, &t))
		return;
	bool same = sync_token_parse(sync_token_text(mem, STR("http://x"), t), &again);
	assert(same && id_eq(t.calendar, again.calendar) && t.modseq == again.modseq && t.base == again.base);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct config config = { .public_url = STR_INIT("https://cal.example.org") };
	static const struct app app = { .config = &config };
	struct arena *mem = arena_open();
	struct principal principal = { .account = { { 1, 0x9a, 0xbc, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 2 } } };
	struct request *rq = arena_new(mem, struct request);
	*rq = (struct request){ .cx = { .mem = mem }, .app = &app, .principal = &principal, .header_count = 1 };
	rq->headers[0] = (struct header){ STR("Host"), STR("127.0.0.1:8080") };
	struct str text = { (const char *)data, size };
	enum depth depth;
	bool overwrite;

	try_href(rq, text);
	/* Below the account's own home, where the names are. */
	try_href(rq,
		str_fmt(mem, "/dav/calendars/%.*s/%.*s", STR_ARG(dav_account(mem, principal.account)), STR_ARG(text)));
	try_conditions(rq, "If-Match", text);
	try_conditions(rq, "If-None-Match", text);
	try_conditions(rq, "If-Modified-Since", text);
	try_conditions(rq, "If-Unmodified-Since", text);
	rq->headers[1].name = STR("Depth");
	(void)!depth_read(rq, &depth);
	rq->headers[1].name = STR("Overwrite");
	(void)!overwrite_read(rq, &overwrite);
	try_token(mem, text);
	arena_close(mem);
	return 0;
}
