/* SPDX-License-Identifier: Apache-2.0 */
#include "web/calendars.h"

#include "server/account/account.h"
#include "server/account/audit.h"
#include "server/account/label.h"
#include "server/base/config.h"
#include "server/http/access.h"
#include "web/calendar_view.h"
#include "web/ticks.h"
#include "web/once.h"
#include "web/pages.h"
#include "web/say.h"
#include "web/stale.h"

#define URL_NAME_MAX 40
#define TRIES 3 /* of a change that others get in between of */

struct actor calendars_actor(struct request *rq, bool test)
{
	struct actor actor = actor_own(rq->principal);
	actor.owner = id_in_mode(actor.owner, test);
	return actor;
}

static void calendar_values(struct request *rq, struct html_values *v, const struct calendar *c, struct str fill)
{
	html_set(v, "calendar_id", id_text(rq->cx.mem, "cal", c->id));
	html_set(v, "calendar_name", calendar_label(c));
	html_set(v, "color", fill);
	html_set_flag(v, "public", c->is_public);
	html_set(v, "url", calendar_url(&rq->cx, c));
	html_set_flag(v, "is_default", str_eq(c->name, STR(DEFAULT_CALENDAR)));
	html_set(v, "objects", say_count(rq, c->objects, SAY("1 entry"), SAY("{n} entries")));
	page_when(rq, v, "created", c->created_at);
}

static err_t list_values(struct request *rq, struct html_values **out)
{
	struct html_values *v = page_new(rq, "Calendars", "calendars");
	struct calendar *calendars;
	size_t count;
	bool test = calendar_in_test(rq);

	const struct actor actor = calendars_actor(rq, test);
	TRY(calendar_list(&rq->cx, &actor, &calendars, &count));
	const struct page_part part = page_part(rq, v, count);
	const struct str *fills = calendar_fills(rq->cx.mem, calendars, count);
	for (size_t i = part.from; i < part.to; i++) {
		struct html_values *row = html_add_row(v, "calendars");
		calendar_values(rq, row, &calendars[i], fills[i]);
		html_set_flag(row, "is_first", i == 0);
		html_set_flag(row, "is_last", i + 1 == count);
	}
	html_set_flag(v, "mode_test", test);
	html_set(v, "mode_path", STR("/calendars"));
	html_set(v, "public_url", rq->cx.config->public_url);
	*out = v;
	return OK;
}

err_t calendars_page(struct request *rq, struct response *rs)
{
	struct html_values *v;
	TRY(list_values(rq, &v));
	page_notice(rq, v);
	return page_reply(rs, 200, "calendars", v);
}

struct str calendars_path(struct request *rq, struct str page, const char *done, bool test)
{
	return str_fmt(rq->cx.mem, "/calendars%.*s?done=%s%s", STR_ARG(page), done, test ? "&mode=test" : "");
}

void calendars_go_to(struct request *rq, struct response *rs, struct str page, const char *done, bool test)
{
	reply_redirect(rs, 303, calendars_path(rq, page, done, test));
}

/* What follows a change: the list, in the mode that was shown. */
static err_t back_to_list(struct request *rq, struct response *rs, const char *done)
{
	calendars_go_to(rq, rs, STR(""), done, calendar_in_test(rq));
	return OK;
}

/* ---- the form: of a new one, and of one that is there ---- */

/* What it was sent with, as far as a form can have it. */
static void sent_values(struct request *rq, struct html_values *v)
{
	struct calendar sent = { .color = form_get(&rq->form, "color") };
	html_set(v, "name_value", form_get(&rq->form, "name"));
	html_set(v, "color_value", calendar_rgb(&sent, STR(DEFAULT_COLOR)));
	html_set_flag(v, "public_ticked", form_count(&rq->form, "public") > 0);
}

static struct html_values *new_values(struct request *rq)
{
	struct html_values *v = page_new(rq, SAY("New calendar"), "calendars");
	html_set_flag(v, "is_new", true);
	html_set_flag(v, "mode_test", calendar_in_test(rq));
	return v;
}

/* Its colour is the next in the rotation. */
err_t calendar_new_page(struct request *rq, struct response *rs)
{
	struct html_values *v = new_values(rq);
	const struct actor actor = calendars_actor(rq, calendar_in_test(rq));
	struct calendar *calendars;
	size_t count;
	TRY(calendar_list(&rq->cx, &actor, &calendars, &count));
	html_set(v, "color_value", str_of(calendar_colors[count % CALENDAR_COLORS]));
	return page_reply(rs, 200, "calendar_form", v);
}

