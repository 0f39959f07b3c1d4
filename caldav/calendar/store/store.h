/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calendars and their objects in the database. What a client PUT is what GET returns, to the octet. One row-locked
 * counter per calendar (modseq) is ctag, sync token and commit order at once.
 *
 * Every operation takes an actor (server/auth/actor.h): whose calendars, and which of them; what is outside is
 * NOT_FOUND here. What the actor may there, its rights, is checked by the callers. Calendars are named by owner and URL
 * name, so that one object operation is one round trip.
 */
#pragma once

#include "caldav/calendar/index/facts.h"
#include "server/auth/actor.h"
#include "server/db/query.h"

#define CALENDARS_MAX 250
#define CALENDAR_BYTES_MAX (INT64_C(1) << 30)
#define TOMBSTONES_MAX 1000 /* that a calendar keeps, besides one for each object: older sync tokens end */
#define NAME_MAX_OCTETS 255
#define ETAG_OCTETS 16
#define DEAD_PROPERTY_MAX ((size_t)16 * 1024) /* octets of one */
#define DEAD_PROPERTIES_MAX 100               /* of one resource */
#define DEAD_PROPERTIES_OF_ALL_MAX 5000       /* of all of an account: dead_property_fits() in SQL */

struct calendar {
	struct id id, account;
	struct str name, displayname, description, description_lang, color, timezone,
		tzid; /* absent where not set, but name */
	int32_t ord;
	int16_t components; /* enum component, a set */
	bool transp;        /* transparent for free/busy */
	bool selected;
	bool writable;                         /* REST's switch: false refuses object writes by anyone */
	struct str organizer_name;             /* of the organizer, in events that /api/v1 makes; absent: none */
	bool is_public;                        /* publishable keys may read when it is busy */
	int64_t prop_version;                  /* grows with each change of its properties */
	int64_t modseq, min_modseq;            /* sync tokens before min_modseq are not served any more */
	int32_t objects;                       /* live ones */
	int64_t size;                          /* octets of them all */
	struct instant created_at, updated_at; /* updated_at: itself, not what is in it */
};

/* All of an account's calendars, by ord and then name. */
MUST_CHECK err_t calendar_list(struct ctx *cx, const struct actor *actor, struct calendar **out, size_t *count_out);
/* Which there are to choose from, in no order. */
struct calendar_choice {
	struct id id;
	bool selected;
};
MUST_CHECK err_t calendar_choices(
	struct ctx *cx, const struct actor *actor, struct calendar_choice **out, size_t *count_out);
/* The same for calendar_choices as object_prefetch is for object_get. */
void calendar_choices_prefetch(struct ctx *cx, struct id account, struct bytes key);
struct calendar_page {
	int64_t ord; /* the place in that order, which need not be that of a calendar */
	struct str name;
	bool back; /* those before it, the nearest first; else those after it */
	size_t limit;
	bool has_selected, selected, has_writable, writable; /* those alone */
};
/* Some of them. */
MUST_CHECK err_t calendar_page(struct ctx *cx, const struct actor *actor, const struct calendar_page *page,
	struct calendar **out, size_t *count_out);
/*
 * The calendars that these ids (cal_…) name, each of them one of the actor's. Absent names are all: items NULL.
 * errors  INVALID_VALUE  `param`, with the one that is not there
 */
MUST_CHECK err_t calendars_by_names(
	struct ctx *cx, const struct actor *actor, struct str_list names, const char *param, struct id_list *out);
MUST_CHECK err_t calendar_by_name(struct ctx *cx, const struct actor *actor, struct str name, struct calendar *out);
/* The same for calendar_by_name as object_prefetch is for object_get. */
void calendar_prefetch(struct ctx *cx, struct id account, struct str name, struct bytes key);
MUST_CHECK err_t calendar_by_id(struct ctx *cx, const struct actor *actor, struct id id, struct calendar *out);

struct dead_property {
	struct id resource;        /* set by dead_property_list */
	struct str ns, local, xml; /* xml: the whole element, self-contained, as it is to be sent */
};

/* What a PROPPATCH, MKCALENDAR or REST PATCH changes. A set flag without a text removes. */
struct calendar_change {
	struct str displayname, description, description_lang, color, timezone, tzid, organizer_name;
	bool set_displayname, set_description, set_color, set_timezone, set_tzid, set_ord, set_transp, set_selected,
		set_writable, set_is_public, set_organizer_name;
	int32_t ord;
	bool transp, selected, writable, is_public;
	const struct dead_property *dead;
	size_t dead_count;    /* xml absent: remove */
	int64_t only_version; /* of an update: PRECONDITION unless prop_version is this; 0 for any */
};

