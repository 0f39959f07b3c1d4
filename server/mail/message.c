/* SPDX-License-Identifier: Apache-2.0 */
#include "server/mail/message.h"

#include <string.h>

#include "server/base/buf.h"
#include "server/data/idna.h"

#define LINE_MAX_OCTETS 76 /* of encoded bodies (RFC 2045 §6.7, §6.8) */
#define WORD_OCTETS 39     /* of text in an encoded word: 76 octets with the name of a field before it (RFC 2047 §2) */
#define PLAIN_MAX 60       /* of a header text that stands as it is, on the line of its name */
#define HEADER_TEXT_MAX 300 /* octets of a name or a subject */
#define LOCAL_MAX 64        /* RFC 5321 §4.5.3.1.1 */
#define LABEL_OCTETS_MAX 63 /* of a domain (RFC 1035 §2.3.4) */

/* ---- addresses ---- */

static bool is_atom(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (!char_is_alpha(c) && !char_is_digit(c) && !(c && strchr("!#$%&'*+-/=?^_`{|}~", c)))
			return false;
	}
	return text.len > 0;
}

static bool is_domain_label(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!char_is_alpha(text.ptr[i]) && !char_is_digit(text.ptr[i]) && text.ptr[i] != '-')
			return false;
	return text.len > 0 && text.len <= LABEL_OCTETS_MAX && text.ptr[0] != '-' && text.ptr[text.len - 1] != '-';
}

static bool each_is(struct str text, bool (*part)(struct str text))
{
	struct str rest = text, head;
	bool good = text.len > 0;
	while (str_cut(&rest, '.', &head))
		good = good && part(head);
	return good;
}

/* RFC 6531 §3.3: an atom has UTF8-non-ascii, too. Of ASCII what is_atom() takes. */
static bool is_wide_atom(struct str text)
{
	size_t from = 0;
	for (size_t i = 0; i <= text.len; i++) {
		if (i < text.len && (unsigned char)text.ptr[i] < 0x80)
			continue;
		if (i > from && !is_atom(str_sub(text, from, i)))
			return false;
		from = i + 1;
	}
	return idna_is_visible(text);
}

static bool split(struct str address, struct str *local, struct str *domain)
{
	*domain = address;
	str_cut(domain, '@', local);
	return domain->len > 0;
}

static bool is_domain(struct arena *mem, struct str domain)
{
	struct str host;
	if (str_is_ascii(domain))
		return each_is(domain, is_domain_label);
	return idna_host_to_ascii(mem, domain, &host) && each_is(host, is_domain_label);
}

bool mail_is_address(struct str text)
{
	struct str domain, local;
	if (text.len > MAIL_ADDRESS_MAX || !split(text, &local, &domain) || local.len > LOCAL_MAX ||
		!each_is(local, is_wide_atom))
		return false;
	struct arena *mem = arena_open();
	bool good = is_domain(mem, domain);
	arena_close(mem);
	return good;
}

bool mail_needs_utf8(struct str address)
{
	struct str domain, local;
	return split(address, &local, &domain) && !str_is_ascii(local);
}

struct str mail_address_sent(struct arena *mem, struct str address)
{
	struct str domain, local, host;
	if (!split(address, &local, &domain) || str_is_ascii(domain) || !idna_host_to_ascii(mem, domain, &host))
		return address;
	return str_fmt(mem, "%.*s@%.*s", STR_ARG(local), STR_ARG(host));
}

/* ---- header fields ---- */

/* On one line, without control characters, of a bounded length. */
static struct str one_line(struct arena *mem, struct str text)
{
	struct str from = str_beginning(text, HEADER_TEXT_MAX);
	char *to = arena_take(mem, from.len + 1, 1);
	for (size_t i = 0; i < from.len; i++)
		to[i] = (unsigned char)from.ptr[i] < 0x20 || from.ptr[i] == 0x7F ? ' ' : from.ptr[i];
	return str_trim((struct str){ to, from.len }, " ");
}