/* "Team Ümläute 2027" is at …/team-ml-ute-2027/; a name without any ASCII letter or digit at a random one. */
static struct str url_name(struct arena *mem, struct str label, struct id id)
{
	struct buf name = buf_new(mem, URL_NAME_MAX);
	for (size_t i = 0; i < label.len && name.len < URL_NAME_MAX - 1; i++) {
		char c = char_lower(label.ptr[i]);
		if (char_is_alpha(c) || char_is_digit(c))
			buf_char(&name, c);
		else if (name.len && name.ptr[name.len - 1] != '-')
			buf_char(&name, '-');
	}
	struct str made = str_trim(buf_str(&name), "-");
	return made.len ? made : id_text(mem, "cal", id);
}

static err_t read_change(struct request *rq, struct calendar_change *out)
{
	struct calendar as_sent = { .color = form_get(&rq->form, "color") };
	struct calendar_change change = {
		.set_displayname = true, .set_color = true, .color = calendar_rgb(&as_sent, STR(DEFAULT_COLOR))
	};
	change.set_is_public = true;
	change.is_public = form_count(&rq->form, "public") > 0;
	TRY(label_clean(&rq->cx, "name", form_get(&rq->form, "name"), &change.displayname));
	*out = change;
	return OK;
}

err_t calendars_make(struct request *rq, const struct actor *actor, int16_t components,
	const struct calendar_change *with, struct id *out)
{
	struct id id = id_new(rq->cx.now);
	struct str name = url_name(rq->cx.mem, with->displayname, id);
	err_t e = calendar_create(&rq->cx, actor, name, components, with, out);
	if (err_is(e, CONFLICT))
		e = calendar_create(
			&rq->cx, actor, str_cat(rq->cx.mem, name, id_text(rq->cx.mem, "", id)), components, with, out);
	return e;
}

static err_t make_told(struct request *rq, const struct actor *actor, const struct calendar_change *with)
{
	struct id made;
	TRY(calendars_make(rq, actor, COMPONENT_VEVENT | COMPONENT_VTODO, with, &made));
	return audit_public(&rq->cx, actor->owner, AUDIT_CALENDAR, made, with->displayname, false, with->is_public);
}

static err_t create(struct request *rq)
{
	struct calendar_change with;
	bool own;
	const struct actor actor = calendars_actor(rq, calendar_in_test(rq));
	TRY(read_change(rq, &with));
	if (with.is_public)
		TRY(access_need_proof(rq));
	TRY(db_join(&rq->cx, &own));
	return db_settle(&rq->cx, own, make_told(rq, &actor, &with));
}

err_t calendars_create(struct request *rq, struct response *rs)
{
	struct once once;
	bool done;
	TRY(once_leads(rq, rs, &once, &done));
	if (done)
		return OK;
	err_t e = once_end(rq, &once, create(rq), calendars_path(rq, STR(""), "created", calendar_in_test(rq)));
	if (!e)
		return back_to_list(rq, rs, "created");
	if (err_is(e, PROOF_REQUIRED))
		return e;
	struct html_values *v = new_values(rq);
	sent_values(rq, v);
	return page_again(rs, "calendar_form", v, e);
}

/* ---- edit and delete ---- */

err_t calendars_in_path(struct request *rq, struct calendar *out)
{
	struct id id;
	if (!id_parse(rq->args[0], "cal", &id))
		return FAIL(&rq->cx, NOT_FOUND, "no calendar id");
	const struct actor actor = calendars_actor(rq, calendar_in_test(rq));
	err_t e = calendar_by_id(&rq->cx, &actor, id, out);
	if (err_is(e, NOT_FOUND))
		return REFUSE(&rq->cx, NOT_FOUND, "", "There is no such calendar among yours.");
	return e;
}

err_t calendars_page_of(struct request *rq, const struct calendar *c, const char *title, struct html_values **out)
{
	struct html_values *v = page_new(rq, title, "calendars");
	const struct actor actor = calendars_actor(rq, id_is_test(c->account));
	struct str fill;
	TRY(calendar_fill(rq, &actor, c, &fill));
	calendar_values(rq, v, c, fill);
	html_set_flag(v, "mode_test", id_is_test(c->account));
	*out = v;
	return OK;
}

