/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table of methods (methods.def), and one walk for all of them (dispatch.c):
 *
 *     href        the path is a resource of the asker's
 *     body        XML where the method has it, and the root that it must have
 *     read        the method's own headers and elements; which scopes it needs beside its route's
 *     rights      what the route and `read` need, of what the asker may there (struct actor): before conditions, which
 *                 tell of what exists (RFC 4918 §8.5)
 *     conditions  If, If-Match, If-None-Match, If-Unmodified-Since, If-Modified-Since; with locks, where they need them
 *     run         what it does, and the answer
 *     commit      of the transaction that the conditions began
 *
 * So `read` and `run` begin with a resolved struct dav_call, and a new method is a row, its file in methods/, and its
 * routes.
 */
#pragma once

#include "caldav/headers.h"
#include "caldav/href.h"
#include "server/data/xml.h"
#include "server/http/router.h"

struct dav_method;

struct dav_call {
	struct request *rq;
	struct response *rs;
	const struct dav_method *method;
	struct resource at;          /* what the path names; nothing says that it exists */
	const struct xml_node *root; /* of the body; NULL for none */
	struct resource to;          /* Destination, set by `read` of MOVE and COPY */
	uint64_t scopes;             /* set by `read`: these are needed too */
	const char *privilege;       /* set by `read`: which one whoever lacks these is told; NULL: the method's */
	struct conditions when;      /* for who checks them itself: see enum dav_checks */
	void *plan;                  /* what `read` made of the request for `run`: the method's own type */
};

typedef err_t dav_step(struct dav_call *call);

/* What is looked up together with the credential (prefetch.c). */
enum dav_ahead {
	AHEAD_NOTHING,
	AHEAD_CALENDAR,     /* the calendar that it is about; of an object nothing */
	AHEAD_ITSELF,       /* the calendar or the object */
	AHEAD_WITH_CALENDAR /* the same, and the object's calendar */
};

/* What is held while a conditional request is checked and done; a request without conditions locks where it writes. */
enum dav_locks {
	LOCKS_NOTHING,
	LOCKS_CALENDARS, /* those that it is about: its own, its Destination's, those that its conditions name */
	LOCKS_ACCOUNT    /* the same; about a calendar, the account before them: it makes, renames or copies one */
};

/* Who checks entity tags and dates (RFC 9110 §13.1). The If header is always checked by conditions.c. */
enum dav_checks {
	CHECKED_NEVER,    /* RFC 9110 §13.2.1: it neither selects nor changes a representation */
	CHECKED_FIRST,    /* conditions.c, before run */
	CHECKED_BY_STORE, /* the tags of an object in the statement that writes it, by run; all else as CHECKED_FIRST */
	CHECKED_BY_HANDLER /* run, which reads the representation anyway: see call->when */
};

/* What must stand at its URL: where it does not, conditions say nothing (RFC 9110 §13.2.1). */
enum dav_target { TARGET_THERE, TARGET_NEW, TARGET_EITHER };

/* Names of privileges with their prefix ("D:read"), NULL for none. */
struct dav_needs {
	const char *itself, *parent, *to;
};

/* A row of methods.def, which says what the fields are. */
struct dav_method {
	enum method method;
	dav_step *read, *run;
	enum body_kind body;
	bool body_needed;
	const char *ns, *root;
	bool writes;
	enum dav_ahead ahead;
	enum dav_locks locks;
	enum dav_checks checked;
	enum dav_target target;
	struct dav_needs needs;
};

/* NULL for a method that CalDAV does not have here. HEAD is GET. */
const struct dav_method *dav_method_of(enum method method);

/* The handler of every route under /dav/, but of what is never possible: */
handler dav_dispatch;
handler dav_forbidden; /* 403 */

/*
 * module.unrouted of /dav/: where no resource can be. NOT_FOUND; METHOD_NOT_ALLOWED where the path is known; for who
 * would make one DAV_PARENT_MISSING (409), or DAV_IMPOSSIBLE where its parent takes none.
 */
MUST_CHECK err_t dav_unrouted(struct request *rq, bool path_known);

/* prefetch.c: module.prefetch of /dav/. */
void dav_prefetch(struct request *rq, const struct credential *sent);

/*
 * conditions.c: all that makes the request conditional; reads call->when first. May begin a transaction (db_begin) that
 * holds what was checked until the write: the caller commits it.
 *
 * errors  MALFORMED; PRECONDITION when a condition is false
 */
MUST_CHECK err_t conditions_check(struct dav_call *call);

/* error.c: DAV's own clothes for an error: status, DAV:error with exactly its condition, the text as a comment. */
void dav_show_error(struct request *rq, struct response *rs, err_t e);
/* need_privileges.c: the content of DAV:need-privileges, each resource with what lacks there (RFC 3744 §7.1.1). */
void need_privileges_write(const struct request *rq, err_t e, struct buf *out);

/*
 * The store names the object that has the UID already; a client is told its href (RFC 4791 §5.3.2.1). Hands any other
 * error on as it is. `near`: something in the same calendar.
 */
MUST_CHECK err_t uid_conflict_href(struct request *rq, struct resource near, err_t e);
