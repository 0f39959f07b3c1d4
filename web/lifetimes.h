/* SPDX-License-Identifier: Apache-2.0 */
/* How long keys and what apps may last: the choices of four forms, one table. */
#pragma once

#include "server/data/html.h"
#include "server/http/router.h"

enum lifetime_form {
	LIFETIME_OF_NEW_KEY = 1,
	LIFETIME_OF_KEY = 2,        /* which may end earlier than it would */
	LIFETIME_OF_CONNECTION = 4, /* likewise */
	LIFETIME_OF_CONSENT = 8,
};

/*
 * A row of "lifetimes" for each choice of the form: value, label, chosen. Left out is what would end no earlier than
 * `end` (INSTANT_FOREVER, or INSTANT_NONE: nothing is). Counted from account_now().
 */
void lifetimes_offer(
	struct request *rq, struct html_values *v, enum lifetime_form form, struct instant end, struct str chosen);

/* The longest choice that is no longer than these seconds (of 0: no end), else the shortest: never more than there was.
 */
struct str lifetime_within(enum lifetime_form form, int64_t seconds);

/*
 * What was chosen in this field, in seconds; 0 is no end, or the one that there was. INVALID_VALUE (param `field`) for
 * whatever the form does not offer: a word that is none of ours must not mean for ever.
 */
MUST_CHECK err_t lifetime_read(struct request *rq, enum lifetime_form form, const char *field, int64_t *out);
