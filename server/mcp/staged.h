/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A write that was staged: shown first, done when the same call comes again with the word that it was given. The word
 * proves (by a MAC) who staged what, of which version of the event, and until when; nothing is stored. It is done once:
 * the word is the write's Idempotency-Key (docs/adr/0020).
 */
#pragma once

#include "server/http/request.h"

struct staged {
	const char *tool;
	struct str arguments; /* JSON with the names in order, without those of staging itself */
	struct str etag;      /* of the event as it was shown; empty where there is none */
	int64_t expires_at;   /* Unix seconds */
};
#define STAGED_S 600

/* "stg_…", in rq->cx.mem, for the caller of rq. */
struct str staged_word(const struct request *rq, const struct staged *staged);
/* Is this the word of that call, of this caller, and in time? Sets etag and expires_at. INVALID_VALUE. */
MUST_CHECK err_t staged_prove(struct request *rq, struct str word, struct staged *staged);
