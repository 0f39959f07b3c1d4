/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/event/moment.h"

err_t form_read(struct ctx *cx, struct ical *object, const struct ical_prop *prop, struct time_form *out)
{
	struct str rest = prop->value, item, first = STR("");
	struct when w;
	while (!first.len && str_cut(&rest, ',', &item))
		(void)(str_cut(&item, '/', &first));
	TRY(when_read(cx, object, prop, first, &w));
	struct time_form form = form_of_kind(w.date ? FORM_DATE : w.zone == zone_utc() ? FORM_UTC : FORM_FLOATING);
	for (size_t i = 0; i < prop->param_count; i++)
		if (str_eq(prop->params[i].name, STR("TZID")) && !w.date && (!w.zone || w.zone != zone_utc())) {
			form.kind = w.zone ? FORM_ZONE : FORM_FLOATING; /* floating: a TZID that nobody knows */
			form.zone = w.zone;
			form.params = str_cat(cx->mem, STR(";TZID="), prop->params[i].raw);
		}
	*out = form;
	return OK;
}

struct time_form form_of_kind(enum form_kind kind)
{
	return (struct time_form){ .kind = kind, .params = kind == FORM_DATE ? STR(";VALUE=DATE") : STR("") };
}

struct time_form form_of_zone(struct arena *mem, const struct zone *zone)
{
	if (zone == zone_utc() || !zone_name(zone).ptr)
		return form_of_kind(FORM_UTC);
	return (struct time_form){ FORM_ZONE, zone, str_cat(mem, STR(";TZID="), zone_name(zone)) };
}

bool form_same(struct time_form a, struct time_form b)
{
	return a.kind == b.kind && a.zone == b.zone && str_eq(a.params, b.params);
}

/* What stands there then, read again. */
static bool reads_as(struct str text, struct time_form form, int64_t utc, const struct zone *floating)
{
	struct wall w;
	if (!wall_parse(text, &w) || w.date != (form.kind == FORM_DATE) || w.utc != (form.kind == FORM_UTC))
		return false;
	const struct zone *zone = form.kind == FORM_ZONE ? form.zone : form.kind == FORM_FLOATING ? floating : NULL;
	return (zone ? zone_to_utc(zone, w.local) : w.local) == utc;
}

bool form_text(struct arena *mem, struct time_form form, int64_t utc, const struct zone *floating, struct str *out)
{
	struct wall w = { utc, form.kind == FORM_DATE, form.kind == FORM_UTC };
	if (form.kind == FORM_ZONE || form.kind == FORM_FLOATING)
		w.local = zone_to_local(form.kind == FORM_ZONE ? form.zone : floating, utc);
	*out = wall_text(mem, w);
	return reads_as(*out, form, utc, floating);
}

bool form_when(struct arena *mem, struct time_form form, struct when w, struct str *out)
{
	if (!w.zone) {
		*out = wall_text(mem, (struct wall){ w.local, w.date, false });
		return form.kind == (w.date ? FORM_DATE : FORM_FLOATING);
	}
	if (form.kind == FORM_ZONE && form.zone == w.zone && !w.second) {
		*out = wall_text(mem, (struct wall){ w.local, false, false });
		return true;
	}
	return (form.kind == FORM_ZONE || form.kind == FORM_UTC) && form_text(mem, form, when_utc(w, NULL), NULL, out);
}

struct str duration_text(struct arena *mem, int64_t seconds, bool days)
{
	long long s = (long long)seconds;
	if (days)
		return str_fmt(mem, "P%lldD", s / DAY_S);
	struct buf out = buf_new(mem, 64);
	BUF_LIT(&out, "PT");
	if (s >= 3600)
		buf_fmt(&out, "%lldH", s / 3600);
	if (s % 3600 >= 60)
		buf_fmt(&out, "%lldM", s / 60 % 60);
	if (s % 60 || s == 0)
		buf_fmt(&out, "%lldS", s % 60);
	return buf_str(&out);
}
