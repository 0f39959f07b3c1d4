/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Webhooks: who is told of changes, and what became of it.
 *
 * Rows of the outbox become events and deliveries (outbox_reader.h); deliveries are sent, and sent again (sender.h).
 * Here are the endpoints and the log, as their owners have them.
 */
#pragma once

#include "server/auth/actor.h"
#include "server/base/ctx.h"

#define WEBHOOK_ENDPOINTS_MAX 16         /* of an account, and of each connection; as webhook_endpoint_create has it */
#define WEBHOOK_OVERLAP_S INT64_C(86400) /* how long a secret that was replaced signs too */

/* Whose endpoints, and by whom they are asked for: endpoints that were made with more rights are not there. */
struct webhook_owner {
	struct id account, connection; /* connection: zero for the account's own */
	uint64_t scopes;
	struct id_list calendars; /* items NULL: all */
	struct id hosted;         /* the hosted calendar whose one endpoint it is; zero: all that are of none */
};
/* Of a token, or of a platform that acts for a connected account, it is that connection. */
struct webhook_owner webhook_owner_of(const struct principal *who);

struct webhook_endpoint {
	struct id account, id, connection; /* connection: zero for none */
	bool connect;
	struct str url;
	struct str_list events;
	struct str description, disabled_reason; /* absent: none; their owner's own doing */
	struct bytes secret;                     /* sealed */
	struct instant disabled_at, old_until, failing_since, last_success_at, created_at, updated_at; /* or none */
};

/* The types of events: names that an endpoint may list. */
extern const char *const webhook_types[]; /* but for invitation.received, of hosted calendars alone */
extern const size_t webhook_type_count;

struct webhook_endpoint_new {
	struct str url, description; /* description absent: none */
	struct str_list events;
	struct str secret; /* absent: one is made */
	bool connect, disabled;
};
/*
 * Makes an endpoint, and a ping to it, unless it is disabled or of a hosted calendar. *secret_out: its secret, told
 * this once.
 *
 * errors  URL_NOT_ALLOWED, INVALID_VALUE (events, secret), FORBIDDEN (connect of a connection; too many), CONFLICT (the
 *         calendar has one)
 */
MUST_CHECK err_t webhook_endpoint_create(struct ctx *cx, const struct webhook_owner *owner,
	const struct webhook_endpoint_new *in, struct webhook_endpoint *out, struct str *secret_out);
MUST_CHECK err_t webhook_endpoint_get(
	struct ctx *cx, const struct webhook_owner *owner, struct id id, struct webhook_endpoint *out);
/* The one of owner->hosted. NOT_FOUND. */
MUST_CHECK err_t webhook_endpoint_hosted(
	struct ctx *cx, const struct webhook_owner *owner, struct webhook_endpoint *out);
/* Is this its secret? */
MUST_CHECK err_t webhook_endpoint_has_secret(
	struct ctx *cx, const struct webhook_endpoint *present, struct str secret, bool *out);
/* As key_page() (server/account/key.h). */
MUST_CHECK err_t webhook_endpoint_page(struct ctx *cx, const struct webhook_owner *owner, struct id bound, bool back,
	size_t limit, struct webhook_endpoint **out, size_t *count_out);

struct webhook_endpoint_change {
	struct str url;         /* absent: stays */
	struct str_list events; /* items NULL: stays */
	struct str description; /* where set_description; absent: none */
	bool set_description, enable, disable;
};
/* Of one that was got. Errors as creating one. */
MUST_CHECK err_t webhook_endpoint_change(struct ctx *cx, const struct webhook_owner *owner,
	const struct webhook_endpoint *present, const struct webhook_endpoint_change *change,
	struct webhook_endpoint *out);
/* Another secret (absent: one is made); what is sent in the next WEBHOOK_OVERLAP_S has signatures of both. */
MUST_CHECK err_t webhook_endpoint_rotate(struct ctx *cx, const struct webhook_owner *owner,
	const struct webhook_endpoint *present, struct str secret, struct webhook_endpoint *out,
	struct str *secret_out);
MUST_CHECK err_t webhook_endpoint_delete(struct ctx *cx, const struct webhook_endpoint *present);

/* The secret that a sealed one is; INTERNAL when it was sealed with another key. */
MUST_CHECK err_t webhook_secret_open(struct ctx *cx, struct id endpoint, struct bytes sealed, struct str *out);

/* ---- the log ---- */

enum webhook_state { WEBHOOK_PENDING = 1, WEBHOOK_DELIVERED, WEBHOOK_FAILED, WEBHOOK_DROPPED };

struct webhook_delivery {
	struct id id, endpoint, event;
	struct str type;                 /* "": its event is gone already */
	struct str url;                  /* absent: the endpoint's */
	int16_t state, attempts, status; /* status: of the last answer, 0 for none */
	struct str fault;                /* of the last try without one; absent for none */
	struct instant next_attempt_at, created_at, finished_at;
};

struct webhook_attempt {
	int16_t number, status;
	int32_t duration_ms;
	struct str fault;
	struct instant at;
	struct bytes body; /* how the answer began */
	struct str sent;   /* the headers that went with it, a line each; absent: of before they were kept */
};

MUST_CHECK err_t webhook_delivery_get(
	struct ctx *cx, const struct webhook_endpoint *endpoint, struct id id, struct webhook_delivery *out);
MUST_CHECK err_t webhook_delivery_page(struct ctx *cx, const struct webhook_endpoint *endpoint, struct id bound,
	bool back, size_t limit, struct webhook_delivery **out, size_t *count_out);
/* A stranger's octets as text: what is no printable ASCII may be anything, and is ? unless all of it is UTF-8. */
struct str webhook_answer_text(struct arena *mem, struct bytes octets);
/* The headers that went with a try, "Name: value" each. */
struct str_list webhook_sent_lines(struct arena *mem, const struct webhook_attempt *attempt);
MUST_CHECK err_t webhook_attempts(struct ctx *cx, const struct webhook_endpoint *endpoint, struct id delivery,
	struct webhook_attempt **out, size_t *count_out);
/* The event of a delivery once more, under its id; url absent: the endpoint's. URL_NOT_ALLOWED; CONFLICT: it is gone.
 */
MUST_CHECK err_t webhook_replay(struct ctx *cx, const struct webhook_endpoint *endpoint,
	const struct webhook_delivery *delivery, struct str url, struct webhook_delivery *out);
/* The first event that an endpoint is told of: "ping", about itself. */
MUST_CHECK err_t webhook_ping(struct ctx *cx, const struct webhook_endpoint *endpoint, struct webhook_delivery *out);
/* An event of that type about nothing real. RATE_LIMITED beyond 30 an hour. */
MUST_CHECK err_t webhook_test(
	struct ctx *cx, const struct webhook_endpoint *endpoint, struct str type, struct webhook_delivery *out);

struct webhook_event {
	struct id id, connection, request; /* zero for none */
	struct str type;
	int64_t sequence;
	struct instant created_at;
	struct bytes body; /* as it is sent */
};
MUST_CHECK err_t webhook_event_get(
	struct ctx *cx, const struct webhook_owner *owner, struct id id, struct webhook_event *out);
MUST_CHECK err_t webhook_event_page(struct ctx *cx, const struct webhook_owner *owner, struct id bound, bool back,
	size_t limit, struct webhook_event **out, size_t *count_out);
