/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Properties: one table (props.c) of those that the server computes or keeps in columns, with a writer each
 * (props_live.c, props_acl.c), and what a client asked of them. A name is looked up by hash, once a request. Every
 * property that is asked comes back in a propstat: 200, 404, or 403 where the credential may not see it (RFC 4918
 * §9.1); none that is not asked.
 */
#pragma once

#include "caldav/multistatus.h"
#include "server/data/xml.h"

struct calendar_data; /* calendar_data.h */
struct dav_call;      /* dispatch.h */

/* Who asks, and what is the same for the whole request. */
struct prop_context {
	struct ctx *cx; /* memory of the page in work */
	const struct request *rq;
	const struct principal *principal;
	const struct actor *actor;        /* the asker in the tree that the request is about */
	struct str principal_href;        /* the asker's own */
	const struct calendar_data *data; /* how CALDAV:calendar-data is cut; NULL: not a property here */
	bool minimal;                     /* leave 404 out */
	int64_t storage_used;          /* octets of the account, where requested->wants_storage: prop_context_load() */
	const struct zone_text *zones; /* prop_context_zones(); none: each is written where it is told */
	size_t zone_count;
};

/* What calendar-timezone says of a zone that was set by its name: up to 20 KiB, as XML. */
struct zone_text {
	struct str tzid, xml;
};

/* The context of this request; its texts live in rq->cx.mem. */
struct prop_context prop_context_of(const struct dav_call *call);

/* What is described: a resource and its rows. */
struct subject {
	struct resource at;
	const struct calendar *calendar; /* RES_CALENDAR, RES_OBJECT */
	const struct object *object;     /* RES_OBJECT */
	struct str base; /* RES_OBJECT: its calendar's path, where a listing has it at hand; or absent */
	const struct dead_property *dead;
	size_t dead_count;
};

enum prop_flags {
	PROP_ALL = 1,      /* part of allprop: RFC 4918's own alone (RFC 4791 §5.2, RFC 6578 §4) */
	PROP_SETTABLE = 2, /* PROPPATCH may set it where it lives; elsewhere the name may be a dead property's */
	PROP_DATA = 4,     /* needs the object's data */
	PROP_PROFILE = 8,  /* of the person: asks for profile:read */
	PROP_STORAGE = 16, /* needs what the account has stored */
	PROP_EVENTS = 32   /* tells that events changed, or how many there are: asks for events:read */
};

/* Set of resource kinds, for tables. */
#define ON(kind) (1u << (kind))
#define ON_EVERY (ON(RES_OBJECT) * 2 - 1)

/* Write the value (nothing for an empty one) and return 200, or a status and nothing. */
typedef int prop_write(const struct prop_context *context, const struct subject *subject, struct buf *out);

struct prop {
	struct str ns, local;
	struct str open, close, empty; /* "<D:getetag>", "</D:getetag>", "<D:getetag/>" */
	unsigned on;                   /* ON(kind) where it may be */
	unsigned flags;
	prop_write *write;
};

/* NULL for a name that the table does not have: a dead or unknown property. */
const struct prop *prop_find(struct str ns, struct str local);
/* The table's rows in their order; NULL after the last. */
const struct prop *prop_nth(size_t n);
/* Any name as an empty element, self-contained where it is not in the table. */
struct str prop_name_element(struct arena *mem, struct str ns, struct str local);

enum requested_kind { REQUESTED_NOTHING, REQUESTED_PROPS, REQUESTED_ALL, REQUESTED_NAMES };

struct requested_prop {
	const struct prop *prop; /* NULL: not in the table */
	struct str ns, local;
	struct str empty; /* as an empty element */
};

struct requested_props {
	enum requested_kind kind;
	const struct requested_prop *items; /* REQUESTED_PROPS; REQUESTED_ALL: what include added */
	size_t count;
	bool wants_data, wants_storage;
	const struct xml_node *calendar_data; /* the element that was asked; NULL if not */
};

#define REQUESTED_MAX 500

/*
 * The prop, allprop (with include) or propname inside `parent` (a propfind or a report's root). NULL is an empty body:
 * allprop. REQUESTED_NOTHING when there is none of them.
 *
 * errors  MALFORMED  two of them, two DAV:prop, more than REQUESTED_MAX names
 */
