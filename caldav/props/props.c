/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/props/props.h"

#include "caldav/dispatch.h"

#include <assert.h>

#define ON_TREE (ON(RES_HOME) | ON(RES_CALENDAR) | ON(RES_OBJECT))

#define NAMED(prefix, ns, name)                                                                                        \
	STR_INIT(ns), STR_INIT(name), STR_INIT("<" prefix ":" name ">"), STR_INIT("</" prefix ":" name ">"),           \
		STR_INIT("<" prefix ":" name "/>")
#define D(name) NAMED("D", NS_DAV, name)
#define C(name) NAMED("C", NS_CALDAV, name)
#define S(name) NAMED("S", NS_CS, name)
#define A(name) NAMED("A", NS_ICAL, name)

/* clang-format off */
static const struct prop props[] = {
	/* name                                   where                               flags                     writer                    source */
	{ D("creationdate"),                      ON(RES_CALENDAR) | ON(RES_OBJECT),  PROP_ALL,                 prop_creationdate },      /* RFC 4918 §15.1 */
	{ D("displayname"),                       ON(RES_PRINCIPAL) | ON(RES_CALENDAR), PROP_ALL | PROP_SETTABLE, prop_displayname },     /* §15.2 */
	{ D("getcontentlength"),                  ON_TREE,                            PROP_ALL,                 prop_getcontentlength },  /* §15.4 */
	{ D("getcontenttype"),                    ON(RES_CALENDAR) | ON(RES_OBJECT),  PROP_ALL,                 prop_getcontenttype },    /* §15.5 */
	{ D("getetag"),                           ON(RES_CALENDAR) | ON(RES_OBJECT),  PROP_ALL,                 prop_getetag },           /* §15.6 */
	{ D("getlastmodified"),                   ON(RES_OBJECT),                     PROP_ALL,                 prop_getlastmodified },   /* §15.7 */
	{ D("lockdiscovery"),                     ON_EVERY,                           PROP_ALL,                 prop_empty },             /* §15.8: no locks */
	{ D("resourcetype"),                      ON_EVERY,                           PROP_ALL,                 prop_resourcetype },      /* §15.9 */
	{ D("supportedlock"),                     ON_EVERY,                           PROP_ALL,                 prop_empty },             /* §15.10 */
	{ D("quota-available-bytes"),             ON(RES_HOME) | ON(RES_CALENDAR),    PROP_STORAGE | PROP_EVENTS, prop_quota_available },   /* RFC 4331 §3 */
	{ D("quota-used-bytes"),                  ON(RES_HOME) | ON(RES_CALENDAR),    PROP_STORAGE | PROP_EVENTS, prop_quota_used },        /* RFC 4331 §4 */
	{ D("add-member"),                        ON(RES_CALENDAR),                   0,                        prop_add_member },        /* RFC 5995 §3.2.1 */
	{ D("supported-live-property-set"),       ON_EVERY,                           0,                        prop_supported_live_property_set }, /* RFC 3253 §3.1.4 */
	{ D("supported-report-set"),              ON_EVERY,                           0,                        prop_supported_report_set }, /* RFC 3253 §3.1.5 */
	{ D("sync-token"),                        ON(RES_CALENDAR),                   PROP_EVENTS,              prop_sync_token },        /* RFC 6578 §4 */
	{ D("resource-id"),                       ON(RES_PRINCIPAL) | ON(RES_CALENDAR) | ON(RES_OBJECT), 0,     prop_resource_id },       /* RFC 5842 §3.1 */
	{ D("current-user-principal"),            ON_EVERY,                           0,                        prop_current_user_principal }, /* RFC 5397 §3 */

	{ D("alternate-URI-set"),                 ON(RES_PRINCIPAL),                  0,                        prop_empty },             /* RFC 3744 §4.1 */
	{ D("principal-URL"),                     ON(RES_PRINCIPAL),                  0,                        prop_principal_url },     /* §4.2 */
	{ D("group-member-set"),                  ON(RES_PRINCIPAL),                  0,                        prop_empty },             /* §4.3 */
	{ D("group-membership"),                  ON(RES_PRINCIPAL),                  0,                        prop_empty },             /* §4.4 */
	{ D("owner"),                             ON_TREE | ON(RES_PRINCIPAL),        0,                        prop_owner },             /* §5.1 */
	{ D("group"),                             ON_EVERY,                           0,                        prop_empty },             /* §5.2: none */
	{ D("supported-privilege-set"),           ON_EVERY,                           0,                        prop_supported_privilege_set }, /* §5.3 */
	{ D("current-user-privilege-set"),        ON_EVERY,                           0,                        prop_current_user_privilege_set }, /* §5.4 */
	{ D("acl"),                               ON_EVERY,                           0,                        prop_acl },               /* §5.5 */
	{ D("acl-restrictions"),                  ON_EVERY,                           0,                        prop_acl_restrictions },  /* §5.6 */
	{ D("inherited-acl-set"),                 ON_EVERY,                           0,                        prop_empty },             /* §5.7 */
	{ D("principal-collection-set"),          ON_EVERY,                           0,                        prop_principal_collection_set }, /* §5.8 */

	{ C("calendar-description"),              ON(RES_CALENDAR),                   PROP_SETTABLE,            prop_calendar_description }, /* RFC 4791 §5.2.1 */
	{ C("calendar-timezone"),                 ON(RES_CALENDAR),                   PROP_SETTABLE,            prop_calendar_timezone }, /* §5.2.2 */
	{ C("calendar-timezone-id"),              ON(RES_CALENDAR),                   PROP_SETTABLE,            prop_calendar_timezone_id }, /* RFC 7809 §5.2 */
	{ C("supported-calendar-component-set"),  ON(RES_CALENDAR),                   0,                        prop_supported_calendar_component_set }, /* RFC 4791 §5.2.3 */
	{ C("supported-calendar-component-sets"), ON(RES_HOME),                       0,                        prop_empty },             /* Apple asks it of homes; empty: calendars of any set of components */
	{ C("supported-calendar-data"),           ON(RES_CALENDAR),                   0,                        prop_supported_calendar_data }, /* §5.2.4 */
	{ C("max-resource-size"),                 ON(RES_CALENDAR),                   0,                        prop_max_resource_size }, /* §5.2.5 */
	{ C("min-date-time"),                     ON(RES_CALENDAR),                   0,                        prop_min_date_time },     /* §5.2.6 */
	{ C("max-date-time"),                     ON(RES_CALENDAR),                   0,                        prop_max_date_time },     /* §5.2.7 */
	{ C("max-attendees-per-instance"),        ON(RES_CALENDAR),                   0,                        prop_max_attendees },     /* §5.2.9 */
	{ C("supported-rscale-set"),              ON(RES_HOME) | ON(RES_CALENDAR),    0,                        prop_supported_rscale_set }, /* RFC 7529 §10.1 */
	{ C("calendar-home-set"),                 ON(RES_PRINCIPAL),                  0,                        prop_calendar_home_set }, /* §6.2.1 */
	{ C("supported-collation-set"),           ON_TREE,                            0,                        prop_supported_collation_set }, /* §7.5.1 */
	{ C("calendar-data"),                     ON(RES_OBJECT),                     PROP_DATA,                prop_calendar_data },     /* §9.6: in reports alone */
	{ C("schedule-calendar-transp"),          ON(RES_CALENDAR),                   PROP_SETTABLE,            prop_schedule_calendar_transp }, /* RFC 6638 §9.1 */
	{ C("calendar-user-address-set"),         ON(RES_PRINCIPAL),                  0,                        prop_calendar_user_address_set }, /* RFC 6638 §2.4.1 */
	{ C("calendar-user-type"),                ON(RES_PRINCIPAL),                  0,                        prop_calendar_user_type }, /* RFC 6638 §2.4.2 */

	{ S("getctag"),                           ON(RES_CALENDAR),                   PROP_EVENTS,              prop_getctag },           /* caldav-ctag §4.1 */
	{ S("email-address-set"),                 ON(RES_PRINCIPAL),                  PROP_PROFILE,             prop_email_address_set }, /* Apple asks it of principals */
	{ A("calendar-color"),                    ON(RES_CALENDAR),                   PROP_SETTABLE,            prop_calendar_color },
	{ A("calendar-order"),                    ON(RES_CALENDAR),                   PROP_SETTABLE,            prop_calendar_order },
};
/* clang-format on */

