/* SPDX-License-Identifier: Apache-2.0 */
/* What the tables of routes are made of, and the server that has them. The router (router.h) walks them. */
#pragma once

#include "server/auth/audience.h"
#include "server/http/limit.h"
#include "server/http/request.h"
#include "server/http/response.h"

typedef err_t handler(struct request *rq, struct response *rs);

enum body_kind {
	BODY_IGNORED, /* none is asked for: one that comes is left alone (request_leave_body) */
	BODY_REFUSED, /* none may come: 415 */
	BODY_FORM,    /* application/x-www-form-urlencoded: rq->form; 415 for another type */
	BODY_FILES,   /* multipart/form-data: rq->form with files. A form without a file may come as BODY_FORM does */
	BODY_JSON,    /* application/json; the handler parses rq->body with a field table */
	BODY_XML,     /* application/xml, text/xml, text/calendar or none: rq->body */
	BODY_ICAL,    /* rq->body; the handler checks the type */
	BODY_ANY
};

#define KIB(n) ((size_t)(n)*1024)
#define MIB(n) ((size_t)(n)*1024 * 1024)

enum route_flags {
	CORS_ANY = 1,       /* any page may read it (metadata, feeds) */
	CORS_KEYS = 2,      /* pages that a key or an app is for (cors.h) */
	SENSITIVE_BODY = 4, /* nothing of the query or body is ever logged */
	HEAVY = 8,          /* its work grows with what the account has: app->heavy counts it */
	HEAVY_DEEP = 16,    /* the same, unless Depth is 0: that asks for one resource alone */
	FOR_PEOPLE = 32,    /* a browser is led here: what goes wrong is told on a page (app->show_page) */
	RATE_API_KEYS = 64, /* also counted by the app's rate of that name, for each caller */
	RATE_FREEBUSY = 128,
	PROVEN_LATELY = 512, /* of a SESSION: opens something that outlives the session, so who is signed in proved it
				within PROVEN_S */
	KNOWN_PAGES = 1024,  /* a page that may not read the answer may not call either */
	LED_BY_APP = 2048,   /* an app leads here, and may say in which language (web/say.c) */
	LISTS_EVENTS = 256   /* with Depth: 1 it needs events:read beside the row's scopes */
};

struct route {
	enum method method;
	const char *path; /* "/v1/events/:event"; a trailing "/" matters; ":name" one segment; "*rest" one or more. The
			     first row that fits counts. */
	unsigned who;     /* enum who, a set */
	uint64_t scopes;  /* all of these; OWNER, BY_REPORT: see scope.h */
	enum body_kind body;
	size_t body_max; /* octets; 413 beyond them. Of BODY_IGNORED it means nothing */
	handler *run;
	const char *source; /* the RFC section or page that asks for it, for docs */
	unsigned flags;
};

struct actor;
struct contract;
struct telling;
struct error_form;
struct json;

struct module {
	const char *name;
	const char *prefix; /* first: a request under it belongs to this module ("/dav/"); "" as the last resort */
	int16_t audience;   /* enum audience_bit: the resource that access tokens open here; 0: none */
	const struct route *routes;
	size_t route_count;
	/* What each of `routes` promises (contract.h), in their order; NULL for modules that promise nothing. */
	const struct contract *const *contracts;
	/* What `show_error` writes, for the reference; NULL: api_errors (refusal.h). */
	const struct error_form *error;
	bool secret_paths; /* what stands after the prefix is a secret: it is never logged */
	bool versions;     /* of the API (version.h): a request may choose one */
	bool auth_first;   /* authentication comes before routing: 401 also for paths that do not exist */
	unsigned basic;    /* enum who allowed as a Basic password here; 0: Basic is refused */
	/* app->limiter counts each credential (strangers by address); X-RateLimit-* and RateLimit on each answer.
	 * Elsewhere it counts those alone that have a rate of their own. */
	bool rate_limited;
	/* What pages of other origins may send and read where a route has a CORS flag; NULL: as REST has it (cors.c).
	 */
	const char *pages_send, *pages_read;
	/* May tell, by db_prefetch, what the request will read if its credential, not proven yet, is good; NULL for
	 * none. */
	void (*prefetch)(struct request *rq, const struct credential *sent);
	/* What it tells others of by itself (contract.h); NULL: nothing. */
	const struct telling *tells;
	/* What is said where no row fits (OPTIONS is answered by the router); NULL: 404 without a path, else 405. */
	err_t (*unrouted)(struct request *rq, bool path_known);
	/* Writes the whole answer for e, which carries its own status. NULL: the API's error object. */
	void (*show_error)(struct request *rq, struct response *rs, err_t e);
	/* What a program is told whose request was refused by its head alone, before it was one (head_check.h): an
	 * object. NULL: the API's error object. */
	void (*show_refusal)(struct json *j, int status, struct str message, struct str request_id);
	/* May add header lines to each answer of the module (DAV:); NULL for none. */
	void (*every_answer)(struct request *rq, struct response *rs);
};

