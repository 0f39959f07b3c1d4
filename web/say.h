/* SPDX-License-Identifier: Apache-2.0 */
/* Texts for people that C says (server/data/catalogue.h); what templates say is marked there. */
#pragma once

#include "server/data/wording.h"
#include "server/http/request.h"

/*
 * The language of the pages for who asks: what they chose for their account, else what the app that led them here asks
 * for, while they sign in and decide (ui_locales), else what their browser likes best. Found once a request. NULL is
 * English.
 */
const struct language *request_language(struct request *rq);

/* An app asks for the first of these that there is (OpenID's ui_locales), unless its user has chosen a language. */
void request_language_asked(struct request *rq, struct str ui_locales);

/* english is a literal, or one that SAY (wording.h) marks, so that tests/support/messages.py finds it. */
struct str say(struct request *rq, const char *english);

/*
 * The same with values: each {name} in the text becomes the value after that name. The list ends with NULL:
 *
 *     say_with(rq, "Try again after {at}, {ago}.", "at", at, "ago", ago, NULL)      at and ago are struct str
 */
__attribute__((sentinel)) struct str say_with(struct request *rq, const char *english, ...);

/* Whichever of these fits the number: `one` is whole, and in `more` {n} stands for it. Both are marked by SAY. */
struct str say_count(struct request *rq, int64_t n, const char *one, const char *more);

/*
 * What an error says (err_text) in the language of who asks. The catalogue has the printf formats of REFUSE; their
 * values are found again in what was said, between the format's own words, and keep their order in every language.
 */
struct str say_refused(struct request *rq, err_t e);
