/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Searching events for words, as people type them: case and accents aside, in every script ("cafe" finds "CAFÉ",
 * "strasse" finds "Straße"). Octets are for CalDAV's text-match (RFC 4791 §9.7.5), whose collations are another thing.
 */
#pragma once

#include "caldav/calendar/event/event.h"

#define WORDS_MAX 200                            /* characters of what is sought, */
#define WORDS_OCTETS_MAX ((size_t)4 * WORDS_MAX) /* and octets */
#define WORDS_KEPT_MAX 1000                      /* of what stands beside an object */

struct words {
	struct str_list list; /* folded; an event must have them all */
};

/* The words of `text`, which blanks part. INVALID_VALUE (param "q"): there is none. */
MUST_CHECK err_t words_read(struct ctx *cx, struct str text, struct words *out);
/* Is each word somewhere in title, description or location? Parts of words count. */
bool words_found(struct arena *mem, const struct words *sought, const struct event *event);

/*
 * All that words_found() looks through of an object's events, folded, a line each, to be stored beside it. Absent where
 * that is more than WORDS_KEPT_MAX, and of what is no event. What has not all the words has no event that has them.
 */
struct str words_of(struct arena *mem, const struct ical *object);
/* The words as patterns of LIKE, of which such a text has all. */
struct str_list words_patterns(struct arena *mem, const struct words *sought);
