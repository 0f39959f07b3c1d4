/* SPDX-License-Identifier: Apache-2.0 */
#include "web/fetch.h"

#include <curl/curl.h>

#include "server/base/buf.h"

#define CONNECT_MS 3000L
#define WHOLE_MS 10000L

struct answer {
	struct arena *mem;
	struct buf body;
	struct str request_id;
};

void fetch_setup(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
	struct answer *answer = user;
	buf_add(&answer->body, (struct str){ data, size * count });
	return answer->body.full ? 0 : size * count;
}

static size_t on_header(char *data, size_t size, size_t count, void *user)
{
	struct answer *answer = user;
	struct str value = { data, size * count }, name;
	if (str_cut(&value, ':', &name) && str_eq_nocase(name, STR("Request-Id")) && value.ptr)
		answer->request_id = str_dup(answer->mem, str_trim(value, STR_BLANK));
	return size * count;
}

static void release_handle(void *handle)
{
	curl_easy_cleanup(handle);
}

static void release_headers(void *headers)
{
	curl_slist_free_all(headers);
}

static err_t set_authorization(struct ctx *cx, CURL *handle, struct str value)
{
	const char *line = str_c(cx->mem, str_cat(cx->mem, STR("Authorization: "), value));
	struct curl_slist *headers = line ? curl_slist_append(NULL, line) : NULL;
	if (!headers)
		return FAIL(cx, INTERNAL, "no header for Authorization");
	arena_defer(cx->mem, release_headers, headers);
	curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
	return OK;
}

static void set_options(CURL *handle, const char *url, struct answer *answer)
{
	curl_easy_setopt(handle, CURLOPT_URL, url);
	curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(handle, CURLOPT_NOPROXY, "127.0.0.1,::1,localhost");
	curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, WHOLE_MS);
	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(handle, CURLOPT_WRITEDATA, answer);
	curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(handle, CURLOPT_HEADERDATA, answer);
}

err_t fetch(struct ctx *cx, const struct fetch *what, struct fetched *out)
{
	struct answer answer = { cx->mem, buf_new(cx->mem, FETCH_BODY_MAX), STR_ABSENT };
	const char *url = str_c(cx->mem, what->url);
	CURL *handle = curl_easy_init();
	long status = 0;

	if (!handle || !url)
		return FAIL(cx, INTERNAL, "curl_easy_init");
	arena_defer(cx->mem, release_handle, handle);
	set_options(handle, url, &answer);
	if (what->form.ptr) {
		curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, (long)what->form.len);
		curl_easy_setopt(handle, CURLOPT_POSTFIELDS, what->form.ptr);
	}
	if (what->authorization.ptr)
		TRY(set_authorization(cx, handle, what->authorization));

	CURLcode code = curl_easy_perform(handle);
	if (code != CURLE_OK)
		return REFUSE(cx, UNAVAILABLE, "", "%.*s cannot be reached: %s.", STR_ARG(what->url),
			curl_easy_strerror(code));
	curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
	*out = (struct fetched){ (int)status, buf_str(&answer.body), answer.request_id };
	return OK;
}
