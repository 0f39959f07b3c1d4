/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/arrival.h"

#include <assert.h>

static const struct head_fault too_long = { 431, "The request's head is too long" };

/* The first empty line: after CR LF, or after a bare LF, which the check will refuse. 0: none. */
static size_t head_end(const char *octets, size_t from, size_t len)
{
	for (size_t i = from; i < len; i++) {
		if (octets[i] != '\n' || i == 0)
			continue;
		if (octets[i - 1] == '\n' || (i >= 2 && octets[i - 1] == '\r' && octets[i - 2] == '\n'))
			return i + 1;
	}
	return 0;
}

static bool find_head(struct arrival *a, char *octets, size_t len)
{
	size_t end = head_end(octets, a->searched, len);
	a->searched = len;
	if (end > ARRIVAL_HEAD_MAX || (!end && len >= ARRIVAL_HEAD_MAX)) {
		a->head_len = end ? end : len;
		a->fault = &too_long;
		return true;
	}
	if (!end)
		return false;
	a->head_len = end;
	a->fault = head_check(octets, end, &a->framing);
	return true;
}

bool arrival_is_ready(struct arrival *a, char *octets, size_t len)
{
	assert(a->searched <= len && a->head_len <= len);
	if (!a->head_len && !find_head(a, octets, len))
		return false;
	size_t body = len - a->head_len;
	if (a->fault || a->framing.expects_continue)
		return true;
	if (a->framing.chunked)
		return chunk_scan(&a->chunks, (struct str){ octets + a->head_len, body }) != CHUNK_MORE ||
		       body >= ARRIVAL_BODY_MAX;
	return body >= a->framing.length || a->framing.length > ARRIVAL_BODY_MAX;
}