/* The table by hash of its names, open addressing; filled before main, and then only read. 0 is a free slot. */
#define SLOTS 128
static uint8_t slots[SLOTS];
static_assert(ARRAY_LEN(props) < SLOTS / 2, "the index stays sparse");

static uint32_t name_hash(struct str ns, struct str local)
{
	uint32_t h = 2166136261u ^ (uint32_t)ns.len;
	for (size_t i = 0; i < local.len; i++)
		h = (h ^ (uint8_t)local.ptr[i]) * 16777619u;
	return h;
}

__attribute__((constructor)) static void index_props(void)
{
	for (size_t i = 0; i < ARRAY_LEN(props); i++) {
		uint32_t at = name_hash(props[i].ns, props[i].local);
		while (slots[at % SLOTS])
			at++;
		slots[at % SLOTS] = (uint8_t)(i + 1);
	}
}

const struct prop *prop_find(struct str ns, struct str local)
{
	for (uint32_t at = name_hash(ns, local); slots[at % SLOTS]; at++) {
		const struct prop *p = &props[slots[at % SLOTS] - 1];
		if (str_eq(p->local, local) && str_eq(p->ns, ns))
			return p;
	}
	return NULL;
}

const struct prop *prop_nth(size_t n)
{
	return n < ARRAY_LEN(props) ? &props[n] : NULL;
}

