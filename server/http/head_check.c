/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/head_check.h"

#include "server/http/request.h"

typedef const struct head_fault *fault_t;

/* clang-format off */
#define FAULTS(X) \
	X(line_end,       400, "Lines end in CR LF, and nothing else may contain CR, LF or NUL") \
	X(request_line,   400, "Malformed request line") \
	X(bad_version,    400, "Malformed HTTP version") \
	X(other_version,  505, "HTTP/1.1 and HTTP/1.0 are spoken here") \
	X(method,         501, "Unknown method") \
	X(target,         400, "Malformed request target") \
	X(long_target,    414, "The request target is too long") \
	X(foreign_target, 400, "The request target and Host differ") \
	X(header_line,    400, "Malformed header line") \
	X(header_value,   400, "Control character in a header") \
	X(many_headers,   431, "Too many headers") \
	X(host,           400, "Exactly one Host header is needed") \
	X(bad_host,       400, "Malformed Host header") \
	X(length,         400, "Malformed or repeated Content-Length") \
	X(coding,         400, "Only Transfer-Encoding: chunked is understood") \
	X(two_lengths,    400, "Content-Length and Transfer-Encoding together") \
	X(credentials,    400, "More than one Authorization header") \
	X(expectation,    417, "Only Expect: 100-continue is understood")
/* clang-format on */
#define FAULT_OF(name, status, reason) static const struct head_fault fault_##name = { status, reason };
FAULTS(FAULT_OF)

struct head {
	char *at, *end; /* what is left: whole lines, without the empty one */
	struct str method, target, host;
	char *target_at;
	bool http_1_0;
	int headers, hosts, lengths, codings, authorizations, expectations;
	uint64_t length;
};

/* RFC 9110 §5.6.2 tchar. */
static bool is_tchar(char c)
{
	return char_is_alpha(c) || char_is_digit(c) || (c && str_has(STR("!#$%&'*+-.^_`|~"), c));
}

size_t head_token_len(struct str s)
{
	size_t n = 0;
	while (n < s.len && is_tchar(s.ptr[n]))
		n++;
	return n;
}

/* The next line without its CR LF; false when another CR, LF or NUL stands in it. */
static bool next_line(struct head *h, struct str *line)
{
	char *from = h->at;
	for (char *p = from; p < h->end; p++) {
		if (*p == '\0' || *p == '\n')
			return false;
		if (*p != '\r')
			continue;
		if (p + 1 == h->end || p[1] != '\n')
			return false;
		*line = (struct str){ from, (size_t)(p - from) };
		h->at = p + 2;
		return true;
	}
	return false;
}

/* ---- the request line ---- */

static fault_t check_version(struct head *h, struct str version)
{
	if (str_eq(version, STR("HTTP/1.1")))
		return NULL;
	h->http_1_0 = str_eq(version, STR("HTTP/1.0"));
	if (h->http_1_0)
		return NULL;
	bool numbered = version.len == 8 && str_starts(version, STR("HTTP/")) && char_is_digit(version.ptr[5]) &&
			version.ptr[6] == '.' && char_is_digit(version.ptr[7]);
	return numbered ? &fault_other_version : &fault_bad_version;
}

/* RFC 3986 §3.3, §3.4: pchar, '/' and '?'. In a query browsers leave brackets as they are. */
static bool is_target_char(char c, bool in_query)
{
	if (char_is_alpha(c) || char_is_digit(c))
		return true;
	return c && (str_has(STR("-._~!$&'()*+,;=:@/?"), c) || (in_query && str_has(STR("[]"), c)));
}

