/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A form that makes something is done once, however often it is sent: by a second click, a reload, a browser that tries
 * again. Its page gave it a name of its own (the hidden field "once"); the same form again, with the same entries,
 * leads to what the first made. With other entries it is another form. As calls of REST with an Idempotency-Key
 * (server/account/done_once.h).
 */
#pragma once

#include "web/page.h"

struct once {
	bool asked; /* the form has a name, and its transaction has begun */
	struct bytes key;
	struct str result; /* done before: what once_end() was told then; else absent */
};

/* Before the work. A form without a name is done each time. IDEMPOTENCY_RUNNING after a second of waiting for another.
 */
MUST_CHECK err_t once_begin(struct request *rq, struct once *out);

/*
 * After the work, which ended in e: commits and keeps `result`, or with e nothing of it stays. Returns e, or why that
 * could not be.
 */
MUST_CHECK err_t once_end(struct request *rq, const struct once *once, err_t e, struct str result);

/*
 * once_begin() for what leads to a page: true when it was done before, and the answer leads there. The result is that
 * page's path.
 */
MUST_CHECK err_t once_leads(struct request *rq, struct response *rs, struct once *out, bool *done_out);

/* Where a form leads that is sent again: the page of what it made, which says so. `shown`: with a secret, shown then.
 */
struct str once_path(struct request *rq, const char *folder, const char *prefix, struct id id, bool shown);
