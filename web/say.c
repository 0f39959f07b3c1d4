/* SPDX-License-Identifier: Apache-2.0 */
#include "web/say.h"

#include "server/base/buf.h"
#include "server/http/cookie.h"
#include "server/http/route.h"

#define SAID_MAX KIB(16)

/* That of the app that leads here: while its user signs in and decides, and on no other page. */
static bool asked_language(struct request *rq, const struct language **out)
{
	if (rq->principal && !(rq->route && (rq->route->flags & LED_BY_APP)))
		return false;
	return catalogue_find(request_cookie(rq, cookie_name(&rq->cx, LANGUAGE_COOKIE)), out);
}

void request_language_asked(struct request *rq, struct str ui_locales)
{
	struct str tag;
	if (rq->principal && rq->principal->language.len)
		return;
	while (!rq->language_known && str_cut(&ui_locales, ' ', &tag))
		rq->language_known = tag.len && catalogue_find(tag, &rq->language);
}

const struct language *request_language(struct request *rq)
{
	if (!rq->language_known) {
		struct str own = rq->principal ? rq->principal->language : STR_ABSENT;
		if ((!own.len || !catalogue_find(own, &rq->language)) && !asked_language(rq, &rq->language))
			rq->language = catalogue_choose(request_header(rq, "Accept-Language"));
		rq->language_known = true;
	}
	return rq->language;
}

struct str say(struct request *rq, const char *english)
{
	return catalogue_text(request_language(rq), str_of(english));
}

struct str say_with(struct request *rq, const char *english, ...)
{
	va_list values;
	va_start(values, english);
	struct str out = wording_filled(rq->cx.mem, say(rq, english), values);
	va_end(values);
	return out;
}

/* ---- what errors say ---- */

/*
 * The words of a printf format up to its next conversion ("%d", "%.*s", "%04X"), and on to what stands after that. What
 * goes into "%s" is the program's own, since what comes from others is a struct str.
 */
static bool cut_words(struct str *format, struct str *words, bool *own)
{
	size_t at = str_find(*format, STR("%")), end;
	*words = str_sub(*format, 0, at);
	*own = str_starts(str_from(*format, at), STR("%s"));
	if (at >= format->len) {
		*format = STR("");
		return false;
	}
	for (end = at + 1; end < format->len; end++)
		if (char_is_alpha(format->ptr[end]) && !str_has(STR("hljz"), format->ptr[end]))
			break;
	*format = str_from(*format, end + 1);
	return true;
}

/* said was made of the format english; text is that format in another language. */
static struct str refilled(struct request *rq, struct str english, struct str text, struct str said)
{
	struct buf out = buf_new(rq->cx.mem, SAID_MAX);
	struct str words, ours;
	bool own;
	cut_words(&english, &words, &own);
	said = str_from(said, words.len);
	while (cut_words(&text, &ours, &own)) {
		bool unused, more = cut_words(&english, &words, &unused);
		size_t end = more && words.len ? str_find(said, words) : SIZE_MAX;
		if (end == SIZE_MAX) /* the last one */
			end = said.len > words.len ? said.len - words.len : 0;
		buf_add(&out, ours);
		struct str value = str_sub(said, 0, end);
		buf_add(&out, own ? catalogue_text(request_language(rq), value) : value);
		said = str_from(said, end + words.len);
	}
	buf_add(&out, ours);
	return buf_str(&out);
}

struct str say_count(struct request *rq, int64_t n, const char *one, const char *more)
{
	return n == 1 ? say(rq, one) : say_with(rq, more, "n", str_fmt(rq->cx.mem, "%lld", (long long)n), NULL);
}

struct str say_refused(struct request *rq, err_t e)
{
	struct str said = err_text(e), english = e->format ? str_of(e->format) : said;
	struct str text = catalogue_text(request_language(rq), english);
	if (text.ptr == english.ptr) /* of another error, perhaps, that was handed on as "%.*s" */
		return catalogue_text(request_language(rq), said);
	return refilled(rq, english, text, said);
}