/* CONFLICT (something has that name), DAV_QUOTA (CALENDARS_MAX, dead properties), FORBIDDEN (the actor is limited to
 * single calendars). All or nothing. */
MUST_CHECK err_t calendar_create(struct ctx *cx, const struct actor *actor, struct str name, int16_t components,
	const struct calendar_change *with, struct id *id_out);
/* NOT_FOUND, DAV_QUOTA, PRECONDITION. Bumps prop_version, never modseq. All or nothing. */
MUST_CHECK err_t calendar_update(
	struct ctx *cx, const struct actor *actor, struct str name, const struct calendar_change *change);
/* What is limited to some calendars of which this is one: so many, and so many of them that have no other. */
struct calendar_reliance {
	int64_t keys, keys_alone;
	int64_t apps, apps_alone; /* connected ones */
	int64_t pages; /* booking pages that have no time free where it has events, and put theirs elsewhere */
};
MUST_CHECK err_t calendar_relied_on(
	struct ctx *cx, const struct actor *actor, struct id calendar, struct calendar_reliance *out);
/* With all that is in it. NOT_FOUND. */
MUST_CHECK err_t calendar_delete(struct ctx *cx, const struct actor *actor, struct str name);
/*
 * Another URL for the same calendar: id, objects, sync tokens and properties stay. What stands at `to` goes when
 * overwrite is true; else PRECONDITION. NOT_FOUND; FORBIDDEN as calendar_create. created_out: nothing stood there.
 */
MUST_CHECK err_t calendar_move(
	struct ctx *cx, const struct actor *actor, struct str from, struct str to, bool overwrite, bool *created_out);
/* A new calendar with the properties of `from`, and with its objects when `deep` (new ids). Errors as calendar_move,
 * DAV_QUOTA. */
MUST_CHECK err_t calendar_copy(struct ctx *cx, const struct actor *actor, struct str from, struct str to, bool deep,
	bool overwrite, bool *created_out, int64_t *objects_out);

/* Octets that one account may store, in each of its worlds; 0: no limit (--account-storage-mib). */
int64_t account_storage_max(const struct ctx *cx);
/* Octets that count against it: all objects of all calendars, whatever the credential sees. */
MUST_CHECK err_t account_usage(struct ctx *cx, const struct actor *actor, int64_t *octets_out);

/*
 * Dead properties hang on an id: a calendar's, an object's, the account's for its principal, and dead_property_home()
 * of the account for its calendar home.
 */
struct id dead_property_home(struct id account);
/* Of all these resources in one round trip, in order of resource, namespace, name. */
MUST_CHECK err_t dead_property_list(struct ctx *cx, const struct actor *actor, struct id_list resources,
	struct dead_property **out, size_t *count_out);
/* Of one calendar (name absent) or object by its names: none where there is no such, which who asks for it will tell.
 */
struct object_path {
	struct str calendar_name, name;
};
MUST_CHECK err_t dead_property_named(struct ctx *cx, const struct actor *actor, struct object_path path,
	struct dead_property **out, size_t *count_out);
/* It will be asked with these values; see db_prefetch. The caller has been authenticated. */
void dead_property_prefetch(struct ctx *cx, const struct actor *actor, struct object_path path);
/*
 * All or nothing; xml absent removes. `calendar` is the object's whose property it is (zero: of a principal or home).
 * DAV_QUOTA past DEAD_PROPERTIES_MAX or DEAD_PROPERTIES_OF_ALL_MAX; NOT_FOUND when the object went meanwhile.
 */
MUST_CHECK err_t dead_property_change(struct ctx *cx, const struct actor *actor, struct id calendar, struct id resource,
	const struct dead_property *change, size_t count);

/* ---- objects ---- */

struct object {
	struct id id, calendar;
	struct str calendar_name;   /* set by object_by_id and by writes alone */
	struct str name, uid, data; /* uid and data absent in a tombstone and where a listing leaves them out */
	struct bytes etag;          /* ETAG_OCTETS: the first half of SHA-256 of data */
	int64_t modseq;
	int16_t component, flags; /* enum component (ical.h); enum ical_flag (facts.h) */
	int32_t size;             /* octets of data */
	bool deleted;
	int32_t lane; /* set by object_in_range alone */
	struct instant first_at, last_at, occ_until, created_at, updated_at;
	struct bytes occ;
};

