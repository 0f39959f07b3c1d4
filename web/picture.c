/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of people and logos of apps: taken from a form, and shown. */
#include "server/picture/picture.h"

#include "oauth/client_logo.h"
#include "server/account/account_picture.h"
#include "web/apps.h"
#include "web/pages.h"

/* Made of what was chosen; absent where it shall go. */
static err_t read_picture(struct request *rq, struct bytes *out)
{
	const struct form_file *file = form_file(&rq->form, "picture");
	*out = (struct bytes){ 0 };
	if (form_count(&rq->form, "remove"))
		return OK;
	if (!file)
		return REFUSE(&rq->cx, INVALID_VALUE, "picture", "Choose a picture first.");
	return picture_make(&rq->cx, file->data, out);
}

void picture_form_values(struct request *rq, struct html_values *v)
{
	html_set(v, "most", str_fmt(rq->cx.mem, "%zu", PICTURE_FILE_MAX / MIB(1)));
	html_set(v, "most_octets", str_fmt(rq->cx.mem, "%zu", PICTURE_FILE_MAX));
}

/*
 * Its address has its content's tag, so a copy never grows old; the browser alone keeps it. What it is was decided
 * here, and even opened by itself it is a document that may do nothing.
 */
static void send_picture(struct response *rs, struct bytes picture, struct str pages)
{
	buf_add(reply(rs, 200, "image/webp"), bytes_str(picture));
	response_header(rs, "Cache-Control", STR("private, max-age=31536000, immutable"));
	response_header(rs, "Content-Security-Policy", STR("default-src 'none'; sandbox"));
	response_header(rs, "Cross-Origin-Resource-Policy", pages);
}

/* ---- of who is signed in ---- */

err_t account_picture_get(struct request *rq, struct response *rs)
{
	struct bytes picture;
	TRY(account_picture(&rq->cx, rq->principal->account, rq->args[0], &picture));
	send_picture(rs, picture, STR("same-origin"));
	return OK;
}

/* To whom the address was told (profile:read, the claim picture): pages of theirs may show it. */
err_t shown_picture_get(struct request *rq, struct response *rs)
{
	struct id account;
	struct bytes picture;
	if (!id_parse(rq->args[0], "usr", &account))
		return FAIL(&rq->cx, NOT_FOUND, "no user's id");
	TRY(account_picture_shown(&rq->cx, account, rq->args[1], &picture));
	send_picture(rs, picture, STR("cross-origin"));
	return OK;
}

err_t account_picture_post(struct request *rq, struct response *rs)
{
	struct bytes picture;
	err_t e = read_picture(rq, &picture);
	if (!e)
		e = account_picture_set(&rq->cx, rq->principal->account, picture);
	if (e)
		return account_again(rq, rs, e);
	reply_redirect(rs, 303, STR("/account?done=saved"));
	return OK;
}

/* ---- of an app ---- */

err_t app_logo_get(struct request *rq, struct response *rs)
{
	struct id client;
	struct bytes logo;
	if (!id_parse(rq->args[0], "cli", &client))
		return FAIL(&rq->cx, NOT_FOUND, "no app id");
	TRY(client_logo(&rq->cx, client, rq->args[1], rq->principal->account, &logo));
	send_picture(rs, logo, STR("same-origin"));
	return OK;
}

err_t app_logo_post(struct request *rq, struct response *rs)
{
	struct client client;
	struct bytes logo;
	TRY(app_in_path(rq, &client));
	err_t e = read_picture(rq, &logo);
	if (!e)
		e = client_logo_set(&rq->cx, client.owner, client.id, logo);
	if (e)
		return app_again(rq, rs, e);
	reply_redirect(rs, 303,
		str_fmt(rq->cx.mem, "/apps/%.*s?done=saved#logo", STR_ARG(id_text(rq->cx.mem, "cli", client.id))));
	return OK;
}

err_t app_logo_value(struct request *rq, struct html_values *v, struct id client)
{
	struct client_logo_tag *tags = NULL;
	size_t count;
	TRY(client_logo_tags(&rq->cx, &client, 1, &tags, &count));
	app_logo_url(rq, v, client, client_logo_tag_of(tags, count, client));
	return OK;
}

void app_logo_url(struct request *rq, struct html_values *v, struct id client, struct str tag)
{
	if (tag.ptr)
		html_set(v, "logo_url",
			str_fmt(rq->cx.mem, "/apps/%.*s/logo/%.*s", STR_ARG(id_text(rq->cx.mem, "cli", client)),
				STR_ARG(tag)));
}