MUST_CHECK err_t requested_read(struct ctx *cx, const struct xml_node *parent, struct requested_props *out);
/* Those directly inside this node. */
MUST_CHECK err_t requested_names(struct ctx *cx, const struct xml_node *names, struct requested_props *out);

/* What the context needs of the database to answer this; nothing, mostly. */
MUST_CHECK err_t prop_context_load(struct prop_context *context, const struct requested_props *requested);

/*
 * Before these calendars are listed: a zone that several of them have is written once, where their calendar-timezone is
 * asked. In the memory of the context, of a few zones alone.
 */
void prop_context_zones(struct prop_context *context, const struct requested_props *requested,
	const struct calendar *calendars, size_t count);

/* Might dead properties answer some of it on this kind of resource? If not, they need not be fetched. */
bool requested_wants_dead(const struct requested_props *requested, enum resource_kind kind);

/* One DAV:response for the subject. */
void props_respond(const struct prop_context *context, const struct requested_props *requested,
	const struct subject *subject, struct buf *out);
/* Its propstats alone. */
void props_write(const struct prop_context *context, const struct requested_props *requested,
	const struct subject *subject, struct buf *out);

/* `<D:href>…</D:href>` */
void href_element(struct buf *out, struct str href);
/* The same of the principal or the home (RES_PRINCIPAL, RES_HOME) of whose tree it is. */
void account_href(struct buf *out, enum resource_kind kind, const struct actor *actor);

/* What the asker may do with it (props_acl.c): bits of enum privilege. */
enum privilege {
	PRIV_READ_FREE_BUSY = 1,
	PRIV_READ = 2,
	PRIV_READ_ACL = 4,
	PRIV_READ_PRIVILEGES = 8,
	PRIV_WRITE_PROPERTIES = 16,
	PRIV_WRITE_CONTENT = 32,
	PRIV_BIND = 64,
	PRIV_UNBIND = 128
};
/* The scopes that reading properties of this kind of resource asks for, as routes.c has them for PROPFIND. */
uint64_t scopes_to_read(enum resource_kind kind);

/* The writers, by name in the table. */
#define PROP_WRITERS(X)                                                                                                \
	X(acl)                                                                                                         \
	X(acl_restrictions)                                                                                            \
	X(add_member)                                                                                                  \
	X(calendar_color)                                                                                              \
	X(calendar_data)                                                                                               \
	X(calendar_description)                                                                                        \
	X(calendar_home_set)                                                                                           \
	X(calendar_order)                                                                                              \
	X(calendar_timezone)                                                                                           \
	X(calendar_timezone_id)                                                                                        \
	X(calendar_user_address_set)                                                                                   \
	X(calendar_user_type)                                                                                          \
	X(creationdate)                                                                                                \
	X(current_user_principal)                                                                                      \
	X(current_user_privilege_set)                                                                                  \
	X(displayname)                                                                                                 \
	X(email_address_set)                                                                                           \
	X(empty)                                                                                                       \
	X(getcontentlength)                                                                                            \
	X(getcontenttype)                                                                                              \
	X(getctag)                                                                                                     \
	X(getetag)                                                                                                     \
	X(getlastmodified)                                                                                             \
	X(max_attendees)                                                                                               \
	X(max_date_time)                                                                                               \
	X(max_resource_size)                                                                                           \
	X(min_date_time)                                                                                               \
	X(owner)                                                                                                       \
	X(principal_collection_set)                                                                                    \
	X(principal_url)                                                                                               \
	X(quota_available)                                                                                             \
	X(quota_used)                                                                                                  \
	X(resource_id)                                                                                                 \
	X(resourcetype)                                                                                                \
	X(schedule_calendar_transp)                                                                                    \
	X(supported_calendar_component_set)                                                                            \
	X(supported_calendar_data)                                                                                     \
	X(supported_rscale_set)                                                                                        \
	X(supported_collation_set)                                                                                     \
	X(supported_live_property_set)                                                                                 \
	X(supported_privilege_set)                                                                                     \
	X(supported_report_set)                                                                                        \
	X(sync_token)
#define PROP_WRITER(name) prop_write prop_##name;
PROP_WRITERS(PROP_WRITER)
#undef PROP_WRITER