/* What is stored beside its bytes, as the functions of index/ take it. */
struct ical_facts object_facts(const struct object *o);

/* Data that is in memory at once: the end of the run of rows from `from` on that has so much, one row at least. */
#define BATCH_OCTETS ((size_t)4 * 1024 * 1024)
size_t object_batch(const struct object *rows, size_t from, size_t count);

/* "\"32 hex\"", with the quotes. */
struct str etag_text(struct arena *mem, struct bytes etag);
/* W/"…" of the calendar as one stream: another one with each change of its objects or properties. */
struct str calendar_etag(struct arena *mem, const struct calendar *c);
struct str calendar_tag(struct arena *mem, struct id calendar, int64_t modseq, int64_t prop_version); /* the same */

/*
 * Conditions of a write (RFC 9110 §13.1). A list whose items are NULL: no such header. Tags that are not ours are left
 * out by who parses the header: an If-Match list that is left empty (non-NULL items) never matches.
 */
struct preconditions {
	bool match_any;               /* If-Match: * */
	struct bytes_list match;      /* If-Match, strong comparison */
	bool none_match_any;          /* If-None-Match: * */
	struct bytes_list none_match; /* If-None-Match, weak comparison */
};

enum put_outcome { PUT_CREATED, PUT_CHANGED, PUT_SAME };

MUST_CHECK err_t object_get(struct ctx *cx, const struct actor *actor, struct str calendar_name, struct str name,
	struct object *out); /* with data; NOT_FOUND */
/* Those with a UID that is longer and contains it (case of ASCII letters aside), without data. Of the calendar's longer
 * UIDs the LONGER_UIDS_MAX shortest are looked at. */
#define LONGER_UIDS_MAX 1000
MUST_CHECK err_t object_longer_uids(struct ctx *cx, const struct actor *actor, struct id calendar, struct str uid,
	int16_t components, struct object **out, size_t *count_out);
/* object_get will be asked with these values, by an actor who sees all calendars; see db_prefetch. `key`: the hash of
 * the key that is sent. */
void object_prefetch(struct ctx *cx, struct id account, struct str calendar_name, struct str name, struct bytes key);
/* The same for who has been authenticated. */
void object_prefetch_known(struct ctx *cx, const struct actor *actor, struct str calendar_name, struct str name);
/* With data and calendar_name; NOT_FOUND. */
MUST_CHECK err_t object_by_id(struct ctx *cx, const struct actor *actor, struct id id, struct object *out);
/* What is told of an object: OBJECT_SHOWN_COLUMNS alone. NOT_FOUND. */
#define OBJECT_SHOWN_COLUMNS id, calendar, etag, modseq, component, size, created_at, updated_at, data
MUST_CHECK err_t object_shown(struct ctx *cx, const struct actor *actor, struct id id, struct object *out);
/* As object_prefetch, for object_shown. */
void object_shown_prefetch(struct ctx *cx, struct id account, struct id id, struct bytes key);

/* ---- what a request may be conditional on (RFC 4918 §10.4) ---- */

/* The state of a calendar, and of an object in it. */
struct resource_state {
	int64_t nth; /* which was asked, from 0 */
	struct id calendar;
	int64_t modseq, prop_version;
	struct bytes etag; /* absent: a calendar was asked, or there is no such object */
	struct instant updated_at;
};
/* Of those that are there, in one snapshot and any order. An empty name asks for the calendar alone. */
MUST_CHECK err_t resource_states(struct ctx *cx, const struct actor *actor, const struct object_path *paths,
	size_t count, struct resource_state **out, size_t *count_out);
/*
 * Inside a transaction (db_begin): until its end no other moves or deletes these calendars, or changes what is in them.
 * `account_too` for what will make, move or copy a calendar, which locks the account before its calendars. out: those
 * that are there; items are never NULL.
 */
MUST_CHECK err_t calendar_lock(
	struct ctx *cx, const struct actor *actor, struct str_list names, bool account_too, struct id_list *out);

/*
 * A listing has data only where asked for. OBJECT_PLAIN is what a DAV listing tells of an object: id, name, etag,
 * component, size and its two dates, and of a change modseq and deleted too.
 */
enum object_fields { OBJECT_PLAIN, OBJECT_WITH_DATA };