static bool is_target(struct str target)
{
	bool in_query = false;
	for (size_t i = 0; i < target.len; i++) {
		char c = target.ptr[i];
		if (c == '%') {
			int high = i + 2 < target.len ? char_hex(target.ptr[i + 1]) : -1;
			int low = high < 0 ? -1 : char_hex(target.ptr[i + 2]);
			/* A NUL in the query is for whoever reads the query to refuse: OAuth tells the client. */
			if (low < 0 || (high == 0 && low == 0 && !in_query))
				return false;
			i += 2;
		} else if (!is_target_char(c, in_query)) {
			return false;
		}
		in_query = in_query || c == '?';
	}
	return true;
}

static fault_t check_target(struct head *h)
{
	struct str target = h->target;
	if (target.len > HEAD_TARGET_MAX)
		return &fault_long_target;
	if (str_eq(target, STR("*"))) /* RFC 9112 §3.2.4 */
		return str_eq(h->method, STR("OPTIONS")) ? NULL : &fault_target;
	bool absolute = str_starts_nocase(target, STR("http://")) || str_starts_nocase(target, STR("https://"));
	if (!absolute && !str_starts(target, STR("/")))
		return &fault_target;
	return is_target(target) ? NULL : &fault_target;
}

static fault_t read_request_line(struct head *h, struct str line)
{
	size_t method = head_token_len(line);
	if (!method || method == line.len || line.ptr[method] != ' ')
		return &fault_request_line;
	h->method = str_sub(line, 0, method);
	size_t from = method + 1, to = from;
	while (to < line.len && line.ptr[to] != ' ')
		to++;
	if (to == from || to == line.len)
		return &fault_request_line;
	h->target = str_sub(line, from, to);
	h->target_at = h->at - 2 - line.len + from;
	fault_t fault = check_version(h, str_from(line, to + 1));
	if (fault)
		return fault;
	if (method_of(h->method) == METHOD_UNKNOWN)
		return &fault_method;
	return check_target(h);
}

/* ---- headers ---- */

static fault_t check_host(struct head *h, struct str value)
{
	if (h->hosts++)
		return &fault_host;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];
		if (!char_is_alpha(c) && !char_is_digit(c) && (!c || !str_has(STR("-._~:[]%!$&'()*+,;="), c)))
			return &fault_bad_host;
	}
	h->host = value;
	return value.len ? NULL : &fault_bad_host;
}

/* RFC 9112 §6.3: a list of equal values may be taken as one; here it is refused, as every other doubt. */
static fault_t check_length(struct head *h, struct str value)
{
	if (h->lengths++ || !value.len || value.len > 18)
		return &fault_length;
	for (size_t i = 0; i < value.len; i++)
		if (!char_is_digit(value.ptr[i]))
			return &fault_length;
	return str_to_u64(value, INT64_MAX, &h->length) ? NULL : &fault_length;
}

static fault_t check_coding(struct head *h, struct str value)
{
	return h->codings++ || !str_eq_nocase(value, STR("chunked")) ? &fault_coding : NULL;
}

static fault_t check_authorization(struct head *h, struct str value)
{
	(void)value;
	return h->authorizations++ ? &fault_credentials : NULL;
}

static fault_t check_expect(struct head *h, struct str value)
{
	if (!value.len) /* a list of none (RFC 9110 §10.1.1) */
		return NULL;
	h->expectations++;
	return str_eq_nocase(value, STR("100-continue")) ? NULL : &fault_expectation;
}

static fault_t read_header(struct head *h, struct str line)
{
	static const struct {
		struct str name;
		fault_t (*check)(struct head *h, struct str value);
	} watched[] = {
		{ STR_INIT("Host"), check_host },
		{ STR_INIT("Content-Length"), check_length },
		{ STR_INIT("Transfer-Encoding"), check_coding },
		{ STR_INIT("Authorization"), check_authorization },
		{ STR_INIT("Expect"), check_expect },
	};
	/* A folded line (RFC 9112 §5.2) begins with a blank and so has no name. */
	size_t name = head_token_len(line);
	if (!name || name == line.len || line.ptr[name] != ':')
		return &fault_header_line;
	if (++h->headers > HEAD_LINES_MAX)
		return &fault_many_headers;
	struct str value = str_from(line, name + 1);
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];
		if ((c < ' ' && c != '\t') || c == 0x7F)
			return &fault_header_value;
	}
	for (size_t i = 0; i < ARRAY_LEN(watched); i++)
		if (str_eq_nocase(str_sub(line, 0, name), watched[i].name))
			return watched[i].check(h, str_trim(value, " \t"));
	return NULL;
}

