/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks and whether they may: the router's steps between a found row and its handler. */
#pragma once

#include "server/http/route.h"

/*
 * The credential that a row of this `who` looks at, checked by its authenticator: rq->principal is set, or stays NULL
 * for a stranger whom the row admits. errors  MISSING_CREDENTIALS, CREDENTIALS_INVALID and whatever the authenticator
 * says; MALFORMED (two transports at once, RFC 6750 §2); KEY_IN_BROWSER; IP_NOT_ALLOWED; ORIGIN_NOT_ALLOWED;
 * LOGIN_REQUIRED (a page without a session)
 */
MUST_CHECK err_t access_identify(struct request *rq, unsigned who);

/*
 * Does the row admit this caller, with these scopes? KEY_KIND_NOT_ALLOWED, INSUFFICIENT_SCOPE; MISSING_CREDENTIALS for
 * a stranger; an empty who: FORBIDDEN.
 */
MUST_CHECK err_t access_allows(struct request *rq);

/* One request more of this credential, or of this address for a stranger: RATE_LIMITED. Sets rq->limit. */
MUST_CHECK err_t access_count(struct request *rq);

/* This was counted, too: RateLimit and X-RateLimit-* of the answer tell of what runs out first. */
void access_tell_limit(struct request *rq, const struct limit_state *state, bool passes);

/*
 * Of a call that has a rate of its own (route.h), what is counted of it besides; access_count() has done it where there
 * is a credential. RATE_LIMITED. rq->limit is whichever runs out first.
 */
MUST_CHECK err_t access_count_call(struct request *rq);

/*
 * One request more of this network to what anybody may open, whatever it presents: a key that stands in a page is
 * everybody's. RATE_LIMITED.
 */
MUST_CHECK err_t access_count_visit(struct request *rq);

/*
 * One write more to what `owner` has (its live and its test world are one), whoever makes it: what is written leaves
 * rows (versions, tombstones, the outbox) that no quota of octets counts. Before anything is stored, by the modules
 * whose requests write. RATE_LIMITED.
 */
MUST_CHECK err_t access_count_write(struct request *rq, struct id owner);
/* One that wrote many rows at once: they count too, for those that follow. */
void access_charge_writes(struct request *rq, struct id owner, int64_t rows);

/*
 * A request has its place among those of its credential's account until access_leave(), which the router calls when the
 * answer is out: nobody can keep all threads busy. There are few places for heavy ones. A token counts for the account
 * that it opens. RATE_LIMITED when the account has its fill.
 */
MUST_CHECK err_t access_enter(struct request *rq);
/* The same for a request of a stranger that turned out to be about this account: by its handler. */
MUST_CHECK err_t access_enter_as(struct request *rq, struct id account);
void access_leave(struct request *rq);

/*
 * Did whoever is signed in prove it lately, where the row asks for that? After the form was checked, so that it can be
 * kept until they have. PROOF_REQUIRED.
 */
MUST_CHECK err_t access_check_proof(struct request *rq);
/* The same of a handler, for what its form says now and then only: before it does anything. PROOF_REQUIRED. */
MUST_CHECK err_t access_need_proof(struct request *rq);

/* Does the browser say that a page of ours sent this? True where it says nothing: a token decides then. */
bool access_from_own_page(struct request *rq);

/* The form of a page must come from a page of ours, with its token. After the body was parsed. CSRF. */
MUST_CHECK err_t access_check_form(struct request *rq);
