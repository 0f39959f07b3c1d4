/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients that nobody registered (registration.h): found by what they call themselves, without a row; a row from the
 * first consent on; and the operator's list of those that are refused.
 */
#pragma once

#include "oauth/client.h"

/* Living and ended connections of one account to such clients. */
#define OPEN_CONNECTIONS_MAX 100

/* Does a client that calls itself so say itself what it is? (Not, whether what it says is true.) */
bool open_client_is(struct str client_id);

/*
 * Any client by what it calls itself: cli_…, or what open_client_is() knows.
 *
 * errors  NOT_FOUND  unknown, altered, denied, or --registration is closed
 */
MUST_CHECK err_t client_named(struct ctx *cx, struct str client_id, struct client *out);
/* The id under which its rows are kept, without asking whether there are any. False: no client is called so. */
bool client_id_of(struct ctx *cx, struct str client_id, struct id *out);

/*
 * As client_prove(), at the endpoints that clients call: one that is connected to somebody works on when --registration
 * is closed.
 *
 * errors  INVALID_CLIENT
 */
MUST_CHECK err_t open_client_prove(struct ctx *cx, struct str client_id, struct client *out);

/* What an authorization request keeps of it, and back. False: it was kept by nobody of us. */
struct str open_client_kept(struct arena *mem, const struct client *client);
bool open_client_of(struct arena *mem, struct str kept, struct client *out);

/*
 * Its user is about to connect `account` to it, in this transaction: it gets a row.
 *
 * errors  FORBIDDEN: denied by the operator, or OPEN_CONNECTIONS_MAX
 */
MUST_CHECK err_t open_client_settle(struct ctx *cx, const struct client *client, struct id account);

/* ---- the operator's list ---- */

struct open_denied {
	struct str name; /* cli_…, a host with all below it, or a scheme */
	struct instant denied_at;
};

/*
 * Refuse a client, or all that lead back to a host or a scheme; or do so no more. What is connected already is cut off,
 * and joined again, in the next request.
 *
 * name      cli_…, a client_id as the client has it, a host, a scheme
 * name_out  as it is listed
 * errors    INVALID_VALUE; NOT_FOUND: a cli_… that its owner registered, or unknown
 */
MUST_CHECK err_t open_client_deny(struct ctx *cx, struct str name, bool denied, struct str *name_out);
MUST_CHECK err_t open_client_denied(struct ctx *cx, struct open_denied **out, size_t *count_out);
