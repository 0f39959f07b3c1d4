/* SPDX-License-Identifier: Apache-2.0 */
/* Mail by libcurl: what is set, and what its ends mean. */
#include <string.h>

#include "server/net/transfer.h"

#define STOP_US (UINT64_C(2) * US_PER_S)
#define REPLY_MAX 512 /* octets of a reply that are kept: a line has as many (RFC 5321 §4.5.3.1.5) */

/* ---- what libcurl calls ---- */

/* Dots at the beginning of lines libcurl doubles, and it says where the message ends (RFC 5321 §4.5.2). */
static size_t on_read(char *to, size_t size, size_t count, void *user)
{
	struct transfer *t = user;
	struct str rest = str_from(t->what->body, t->sent);
	size_t room = size * count, len = rest.len < room ? rest.len : room;
	if (len)
		memcpy(to, rest.ptr, len);
	t->sent += len;
	return len;
}

/* STARTTLS is spoken in the middle: what was offered before it does not count (RFC 3207 §4.2). */
static unsigned greetings(const struct transfer *t)
{
	bool upgrades = t->what->mail->tls == FETCH_TLS_ALWAYS && str_starts(t->what->url, STR("smtp:"));
	return upgrades ? 2 : 1;
}

/*
 * An address beyond ASCII is told to no server that does not offer SMTPUTF8 in its answer to EHLO (RFC 6531 §3.1).
 * False: this is the end of that answer, and it did not. Such a call has a connection of its own, whose answer it sees.
 */
static bool may_go_on(struct transfer *t, struct str line)
{
	struct str code = str_sub(line, 0, 3), keyword = str_trim(str_from(line, 4), STR_BLANK);
	bool last = line.len <= 3 || line.ptr[3] != '-';
	if (!t->wide || str_eq(code, STR("220"))) {
		t->ready += last;
		t->introduced = t->offers_utf8 = false;
		return true;
	}
	if (t->introduced || !str_eq(code, STR("250")))
		return true;
	t->offers_utf8 = t->offers_utf8 || str_eq_nocase(keyword, STR("SMTPUTF8"));
	t->introduced = last;
	t->not_offered = last && !t->offers_utf8 && t->ready >= greetings(t);
	return !t->not_offered;
}

/* Each line of each reply; the last one is what the log tells, but for the good-bye (221). */
static size_t on_reply(char *data, size_t size, size_t count, void *user)
{
	struct transfer *t = user;
	struct str line = { data, size * count };
	t->head_octets += line.len;
	t->head_full = t->head_octets > FETCH_HEAD_MAX;
	if (!str_starts(line, STR("221"))) {
		buf_clear(&t->body);
		buf_add(&t->body, str_sub(str_trim(line, "\r\n"), 0, REPLY_MAX));
	}
	return !may_go_on(t, line) || t->head_full ? 0 : size * count;
}

static size_t on_nothing(char *data, size_t size, size_t count, void *user)
{
	(void)data, (void)user;
	return size * count;
}

/*
 * libcurl keeps the thread while it waits for the reply to the whole message, and asks here once a second: a process
 * that stops waits a moment longer, for what the server has already, and no more.
 */
static int on_progress(void *user, curl_off_t to_get, curl_off_t got, curl_off_t to_send, curl_off_t sent)
{
	struct transfer *t = user;
	uint64_t now_us = clock_monotonic_us();
	(void)to_get, (void)got, (void)to_send, (void)sent;
	if (!deadline_passed(deadline_in_ms(UINT32_MAX)))
		return 0;
	if (!t->stops_us)
		t->stops_us = now_us;
	return now_us - t->stops_us >= STOP_US;
}

/* ---- options ---- */

/* What stands in a command: it must not end it, nor begin another. */
static bool is_address(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] <= ' ' || text.ptr[i] == 0x7F || text.ptr[i] == '<' ||
			text.ptr[i] == '>')
			return false;
	return text.len > 0 && str_has(text, '@') && str_is_utf8(text);
}

static bool set_text(CURL *handle, struct arena *mem, CURLoption option, struct str value)
{
	const char *text = value.ptr ? str_c(mem, value) : NULL;
	return !value.ptr || (text && curl_easy_setopt(handle, option, text) == CURLE_OK);
}

bool mail_set(CURL *handle, struct transfer *t)
{
	const struct fetch_mail *mail = t->what->mail;
	if (!is_address(mail->from) || !is_address(mail->to) || !str_is_ascii(mail->from))
		return false;
	t->wide = !str_is_ascii(mail->to);
	curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, t->wide ? 1L : 0L);
	t->headers = curl_slist_append(NULL, str_c(t->mem, mail->to));
	curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, t->headers);
	curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(handle, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(handle, CURLOPT_READDATA, t);
	curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, (curl_off_t)t->what->body.len); /* SIZE: RFC 1870 */
	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_nothing);
	curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_reply);
	curl_easy_setopt(handle, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(handle, CURLOPT_XFERINFODATA, t);
	curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(handle, CURLOPT_USE_SSL, mail->tls == FETCH_TLS_NEVER ? CURLUSESSL_NONE : CURLUSESSL_ALL);
	return t->headers && set_text(handle, t->mem, CURLOPT_MAIL_FROM, mail->from) &&
	       set_text(handle, t->mem, CURLOPT_USERNAME, mail->user) &&
	       set_text(handle, t->mem, CURLOPT_PASSWORD, mail->password) &&
	       set_text(handle, t->mem, CURLOPT_CAINFO, mail->authorities);
}

/* ---- ends ---- */

/* Of the server's own set-up, not of the message: 530 (STARTTLS or login first), 534, 535, 538 (how to log in). */
static bool is_about_login(int status)
{
	return status == 530 || status == 534 || status == 535 || status == 538;
}

/*
 * A reply of 5yz says that this message will never be taken (RFC 5321 §4.2.1) where it is one to MAIL, RCPT or DATA, or
 * to the message itself; one to the greeting or a login says that the server is not for us today.
 */
enum fetch_fault mail_fault(
	const struct transfer *t, CURLcode code, int status, enum fetch_fault otherwise, bool *final_out)
{
	bool about_it = code == CURLE_SEND_ERROR || (code == CURLE_WEIRD_SERVER_REPLY && t->sent > 0);
	*final_out = t->not_offered;
	if (t->not_offered)
		return FETCH_NO_UTF8;
	if (code == CURLE_USE_SSL_FAILED)
		return FETCH_NO_TLS;
	if (code == CURLE_LOGIN_DENIED || (about_it && is_about_login(status)))
		return FETCH_LOGIN;
	if (!about_it && code != CURLE_WEIRD_SERVER_REPLY)
		return otherwise;
	if (status < 400 || status > 599)
		return otherwise;
	*final_out = about_it && status >= 500;
	return FETCH_REFUSED;
}
