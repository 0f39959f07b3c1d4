/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/redirect.h"

#include "server/data/form.h"
#include "server/data/uri.h"

#define ANSWER_MAX ((size_t)16 * 1024)
#define PORT_MAX 65535

static const struct loopback {
	struct str origin;
	bool by_name; /* may be resolved to something else: public clients that ask for it (OAuth 2.1 §8.4.2) */
} loopbacks[] = {
	{ STR_INIT("http://127.0.0.1"), false },
	{ STR_INIT("http://[::1]"), false },
	{ STR_INIT("http://localhost"), true },
};

/* 1 to 65535, no leading zero. */
static bool is_port(struct str s)
{
	uint64_t port;
	return s.len && s.ptr[0] != '0' && str_to_u64(s, PORT_MAX, &port);
}

/*
 * A loopback URI, cut at its port: rest_out is what comes after it, which is empty or begins with '/' or '?'. Done on
 * the octets as they are: userinfo, other spellings of the address and longer host names all fail to match.
 */
static const struct loopback *loopback_cut(struct str uri, struct str *rest_out)
{
	for (const struct loopback *l = loopbacks; l < loopbacks + ARRAY_LEN(loopbacks); l++) {
		if (!str_starts(uri, l->origin))
			continue;
		struct str rest = str_from(uri, l->origin.len);
		if (rest.len && rest.ptr[0] == ':') {
			size_t end = 1;
			while (end < rest.len && char_is_digit(rest.ptr[end]))
				end++;
			if (!is_port(str_sub(rest, 1, end)))
				return NULL;
			rest = str_from(rest, end);
		}
		if (rest.len && rest.ptr[0] != '/' && rest.ptr[0] != '?')
			return NULL;
		*rest_out = rest;
		return l;
	}
	return NULL;
}

bool redirect_is_loopback(struct str uri)
{
	struct str rest;
	return loopback_cut(uri, &rest) != NULL;
}

bool redirect_is_https_here(struct str uri)
{
	struct uri u;
	uint64_t last;
	if (!uri_split(uri, &u) || !str_eq(u.scheme, STR("https")))
		return false;
	return str_eq(u.host, STR("localhost")) || str_ends(u.host, STR(".localhost")) ||
	       (str_starts(u.host, STR("127.")) && str_to_u64(str_sub(u.host, u.host.len - 1, u.host.len), 9, &last));
}

bool redirect_uri_matches(struct str registered, struct str sent)
{
	if (str_eq(registered, sent))
		return true;
	struct str registered_rest, sent_rest;
	const struct loopback *l = loopback_cut(registered, &registered_rest);
	return l && loopback_cut(sent, &sent_rest) == l && str_eq(registered_rest, sent_rest);
}

/* ---- registration ---- */

/* Lower-case ASCII labels: what a browser would show is what is compared (an IDN is registered in its xn-- form). */
static bool is_plain_host(struct str host)
{
	bool begins = true;
	if (!host.len)
		return false;
	for (size_t i = 0; i < host.len; i++) {
		char c = host.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || char_is_digit(c);
		if (!letter && (begins || (c != '.' && c != '-')))
			return false;
		begins = c == '.';
	}
	return !begins;
}

#define BAD(...) REFUSE(cx, INVALID_VALUE, "redirect_uri", __VA_ARGS__)

/* The answer would carry the name twice, and the app might believe the wrong one (OAuth 2.1 §4.1.2, RFC 9207 §2). */
static err_t check_query(struct ctx *cx, struct str query)
{
	static const char *const ours[] = { "code", "state", "iss", "error", "error_description", "error_uri",
		"response", "session_state", "id_token", "access_token" };
	struct form form;
	if (form_parse(cx, query, &form))
		return BAD("The redirect URI's query must be well-formed (application/x-www-form-urlencoded, UTF-8).");
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (form_count(&form, ours[i]))
			return BAD("The redirect URI's query must not have the parameter %s: it is for the answer.",
				ours[i]);
	return OK;
}

static err_t check_https(struct ctx *cx, const struct uri *u)
{
	if (!is_plain_host(u->host))
		return BAD("The redirect URI's host must be a plain name in lower case (xn-- for other scripts).");
	if (u->port.ptr && !is_port(u->port))
		return BAD("The redirect URI's port must be a number from 1 to 65535.");
	return OK;
}

