/* SPDX-License-Identifier: Apache-2.0 */
/* What a PUT is asked (RFC 4791 §4.1, §5.3.2.1). The order is that of the error a client is best told first. */
#include "caldav/calendar/validate.h"

#include "caldav/calendar/event/words.h"
#include "caldav/calendar/index/bounds.h"
#include "caldav/calendar/store/store.h"

#define UID_MAX 1000 /* octets: what an index holds easily */

static bool is_calendar_kind(struct str name)
{
	return ical_component(name) || str_eq(name, STR("VFREEBUSY")) || str_eq(name, STR("VAVAILABILITY")) ||
	       str_eq(name, STR("VPOLL")) || str_eq(name, STR("VALARM"));
}

static err_t validate_calendar(struct ctx *cx, const struct ical_comp *root)
{
	struct str version = ical_value(root, STR("VERSION")), scale = ical_value(root, STR("CALSCALE"));
	if (!version.ptr)
		return REFUSE(cx, ICAL_DATA, "VERSION", "VERSION:2.0 is missing");
	if (!str_eq(str_trim(version, STR_BLANK), STR("2.0")))
		return REFUSE(cx, ICAL_MEDIA, "VERSION", "VERSION:%.*s: only 2.0 is stored",
			STR_ARG(str_sub(version, 0, 40)));
	if (scale.ptr && !str_eq_nocase(str_trim(scale, STR_BLANK), STR("GREGORIAN")))
		return REFUSE(
			cx, ICAL_DATA, "CALSCALE", "CALSCALE:%.*s is not supported", STR_ARG(str_sub(scale, 0, 40)));
	if (ical_prop(root, STR("METHOD")))
		return REFUSE(cx, ICAL_OBJECT, "METHOD", "a stored object has no METHOD (RFC 4791 §4.1)");
	return OK;
}

static err_t validate_uid(struct ctx *cx, const struct ical_comp *comp, struct str *uid)
{
	const struct ical_prop *p = ical_prop(comp, STR("UID"));
	if (!p)
		return REFUSE(cx, ICAL_DATA, "UID", "a %.*s without UID", STR_ARG(comp->name));
	struct str text = ical_text(cx->mem, p->value); /* one UID, however each writer escapes it */
	if (!str_trim(text, STR_BLANK).len || text.len > UID_MAX)
		return REFUSE(cx, ICAL_OBJECT, "UID", "UID is empty or longer than %d octets", UID_MAX);
	if (ical_prop_again(p) || (uid->ptr && !str_eq(*uid, text)))
		return REFUSE(cx, ICAL_OBJECT, "UID", "more than one UID: one object is one event (RFC 4791 §4.1)");
	*uid = text;
	return OK;
}

static err_t validate_attendees(struct ctx *cx, const struct ical_comp *comp)
{
	int n = 0;
	for (const struct ical_prop *p = ical_prop(comp, STR("ATTENDEE")); p; p = ical_prop_again(p))
		if (++n > ICAL_ATTENDEES_MAX)
			return REFUSE(cx, ICAL_MAX_ATTENDEES, "ATTENDEE", "more than %d attendees", ICAL_ATTENDEES_MAX);
	return OK;
}

/* One kind, one UID, one master. */
static err_t validate_components(struct ctx *cx, const struct ical_comp *root, struct ical_facts *facts)
{
	const struct ical_comp *main = NULL;
	int masters = 0;
	for (const struct ical_comp *c = root->child; c; c = c->next) {
		if (!is_calendar_kind(c->name))
			continue;
		if (main && !str_eq(main->name, c->name))
			return REFUSE(cx, ICAL_OBJECT, "", "%.*s and %.*s in one object (RFC 4791 §4.1)",
				STR_ARG(main->name), STR_ARG(c->name));
		main = c;
		facts->component = ical_component(c->name);
		if (!facts->component)
			return REFUSE(cx, ICAL_COMPONENT, "", "%.*s is not stored here", STR_ARG(c->name));
		TRY(validate_uid(cx, c, &facts->uid));
		TRY(validate_attendees(cx, c));
		if (ical_comp_named(c->child, STR("VALARM")))
			facts->flags |= ICAL_ALARM;
		if (!ical_prop(c, STR("RECURRENCE-ID")) && ++masters > 1)
			return REFUSE(
				cx, ICAL_OBJECT, "", "two %.*s of one UID without RECURRENCE-ID", STR_ARG(c->name));
	}
	if (!main)
		return REFUSE(cx, ICAL_OBJECT, "", "no VEVENT, VTODO or VJOURNAL");
	return OK;
}

