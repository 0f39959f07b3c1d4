/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/transfer.h"

#include <sys/socket.h>

#include "server/net/address_rules.h"

#define AUTHORITIES_KEPT_S 300L

void transfer_setup(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* ---- what libcurl calls ---- */

/* CURLOPT_OPENSOCKETFUNCTION: makes a socket for this address, or none for one that is not public. */
static curl_socket_t socket_for(void *transfer, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *t = transfer;
	(void)purpose;
	if (!t->what->may_be_private && !t->what->mail && sockaddr_special(&address->addr)) {
		t->refused = true;
		return CURL_SOCKET_BAD;
	}
	t->connecting = true;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Less than what came ends the call. */
static size_t on_body(char *data, size_t size, size_t count, void *user)
{
	struct transfer *t = user;
	size_t len = size * count, room = t->body.max - t->body.len;
	buf_add(&t->body, (struct str){ data, len < room ? len : room });
	t->cut = len > room;
	return t->cut ? 0 : len;
}

static size_t on_header(char *data, size_t size, size_t count, void *user)
{
	struct transfer *t = user;
	struct str value = { data, size * count }, name;
	t->head_octets += value.len;
	t->head_full = t->head_octets > FETCH_HEAD_MAX;
	if (str_starts(value, STR("HTTP/"))) /* another head: what one before it said is void */
		t->request_id = t->retry_after = t->cache_control = STR_ABSENT;
	if (str_cut(&value, ':', &name) && value.ptr) {
		value = str_trim(value, STR_BLANK);
		if (str_eq_nocase(name, STR("Request-Id")))
			t->request_id = str_dup(t->mem, value);
		else if (str_eq_nocase(name, STR("Retry-After")))
			t->retry_after = str_dup(t->mem, value);
		else if (str_eq_nocase(name, STR("Cache-Control")))
			t->cache_control = str_dup(t->mem, value);
	}
	return t->head_full ? 0 : size * count;
}

/* ---- options ---- */

static void set_bounds(CURL *handle, struct transfer *t)
{
	const struct fetch *what = t->what;
	unsigned whole_ms = what->mail ? FETCH_MAIL_WHOLE_MS : FETCH_WHOLE_MS;
	const char *protocols = what->mail ? "smtp,smtps" : what->may_be_private ? "http,https" : "https";
	curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, protocols);
	curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(handle, CURLOPT_PROXY, ""); /* nor that of the environment */
	curl_easy_setopt(handle, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(handle, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L); /* does not wait for a look-up that hangs */
	curl_easy_setopt(
		handle, CURLOPT_CONNECTTIMEOUT_MS, what->mail ? (long)FETCH_MAIL_CONNECT_MS : (long)FETCH_CONNECT_MS);
	curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)(what->whole_ms ? what->whole_ms : whole_ms));
	curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, socket_for);
	curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, t);
}

/*
 * The file of authorities alone, the system's or that of settings, and not the system's folder beside it: of a file a
 * fetcher keeps what it has read, where reading it again costs more than all else of a call; and what a setting names
 * is in place of the system's.
 */
static void set_authorities(CURL *handle)
{
	curl_easy_setopt(handle, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(handle, CURLOPT_CA_CACHE_TIMEOUT, AUTHORITIES_KEPT_S);
}

static bool set_headers(CURL *handle, struct transfer *t)
{
	/* No waiting for a 100; the type is what the caller says. */
	struct curl_slist *lines = curl_slist_append(NULL, "Expect:");
	for (size_t i = 0; lines && i < t->what->headers.count; i++) {
		const char *line = str_c(t->mem, t->what->headers.items[i]);
		struct curl_slist *more = line ? curl_slist_append(lines, line) : NULL;
		if (!more)
			curl_slist_free_all(lines);
		lines = more;
	}
	t->headers = lines;
	return lines && curl_easy_setopt(handle, CURLOPT_HTTPHEADER, lines) == CURLE_OK;
}

static bool set_call(CURL *handle, struct transfer *t)
{
	const struct fetch *what = t->what;
	const char *url = str_c(t->mem, what->url);
	if (!url || curl_easy_setopt(handle, CURLOPT_URL, url) != CURLE_OK)
		return false;
	curl_easy_setopt(handle, CURLOPT_PRIVATE, t);
	if (what->mail)
		return mail_set(handle, t);
	if (what->body.ptr) {
		curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)what->body.len);
		curl_easy_setopt(handle, CURLOPT_POSTFIELDS, what->body.ptr);
	}
	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(handle, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(handle, CURLOPT_HEADERDATA, t);
	return set_headers(handle, t);
}

/* ---- from beginning to end ---- */

static void forget(struct transfer *t)
{
	if (t->handle)
		curl_easy_cleanup(t->handle);
	curl_slist_free_all(t->headers);
	t->handle = NULL;
	t->headers = NULL;
}

struct transfer *transfer_new(struct arena *mem, const struct fetch *what, void *user)
{
	struct transfer *t = arena_new(mem, struct transfer);
	*t = (struct transfer){
		.mem = mem,
		.what = what,
		.user = user,
		.handle = curl_easy_init(),
		.body = buf_new(mem, what->keep ? what->keep : FETCH_BODY_MAX),
		.begun_us = clock_monotonic_us(),
	};
	if (!t->handle)
		return t;
	set_bounds(t->handle, t);
	set_authorities(t->handle);
	if (!set_call(t->handle, t))
		forget(t);
	return t;
}

static enum fetch_fault fault_of(const struct transfer *t, CURLcode code)
{
	if (code == CURLE_OK || t->cut)
		return FETCHED;
	if (t->head_full)
		return FETCH_HEAD;
	switch ((int)code) { /* of its hundred codes those that a call of ours can end in */
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_LOGIN_DENIED:
	case CURLE_FAILED_INIT:
		return t->connecting ? FETCH_PROTOCOL : FETCH_URL;
	case CURLE_COULDNT_RESOLVE_HOST:
		return FETCH_NAME;
	case CURLE_COULDNT_CONNECT:
		return t->refused ? FETCH_ADDRESS : FETCH_CONNECT;
	case CURLE_OPERATION_TIMEDOUT:
		return FETCH_TIMEOUT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return FETCH_TLS;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_HTTP2:
	case CURLE_BAD_CONTENT_ENCODING:
		return FETCH_PROTOCOL;
	default:
		return FETCH_BROKEN;
	}
}

void transfer_end(struct transfer *t, CURLcode code, struct fetched *out)
{
	long status = 0;
	if (t->handle)
		curl_easy_getinfo(t->handle, CURLINFO_RESPONSE_CODE, &status);
	*out = (struct fetched){
		.status = (int)status,
		.body = buf_str(&t->body),
		.cut = t->cut,
		.request_id = t->request_id,
		.retry_after = t->retry_after,
		.cache_control = t->cache_control,
		.duration_ms = (unsigned)((clock_monotonic_us() - t->begun_us) / 1000),
	};
	out->fault = fault_of(t, code);
	if (t->what->mail)
		out->fault = mail_fault(t, code, out->status, out->fault, &out->final);
	if (out->fault == FETCH_NO_UTF8)
		out->status = 0; /* no reply said so: it was not asked */
	forget(t);
}