/* May it stand as it is? An encoded word must not be read into it. */
static bool is_plain(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < ' ' || text.ptr[i] > '~')
			return false;
	return text.len <= PLAIN_MAX && str_find(text, STR("=?")) == SIZE_MAX;
}

/* RFC 2047 §2, §5: words of whole characters, a line each. */
static void add_words(struct buf *out, struct str text)
{
	for (bool first = true; text.len || first; first = false) {
		struct str word = str_beginning(text, WORD_OCTETS);
		if (!word.len) /* what is no UTF-8 */
			word = str_sub(text, 0, WORD_OCTETS);
		buf_add(out, first ? STR("=?UTF-8?B?") : STR("\r\n =?UTF-8?B?"));
		buf_add(out, base64_of(out->mem, bytes_of(word.ptr, word.len)));
		BUF_LIT(out, "?=");
		text = str_from(text, word.len);
	}
}

static void add_person(struct buf *out, struct str field, struct mail_person person)
{
	struct str name = one_line(out->mem, person.name);
	buf_fmt(out, "%.*s: ", STR_ARG(field));
	if (name.len && is_plain(name)) {
		buf_char(out, '"');
		for (size_t i = 0; i < name.len; i++) {
			if (name.ptr[i] == '"' || name.ptr[i] == '\\')
				buf_char(out, '\\');
			buf_char(out, name.ptr[i]);
		}
		buf_char(out, '"');
	} else if (name.len) {
		add_words(out, name);
	}
	if (name.len)
		BUF_LIT(out, "\r\n ");
	buf_fmt(out, "<%.*s>\r\n", STR_ARG(person.email));
}

static void add_subject(struct buf *out, struct str text)
{
	struct str subject = one_line(out->mem, text);
	BUF_LIT(out, "Subject: ");
	if (is_plain(subject))
		buf_add(out, subject);
	else
		add_words(out, subject);
	BUF_LIT(out, "\r\n");
}

/* RFC 5322 §3.3: as HTTP writes it, but for the zone. */
static void add_date(struct buf *out, struct instant date)
{
	struct str text = instant_imf(out->mem, date);
	buf_fmt(out, "Date: %.*s +0000\r\n", STR_ARG(str_sub(text, 0, text.len - 4)));
}

/* ---- bodies ---- */

static void add_base64(struct buf *out, struct str octets)
{
	struct str text = base64_of(out->mem, bytes_of(octets.ptr, octets.len));
	for (size_t i = 0; i < text.len; i += LINE_MAX_OCTETS) {
		buf_add(out, str_sub(text, i, i + LINE_MAX_OCTETS));
		BUF_LIT(out, "\r\n");
	}
}

static bool stands_as_it_is(struct str line, size_t i)
{
	unsigned char c = (unsigned char)line.ptr[i];
	bool blank = c == ' ' || c == '\t';
	return (c > ' ' && c <= '~' && c != '=') || (blank && i + 1 < line.len);
}

/* One line of text; softly broken where it is too long (RFC 2045 §6.7). */
static void add_quoted_line(struct buf *out, struct str line)
{
	size_t column = 0;
	for (size_t i = 0; i < line.len; i++) {
		bool as_it_is = stands_as_it_is(line, i);
		if (column + (as_it_is ? 1 : 3) > LINE_MAX_OCTETS - 1) {
			BUF_LIT(out, "=\r\n");
			column = 0;
		}
		if (as_it_is)
			buf_char(out, line.ptr[i]);
		else
			buf_fmt(out, "=%02X", (unsigned char)line.ptr[i]);
		column += as_it_is ? 1 : 3;
	}
	BUF_LIT(out, "\r\n");
}

static struct str without_controls(struct arena *mem, struct str text)
{
	char *to = arena_take(mem, text.len + 1, 1);
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if ((c >= 0x20 && c != 0x7F) || c == '\t')
			to[len++] = text.ptr[i];
	}
	return (struct str){ to, len };
}

