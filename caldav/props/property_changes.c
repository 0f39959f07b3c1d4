/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/props/property_changes.h"

#include "caldav/calendar/ical/ical.h"
#include "caldav/calendar/recur/vtimezone.h"
#include "server/account/label.h"

#define NAME_OCTETS 1024 /* of a dead property, namespace and all: it is part of an index */
#define DISPLAYNAME_OCTETS 1024
#define DESCRIPTION_OCTETS (16 * 1024)
#define LANG_OCTETS 64
#define COLOR_OCTETS 64
#define TIMEZONE_OCTETS (64 * 1024)

#define PROTECTED "D:cannot-modify-protected-property"
#define FULL "D:quota-not-exceeded"
#define NO_PRIVILEGE "D:need-privileges"

/* One instruction at work: node is NULL when it removes. */
struct step {
	struct property_changes *changes;
	struct calendar_change *to;
	const struct xml_node *node;
	struct property_change *item;
};

typedef void set_property(struct step *s);

static void refuse(struct step *s, int status, const char *condition)
{
	s->item->status = status;
	s->item->condition = condition;
	s->changes->failed = true;
}

/* ---- values of live properties: a bad one is 409 (RFC 4918 §9.2.1) ---- */

/* The text of the node, absent when it is to be removed. */
static bool text_of(struct step *s, size_t max, struct str *out)
{
	*out = s->node ? s->node->text : STR_ABSENT;
	if (out->len <= max)
		return true;
	refuse(s, 507, FULL);
	return false;
}

/* By the rule of all names (server/account/label.h): another door shows them. One of blanks is none. */
static void set_displayname(struct step *s)
{
	struct str text;
	if (!text_of(s, DISPLAYNAME_OCTETS, &text))
		return;
	bool is_name = str_trim(text, STR_BLANK).len > 0;
	if (!is_name)
		s->to->displayname = text.ptr ? STR("") : STR_ABSENT;
	else if (label_clean(s->changes->cx, "displayname", text, &s->to->displayname))
		refuse(s, 409, NULL);
	s->to->set_displayname = true;
}

static void set_description(struct step *s)
{
	struct str lang = s->node ? s->node->lang : STR_ABSENT;
	if (!text_of(s, DESCRIPTION_OCTETS, &s->to->description))
		return;
	if (lang.len > LANG_OCTETS)
		refuse(s, 409, NULL);
	s->to->description_lang = lang.len ? lang : STR_ABSENT;
	s->to->set_description = true;
}

/* #RGB, #RRGGBB, #RRGGBBAA, names: clients disagree, so it is kept as it came. */
static void set_color(struct step *s)
{
	if (!text_of(s, COLOR_OCTETS, &s->to->color))
		return;
	s->to->color = str_trim(s->to->color, STR_BLANK);
	s->to->set_color = true;
}

static void set_order(struct step *s)
{
	struct str text = s->node ? str_trim(s->node->text, STR_BLANK) : STR("0");
	bool minus = str_starts(text, STR("-"));
	uint64_t n;
	if (!str_to_u64(minus ? str_from(text, 1) : text, INT32_MAX, &n)) {
		refuse(s, 409, NULL);
		return;
	}
	s->to->ord = minus ? -(int32_t)n : (int32_t)n;
	s->to->set_ord = true;
}

/* RFC 6638 §9.1: removed, it is opaque again. */
static void set_transp(struct step *s)
{
	s->to->transp = s->node && xml_child(s->node, NS_CALDAV, "transparent");
	if (s->node && !s->to->transp && !xml_child(s->node, NS_CALDAV, "opaque"))
		refuse(s, 409, NULL);
	s->to->set_transp = true;
}

/* RFC 4791 §5.2.2. The name in it is learnt for what compares floating times. */
static void set_timezone(struct step *s)
{
	struct str tzid = STR_ABSENT;
	if (!text_of(s, TIMEZONE_OCTETS, &s->to->timezone))
		return;
	if (s->node && ical_timezone_name(s->changes->cx, s->to->timezone, &tzid)) {
		refuse(s, 403, "C:valid-calendar-data"); /* RFC 4791 §5.3.1.1 */
		return;
	}
	s->to->tzid = tzid;
	s->to->set_timezone = s->to->set_tzid = true;
}

