/* SPDX-License-Identifier: Apache-2.0 */
/* The values of live properties, but those of access control (props_acl.c). No white space inside values. */
#include "caldav/calendar/recur/rscale.h"
#include "caldav/props/props.h"
#include "caldav/reports/calendar_data.h"
#include "caldav/reports/report.h"
#include "server/base/config.h"
#include "server/base/log.h"

#define VALUE(name) int prop_##name(const struct prop_context *context, const struct subject *subject, struct buf *out)
#define UNUSED_CONTEXT (void)context
#define UNUSED_SUBJECT (void)subject

static int text_value(struct buf *out, struct str text)
{
	if (!text.ptr)
		return 404;
	xml_escape(out, text);
	return 200;
}

/* Into the tag that was opened last (RFC 4918 §4.3). */
static void language_add(struct buf *out, struct str lang)
{
	if (!lang.ptr)
		return;
	out->len--;
	BUF_LIT(out, " xml:lang=\"");
	xml_escape_attribute(out, lang);
	BUF_LIT(out, "\">");
}

VALUE(empty)
{
	UNUSED_CONTEXT, UNUSED_SUBJECT;
	(void)out;
	return 200;
}

/* ---- RFC 4918 ---- */

VALUE(creationdate)
{
	struct instant t = subject->object ? subject->object->created_at : subject->calendar->created_at;
	return text_value(out, instant_rfc3339(context->cx->mem, t));
}

VALUE(displayname)
{
	UNUSED_CONTEXT;
	if (subject->at.kind == RES_CALENDAR)
		return text_value(out, subject->calendar->displayname);
	if (!(context->principal->scopes & PROFILE_READ))
		return 403; /* the name of a person */
	return text_value(out, context->principal->name);
}

/* Of a collection 0, as other servers say: a GET of one tells no length (RFC 4918 §15.4). */
VALUE(getcontentlength)
{
	UNUSED_CONTEXT;
	buf_int(out, subject->object ? subject->object->size : 0);
	return 200;
}

VALUE(getcontenttype)
{
	UNUSED_CONTEXT, UNUSED_SUBJECT;
	BUF_LIT(out, "text/calendar;charset=utf-8"); /* exactly so: no component, no blank */
	return 200;
}

VALUE(getetag)
{
	struct arena *mem = context->cx->mem;
	if (!subject->object)
		return text_value(out, calendar_etag(mem, subject->calendar));
	return text_value(out, etag_text(mem, subject->object->etag));
}

VALUE(getlastmodified)
{
	return text_value(out, instant_imf(context->cx->mem, subject->object->updated_at));
}

VALUE(resourcetype)
{
	UNUSED_CONTEXT;
	switch (subject->at.kind) {
	case RES_ROOT:
	case RES_PRINCIPALS:
	case RES_HOMES:
	case RES_HOME:
		BUF_LIT(out, "<D:collection/>");
		break;
	case RES_PRINCIPAL:
		BUF_LIT(out, "<D:collection/><D:principal/>");
		break;
	case RES_CALENDAR:
		BUF_LIT(out, "<D:collection/><C:calendar/>");
		break;
	case RES_OBJECT:
		break;
	}
	return 200;
}

/* ---- extensions of WebDAV ---- */

/* RFC 4331 §3: of a calendar's limit and the account's, what is nearer. A home without a limit does not have it. */
VALUE(quota_available)
{
	int64_t max = account_storage_max(context->cx);
	int64_t left = max ? max - context->storage_used : INT64_MAX;
	if (!max && !subject->calendar)
		return 404;
	if (subject->calendar && CALENDAR_BYTES_MAX - subject->calendar->size < left)
		left = CALENDAR_BYTES_MAX - subject->calendar->size;
	buf_int(out, left > 0 ? left : 0);
	return 200;
}

VALUE(quota_used)
{
	buf_int(out, subject->calendar ? subject->calendar->size : context->storage_used);
	return 200;
}

VALUE(supported_report_set)
{
	UNUSED_CONTEXT;
	reports_write(subject->at.kind, out);
	return 200;
}

/* What stands in the table of this kind of resource; CALDAV:calendar-data is no property (RFC 4791 §9.6). */
VALUE(supported_live_property_set)
{
	UNUSED_CONTEXT;
	const struct prop *p;
	for (size_t i = 0; (p = prop_nth(i)); i++) {
		if (!(p->on & ON(subject->at.kind)) || (p->flags & PROP_DATA))
			continue;
		BUF_LIT(out, "<D:supported-live-property><D:prop>");
		buf_add(out, p->empty);
		BUF_LIT(out, "</D:prop></D:supported-live-property>");
	}
	return 200;
}

/* A calendar itself takes new members. */
VALUE(add_member)
{
	href_element(out, href_text(context->cx->mem, subject->at));
	return 200;
}

VALUE(sync_token)
{
	const struct sync_token token = { subject->calendar->id, subject->calendar->modseq, 0 };
	return text_value(out, sync_token_text(context->cx->mem, context->cx->config->public_url, token));
}

VALUE(resource_id)
{
	struct id id = subject->object     ? subject->object->id
		       : subject->calendar ? subject->calendar->id
					   : subject->at.account;
	href_element(out, str_cat(context->cx->mem, STR("urn:uuid:"), id_uuid(context->cx->mem, id)));
	return 200;
}

VALUE(current_user_principal)
{
	UNUSED_SUBJECT;
	href_element(out, context->principal_href);
	return 200;
}

VALUE(principal_url)
{
	UNUSED_CONTEXT;
	account_href(out, RES_PRINCIPAL, subject->at.actor);
	return 200;
}

VALUE(owner)
{
	return prop_principal_url(context, subject, out);
}