static void add_quoted(struct buf *out, struct str text)
{
	struct str rest = str_trim(text, "\r\n"), line;
	while (str_cut(&rest, '\n', &line))
		add_quoted_line(out, without_controls(out->mem, line));
}

static void add_text_part(struct buf *out, const char *type, struct str text)
{
	buf_fmt(out, "Content-Type: text/%s; charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
		type);
	add_quoted(out, text);
}

/* ---- the message ---- */

/* RFC 2046 §5.1.4: the plainest first. Without its end. */
static void add_texts(struct buf *out, const struct mail_message *m, struct str key)
{
	buf_fmt(out, "Content-Type: multipart/alternative;\r\n boundary=\"=_a%.*s\"\r\n\r\n", STR_ARG(key));
	buf_fmt(out, "--=_a%.*s\r\n", STR_ARG(key));
	add_text_part(out, "plain", m->text);
	if (!m->html.len)
		return;
	buf_fmt(out, "--=_a%.*s\r\n", STR_ARG(key));
	add_text_part(out, "html", m->html);
}

static void add_parts(struct buf *out, const struct mail_message *m)
{
	struct str key = hex_of(out->mem, bytes_of(m->id.octets, sizeof m->id.octets));
	buf_fmt(out, "Content-Type: multipart/mixed;\r\n boundary=\"=_m%.*s\"\r\n\r\n", STR_ARG(key));
	buf_fmt(out, "--=_m%.*s\r\n", STR_ARG(key));
	add_texts(out, m, key);
	buf_fmt(out, "--=_a%.*s\r\nContent-Type: text/calendar; method=%.*s; charset=UTF-8\r\n", STR_ARG(key),
		STR_ARG(m->method));
	BUF_LIT(out, "Content-Transfer-Encoding: base64\r\n\r\n");
	add_base64(out, m->calendar);
	buf_fmt(out, "--=_a%.*s--\r\n--=_m%.*s\r\n", STR_ARG(key), STR_ARG(key));
	BUF_LIT(out, "Content-Type: application/ics; name=\"invite.ics\"\r\n"
		     "Content-Disposition: attachment; filename=\"invite.ics\"\r\n"
		     "Content-Transfer-Encoding: base64\r\n\r\n");
	add_base64(out, m->calendar);
	buf_fmt(out, "--=_m%.*s--\r\n", STR_ARG(key));
}

static void add_two_texts(struct buf *out, const struct mail_message *m)
{
	struct str key = hex_of(out->mem, bytes_of(m->id.octets, sizeof m->id.octets));
	add_texts(out, m, key);
	buf_fmt(out, "--=_a%.*s--\r\n", STR_ARG(key));
}

struct str mail_message_write(struct arena *mem, const struct mail_message *m)
{
	struct buf out = buf_new(mem, (m->text.len + m->html.len + m->calendar.len) * 4 + 16384);
	add_person(&out, STR("From"), m->from);
	if (m->reply_to.email.len)
		add_person(&out, STR("Reply-To"), m->reply_to);
	add_subject(&out, m->subject);
	add_date(&out, m->date);
	/* No answer by a machine (RFC 3834 §5). */
	BUF_LIT(&out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n");
	if (m->language.len)
		buf_fmt(&out, "Content-Language: %.*s\r\n", STR_ARG(m->language)); /* RFC 3282 */
	if (m->calendar.len)
		add_parts(&out, m);
	else if (m->html.len)
		add_two_texts(&out, m);
	else
		add_text_part(&out, "plain", m->text);
	return buf_str(&out);
}

struct str mail_message_head(struct arena *mem, struct str key, struct str from, struct str to)
{
	struct str domain = from, local;
	str_cut(&domain, '@', &local);
	return str_fmt(mem, "Message-ID: <%.*s@%.*s>\r\nTo: <%.*s>\r\n", STR_ARG(key), STR_ARG(domain), STR_ARG(to));
}
