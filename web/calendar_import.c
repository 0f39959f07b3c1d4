/* SPDX-License-Identifier: Apache-2.0 */
/* A file of events into a calendar, and what became of it: what importCalendar does on REST. */
#include "caldav/calendar/import/import.h"

#include "server/http/access.h"
#include "web/calendar_view.h"
#include "web/calendars.h"
#include "web/calendar_file.h"
#include "web/once.h"
#include "web/pages.h"
#include "web/say.h"

#define NEW_ONE "new"

/* ---- the form ---- */

/* The calendars of who asks that can be written, in the world of the page. */
static err_t form_values(struct request *rq, struct str chosen, struct html_values **out)
{
	struct html_values *v = page_new(rq, "Import a file", "calendars");
	bool test = calendar_in_test(rq), any = false;
	const struct actor actor = calendars_actor(rq, test);
	struct calendar *calendars;
	size_t count;
	TRY(calendar_list(&rq->cx, &actor, &calendars, &count));
	for (size_t i = 0; i < count; i++) {
		if (!calendars[i].writable)
			continue;
		struct html_values *row = html_add_row(v, "calendars");
		struct str id = id_text(rq->cx.mem, "cal", calendars[i].id);
		html_set(row, "value", id);
		html_set(row, "label", calendar_label(&calendars[i]));
		html_set_flag(row, "chosen", str_eq(chosen, id));
		any |= str_eq(chosen, id);
	}
	html_set_flag(v, "into_new", str_eq(chosen, STR(NEW_ONE)) || !count);
	html_set_flag(v, "skip", str_eq(form_get(&rq->form, "existing"), STR("skip")));
	html_set_flag(v, "mode_test", test);
	html_set(v, "most", str_fmt(rq->cx.mem, "%zu", CALENDAR_FILE_MAX / MIB(1)));
	html_set(v, "most_octets", str_fmt(rq->cx.mem, "%zu", CALENDAR_FILE_MAX));
	if (any)
		html_set(v, "back_to", chosen);
	*out = v;
	return OK;
}

err_t calendar_import_page(struct request *rq, struct response *rs)
{
	struct html_values *v;
	const struct form *params;
	TRY(request_params(rq, &params));
	TRY(form_values(rq, form_get(params, "calendar"), &v));
	return page_reply(rs, 200, "calendar_import", v);
}

err_t calendar_import_again(struct request *rq, struct response *rs, err_t e)
{
	struct html_values *v;
	if (page_status(e) >= 500)
		return e;
	TRY(form_values(rq, form_get(&rq->form, "calendar"), &v));
	return page_again(rs, "calendar_import", v, e);
}

/* ---- the import ---- */

/* What is to be done, as the form says. */
struct import_request {
	struct actor actor;
	const struct form_file *file;
	struct calendar calendar;
	bool skip, made; /* made: the calendar is new */
};

static err_t read_calendar(struct request *rq, struct import_request *out)
{
	struct str named = form_get(&rq->form, "calendar");
	struct id id;
	out->made = str_eq(named, STR(NEW_ONE));
	if (out->made)
		return OK;
	err_t e = id_parse(named, "cal", &id) ? calendar_by_id(&rq->cx, &out->actor, id, &out->calendar)
					      : FAIL(&rq->cx, NOT_FOUND, "no calendar id");
	if (err_is(e, NOT_FOUND))
		return REFUSE(&rq->cx, INVALID_VALUE, "calendar", "Choose one of your calendars.");
	return e;
}

static err_t read_order(struct request *rq, struct import_request *out)
{
	struct import_request order = {
		.actor = calendars_actor(rq, calendar_in_test(rq)),
		.file = form_file(&rq->form, "file"),
		.skip = str_eq(form_get(&rq->form, "existing"), STR("skip")),
	};
	if (!order.file)
		return REFUSE(&rq->cx, INVALID_VALUE, "file", "Choose the file that shall be imported.");
	TRY(read_calendar(rq, &order));
	TRY(calendar_file_check(&rq->cx, order.file->data, form_count(&rq->form, "anyway") > 0));
	*out = order;
	return OK;
}

/*
 * It is called what the file says, else what the file is called. The same form again is about the same calendar, in
 * which the same file changes nothing.
 */
static err_t make_calendar(struct request *rq, struct import_request *order)
{
	struct calendar_change with = { .set_displayname = true };
	struct once once;
	struct id id = { { 0 } };
	with.displayname = calendar_file_name(&rq->cx, order->file);
	TRY(once_begin(rq, &once));
	if (once.result.ptr) {
		order->made = false;
		(void)id_parse(once.result, "cal", &id);
	} else {
		err_t e = calendars_make(rq, &order->actor, COMPONENTS_ALL, &with, &id);
		TRY(once_end(rq, &once, e, e ? STR("") : id_text(rq->cx.mem, "cal", id)));
	}
	err_t e = calendar_by_id(&rq->cx, &order->actor, id, &order->calendar);
	if (err_is(e, NOT_FOUND))
		return REFUSE(&rq->cx, CONFLICT, "file",
			"This form came twice, and the calendar that the first made is deleted by now. Open this page "
			"anew.");
	return e;
}