struct prop_context prop_context_of(const struct dav_call *call)
{
	struct request *rq = call->rq;
	struct resource own = { .kind = RES_PRINCIPAL, .account = actor_own(rq->principal).owner };
	return (struct prop_context){
		.cx = &rq->cx,
		.rq = rq,
		.principal = rq->principal,
		.actor = call->at.actor,
		.principal_href = href_text(rq->cx.mem, own),
		.minimal = request_wants_minimal(rq),
	};
}

err_t prop_context_load(struct prop_context *context, const struct requested_props *requested)
{
	return requested->wants_storage ? account_usage(context->cx, context->actor, &context->storage_used) : OK;
}

/* ---- what is asked ---- */

struct str prop_name_element(struct arena *mem, struct str ns, struct str local)
{
	const struct prop *known = prop_find(ns, local);
	if (known)
		return known->empty;
	struct buf b = buf_new(mem, 64 * 1024);
	BUF_LIT(&b, "<");
	if (ns.len) {
		BUF_LIT(&b, "x:"); /* no prefix of ours */
		buf_add(&b, local);
		BUF_LIT(&b, " xmlns:x=\"");
		xml_escape_attribute(&b, ns);
		BUF_LIT(&b, "\"/>");
	} else {
		buf_add(&b, local);
		BUF_LIT(&b, " xmlns=\"\"/>");
	}
	return buf_str(&b);
}

static bool requested_before(const struct requested_prop *items, size_t count, const struct requested_prop *one)
{
	for (size_t i = 0; i < count; i++)
		if (items[i].prop == one->prop && str_eq(items[i].local, one->local) && str_eq(items[i].ns, one->ns))
			return true;
	return false;
}

err_t requested_names(struct ctx *cx, const struct xml_node *names, struct requested_props *out)
{
	size_t room = 0;
	for (const struct xml_node *n = names ? names->first : NULL; n; n = n->next)
		room++;
	if (room > REQUESTED_MAX)
		return REFUSE(cx, MALFORMED, "prop", "At most %d properties can be asked at once.", REQUESTED_MAX);
	struct requested_prop *items = arena_array(cx->mem, struct requested_prop, room + 1);
	size_t count = 0;
	for (const struct xml_node *n = names ? names->first : NULL; n; n = n->next) {
		struct requested_prop *one = &items[count];
		*one = (struct requested_prop){ .prop = prop_find(n->ns, n->local), .ns = n->ns, .local = n->local };
		if (requested_before(items, count, one))
			continue;
		one->empty = prop_name_element(cx->mem, n->ns, n->local);
		if (one->prop && (one->prop->flags & PROP_DATA)) {
			out->wants_data = true;
			out->calendar_data = n;
		}
		out->wants_storage |= one->prop && (one->prop->flags & PROP_STORAGE);
		count++;
	}
	out->items = items;
	out->count = count;
	return OK;
}

