/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/target.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#include "server/net/address_rules.h"
#include "server/net/transfer.h"

#define LOOK_UP_MS 2000

struct target {
	struct str scheme, host;
	uint64_t port;
};

/* ---- as text ---- */

static void release_url(void *url)
{
	curl_url_cleanup(url);
}

static struct str part_of(struct arena *mem, const CURLU *url, CURLUPart part)
{
	char *text = NULL;
	struct str copy = STR_ABSENT;
	if (curl_url_get((CURLU *)(uintptr_t)url, part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK)
		copy = str_dup(mem, str_of(text));
	curl_free(text);
	return copy;
}

static bool is_plain(struct str url)
{
	for (size_t i = 0; i < url.len; i++)
		if (url.ptr[i] <= ' ' || url.ptr[i] > '~' || url.ptr[i] == '\\')
			return false;
	return url.len > 0;
}

static err_t refuse(struct ctx *cx, const char *param, const char *why)
{
	return REFUSE(cx, URL_NOT_ALLOWED, param, "%s", why);
}

static err_t parse(struct ctx *cx, const char *param, struct str text, struct target *out)
{
	if (text.len > TARGET_URL_MAX)
		return REFUSE(cx, URL_NOT_ALLOWED, param, "A URL has at most %d characters.", TARGET_URL_MAX);
	if (!is_plain(text))
		return refuse(cx, param, "A URL has printable ASCII characters alone. Write others percent-encoded.");
	CURLU *url = curl_url();
	if (!url)
		return FAIL(cx, INTERNAL, "curl_url");
	arena_defer(cx->mem, release_url, url);
	CURLUcode code = curl_url_set(url, CURLUPART_URL, str_c(cx->mem, text), 0);
	if (code != CURLUE_OK)
		return REFUSE(
			cx, URL_NOT_ALLOWED, param, "This is no URL that can be called: %s.", curl_url_strerror(code));
	if (part_of(cx->mem, url, CURLUPART_USER).ptr || part_of(cx->mem, url, CURLUPART_PASSWORD).ptr)
		return refuse(cx, param,
			"A user name or password in a URL ends up in logs. Leave it out; the signature "
			"of each delivery proves who calls.");
	if (part_of(cx->mem, url, CURLUPART_FRAGMENT).ptr)
		return refuse(cx, param, "A fragment (#…) is never sent. Leave it out.");
	out->scheme = part_of(cx->mem, url, CURLUPART_SCHEME);
	out->host = part_of(cx->mem, url, CURLUPART_HOST);
	return str_to_u64(part_of(cx->mem, url, CURLUPART_PORT), UINT16_MAX, &out->port)
		       ? OK
		       : refuse(cx, param, "The port of this URL is none.");
}

/* Ports from 1024 on where something else than HTTP is at home: what it understands of a request could do harm. */
static const uint16_t foreign_ports[] = { 1433, 1521, 1719, 1720, 1723, 1883, 2049, 2181, 2375, 2376, 2379, 2380, 3128,
	3306, 3389, 3659, 4045, 4190, 4369, 5060, 5061, 5432, 5433, 5671, 5672, 5900, 5984, 6000, 6379, 6432, 6443,
	6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 7000, 7001, 7199, 8086, 8500, 9042, 9092, 9200, 9300, 9418,
	10080, 10250, 10255, 11211, 15672, 25565, 27017, 27018 };

static bool port_is_fine(uint64_t port)
{
	if (port < 1024)
		return port == 443;
	for (size_t i = 0; i < ARRAY_LEN(foreign_ports); i++)
		if (foreign_ports[i] == port)
			return false;
	return true;
}

/* What an address in the URL is, if it is one: of 127.1 and its like libcurl has made the usual form. */
static const char *literal_special(struct arena *mem, struct str host, bool *is_literal)
{
	uint8_t octets[16];
	bool v6 = str_starts(host, STR("[")) && str_ends(host, STR("]"));
	const char *text = str_c(mem, v6 ? str_sub(host, 1, host.len - 1) : host);
	*is_literal = text && inet_pton(v6 ? AF_INET6 : AF_INET, text, octets) == 1;
	if (v6 && !*is_literal)
		return "unknown";
	return *is_literal ? address_special(bytes_of(octets, v6 ? 16 : 4)) : NULL;
}

/* Names that no public DNS has (RFC 6761, RFC 6762, RFC 7686, RFC 8375), and those that only a local one completes. */
static bool name_is_public(struct str host)
{
	static const char *const local[] = { ".localhost", ".local", ".internal", ".home.arpa", ".onion", ".test",
		".invalid", ".example", ".lan" };
	if (str_ends(host, STR(".")))
		host.len--;
	for (size_t i = 0; i < ARRAY_LEN(local); i++)
		if (host.len >= str_of(local[i]).len &&
			str_eq_nocase(str_from(host, host.len - str_of(local[i]).len), str_of(local[i])))
			return false;
	return str_has(host, '.');
}

err_t target_check(struct ctx *cx, const char *param, struct str url, bool may_be_private)
{
	struct target target;
	bool is_literal;
	TRY(parse(cx, param, url, &target));
	bool is_https = str_eq(target.scheme, STR("https"));
	if (!is_https && !(may_be_private && str_eq(target.scheme, STR("http"))))
		return refuse(cx, param, "Only https:// is called.");
	if (may_be_private)
		return OK;
	if (!port_is_fine(target.port))
		return REFUSE(cx, URL_NOT_ALLOWED, param,
			"Port %d is not called. Take 443, or one from 1024 on where no other protocol is at home.",
			(int)target.port);
	const char *special = literal_special(cx->mem, target.host, &is_literal);
	if (special)
		return REFUSE(cx, URL_NOT_ALLOWED, param, "%.*s is not a public address (%s).", STR_ARG(target.host),
			special);
	if (!is_literal && !name_is_public(target.host))
		return REFUSE(
			cx, URL_NOT_ALLOWED, param, "%.*s is not a name of the public internet.", STR_ARG(target.host));
	return OK;
}

/* ---- as it resolves ---- */

struct look_up {
	bool any, public;
};

static curl_socket_t validate(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct look_up *found = user;
	(void)purpose;
	found->any = true;
	found->public = found->public || !sockaddr_special(&address->addr);
	return CURL_SOCKET_BAD;
}

err_t target_look_up(struct ctx *cx, const char *param, struct str url, bool may_be_private)
{
	const struct fetch what = { .url = url, .whole_ms = LOOK_UP_MS };
	struct look_up found = { 0 };
	struct fetched ignored;
	if (may_be_private)
		return OK;
	struct transfer *t = transfer_new(cx->mem, &what, NULL);
	if (!t->handle)
		return FAIL(cx, INTERNAL, "curl_easy_init");
	curl_easy_setopt(t->handle, CURLOPT_OPENSOCKETFUNCTION, validate);
	curl_easy_setopt(t->handle, CURLOPT_OPENSOCKETDATA, &found);
	transfer_end(t, curl_easy_perform(t->handle), &ignored);
	if (found.any && !found.public)
		return refuse(cx, param, "The name of this host leads to addresses that are not public.");
	return OK;
}
