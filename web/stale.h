/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A form that changes what is there, and what was changed elsewhere since it was opened. It carries, in the hidden
 * field "was", what each of its fields began with, as digests. Somebody's own changes stay; of what they left alone,
 * what is stored now goes on; in conflict is what both changed, each to something else: then nothing is changed, and
 * the form comes again with what was sent and, above it, what is stored now.
 *
 * What is checked is held until it is changed: row_hold() (server/account/hold.h), or a version that the write
 * compares.
 */
#pragma once

#include "web/page.h"

struct stale_field {
	const char *name;  /* of the form's field */
	const char *label; /* what people call it: SAY() */
	struct str_list
		now;      /* the values with which a form that is opened now would be sent; empty ones count for none */
	struct str shown; /* how they are told; absent: as they are */
};

#define STALE_FIELDS_MAX 16

/* Values for {{>stale}}, in the form: what it begins with now, and, of the fields that are in conflict, what is stored.
 * `conflicts`: bit i for fields[i]; 0 for a form that is opened. */
void stale_values(
	struct request *rq, struct html_values *v, const struct stale_field *fields, size_t count, unsigned conflicts);

/*
 * What was sent, checked by what is stored: rq->form has what is stored in the fields that were left alone.
 * PRECONDITION where *conflicts_out is not 0. A form without "was" is taken as it is.
 */
MUST_CHECK err_t stale_check(
	struct request *rq, const struct stale_field *fields, size_t count, unsigned *conflicts_out);

/* A list of one value; of none where it is absent or empty. In mem. */
struct str_list stale_one(struct arena *mem, struct str value);