/* ---- the whole ---- */

/* RFC 9112 §3.2.2: an absolute form must be ours; civetweb skips the blanks that take its place. */
static fault_t settle_absolute_form(struct head *h)
{
	if (h->target.ptr[0] == '/' || h->target.ptr[0] == '*')
		return NULL;
	size_t authority = str_find(h->target, STR("://")) + 3, path = authority;
	while (path < h->target.len && !str_has(STR("/?"), h->target.ptr[path]))
		path++;
	if (path == h->target.len || h->target.ptr[path] != '/')
		return &fault_target;
	if (!str_eq_nocase(str_sub(h->target, authority, path), h->host))
		return &fault_foreign_target;
	for (size_t i = 0; i < path; i++)
		h->target_at[i] = ' ';
	return NULL;
}

static fault_t settle_framing(const struct head *h)
{
	if (!h->hosts && !h->http_1_0)
		return &fault_host;
	if (h->codings && h->lengths)
		return &fault_two_lengths;
	if (h->codings && h->http_1_0)
		return &fault_coding;
	return NULL;
}

const struct head_fault *head_check(char *head, size_t len, struct head_framing *framing)
{
	struct str line, whole = { head, len };
	if (!str_ends(whole, STR("\r\n\r\n")))
		return &fault_line_end;
	/* RFC 9112 §2.2: one empty line before the request line is forgiven. */
	size_t skipped = str_starts(whole, STR("\r\n")) ? 2 : 0;
	if (len - skipped <= 4)
		return &fault_request_line;
	struct head h = { .at = head + skipped, .end = head + len - 2 };

	if (!next_line(&h, &line))
		return &fault_line_end;
	fault_t fault = read_request_line(&h, line);
	while (!fault && h.at < h.end) {
		if (!next_line(&h, &line))
			return &fault_line_end;
		fault = read_header(&h, line);
	}
	if (!fault)
		fault = settle_framing(&h);
	if (!fault)
		fault = settle_absolute_form(&h);
	if (!fault)
		*framing = (struct head_framing){
			.chunked = h.codings > 0,
			.expects_continue = h.expectations && !h.http_1_0 && (h.codings || h.length),
			.length = h.length,
		};
	return fault;
}

struct str head_path(const char *head, size_t len)
{
	struct str rest = str_trim((struct str){ head, len }, STR_BLANK), line, path;
	if (!str_cut(&rest, '\n', &line))
		return STR("");
	rest = str_trim(line, STR_BLANK);
	if (!str_cut(&rest, ' ', &line) || !str_cut(&rest, ' ', &path))
		return STR("");
	if (!str_starts(path, STR("/"))) { /* absolute form, RFC 9112 §3.2.2 */
		size_t authority = str_find(path, STR("://"));
		path = authority != SIZE_MAX ? str_from(path, authority + 3) : STR("");
		size_t root = str_find(path, STR("/"));
		path = root != SIZE_MAX ? str_from(path, root) : STR("");
	}
	path = str_sub(path, 0, str_find(path, STR("?")));
	while (str_starts(path, STR("//"))) /* as the router has it */
		path = str_from(path, 1);
	return path;
}

bool head_wants_page(const char *head, size_t len)
{
	struct str rest = { head, len }, line;
	while (str_cut(&rest, '\n', &line))
		if (str_starts_nocase(line, STR("Accept:")) && str_find(line, STR("text/html")) != SIZE_MAX)
			return true;
	return false;
}