/* Everything a server is made of: built at start and then read-only. */
struct app {
	const struct module *const *modules;
	size_t module_count;
	const struct authenticator *authenticators;
	size_t authenticator_count;
	const struct config *config;
	const struct keyring *keys;
	struct db_pool *db;
	struct limiter *limiter; /* requests of each credential; NULL for no limit */
	struct limiter *writes;  /* of each account; NULL for no limit */
	struct rate api_keys_rate, freebusy_rate;
	struct rate account_rate;            /* of all keys of one account; count 0: no limit */
	struct rate client_rate;             /* of one app at one endpoint of OAuth; count 0: no limit */
	struct limiter *visits;              /* of each network, of what anybody may open; NULL for no limit */
	struct concurrency *callers, *heavy; /* requests of each account, and heavy ones; NULL for no limit */
	struct last_used *last_used;
	struct trust *trust;                /* authorities whose certificates prove apps (--mtls-ca); NULL: none */
	struct usage *usage;                /* what calls and deliveries are counted in; NULL: nowhere */
	struct request_log *request_log;    /* what developers look at (server/account/request_log.h); NULL: nowhere */
	struct limiter *told, *told_errors; /* how many of one account it has: request_log.h */
	/* Is a live key or app for pages of this origin? NULL: none is. */
	err_t (*origin_known)(struct ctx *cx, struct str origin, bool *out);
	/* Called after a credential was accepted, with the principal: collects last-used in memory. */
	void (*seen)(const struct app *app, const struct request *rq, const struct principal *p);
	/* Called when an answer is out, with its status (599: it broke off) and how long it took. NULL: nobody. */
	void (*answered)(const struct request *rq, int status, uint64_t took_us);
	/* Called when rq->principal proved who it is, and may not be used like this: tells its owner. NULL: nobody. */
	void (*refused)(struct request *rq, const char *reason);
	/* Any failure as a page, for routes that are FOR_PEOPLE in a module that answers programs; NULL: a plain one.
	 */
	void (*show_page)(struct request *rq, struct response *rs, err_t e);
	/* A page that sends these fields on to another site: by itself, or by its button. */
	err_t (*show_form_post)(
		struct request *rq, struct response *rs, struct str action, struct str host, const struct form *fields);
	/* GET of a collection that is no calendar: a page that says what its address is for, and where the actor's
	 * calendars are (NULL: which those are is not told). NULL: there are no pages. */
	err_t (*show_collection)(struct request *rq, struct response *rs, const struct actor *actor);
	struct streams *streams;     /* of changes, that are open (server/stream/) */
	struct voice_sockets *voice; /* that are open (server/voice/) */
	struct mail_sender *mail;    /* who sends mail (server/mail/); NULL: nobody, as in commands */
	struct str openapi;          /* the API's document (openapi.h), made once */
	struct metadata *metadata;   /* what clients discover (oauth/metadata.h) */
	struct job_bell *written;    /* rung when a request may have written what jobs look for; NULL: never */
	struct job_bell *webhooks;   /* as that, where somebody may be told of it (server/webhook/) */
	struct listening *listening; /* by what that is known (server/webhook/listening.h) */
	void *state;                 /* modules.c's own: who sends webhooks */
};