/* What is wrong with the file as a whole is told at the file; that there is no room left, too. */
static err_t about_field(struct request *rq, err_t e)
{
	if (err_is(e, DAV_QUOTA)) /* 507 on REST; a form that is shown again is no fault of the server's */
		return REFUSE(&rq->cx, CONFLICT, "file", "%.*s", STR_ARG(err_text(e)));
	if (err_is(e, ICAL_DATA) || err_is(e, ICAL_MEDIA) || err_is(e, TOO_COSTLY))
		return err_about(rq->cx.mem, e, "file");
	return err_is(e, FORBIDDEN) ? err_about(rq->cx.mem, e, "calendar") : e;
}

/* A calendar that was made for nothing goes again. */
static err_t import(struct request *rq, struct import_request *order, struct import_result *result)
{
	TRY(access_count_write(rq, order->actor.owner));
	if (order->made)
		TRY(make_calendar(rq, order));
	err_t e = calendar_import(&rq->cx, &order->actor, &order->calendar, order->file->data, order->skip, result);
	if (result->created + result->updated > 1) /* one was counted with the request */
		access_charge_writes(rq, order->actor.owner, result->created + result->updated - 1);
	if (e && order->made && !result->created)
		TRY(calendar_delete(&rq->cx, &order->actor, order->calendar.name));
	return e;
}

/* ---- what became of it ---- */

static void set_count(struct request *rq, struct html_values *v, const char *name, int64_t count)
{
	html_set(v, name, str_fmt(rq->cx.mem, "%lld", (long long)count));
}

#define LINE "line %d: " /* formats of what is read by lines begin so; in a report the line stands beside it */

/* What the error said that the note quotes. */
static struct str error_said(struct request *rq, const struct import_note *note)
{
	struct str why = str_of(note->why), line;
	bool of_line = str_starts(str_of(note->format), STR(LINE));
	struct err e = { .said = of_line ? str_cat(rq->cx.mem, STR("line 0: "), why) : why, .format = note->format };
	struct str said = say_refused(rq, &e);
	if (of_line)
		(void)str_cut(&said, ':', &line);
	return str_trim(said, STR_BLANK);
}

/* In the language of who reads. *foreign_out: in English all the same. */
static struct str note_said(struct request *rq, const struct import_note *note, bool *foreign_out)
{
	struct str why = str_of(note->why),
		   said = note->format ? error_said(rq, note) : catalogue_text(request_language(rq), why);
	*foreign_out = note->format && str_eq(said, why);
	return say_with(rq, note_format(note->kind), "what", str_of(note->what), "why", said, NULL);
}

static err_t report(
	struct request *rq, struct response *rs, const struct import_request *order, const struct import_result *done)
{
	struct html_values *v;
	TRY(calendars_page_of(rq, &order->calendar, SAY("What was imported"), &v));
	html_set(v, "file_name", order->file->filename);
	set_count(rq, v, "new", done->created);
	set_count(rq, v, "changed", done->updated);
	set_count(rq, v, "same", done->unchanged);
	set_count(rq, v, "mended", done->repaired);
	set_count(rq, v, "refused", done->left_out);
	html_set_flag(v, "skipped", order->skip);
	html_set_flag(v, "made", order->made);
	html_set_flag(v, "all_well", !done->notes.count && !done->left_out);
	html_set_flag(v, "nothing", !done->created && !done->updated && !done->unchanged);
	for (size_t i = 0; i < done->notes.count; i++) {
		const struct import_note *note = &done->notes.items[i];
		struct html_values *row = html_add_row(v, "notes");
		html_set(row, "line", str_fmt(rq->cx.mem, "%d", note->line));
		bool foreign;
		html_set(row, "text", note_said(rq, note, &foreign));
		html_set_flag(row, "left_out", note->left_out);
		html_set_flag(row, "in_english", foreign);
	}
	html_set_flag(v, "any_note", done->notes.count > 0);
	if (done->notes.more)
		set_count(rq, v, "more", done->notes.more);
	return page_reply(rs, 200, "calendar_imported", v);
}

err_t calendar_import_post(struct request *rq, struct response *rs)
{
	struct import_request order;
	struct import_result result = { 0 };
	err_t e = read_order(rq, &order);
	if (!e)
		e = import(rq, &order, &result);
	if (e)
		return calendar_import_again(rq, rs, about_field(rq, e));
	return report(rq, rs, &order, &result);
}