err_t requested_read(struct ctx *cx, const struct xml_node *parent, struct requested_props *out)
{
	static const struct {
		const char *element;
		enum requested_kind kind;
	} forms[] = { { "prop", REQUESTED_PROPS }, { "allprop", REQUESTED_ALL }, { "propname", REQUESTED_NAMES } };

	*out = (struct requested_props){ .kind = parent ? REQUESTED_NOTHING : REQUESTED_ALL };
	const struct xml_node *names = NULL, *include = NULL;
	for (const struct xml_node *n = parent ? parent->first : NULL; n; n = n->next) {
		if (xml_is(n, NS_DAV, "include"))
			include = n;
		for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
			if (!xml_is(n, NS_DAV, forms[i].element))
				continue;
			if (out->kind != REQUESTED_NOTHING)
				/* RFC 4918 §14.20 */
				return REFUSE(cx, MALFORMED, "prop",
					"One of DAV:prop, DAV:allprop and DAV:propname is asked, and once.");
			out->kind = forms[i].kind;
			names = n;
		}
	}
	if (out->kind == REQUESTED_PROPS)
		return requested_names(cx, names, out);
	if (out->kind == REQUESTED_ALL && include)
		return requested_names(cx, include, out); /* RFC 4918 §14.8 */
	return OK;
}

bool requested_wants_dead(const struct requested_props *requested, enum resource_kind kind)
{
	if (kind == RES_ROOT || kind == RES_PRINCIPALS || kind == RES_HOMES)
		return false; /* they have none: nobody owns them */
	if (requested->kind == REQUESTED_ALL || requested->kind == REQUESTED_NAMES)
		return true;
	for (size_t i = 0; i < requested->count; i++) {
		const struct prop *p = requested->items[i].prop;
		if (!p || ((p->flags & PROP_SETTABLE) && !(p->on & ON(kind))))
			return true;
	}
	return false;
}

/* ---- answers ---- */

void href_element(struct buf *out, struct str href)
{
	BUF_LIT(out, "<D:href>");
	xml_escape(out, href);
	BUF_LIT(out, "</D:href>");
}

void account_href(struct buf *out, enum resource_kind kind, const struct actor *actor)
{
	BUF_LIT(out, "<D:href>");
	href_add(out, (struct resource){ .kind = kind, .account = actor->owner }); /* has nothing to escape */
	BUF_LIT(out, "</D:href>");
}

/* The whole element of a live property, and 200; or another status, and nothing written. */
static int live_write(
	const struct prop_context *context, const struct prop *p, const struct subject *subject, struct buf *out)
{
	if (!(p->on & ON(subject->at.kind)))
		return 404;
	if ((p->flags & PROP_PROFILE) && !(context->principal->scopes & PROFILE_READ))
		return 403;
	if ((p->flags & PROP_EVENTS) && !(subject->at.actor->rights & EVENTS_READ))
		return 403;
	size_t start = out->len;
	buf_add(out, p->open);
	size_t inside = out->len;
	int status = p->write(context, subject, out);
	if (status == 200 && out->len > inside) {
		buf_add(out, p->close);
		return 200;
	}
	out->len = start;
	if (status == 200)
		buf_add(out, p->empty);
	return status;
}

static int requested_write(const struct prop_context *context, const struct requested_prop *name,
	const struct subject *subject, struct buf *out)
{
	int status = name->prop ? live_write(context, name->prop, subject, out) : 404;
	if (status != 404)
		return status;
	for (size_t i = 0; i < subject->dead_count; i++) {
		const struct dead_property *d = &subject->dead[i];
		if (str_eq(d->local, name->local) && str_eq(d->ns, name->ns)) {
			buf_add(out, d->xml);
			return 200;
		}
	}
	return 404;
}

