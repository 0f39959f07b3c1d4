/* SPDX-License-Identifier: Apache-2.0 */
/* What all pages have in common: the frame around them, how a form is shown again, and how times are told. */
#pragma once

#include "server/base/config.h"
#include "server/data/html.h"
#include "server/http/router.h"

#define PATH_OCTETS_MAX 2048 /* of a page to go to after the sign-in */

/* Values for a page: title, brand, who is signed in, the token of its forms. `nav` is "keys", "connected_accounts" …;
 * NULL: none. */
struct html_values *page_new(struct request *rq, const char *title, const char *nav);

/* The same for a page that knows no session: no cookie is asked for or set, and there are no forms to be sent. */
struct html_values *page_without_cookie(struct request *rq, struct str title);

/* The language of who asks: of the texts, and `lang` and `rtl` of the document. page_new() has it. */
void page_language(struct request *rq, struct html_values *v);

/* Answer with the template. `forms`: see reply_page. */
MUST_CHECK err_t page_reply(struct response *rs, int status, const char *name, const struct html_values *v);
MUST_CHECK err_t page_reply_to(
	struct response *rs, int status, const char *name, const struct html_values *v, enum page_forms forms);

/*
 * Answer with the template, tagged by all that stands there: 304 for who has it already. Nothing in it may differ each
 * time. PRECONDITION: If-Match names another.
 */
MUST_CHECK err_t page_reply_tagged(struct response *rs, const char *name, const struct html_values *v, bool is_public);

/*
 * The form once more, with what was wrong in role=alert and `bad_PARAM` true for the field (and `at_field` if the
 * template tells it there: else it is told above the form). Only for what the user can mend: any other failure is
 * handed on.
 */
MUST_CHECK err_t page_again(struct response *rs, const char *name, struct html_values *v, err_t e);
MUST_CHECK err_t page_again_to(
	struct response *rs, const char *name, struct html_values *v, err_t e, enum page_forms forms);

/* What page_again() makes of e in the values of that template, for pages that are sent in another way. */
void page_tell(struct response *rs, const char *name, struct html_values *v, err_t e);

/*
 * What e says, in words for people: the texts of errors.def are for developers. How long to wait is told as a time of
 * day in the user's zone.
 */
struct str page_text(struct request *rq, err_t e);

/* HOST[:PORT] of the public URL, as programs ask for it that take no URL. */
struct str page_host(const struct config *config);

/* For an avatar: the first character of the first word and of the last. "Una User" is "UU". */
struct str page_initials(struct arena *mem, struct str name);

/* The status of a page that tells of e. Pages have no 401: there is no challenge that a browser could answer. */
int page_status(err_t e);

/* A message above the page that follows a redirect: "?done=WORD"; the words are in page.c. */
void page_notice(struct request *rq, struct html_values *v);

/* Is it about test mode: by what was sent, else by ?mode=test. */
bool page_asks_for_test(struct request *rq);

/*
 * Of a list of `count` rows those that ?page=N asks for: [from, to), with "any" for whether there are some, and the
 * numbers "earlier" and "further" of the pages beside it, where there are others.
 */
struct page_part {
	size_t from, to;
};
struct page_part page_part(struct request *rq, struct html_values *v, size_t count);

/*
 * A row `name` for {{#name}}{{>when}}{{/name}}: the instant as ISO text, exactly in the user's zone, and after that "5
 * minutes ago"; with {{>day}} the day alone is seen. No row for INSTANT_NONE and INSTANT_FOREVER.
 */
void page_when(struct request *rq, struct html_values *v, const char *name, struct instant at);
/* The same of what goes by the clock of this account, in its mode: cx->ahead_s is that of test mode. */
void page_when_of(struct request *rq, struct html_values *v, const char *name, struct instant at, struct id account);

/*
 * A place on this site to go to after sign-in: a path with an optional query, else "/". Never another site: no second
 * slash, backslash, control character or scheme.
 */
struct str page_local_path(struct request *rq, struct str next);