static err_t validate_overrides(struct ctx *cx, const struct series *s)
{
	for (size_t i = 1; i < s->override_count; i++)
		if (!when_cmp(&s->overrides[i].original, &s->overrides[i - 1].original))
			return REFUSE(cx, ICAL_OBJECT, "RECURRENCE-ID", "two components with RECURRENCE-ID %.*s",
				STR_ARG(ical_value(s->overrides[i].timing->comp, STR("RECURRENCE-ID"))));
	return OK;
}

/* RFC 4791 §5.3.2.1 has both bounds for each instance. Lists are only checked here: what is stored is read as it is. */
static err_t validate_rdates(struct ctx *cx, const struct series *s)
{
	for (size_t i = 0; i < s->rdate_count; i++) {
		TRY(when_check(cx, &s->rdates[i].start, STR("RDATE")));
		TRY(length_check(cx, &s->rdates[i].start, s->rdates[i].length, STR("RDATE")));
	}
	return OK;
}

static bool somebody_declined(const struct ical_comp *comp)
{
	const struct ical_prop *attendee = ical_prop(comp, STR("ATTENDEE"));
	for (; attendee; attendee = ical_prop_again(attendee))
		if (str_eq_nocase(ical_param(attendee, STR("PARTSTAT")), STR("DECLINED")))
			return true;
	return false;
}

static void busy_flags(const struct series *s, struct ical_facts *facts)
{
	bool any_busy = false, any_free = false, any_tentative = false, any_firm = false;
	for (size_t i = 0; i < s->timing_count; i++) {
		any_busy = any_busy || s->timings[i].busy;
		any_free = any_free || !s->timings[i].busy;
		any_tentative = any_tentative || s->timings[i].tentative;
		any_firm = any_firm || !s->timings[i].tentative;
	}
	if (!any_busy)
		facts->flags |= ICAL_TRANSPARENT;
	for (size_t i = 0; any_busy && i < s->timing_count; i++)
		if (somebody_declined(s->timings[i].comp))
			facts->flags |= ICAL_DECLINED;
	if (!any_firm)
		facts->flags |= ICAL_TENTATIVE;
	if ((any_busy && any_free) || (any_tentative && any_firm))
		facts->flags |= ICAL_MIXED;
}

err_t ical_validate(struct ctx *cx, struct str data, struct ical_facts *out)
{
	struct ical *object;
	const struct series *s;
	struct ical_facts facts = { 0 };
	if (data.len > OBJECT_SIZE_MAX)
		return REFUSE(cx, ICAL_SIZE, "", "larger than %zu octets", OBJECT_SIZE_MAX);
	TRY(ical_parse(cx, data, &object));
	TRY(validate_calendar(cx, object->root));
	TRY(validate_components(cx, object->root, &facts));
	TRY(series_read(cx, object, &s));
	TRY(validate_overrides(cx, s));
	TRY(validate_rdates(cx, s));
	bounds_make(cx, s, &facts);
	busy_flags(s, &facts);
	if (ical_has_custom_zone(object))
		facts.flags |= ICAL_CUSTOM_ZONE;
	facts.words = words_of(cx->mem, object);
	*out = facts;
	return OK;
}
