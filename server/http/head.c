/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/head.h"

#include "server/base/config.h"
#include "server/base/log.h"
#include "server/http/client_io.h"
#include "server/http/cookie.h"
#include "server/http/cors.h"
#include "server/http/limit.h"
#include "server/http/route.h"
#include "server/jose/dpop.h"

/* RFC 9110 §5.5: field-value without CR, LF and NUL; the other controls but tab are of no use either. */
static bool is_field_value(struct str value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];
		if ((c < ' ' && c != '\t') || c == 0x7F)
			return false;
	}
	return value.ptr != NULL;
}

void response_header(struct response *rs, const char *name, struct str value)
{
	if (!is_field_value(value)) {
		log_event(LOG_WARN, "header_dropped", LOG_C("name", name));
		return;
	}
	buf_add(&rs->head, str_of(name));
	BUF_LIT(&rs->head, ": ");
	buf_add(&rs->head, value);
	BUF_LIT(&rs->head, "\r\n");
}

struct str head_value(const struct response *rs, const char *name)
{
	struct str lines = buf_str(&rs->head), line, key;
	while (str_cut(&lines, '\n', &line))
		if (str_cut(&line, ':', &key) && str_eq_nocase(key, str_of(name)))
			return str_trim(line, STR_BLANK);
	return STR_ABSENT;
}

bool response_has(const struct response *rs, const char *name)
{
	return head_value(rs, name).ptr != NULL;
}

void response_cookie(struct response *rs, const char *name, struct str value, int64_t max_age_s)
{
	response_header(rs, "Set-Cookie", cookie_line(&rs->rq->cx, name, value, max_age_s));
}

/* ---- the whole of it ---- */

/* clang-format off */
static const struct {
	int status;
	const char *phrase;
} phrases[] = {
	{ 101, "Switching Protocols" }, { 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 204, "No Content" }, { 207, "Multi-Status" },
	{ 301, "Moved Permanently" }, { 302, "Found" }, { 303, "See Other" }, { 304, "Not Modified" },
	{ 307, "Temporary Redirect" }, { 308, "Permanent Redirect" },
	{ 400, "Bad Request" }, { 401, "Unauthorized" }, { 402, "Payment Required" }, { 403, "Forbidden" },
	{ 404, "Not Found" }, { 405, "Method Not Allowed" }, { 406, "Not Acceptable" }, { 408, "Request Timeout" },
	{ 409, "Conflict" }, { 410, "Gone" }, { 411, "Length Required" }, { 412, "Precondition Failed" },
	{ 413, "Content Too Large" }, { 414, "URI Too Long" }, { 415, "Unsupported Media Type" },
	{ 416, "Range Not Satisfiable" }, { 417, "Expectation Failed" }, { 422, "Unprocessable Content" },
	{ 423, "Locked" }, { 424, "Failed Dependency" }, { 428, "Precondition Required" },
	{ 429, "Too Many Requests" }, { 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" }, { 501, "Not Implemented" }, { 502, "Bad Gateway" }, { 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" }, { 507, "Insufficient Storage" },
};
/* clang-format on */

const char *status_phrase(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(phrases); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Other";
}

static void add_number(struct response *rs, const char *name, int64_t value)
{
	buf_add(&rs->head, str_of(name));
	BUF_LIT(&rs->head, ": ");
	buf_int(&rs->head, value);
	BUF_LIT(&rs->head, "\r\n");
}

/* The second pair as draft-ietf-httpapi-ratelimit-headers-10 has it: lists of RFC 9651, each of one policy. */
static void add_limit(struct response *rs)
{
	const struct limit_state *limit = rs->rq->limit;
	if (!limit)
		return;
	const char *policy = limit->policy ? limit->policy : "default";
	add_number(rs, "X-RateLimit-Limit", limit->limit);
	add_number(rs, "X-RateLimit-Remaining", limit->remaining);
	add_number(rs, "X-RateLimit-Reset", limit->reset_s);
	buf_fmt(&rs->head, "RateLimit-Policy: \"%s\";q=%u;w=%d\r\n", policy, limit->limit, limit->window_s);
	buf_fmt(&rs->head, "RateLimit: \"%s\";r=%u;t=%d\r\n", policy, limit->remaining, limit->more_s);
}

static void add_for_all(struct response *rs)
{
	struct request *rq = rs->rq;
	const struct module *module = rq->module;
	if (module && module->every_answer)
		module->every_answer(rq, rs);
	cors_headers(rs);
	add_limit(rs);
	if (rq->cx.keys && (rq->sent == VIA_DPOP || request_header(rq, "DPoP").ptr)) /* RFC 9449 §8.2 */
		response_header(rs, "DPoP-Nonce", dpop_nonce(&rq->cx, instant_now()));
	if (rq->csrf_cookie.ptr)
		response_cookie(rs, "csrf", rq->csrf_cookie, -1);
	if (rs->store_unsaid && !response_has(rs, "Cache-Control"))
		BUF_LIT(&rs->head, "Cache-Control: no-store\r\n");
	if (rq->cx.config && str_starts_nocase(rq->cx.config->public_url, STR("https://")))
		BUF_LIT(&rs->head, "Strict-Transport-Security: max-age=31536000\r\n");
}

void head_write(struct buf *wire, struct response *rs, enum framing framing, size_t length)
{
	struct request *rq = rs->rq;
	add_for_all(rs);
	if (framing == FRAME_CLOSE || rq->io->ops->is_last(rq->io))
		rs->closing = true;

	BUF_LIT(wire, "HTTP/1.1 ");
	buf_int(wire, rs->status);
	buf_char(wire, ' ');
	buf_add(wire, str_of(status_phrase(rs->status)));
	BUF_LIT(wire, "\r\nDate: ");
	buf_add(wire, instant_imf(rq->cx.mem, rq->cx.now));
	BUF_LIT(wire, "\r\nRequest-Id: ");
	buf_add(wire, id_text(rq->cx.mem, "req", rq->cx.request_id));
	BUF_LIT(wire, "\r\nX-Content-Type-Options: nosniff\r\n");
	if (framing == FRAME_LENGTH) {
		BUF_LIT(wire, "Content-Length: ");
		buf_int(wire, (int64_t)length);
		BUF_LIT(wire, "\r\n");
	} else if (framing == FRAME_CHUNKED) {
		BUF_LIT(wire, "Transfer-Encoding: chunked\r\n");
	}
	if (rs->status == 101)
		BUF_LIT(wire, "Connection: Upgrade\r\n");
	else if (rs->closing)
		BUF_LIT(wire, "Connection: close\r\n");
	else if (rq->io->http_1_0)
		BUF_LIT(wire, "Connection: keep-alive\r\n");
	buf_add(wire, buf_str(&rs->head));
	BUF_LIT(wire, "\r\n");
}