/* RFC 7809 §5.2: either of the two changes the other. Beside a VTIMEZONE in the same request the name wins. */
static void set_timezone_id(struct step *s)
{
	struct str tzid = s->node ? str_trim(s->node->text, STR_BLANK) : STR_ABSENT;
	if (s->node && !ical_zone_known(tzid)) {
		refuse(s, 403, "C:valid-timezone");
		return;
	}
	if (!s->to->set_timezone || !str_eq(tzid, s->to->tzid))
		s->to->timezone = STR_ABSENT;
	s->to->tzid = tzid;
	s->to->set_timezone = s->to->set_tzid = true;
}

/* RFC 4791 §5.2.3. Kinds that we do not store are passed over as long as one remains. */
static void set_components(struct step *s)
{
	static const struct {
		const char *name;
		int16_t bit;
	} kinds[] = { { "VEVENT", COMPONENT_VEVENT }, { "VTODO", COMPONENT_VTODO },
		{ "VJOURNAL", COMPONENT_VJOURNAL } };

	int16_t mask = 0;
	for (const struct xml_node *n = s->node ? s->node->first : NULL; n; n = n->next)
		for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
			if (xml_is(n, NS_CALDAV, "comp") &&
				str_eq_nocase(xml_attribute(n, "name"), str_of(kinds[i].name)))
				mask |= kinds[i].bit;
	if (!mask)
		refuse(s, 403, "C:supported-calendar-component");
	s->changes->components = mask;
}

/* RFC 5689 §3.3. In a MKCALENDAR it is tolerated whatever it says: old clients send it, with `subscribed` too. */
static void set_resourcetype(struct step *s)
{
	if (s->changes->use == CHANGES_OF_MKCALENDAR)
		return;
	bool collection = xml_child(s->node, NS_DAV, "collection"),
	     calendar = xml_child(s->node, NS_CALDAV, "calendar");
	size_t types = 0;
	for (const struct xml_node *n = s->node->first; n; n = n->next)
		types++;
	s->changes->is_calendar = collection && calendar && types == 2;
	if (!s->changes->is_calendar)
		refuse(s, 403, "D:valid-resourcetype");
}

/* ---- the table ---- */

enum setter_flags { WRITER_MAY = 1, WHEN_MADE = 2 }; /* WRITER_MAY: calendars:write alone opens it */

static const struct setter {
	const char *ns, *local;
	set_property *run;
	unsigned flags;
} setters[] = {
	{ NS_DAV, "displayname", set_displayname, 0 },
	{ NS_DAV, "resourcetype", set_resourcetype, WHEN_MADE },
	{ NS_CALDAV, "calendar-description", set_description, 0 },
	{ NS_CALDAV, "calendar-timezone", set_timezone, 0 },
	{ NS_CALDAV, "calendar-timezone-id", set_timezone_id, 0 },
	{ NS_CALDAV, "schedule-calendar-transp", set_transp, WRITER_MAY },
	{ NS_CALDAV, "supported-calendar-component-set", set_components, WHEN_MADE },
	{ NS_ICAL, "calendar-color", set_color, WRITER_MAY },
	{ NS_ICAL, "calendar-order", set_order, WRITER_MAY },
};

static const struct setter *setter_of(enum resource_kind kind, struct str ns, struct str local)
{
	if (kind != RES_CALENDAR)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(setters); i++)
		if (str_eq(ns, str_of(setters[i].ns)) && str_eq(local, str_of(setters[i].local)))
			return &setters[i];
	return NULL;
}

static void set_live(struct step *s, const struct setter *setter)
{
	if (!s->changes->manages && !(setter->flags & WRITER_MAY))
		refuse(s, 403, NO_PRIVILEGE);
	else if ((setter->flags & WHEN_MADE) && s->changes->use == CHANGES_OF_PROPPATCH)
		refuse(s, 403, PROTECTED);
	else
		setter->run(s);
}

