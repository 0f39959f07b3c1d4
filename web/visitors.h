/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the demo platform remembers: a bounded table in memory, the longest unseen makes room. It locks itself. */
#pragma once

#include "server/base/ctx.h"

#define VISITORS_MAX 64
#define VISITOR_TEXT 256

struct visitor {
	char cookie[65];              /* who; empty: a free slot */
	char form_token[65];          /* what their forms carry */
	char state[65], verifier[65]; /* of the authorization under way; empty: none */
	char access[VISITOR_TEXT], refresh[VISITOR_TEXT], scope[VISITOR_TEXT], connected_account[VISITOR_TEXT];
	struct instant expires_at; /* of the access token */
	bool live;
	uint64_t seen; /* order of use */
};

struct visitors;

struct visitors *visitors_open(void);
void visitors_close(struct visitors *all); /* NULL is fine; wipes */

/* A copy of who has this cookie. False: nobody. */
bool visitors_find(struct visitors *all, struct str cookie, struct visitor *out);
/* Remember them, anew or instead of what was known by the same cookie. */
void visitors_keep(struct visitors *all, const struct visitor *visitor);
/* Take the state of their authorization: true once, for the same state, and then it is gone. */
bool visitors_claim(struct visitors *all, struct str cookie, struct str state, struct visitor *out);
