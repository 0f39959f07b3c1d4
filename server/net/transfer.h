/* SPDX-License-Identifier: Apache-2.0 */
/* One call of libcurl's, with all its bounds set. Of server/net alone. */
#pragma once

#include <curl/curl.h>

#include "server/base/buf.h"
#include "server/net/fetch.h"

struct transfer {
	struct arena *mem;
	CURL *handle; /* NULL: could not be made */
	struct curl_slist *headers;
	const struct fetch *what;
	void *user;
	struct transfer *next;
	struct buf body;
	size_t head_octets;
	struct str request_id, retry_after, cache_control;
	uint64_t begun_us;
	bool refused;    /* an address was */
	bool connecting; /* another was not */
	bool head_full, cut, stillborn;
	size_t sent;       /* octets of the body that mail has given */
	uint64_t stops_us; /* since when mail has seen that the process stops; 0: it does not */
	/* Of mail to an address beyond ASCII: how often the server said 220, whether it answers EHLO, what it offers.
	 */
	unsigned ready;
	bool wide, introduced, offers_utf8, not_offered;
};

void transfer_setup(void);

/* Never NULL. What `what` points at must stay. */
struct transfer *transfer_new(struct arena *mem, const struct fetch *what, void *user);
/* What became of it; the handle is gone then. */
void transfer_end(struct transfer *t, CURLcode code, struct fetched *out);

/* mail.c: the options of a call that is mail. False: its addresses or its URL cannot be. */
bool mail_set(CURL *handle, struct transfer *t);
/* What became of it: `otherwise` is what it would mean of any call. final_out: this message will never be taken. */
enum fetch_fault mail_fault(
	const struct transfer *t, CURLcode code, int status, enum fetch_fault otherwise, bool *final_out);
