/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP layer with a few routes and without a database, for tests over raw sockets and for measuring:
 *
 *     echo_server PORT [name=value…]    threads, request_ms, idle_ms, connections, waiting, budget, drain_ms, log;
 *                                       cert, key: files, for TLS
 *
 * Says "ready" when it listens; SIGTERM drains and ends it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/base/config.h"
#include "server/base/log.h"
#include "server/crypto/digest.h"
#include "server/http/civet.h"
#include "server/http/cookie.h"
#include "server/http/limit.h"
#include "server/http/tls.h"

static err_t hello(struct request *rq, struct response *rs)
{
	(void)rq;
	BUF_LIT(reply(rs, 200, "text/plain"), "hello\n");
	return OK;
}

static err_t echo(struct request *rq, struct response *rs)
{
	struct buf *body = reply(rs, 200, "application/octet-stream");
	buf_add(body, rq->body);
	return OK;
}

static uint64_t number_of(struct request *rq, const char *name)
{
	const struct form *params;
	uint64_t n = 0;
	if (!request_params(rq, &params))
		(void)str_to_u64(form_get(params, name), UINT32_MAX, &n);
	return n;
}

static err_t stream(struct request *rq, struct response *rs)
{
	struct buf *body = response_stream(rs, 200, "text/plain");
	uint64_t rows = number_of(rq, "rows"), fail_at = number_of(rq, "fail");
	for (uint64_t i = 0; i < rows; i++) {
		struct arena_mark mark = arena_mark(rq->cx.mem);
		buf_add(body, str_fmt(rq->cx.mem, "row %08llu of a long answer\n", (unsigned long long)i));
		arena_rewind(rq->cx.mem, mark);
		if (fail_at && i == fail_at)
			return FAIL(&rq->cx, INTERNAL, "asked for");
		if (!response_flush_if_large(rs))
			return OK;
	}
	return OK;
}

