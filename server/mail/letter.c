/* SPDX-License-Identifier: Apache-2.0 */
#include "server/mail/letter.h"

#include "server/base/config.h"
#include "server/data/html.h"

#define LETTER_MAX ((size_t)256 * 1024)

struct letter {
	struct ctx *cx;
	const struct language *language;
	struct str subject, reason;
	struct buf text;
	struct html_values *page;
	bool asked;
	bool in_facts;   /* what was said last is a line of a list */
	bool has_button; /* the first link is one */
};

static struct letter *begin(struct ctx *cx, const struct language *language, struct str subject, struct str heading)
{
	struct letter *letter = arena_new(cx->mem, struct letter);
	*letter = (struct letter){ .cx = cx,
		.language = language,
		.subject = subject,
		.text = buf_new(cx->mem, LETTER_MAX),
		.page = html_values_new(cx->mem) };
	html_set(letter->page, "title", subject);
	html_set(letter->page, "heading", heading);
	html_set(letter->page, "lang", catalogue_tag(language));
	html_set_flag(letter->page, "rtl", language && language->rtl);
	html_set(letter->page, "brand", cx->config->brand);
	html_set(letter->page, "public_url", cx->config->public_url);
	return letter;
}

struct letter *letter_new(struct ctx *cx, const struct language *language, const char *subject, ...)
{
	va_list values;
	va_start(values, subject);
	struct str about = wording_filled(cx->mem, wording(language, subject), values);
	va_end(values);
	struct str whole = str_fmt(cx->mem, "%.*s: %.*s", STR_ARG(cx->config->brand), STR_ARG(about));
	return begin(cx, language, whole, about); /* the page has the server's name above it */
}

struct letter *letter_to_others(struct ctx *cx, const struct language *language, struct str subject)
{
	return begin(cx, language, subject, subject);
}

/* A blank line before each part, but between the lines of a list. */
static struct html_values *add_part(struct letter *letter, bool fact)
{
	if (letter->text.len && !(fact && letter->in_facts))
		buf_char(&letter->text, '\n');
	letter->in_facts = fact;
	return html_add_row(letter->page, "parts");
}

void letter_say(struct letter *letter, const char *text, ...)
{
	va_list values;
	va_start(values, text);
	struct str said = wording_filled(letter->cx->mem, wording(letter->language, text), values);
	va_end(values);
	html_set(add_part(letter, false), "text", said);
	buf_fmt(&letter->text, "%.*s\n", STR_ARG(said));
}

void letter_fact(struct letter *letter, const char *name, struct str value)
{
	if (!value.len)
		return;
	struct html_values *row = add_part(letter, true);
	struct str said = wording(letter->language, name);
	html_set(row, "fact", said);
	html_set(row, "value", value);
	buf_fmt(&letter->text, "%.*s: %.*s\n", STR_ARG(said), STR_ARG(value));
}

/* Programs that know no CSS break no lines of a text by themselves: each is a row. */
void letter_quote(struct letter *letter, struct str text)
{
	struct str rest = str_trim(text, "\r\n"), line;
	if (!rest.len)
		return;
	struct html_values *row = add_part(letter, false);
	html_set_flag(row, "quote", true);
	buf_fmt(&letter->text, "%.*s\n", STR_ARG(rest));
	while (str_cut(&rest, '\n', &line))
		html_set(html_add_row(row, "lines"), "line", line);
}

void letter_link_to(struct letter *letter, const char *label, struct str url)
{
	struct html_values *row = add_part(letter, false);
	struct str said = wording(letter->language, label);
	html_set(row, "link", url);
	html_set(row, "label", said);
	html_set_flag(row, "button", !letter->has_button);
	letter->has_button = true;
	buf_fmt(&letter->text, "%.*s:\n%.*s\n", STR_ARG(said), STR_ARG(url));
}

void letter_link(struct letter *letter, const char *label, struct str path)
{
	letter_link_to(letter, label, str_cat(letter->cx->mem, letter->cx->config->public_url, path));
}

void letter_reason(struct letter *letter, const char *text, ...)
{
	va_list values;
	va_start(values, text);
	letter->reason = wording_filled(letter->cx->mem, wording(letter->language, text), values);
	va_end(values);
	html_set(letter->page, "reason", letter->reason);
}

void letter_was_asked_for(struct letter *letter)
{
	letter->asked = true;
}

err_t letter_write(struct ctx *cx, struct letter *letter, struct mail_message *out)
{
	struct buf html = buf_new(cx->mem, LETTER_MAX);
	TRY(html_render(cx, &html, "mail_letter", letter->page));
	buf_fmt(&letter->text, "\n-- \n%.*s, %.*s\n", STR_ARG(cx->config->brand), STR_ARG(cx->config->public_url));
	if (letter->reason.len)
		buf_fmt(&letter->text, "%.*s\n", STR_ARG(letter->reason));
	out->subject = letter->subject;
	out->language = catalogue_tag(letter->language);
	out->text = buf_str(&letter->text);
	out->html = html.full ? STR_ABSENT : buf_str(&html); /* half a page says less than the text, which is whole */
	return OK;
}

err_t letter_send(struct ctx *cx, struct letter *letter, struct id account, struct str to, bool *sent_out)
{
	bool possible = mail_is_possible(cx, account) && mail_is_address(to);
	if (sent_out)
		*sent_out = possible;
	if (!possible)
		return OK;
	struct mail_new mail = {
		.account = account,
		.recipients = { &to, 1 },
		.own = true,
		.asked = letter->asked,
		.message.from.name = cx->config->brand,
	};
	TRY(letter_write(cx, letter, &mail.message));
	cx->found = true; /* by a job: it is to be sent now */
	return mail_add(cx, &mail);
}