struct object_page_query {
	struct id calendar;
	struct str after;   /* this name; absent: from the start */
	int16_t components; /* 0: all */
	enum object_fields fields;
	int32_t limit;
};
/* Live objects in the order of their names. */
MUST_CHECK err_t object_page(struct ctx *cx, const struct actor *actor, const struct object_page_query *q,
	struct object **out, size_t *count_out);
struct range_position {
	int32_t lane;
	struct instant first_at;
	struct id id;
};
struct range_position range_position(const struct object *o);
struct range_query {
	struct id_list calendars;
	struct instant start, end; /* INSTANT_BEFORE to INSTANT_FOREVER: all of the components */
	int16_t components;        /* 0: all */
	struct range_position after;
	int32_t limit;
};
/*
 * Those whose bounds touch [start, end) in any of these calendars: candidates; with occ, not data. What is read grows
 * with what may touch the range, not with the calendars. In an order of its own: `after` is the position of the last
 * row so far, all zero from the start.
 */
MUST_CHECK err_t object_in_range(
	struct ctx *cx, const struct actor *actor, const struct range_query *q, struct object **out, size_t *count_out);
/*
 * The same for VEVENTs in calendars of several owners: of calendars[i] owners[i]. range_calendar() is the i of an
 * object that was found.
 */
MUST_CHECK err_t object_busy_in_range(
	struct ctx *cx, struct id_list owners, const struct range_query *q, struct object **out, size_t *count_out);
size_t range_calendar(const struct object *o);
/* The data of these; those that went meanwhile are missing. */
MUST_CHECK err_t object_by_ids(
	struct ctx *cx, const struct actor *actor, struct id_list ids, struct object **out, size_t *count_out);
/* The same, without those of more than so many octets: many at once stay bounded. */
MUST_CHECK err_t object_small_by_ids(struct ctx *cx, const struct actor *actor, struct id_list ids, int32_t most,
	struct object **out, size_t *count_out);
/* The one with this id; NULL: it is not among them. */
const struct object *object_of_id(const struct object *objects, size_t count, struct id id);
MUST_CHECK err_t object_by_names(struct ctx *cx, const struct actor *actor, struct id calendar, struct str_list names,
	enum object_fields fields, struct object **out, size_t *count_out); /* any order; missing ones are missing */
MUST_CHECK err_t object_by_uid(struct ctx *cx, const struct actor *actor, struct id calendar, struct str uid,
	struct object *out); /* with data; NOT_FOUND */
/* Those with these UIDs in any calendar, with data: of one UID as many as there are calendars that have it. */
MUST_CHECK err_t object_by_uids(
	struct ctx *cx, const struct actor *actor, struct str_list uids, struct object **out, size_t *count_out);

/* ---- sync (RFC 6578) ---- */

struct sync_token {
	struct id calendar; /* incarnation: a calendar made anew at the same URL has another */
	int64_t modseq;
	int64_t base; /* of a truncated initial sync: tombstones up to it are left out; else 0 */
};
struct str sync_token_text(struct arena *mem, struct str public_url, struct sync_token t); /* a URI */
bool sync_token_parse(struct str text, struct sync_token *out);
/* The token that goes with an answer of object_changes; last_modseq is the last change's, used when there are more. */
struct sync_token sync_token_next(struct sync_token since, int64_t state, int64_t last_modseq, bool more);

struct changes_query {
	struct id calendar;
	struct sync_token since; /* modseq 0: all live objects */
	int32_t limit;
};
struct changes {
	struct object *rows;
	size_t count;
	int64_t state; /* the calendar's modseq in the same snapshot */
	bool more;     /* cut */
};
/*
 * As OBJECT_PLAIN, in modseq order; tombstones have `deleted`. DAV_SYNC_TOKEN when `since` cannot be served; NOT_FOUND
 * when the calendar went.
 */
MUST_CHECK err_t object_changes(
	struct ctx *cx, const struct actor *actor, const struct changes_query *q, struct changes *out);

/*
 * The same for who knows objects by their ids: also ids that went without a tombstone, as another object took their
 * name, as they moved to another calendar, or as they became a task. In the order of the counter, `limit` rows or a few
 * more (never a part of one change), or fewer where they are large. Rows have id, calendar, modseq, component, size,
 * deleted.
 */
MUST_CHECK err_t object_changes_by_id(
	struct ctx *cx, const struct actor *actor, const struct changes_query *q, struct changes *out);