static err_t check_http(struct ctx *cx, struct str uri, bool public_client)
{
	struct str rest;
	const struct loopback *l = loopback_cut(uri, &rest);
	if (!l)
		return BAD("Redirect URIs with http are for loopback alone (http://127.0.0.1/…, http://[::1]/…). Use "
			   "https.");
	if (l->by_name && !public_client)
		return BAD("http://localhost is for public clients alone. Use http://127.0.0.1.");
	return OK;
}

/* OAuth 2.1 §8.4.3: a scheme under a domain name of the app's, so that two apps do not take the same by accident. */
static err_t check_private_use(struct ctx *cx, const struct uri *u, bool public_client)
{
	if (!str_has(u->scheme, '.'))
		return BAD("The redirect URI's scheme must be https, or one of the app's own with a dot "
			   "(com.example.app).");
	if (!public_client)
		return BAD("Redirect URIs with a scheme of the app's own are for public clients alone.");
	return OK;
}

err_t redirect_uri_check(struct ctx *cx, struct str uri, bool public_client)
{
	struct uri u;
	if (!uri.len || uri.len > REDIRECT_URI_MAX)
		return BAD("The redirect URI must have 1 to %d octets.", REDIRECT_URI_MAX);
	if (!uri_split(uri, &u) || !u.scheme.len)
		return BAD("The redirect URI must be an absolute URI (RFC 3986).");
	if (u.fragment.ptr)
		return BAD("The redirect URI must have no fragment.");
	if (u.userinfo.ptr)
		return BAD("The redirect URI must have no user name or password.");
	if (str_has(uri, '*'))
		return BAD("Redirect URIs are compared octet by octet; there are no wildcards.");
	if (path_has_dots(u.path))
		return BAD("The redirect URI's path must have no \".\" or \"..\" segments.");
	TRY(check_query(cx, u.query));
	if (str_eq(u.scheme, STR("https")))
		return check_https(cx, &u);
	if (str_eq(u.scheme, STR("http")))
		return check_http(cx, uri, public_client);
	return check_private_use(cx, &u, public_client);
}

/* ---- showing and answering ---- */

struct str redirect_host(struct arena *mem, struct str uri)
{
	struct uri u;
	if (redirect_is_loopback(uri))
		return STR("this computer");
	if (!uri_split(uri, &u))
		return STR("");
	if (!u.host.len)
		return u.scheme;
	return u.port.ptr ? str_fmt(mem, "%.*s:%.*s", STR_ARG(u.host), STR_ARG(u.port)) : u.host;
}

const struct response_mode_row response_modes[] = {
	{ "query", RESPONSE_QUERY },
	{ "fragment", RESPONSE_FRAGMENT },
	{ "form_post", RESPONSE_FORM_POST },
};
const size_t response_mode_count = ARRAY_LEN(response_modes);

struct form redirect_answer_form(struct arena *mem, const struct redirect_answer *answer)
{
	const struct form_field all[] = {
		{ STR("code"), answer->code },
		{ STR("error"), answer->error },
		{ STR("error_description"), answer->error_description },
		{ STR("state"), answer->state },
		{ STR("iss"), answer->iss },
	};
	struct form_field *sent = arena_array(mem, struct form_field, ARRAY_LEN(all));
	size_t count = 0;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i].value.ptr)
			sent[count++] = all[i];
	return (struct form){ .fields = sent, .count = count };
}

struct str redirect_answer_url(struct arena *mem, const struct redirect_answer *answer)
{
	const struct form form = redirect_answer_form(mem, answer);
	struct buf url = buf_new(mem, ANSWER_MAX), fragment = buf_new(mem, ANSWER_MAX);
	struct buf *params = answer->mode == RESPONSE_FRAGMENT ? &fragment : &url;
	buf_add(&url, answer->redirect_uri);
	if (params == &url && !str_has(answer->redirect_uri, '?')) /* one that was registered with a query keeps it */
		buf_char(&url, '?');
	for (size_t i = 0; i < form.count; i++)
		form_add(params, str_c(mem, form.fields[i].name), form.fields[i].value);
	if (params == &fragment) {
		buf_char(&url, '#');
		buf_add(&url, buf_str(&fragment));
	}
	return buf_str(&url);
}