/* The same name twice in one request: the last instruction counts. */
static struct dead_property *dead_slot(struct step *s)
{
	struct dead_property *dead = s->changes->dead;
	for (size_t i = 0; i < s->to->dead_count; i++)
		if (str_eq(dead[i].local, s->item->local) && str_eq(dead[i].ns, s->item->ns))
			return &dead[i];
	return &dead[s->to->dead_count++];
}

static void set_dead(struct step *s)
{
	/* calendars:write is for what its wording says of a calendar; an object's properties are part of writing
	 * events. */
	if (!s->changes->manages && s->changes->kind != RES_OBJECT) {
		refuse(s, 403, NO_PRIVILEGE);
		return;
	}
	struct str xml = s->node ? s->node->fragment : STR_ABSENT;
	if (xml.len > DEAD_PROPERTY_MAX || s->item->ns.len + s->item->local.len > NAME_OCTETS) {
		refuse(s, 507, FULL);
		return;
	}
	*dead_slot(s) = (struct dead_property){ .ns = s->item->ns, .local = s->item->local, .xml = xml };
}

static void set_one(struct property_changes *p, const struct xml_node *node, bool remove)
{
	struct property_change *item = &p->items[p->count++];
	*item = (struct property_change){ .ns = node->ns, .local = node->local, .status = 200 };
	struct step s = { .changes = p, .to = &p->change, .node = remove ? NULL : node, .item = item };
	const struct setter *setter = setter_of(p->kind, node->ns, node->local);
	const struct prop *known = prop_find(node->ns, node->local);
	if (setter)
		set_live(&s, setter);
	else if (known && (!(known->flags & PROP_SETTABLE) || (known->on & ON(p->kind))))
		refuse(&s, 403, PROTECTED);
	else
		set_dead(&s);
}

err_t property_changes_read(struct property_changes *p, const struct xml_node *root)
{
	p->items = arena_array(p->cx->mem, struct property_change, PROPERTY_CHANGES_MAX);
	p->dead = arena_array(p->cx->mem, struct dead_property, PROPERTY_CHANGES_MAX);
	for (const struct xml_node *n = root->first; n; n = n->next) {
		bool remove = xml_is(n, NS_DAV, "remove");
		if (!remove && !xml_is(n, NS_DAV, "set"))
			continue; /* RFC 4918 §17: unknown elements are passed over */
		if (remove && p->use != CHANGES_OF_PROPPATCH)
			return REFUSE(p->cx, MALFORMED, "remove", "There is nothing to remove from yet.");
		const struct xml_node *names = xml_child(n, NS_DAV, "prop");
		for (const struct xml_node *one = names ? names->first : NULL; one; one = one->next) {
			if (p->count == PROPERTY_CHANGES_MAX)
				return REFUSE(p->cx, MALFORMED, "prop", "At most %d properties in one request.",
					PROPERTY_CHANGES_MAX);
			set_one(p, one, remove);
		}
	}
	if (!p->count && p->use == CHANGES_OF_PROPPATCH)
		return REFUSE(p->cx, MALFORMED, "prop", "No property is set or removed.");
	p->change.dead = p->dead;
	return OK;
}

/* ---- the answer ---- */

static int final_status(const struct property_changes *p, const struct property_change *item)
{
	return p->failed && item->status == 200 ? 424 : item->status;
}

static bool same_fate(
	const struct property_changes *p, const struct property_change *a, const struct property_change *b)
{
	return final_status(p, a) == final_status(p, b) && str_eq(str_of(a->condition), str_of(b->condition));
}

void property_changes_write(const struct property_changes *p, struct buf *out)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct property_change *first = &p->items[i];
		bool written = false;
		for (size_t k = 0; k < i && !written; k++)
			written = same_fate(p, &p->items[k], first);
		if (written)
			continue;
		multistatus_propstat(out);
		for (size_t k = i; k < p->count; k++)
			if (same_fate(p, &p->items[k], first))
				buf_add(out, prop_name_element(p->cx->mem, p->items[k].ns, p->items[k].local));
		multistatus_propstat_end(out, final_status(p, first), first->condition);
	}
}
