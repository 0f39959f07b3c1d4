/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the user is asked, and what they answer. web/ shows the page
 *
 *     GET  /consent?request=REFERENCE    consent_load → page
 *     POST /consent  request=REFERENCE   consent_decide → answer_send (answer.h)
 *
 * and the sign-in page, to which authorize.h's authorize_sign_in_url leads. The form refers to a stored request and can
 * only narrow what was asked.
 */
#pragma once

#include "caldav/calendar/store/store.h"
#include "oauth/auth_request.h"
#include "oauth/redirect.h"

struct consent_view {
	struct auth_request request; /* scopes: what is asked */
	struct client client;        /* name, owner_name, verified, created_at */
	struct id account;           /* the account in the client's mode */
	bool test;
	struct str redirect_host;         /* where the answer goes: always shown */
	bool loopback;                    /* an app on this computer */
	bool own_scheme;                  /* an app on this device that this scheme belongs to, or that says so */
	bool connected;                   /* there is a living connection */
	uint64_t granted;                 /* its scopes; 0 without */
	struct instant authorized_at;     /* INSTANT_NONE without */
	const struct calendar *calendars; /* of the account, among those that were asked for */
	size_t calendar_count;
	struct id_list chosen; /* calendars that the connection is limited to; items NULL: all */
	int64_t lifetime_s;    /* that the connection was made for; 0: until the user ends it, or no connection */
};

/*
 * errors  NOT_FOUND       no such request, or older than ten minutes
 *         CONFLICT        answered already
 *         LOGIN_REQUIRED  the user must sign in (again): lead to authorize_sign_in_url
 */
MUST_CHECK err_t consent_load(
	struct ctx *cx, struct str reference, const struct consent_user *user, struct consent_view *out);

#define CONSENT_LIFETIME_MAX_S (INT64_C(3650) * 86400)

struct decision {
	bool allow;
	bool preset;              /* scopes: any of them, as far as they were asked; else */
	uint64_t scopes;          /* those left ticked; a subset of what was asked, not empty */
	struct id_list calendars; /* items NULL: all, now and later */
	int64_t lifetime_s;       /* 0: until the user ends it */
};

/*
 * The user's answer, once: the connection is made or changed, a code is made, the client is told. A scope that was
 * asked and unticked is taken from the connection too, also from tokens that it has. Denial leaves everything as it is.
 *
 * out      for the client: code or access_denied, state and iss
 * errors   as consent_load; INVALID_VALUE ("scope", "calendar", "lifetime") for an answer to what was not asked
 */
MUST_CHECK err_t consent_decide(struct ctx *cx, struct str reference, const struct consent_user *user,
	const struct decision *decision, struct redirect_answer *out);

/* What the audit log tells of a consent (audit.h). */
struct str consent_details(struct arena *mem, struct str client_name, uint64_t scopes);

/*
 * A code without a question, where the user's consent still stands: a verified client with an https redirect URI that
 * asks for no more than it has. A loopback or private-use URI is never enough: any program on the computer could have
 * asked (OAuth 2.1 §7.3.1).
 *
 * reference  of the stored request, which is then decided; absent when it was never stored
 * errors     CONSENT_REQUIRED: the user must be asked; CONFLICT: answered already
 */
MUST_CHECK err_t consent_remembered(struct ctx *cx, const struct auth_request *request, const struct client *client,
	const struct consent_user *user, struct str reference, struct redirect_answer *out);