static err_t slow(struct request *rq, struct response *rs)
{
	uint64_t ms = number_of(rq, "ms");
	nanosleep(&(struct timespec){ (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 }, NULL);
	return hello(rq, rs);
}

static err_t form(struct request *rq, struct response *rs)
{
	if (rq->method == METHOD_POST)
		return hello(rq, rs);
	buf_add(reply_page(rs, 200, FORMS_STAY), request_csrf(rq));
	return OK;
}

static err_t who_am_i(struct request *rq, struct response *rs)
{
	buf_add(reply(rs, 200, "text/plain"), rq->cx.client_ip);
	return OK;
}

static err_t key_of_test(struct ctx *cx, const struct credential *sent, struct principal *out)
{
	if (!str_eq(sent->secret, STR("cp_right")))
		return FAIL(cx, CREDENTIALS_INVALID, "not the right one");
	*out = (struct principal){ .kind = ACCOUNT_KEY, .scopes = SCOPES_ALL, .credential = { { 1 } } };
	return OK;
}

/* clang-format off */
static const struct route api_routes[] = {
	{ METHOD_GET,  "/hello",       ANYONE,           0, BODY_IGNORED, 0,        hello,    "", CORS_ANY },
	{ METHOD_POST, "/echo",        ANYONE,           0, BODY_ANY,     KIB(256), echo,     "", 0 },
	{ METHOD_PUT,  "/echo",        ANYONE,           0, BODY_ANY,     MIB(16),  echo,     "", 0 },
	{ METHOD_GET,  "/stream",      ANYONE,           0, BODY_IGNORED, 0,        stream,   "", 0 },
	{ METHOD_GET,  "/slow",        ANYONE,           0, BODY_IGNORED, 0,        slow,     "", 0 },
	{ METHOD_GET,  "/form",        OPTIONAL_SESSION, 0, BODY_IGNORED, 0,        form,     "", 0 },
	{ METHOD_POST, "/form",        OPTIONAL_SESSION, 0, BODY_FORM,    KIB(16),  form,     "", 0 },
	{ METHOD_GET,  "/ip",          ANYONE,           0, BODY_IGNORED, 0,        who_am_i, "", 0 },
	{ METHOD_PUT,  "/private",     KEY,              0, BODY_ANY,     KIB(64),  echo,     "", 0 },
};
static const struct route dav_routes[] = {
	{ METHOD_PROPFIND,   "/dav/",      KEY, 0, BODY_XML, KIB(64), hello, "", 0 },
	{ METHOD_MKCALENDAR, "/dav/:name/", KEY, 0, BODY_XML, KIB(64), hello, "", 0 },
};
/* clang-format on */

static const struct module dav = { .name = "dav",
	.prefix = "/dav/",
	.routes = dav_routes,
	.route_count = ARRAY_LEN(dav_routes),
	.auth_first = true,
	.basic = KEY,
	.show_error = NULL };
static const struct module api = {
	.name = "api", .prefix = "", .routes = api_routes, .route_count = ARRAY_LEN(api_routes)
};
static const struct module *const modules[] = { &dav, &api };
static const struct authenticator authenticators[] = { { "cp_", key_of_test } };

struct settings {
	struct civet_settings civet;
	struct tls_files files;
	unsigned drain_ms;
	bool log;
};

static void set(struct settings *s, const char *name, unsigned long value)
{
	if (!strcmp(name, "threads"))
		s->civet.threads = (unsigned)value;
	else if (!strcmp(name, "request_ms"))
		s->civet.request_timeout_ms = (unsigned)value;
	else if (!strcmp(name, "idle_ms"))
		s->civet.idle_timeout_ms = (unsigned)value;
	else if (!strcmp(name, "connections"))
		s->civet.connections_each = (unsigned)value;
	else if (!strcmp(name, "waiting"))
		s->civet.waiting_each = (unsigned)value;
	else if (!strcmp(name, "budget"))
		s->civet.body_budget = value;
	else if (!strcmp(name, "drain_ms"))
		s->drain_ms = (unsigned)value;
	else if (!strcmp(name, "log"))
		s->log = value;
}

static void read_settings(struct settings *s, int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		char *value = strchr(argv[i], '=');
		if (!value)
			continue;
		*value++ = '\0';
		if (!strcmp(argv[i], "cert"))
			s->files.cert = str_of(value);
		else if (!strcmp(argv[i], "key"))
			s->files.key = str_of(value);
		else
			set(s, argv[i], strtoul(value, NULL, 10));
	}
}

static int serve(struct ctx *cx, struct settings *s, const struct app *app, const sigset_t *ends)
{
	struct civet *server;
	int signal_number;
	err_t e = s->files.cert.ptr ? tls_open(cx, s->files, &s->civet.tls) : OK;
	if (!e)
		e = civet_open(cx, &s->civet, app, &server);
	if (e) {
		fprintf(stderr, "%.*s\n", STR_ARG(err_text(e)));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	sigwait(ends, &signal_number);
	civet_close(server, s->drain_ms);
	tls_close(s->civet.tls);
	return 0;
}

int main(int argc, char **argv)
{
	sigset_t ends;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	crypto_setup();

	struct arena *mem = arena_open();
	struct ctx cx = { .mem = mem };
	struct config config = { .trusted_proxy = STR_INIT("127.0.0.9") };
	struct app app = { modules, ARRAY_LEN(modules), authenticators, ARRAY_LEN(authenticators), .config = &config };
	struct settings s = { .civet = { .threads = 16,
				      .request_timeout_ms = 10000,
				      .idle_timeout_ms = 60000,
				      .body_budget = MIB(64) },
		.drain_ms = 10000 };
	const char *port = argc > 1 ? argv[1] : "0";
	read_settings(&s, argc, argv);
	s.civet.listen = str_fmt(mem, "127.0.0.1:%s", port);
	config.public_url = str_fmt(mem, "http://127.0.0.1:%s", port);
	log_setup(s.log ? LOG_INFO : LOG_ERROR, 2);

	int status = serve(&cx, &s, &app, &ends);
	arena_close(mem);
	return status;
}