static void write_all(const struct prop_context *context, const struct subject *subject, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(props); i++)
		if (props[i].flags & PROP_ALL)
			(void)live_write(context, &props[i], subject, out);
	for (size_t i = 0; i < subject->dead_count; i++)
		buf_add(out, subject->dead[i].xml);
}

/* RFC 4918 §9.1: the names of all that is there. */
static void write_names(const struct prop_context *context, const struct subject *subject, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(props); i++) {
		size_t start = out->len;
		if (live_write(context, &props[i], subject, out) != 200)
			continue;
		out->len = start;
		buf_add(out, props[i].empty);
	}
	for (size_t i = 0; i < subject->dead_count; i++)
		buf_add(out, prop_name_element(context->cx->mem, subject->dead[i].ns, subject->dead[i].local));
}

/* Those that were not 200, one propstat a status. */
static void write_refused(
	const struct prop_context *context, const struct requested_props *requested, const int *status, struct buf *out)
{
	static const struct {
		int status;
		const char *condition;
	} groups[] = { { 403, NULL }, { 404, NULL }, { 500, NULL }, { 507, "D:number-of-matches-within-limits" } };

	for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
		if (groups[g].status == 404 && context->minimal)
			continue; /* RFC 8144 §2.1 */
		bool any = false;
		for (size_t i = 0; i < requested->count; i++) {
			if (status[i] != groups[g].status)
				continue;
			if (!any)
				multistatus_propstat(out);
			any = true;
			buf_add(out, requested->items[i].empty);
		}
		if (any)
			multistatus_propstat_end(out, groups[g].status, groups[g].condition);
	}
}

/* What allprop writes anyway is not written again for an include. */
static bool included_already(
	const struct requested_props *requested, const struct requested_prop *name, const struct subject *subject)
{
	if (requested->kind != REQUESTED_ALL)
		return false;
	if (name->prop)
		return (name->prop->flags & PROP_ALL) && (name->prop->on & ON(subject->at.kind));
	for (size_t i = 0; i < subject->dead_count; i++)
		if (str_eq(subject->dead[i].local, name->local) && str_eq(subject->dead[i].ns, name->ns))
			return true;
	return false;
}

void props_write(const struct prop_context *context, const struct requested_props *requested,
	const struct subject *subject, struct buf *out)
{
	int status[REQUESTED_MAX] = { 0 };
	size_t start = out->len;
	bool refused = false;

	multistatus_propstat(out);
	size_t inside = out->len;
	if (requested->kind == REQUESTED_ALL)
		write_all(context, subject, out);
	if (requested->kind == REQUESTED_NAMES)
		write_names(context, subject, out);
	for (size_t i = 0; i < requested->count; i++) {
		if (included_already(requested, &requested->items[i], subject))
			continue;
		status[i] = requested_write(context, &requested->items[i], subject, out);
		refused |= status[i] != 200 && !(status[i] == 404 && context->minimal);
	}
	if (out->len == inside && refused)
		out->len = start;
	else
		multistatus_propstat_end(out, 200, NULL);
	if (refused)
		write_refused(context, requested, status, out);
}

void props_respond(const struct prop_context *context, const struct requested_props *requested,
	const struct subject *subject, struct buf *out)
{
	if (requested->kind == REQUESTED_NOTHING) {
		multistatus_status(out, href_text(context->cx->mem, subject->at), 200, NULL);
		return;
	}
	BUF_LIT(out, "<D:response><D:href>");
	if (subject->base.ptr) { /* a path that we wrote has nothing that XML would want escaped */
		buf_add(out, subject->base);
		path_segment_add(out, subject->at.object);
	} else {
		href_add(out, subject->at);
	}
	BUF_LIT(out, "</D:href>");
	props_write(context, requested, subject, out);
	multistatus_response_end(out);
}