#define EDIT_FIELDS 3

static const struct stale_field *edit_fields(struct arena *mem, const struct calendar *c)
{
	struct stale_field *fields = arena_array(mem, struct stale_field, EDIT_FIELDS);
	fields[0] = (struct stale_field){ "name", SAY("Name"), stale_one(mem, calendar_label(c)), STR_ABSENT };
	fields[1] = (struct stale_field){ "color", SAY("Colour"), stale_one(mem, calendar_rgb(c, STR(DEFAULT_COLOR))),
		STR_ABSENT };
	fields[2] = (struct stale_field){ "public", SAY("Public"),
		stale_one(mem, c->is_public ? STR("yes") : STR_ABSENT), STR_ABSENT };
	return fields;
}

static struct html_values *edit_values(struct request *rq, const struct calendar *c, unsigned conflicts)
{
	struct html_values *v = page_new(rq, SAY("Edit calendar"), "calendars");
	calendar_values(rq, v, c, STR_ABSENT); /* its colour is a field */
	html_set_flag(v, "mode_test", id_is_test(c->account));
	stale_values(rq, v, edit_fields(rq->cx.mem, c), EDIT_FIELDS, conflicts);
	return v;
}

err_t calendar_edit_page(struct request *rq, struct response *rs)
{
	struct calendar c;
	TRY(calendars_in_path(rq, &c));
	struct html_values *v = edit_values(rq, &c, 0);
	html_set(v, "name_value", calendar_label(&c));
	html_set(v, "color_value", calendar_rgb(&c, STR(DEFAULT_COLOR)));
	html_set_flag(v, "public_ticked", c.is_public);
	return page_reply(rs, 200, "calendar_form", v);
}

static err_t change_told(
	struct request *rq, const struct actor *actor, const struct calendar *c, const struct calendar_change *change)
{
	TRY(calendar_update(&rq->cx, actor, c->name, change));
	return audit_public(
		&rq->cx, c->account, AUDIT_CALENDAR, c->id, calendar_label(c), c->is_public, change->is_public);
}

static err_t save(
	struct request *rq, const struct actor *actor, const struct calendar *c, const struct calendar_change *change)
{
	bool own;
	TRY(db_join(&rq->cx, &own));
	return db_settle(&rq->cx, own, change_told(rq, actor, c, change));
}

/* Of what was just read, or not at all: PRECONDITION. */
static err_t change(struct request *rq, const struct calendar *c)
{
	const struct actor actor = calendars_actor(rq, id_is_test(c->account));
	struct calendar_change change;
	TRY(read_change(rq, &change));
	if (change.is_public && !c->is_public) /* from then on others see when it is busy */
		TRY(access_need_proof(rq));
	change.only_version = c->prop_version;
	return save(rq, &actor, c, &change);
}

err_t calendar_edit_post(struct request *rq, struct response *rs)
{
	struct calendar c;
	unsigned conflicts = 0;
	err_t e = OK;
	for (int i = 0; i < TRIES; i++) {
		TRY(calendars_in_path(rq, &c));
		e = stale_check(rq, edit_fields(rq->cx.mem, &c), EDIT_FIELDS, &conflicts);
		if (!e)
			e = change(rq, &c);
		if (!err_is(e, PRECONDITION) || conflicts)
			break;
	}
	if (!e)
		return back_to_list(rq, rs, "saved");
	if (err_is(e, PROOF_REQUIRED))
		return e;
	struct html_values *v = edit_values(rq, &c, conflicts);
	sent_values(rq, v);
	return page_again(rs, "calendar_form", v, e);
}

err_t calendar_delete_post(struct request *rq, struct response *rs)
{
	struct calendar c;
	TRY(calendars_in_path(rq, &c));
	const struct actor actor = calendars_actor(rq, id_is_test(c.account));
	if (str_eq(c.name, STR(DEFAULT_CALENDAR)))
		return REFUSE(&rq->cx, CONFLICT, "",
			"The default calendar cannot be deleted: events go there that name no other.");
	TRY(calendar_delete(&rq->cx, &actor, c.name));
	return back_to_list(rq, rs, "deleted");
}