VALUE(principal_collection_set)
{
	UNUSED_SUBJECT;
	href_element(out, href_text(context->cx->mem, (struct resource){ .kind = RES_PRINCIPALS }));
	return 200;
}

/* ---- CalDAV: calendars ---- */

VALUE(calendar_description)
{
	UNUSED_CONTEXT;
	if (subject->calendar->description.ptr)
		language_add(out, subject->calendar->description_lang);
	return text_value(out, subject->calendar->description);
}

VALUE(supported_calendar_component_set)
{
	static const struct {
		int16_t bit;
		struct str element;
	} components[] = {
		{ COMPONENT_VEVENT, STR_INIT("<C:comp name=\"VEVENT\"/>") },
		{ COMPONENT_VTODO, STR_INIT("<C:comp name=\"VTODO\"/>") },
		{ COMPONENT_VJOURNAL, STR_INIT("<C:comp name=\"VJOURNAL\"/>") },
	};
	UNUSED_CONTEXT;
	for (size_t i = 0; i < ARRAY_LEN(components); i++)
		if (subject->calendar->components & components[i].bit)
			buf_add(out, components[i].element);
	return 200;
}

VALUE(supported_calendar_data)
{
	UNUSED_CONTEXT, UNUSED_SUBJECT;
	BUF_LIT(out, "<C:calendar-data content-type=\"text/calendar\" version=\"2.0\"/>");
	return 200;
}

VALUE(supported_collation_set)
{
	UNUSED_CONTEXT, UNUSED_SUBJECT;
	BUF_LIT(out, "<C:supported-collation>i;ascii-casemap</C:supported-collation>"
		     "<C:supported-collation>i;octet</C:supported-collation>"
		     "<C:supported-collation>i;unicode-casemap</C:supported-collation>");
	return 200;
}

VALUE(supported_rscale_set)
{
	struct str name;
	UNUSED_CONTEXT, UNUSED_SUBJECT;
	for (size_t i = 0; (name = rscale_name(i)).ptr; i++)
		buf_fmt(out, "<C:supported-rscale>%.*s</C:supported-rscale>", STR_ARG(name));
	return 200;
}

VALUE(max_resource_size)
{
	UNUSED_CONTEXT, UNUSED_SUBJECT;
	buf_int(out, (int64_t)OBJECT_SIZE_MAX);
	return 200;
}

VALUE(min_date_time)
{
	UNUSED_CONTEXT, UNUSED_SUBJECT;
	BUF_LIT(out, ICAL_MIN_DATE_TEXT);
	return 200;
}

VALUE(max_date_time)
{
	UNUSED_CONTEXT, UNUSED_SUBJECT;
	BUF_LIT(out, ICAL_MAX_DATE_TEXT);
	return 200;
}

VALUE(max_attendees)
{
	UNUSED_CONTEXT, UNUSED_SUBJECT;
	buf_int(out, ICAL_ATTENDEES_MAX);
	return 200;
}

VALUE(schedule_calendar_transp)
{
	UNUSED_CONTEXT;
	buf_add(out, subject->calendar->transp ? STR("<C:transparent/>") : STR("<C:opaque/>"));
	return 200;
}

VALUE(getctag)
{
	UNUSED_CONTEXT;
	buf_int(out, subject->calendar->modseq);
	return 200;
}

VALUE(calendar_color)
{
	UNUSED_CONTEXT;
	return text_value(out, subject->calendar->color);
}

VALUE(calendar_order)
{
	UNUSED_CONTEXT;
	buf_int(out, subject->calendar->ord);
	return 200;
}

/* ---- CalDAV: principals ---- */

VALUE(calendar_home_set)
{
	UNUSED_CONTEXT;
	account_href(out, RES_HOME, subject->at.actor);
	return 200;
}

VALUE(calendar_user_address_set)
{
	if (context->principal->scopes & PROFILE_READ)
		href_element(out, str_cat(context->cx->mem, STR("mailto:"), context->principal->email));
	account_href(out, RES_PRINCIPAL, subject->at.actor);
	return 200;
}

VALUE(calendar_user_type)
{
	UNUSED_CONTEXT, UNUSED_SUBJECT;
	BUF_LIT(out, "INDIVIDUAL");
	return 200;
}

VALUE(email_address_set)
{
	UNUSED_SUBJECT;
	BUF_LIT(out, "<S:email-address>");
	xml_escape(out, context->principal->email);
	BUF_LIT(out, "</S:email-address>");
	return 200;
}

/* ---- CalDAV: objects ---- */

static err_t selected_data(const struct prop_context *context, const struct subject *subject, struct buf *out)
{
	struct ical *parsed = NULL;
	struct buf text = buf_new(context->cx->mem, DATA_MAX);
	TRY(ical_parse(context->cx, subject->object->data, &parsed));
	TRY(ical_expand_data(context->cx, parsed, &context->data->selection, &text));
	if (text.full)
		return FAIL(context->cx, ICAL_MAX_INSTANCES, "calendar-data of over %d octets", DATA_MAX);
	xml_escape(out, ical_characters(context->cx->mem, buf_str(&text)));
	return OK;
}

VALUE(calendar_data)
{
	if (!context->data || !subject->object->data.ptr)
		return 404;
	if (!ical_selects(&context->data->selection))
		return text_value(out, ical_characters(context->cx->mem, subject->object->data));
	err_t e = selected_data(context, subject, out);
	if (!e)
		return 200;
	if (err_is(e, ICAL_MAX_INSTANCES) || err_is(e, TOO_COSTLY))
		return 507; /* RFC 4791 §7.8: the rest of the answer stands */
	log_event(LOG_ERROR, "calendar-data", LOG_C("kind", err_row(e->kind)->name), LOG_STR("detail", e->detail));
	return 500;
}
