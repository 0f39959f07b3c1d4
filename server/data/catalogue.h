/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts for people, in their language. English stands where it is used: in templates as {{#t}}text{{/t}} (html.h), in C
 * as say(rq, "text") (web/say.h). The same text is the key in web/messages/LANGUAGE.po, which web/build/messages.c
 * compiles in. A text that a language lacks stays English.
 */
#pragma once

#include "server/base/str.h"

struct catalogue_text {
	struct str english, text;
};

/* A language other than English; texts in the order of str_cmp. */
struct language {
	const char *tag;  /* BCP 47: "de" */
	const char *name; /* in itself: "Deutsch" */
	bool rtl;         /* it is read from right to left */
	const struct catalogue_text *texts;
	size_t count;
};
extern const struct language catalogue_languages[];
extern const size_t catalogue_language_count;

/* Its tag; of NULL that of English. */
struct str catalogue_tag(const struct language *language);

/* language: NULL is English. */
struct str catalogue_text(const struct language *language, struct str english);

/*
 * By its tag or a longer one ("de-AT"), in any case. False: none of ours. English is found, as NULL. In builds for
 * development "en-XB" is English from right to left, so that pages can be looked at in that direction.
 */
bool catalogue_find(struct str tag, const struct language **out);

/* What an Accept-Language header likes best of ours (RFC 9110 §12.5.4, lookup as RFC 4647 §3.4). */
const struct language *catalogue_choose(struct str accept_language);

/* The tag that the header likes best, whether or not we have that language: where its reader is (region.h). */
struct str catalogue_liked(struct str accept_language);
