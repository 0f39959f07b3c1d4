/* SPDX-License-Identifier: Apache-2.0 */
/* `calends serve`: from settings to a server that listens, until a signal; and what runs beside it. */
#include "server/serve.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "caldav/calendar/zone/zone.h"
#include "oauth/metadata.h"
#include "server/base/log.h"
#include "server/db/home.h"
#include "server/db/pool.h"
#include "server/db/query.h"
#include "server/health.h"
#include "server/http/civet.h"
#include "server/http/client_certificate.h"
#include "server/http/listen_try.h"
#include "server/http/tls.h"
#include "server/mail/sender.h"
#include "server/modules.h"
#include "server/stopper.h"
#include "server/user.h"
#include "web/demo.h"

#define JOB_THREADS 7    /* both of webhooks, mail and the streams' may be at work all the time */
#define JOBS_END_MS 5000 /* a call to another server is looked at between its steps; one may be a handshake */
#define DEMO_THREADS 8
#define BODY_BUDGET ((size_t)256 << 20)

/* No core dump, and no debugger of the same user: there are keys in this memory. */
static void keep_secrets(void)
{
	const struct rlimit none = { 0, 0 };
	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &none);
}

/* What root could read at the start the user that the server has become may not read again. */
static void warn_of_renewal(const struct config *config)
{
	const struct str files[] = { config->tls_cert, config->tls_key };
	struct arena *mem = arena_open();
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		const char *path = files[i].ptr ? str_c(mem, files[i]) : NULL;
		if (path && access(path, R_OK) != 0)
			log_event(LOG_WARN, "tls_file_unreadable_at_hup", LOG_STR("file", files[i]),
				LOG_C("reason", strerror(errno)));
	}
	arena_close(mem);
}

/*
 * Ports are bound and keys read: root is not needed any more. The private cluster runs as the same user, so that it can
 * still be signalled.
 */
static err_t drop_privileges(struct ctx *cx)
{
	if (geteuid() != 0)
		return OK;
	TRY(user_become(cx));
	keep_secrets(); /* a change of user may clear it */
	warn_of_renewal(cx->config);
	return mail_settings_check_access(cx);
}

/* `settings` names address, threads and TLS; the rest is the same for all. */
static err_t listen_at(struct ctx *cx, struct civet_settings settings, const struct app *app, struct civet **out)
{
	settings.request_timeout_ms = (unsigned)cx->config->request_timeout_ms;
	settings.idle_timeout_ms = (unsigned)cx->config->idle_timeout_ms;
	settings.body_budget = BODY_BUDGET;
	settings.connections_each = 2000;
	return civet_open(cx, &settings, app, out);
}

/* A certificate was renewed, they say. One that is no good changes nothing. */
static void reload_tls(struct tls *tls)
{
	struct arena *mem = arena_open();
	struct ctx cx = { .mem = mem };
	struct tls_facts facts;
	err_t e = tls_reload(&cx, tls, &facts);
	if (e)
		log_event(LOG_ERROR, "tls_not_reloaded", LOG_STR("reason", err_text(e)));
	else
		log_event(LOG_INFO, "tls_reloaded", LOG_STR("subject", facts.subject),
			LOG_STR("expires", instant_rfc3339(mem, facts.expires)));
	arena_close(mem);
}

/* SIGTERM and SIGINT end the server. SIGHUP is for certificates; without TLS there is nothing to do, but go on. */
static void wait_for_end(struct tls *tls)
{
	sigset_t set;
	int signal_number;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	while (sigwait(&set, &signal_number) == 0 && signal_number == SIGHUP)
		if (tls)
			reload_tls(tls);
	log_event(LOG_INFO, "stopping", LOG_INT("signal", signal_number));
}

/* Beside the server with --demo: an account to look at it with, and a platform that connects to it. */
struct demo_side {
	struct app *platform;
	struct civet *server;
};

static err_t demo_start(struct ctx *cx, const struct demo *demo, struct demo_side *side)
{
	const struct config *config = cx->config;
	struct buf banner = buf_new(cx->mem, 16384);
	if (!config->demo)
		return OK;
	side->platform = demo_platform_open(cx, demo);
	struct civet_settings settings = { .listen = config->demo_listen, .threads = DEMO_THREADS };
	TRY(listen_at(cx, settings, side->platform, &side->server));
	demo_banner(cx, demo, &banner);
	fwrite(banner.ptr, 1, banner.len, stdout);
	fflush(stdout);
	return OK;
}

static void demo_stop(struct demo_side *side)
{
	if (side->server)
		civet_close(side->server, 0);
	if (side->platform)
		demo_platform_close(side->platform);
}

static err_t jobs_begin(struct ctx *cx, const struct command_call *call, const struct app *app, struct jobs **out)
{
	struct job_table table = app_jobs(cx, app, call->runtime);
	const struct jobs_settings settings = {
		.rows = table.rows,
		.count = table.count,
		.threads = JOB_THREADS,
		.db = call->runtime->db,
		.config = call->config,
		.keys = call->runtime->keys,
	};
	TRY(jobs_open(cx, &settings, out));
	health_watch_jobs(*out);
	return OK;
}

/* Answers first: jobs keep the private cluster running for them. */
static void stop_all(const struct command_call *call, struct demo_side *side, struct civet *server, struct jobs *jobs)
{
	unsigned drain_ms = (unsigned)call->config->drain_ms;
	struct stopper stop = { .server = server, .db = call->runtime->db };
	bool watched = stopper_start(&stop, drain_ms);
	demo_stop(side);
	civet_close(server, drain_ms);
	stopper_forgets_server(&stop);
	wait_end_by(deadline_in_ms(0));
	if (!jobs_close(jobs, deadline_in_ms(JOBS_END_MS)))
		stopper_leave_behind(NULL, call->runtime->db);
	stopper_end(&stop, watched);
}

static err_t serve_until_signal(struct ctx *cx, const struct command_call *call, struct app *app, struct tls *tls)
{
	struct demo demo;
	struct demo_side side = { 0 };
	struct civet *server = NULL;
	struct jobs *jobs = NULL;
	if (call->config->demo) /* takes its time, and writes into the data folder: before anybody is served */
		TRY(demo_prepare(cx, &demo));
	struct civet_settings settings = {
		.listen = call->config->listen, .tls = tls, .threads = (unsigned)call->config->threads
	};
	TRY(listen_at(cx, settings, app, &server));
	health_watch(server, app);
	err_t e = drop_privileges(cx);
	if (!e)
		e = demo_start(cx, &demo, &side);
	if (!e)
		e = jobs_begin(cx, call, app, &jobs);
	if (!e) {
		log_event(LOG_INFO, "listening", LOG_STR("address", cx->config->listen),
			LOG_STR("public_url", cx->config->public_url), LOG_INT("threads", cx->config->threads),
			LOG_C("tls", tls ? "yes" : "no"));
		wait_heeds_signals(false); /* from here on they are for wait_for_end() */
		wait_for_end(tls);
	}
	stop_all(call, &side, server, jobs);
	log_event(LOG_INFO, "stopped", LOG_C("exit", e ? "failure" : "clean"));
	return e;
}

static void ask_for_certificates(struct ctx *cx, struct tls *tls)
{
	struct uri uri;
	if (cx->config->mtls_url.ptr && uri_split(cx->config->mtls_url, &uri))
		client_certificate_ask(tls_context(tls), str_c(cx->mem, uri.host));
}

/* With another key nobody's codes, no app's ID tokens and no webhook's secret would work: told before anybody is
 * served. */
static err_t check_secret_key(struct ctx *cx)
{
	bool same;
	TRY(db_secret_is_same(cx, keyring_mark(cx->keys, cx->mem), true, &same));
	return same ? OK : db_refuse_secret(cx);
}

/* What the settings name. */
struct named {
	struct mail_settings mail;
	struct tls *tls;     /* NULL: none */
	struct trust *trust; /* the same */
};

static err_t read_named(struct ctx *cx, struct named *out)
{
	const struct config *config = cx->config;
	TRY(listen_try(cx, config->listen));
	if (config->demo) {
		err_t e = listen_try(cx, config->demo_listen);
		if (e)
			return err_about(cx->mem, e, "demo-listen");
	}
	TRY(mail_settings_read(cx, &out->mail));
	if (config->tls_cert.ptr)
		TRY(tls_open(cx, (struct tls_files){ config->tls_cert, config->tls_key }, &out->tls));
	if (config->mtls_ca.ptr)
		TRY(trust_open(cx, "mtls-ca", config->mtls_ca, &out->trust));
	return OK;
}

static void close_named(struct named *named)
{
	trust_close(named->trust);
	tls_close(named->tls);
}

/* Before anybody asks for it. What fails here the job of the same name does later. */
static void sign_metadata(const struct ctx *cx, struct app *app)
{
	struct ctx own = *cx;
	own.mem = arena_open();
	err_t e = metadata_sign(&own, app->metadata);
	if (e)
		log_event(LOG_WARN, "metadata_not_signed", LOG_STR("detail", e->detail));
	arena_close(own.mem);
}

static err_t serve_with(struct ctx *cx, const struct command_call *call, const struct named *named)
{
	TRY(zone_setup(cx));
	TRY(db_check(cx));
	TRY(check_secret_key(cx));
	if (named->tls)
		ask_for_certificates(cx, named->tls);
	struct app *app = app_new(cx, call->runtime);
	app->trust = named->trust;
	app->mail = mail_sender_open(&named->mail);
	sign_metadata(cx, app);
	err_t e = serve_until_signal(cx, call, app, named->tls);
	app_close(app);
	return e;
}

static err_t serve_over(struct ctx *cx, const struct command_call *call, const struct named *named)
{
	struct runtime runtime;
	struct command_call ours = *call;
	TRY(runtime_open(cx, call->config, KEY_OF_DATABASE, &runtime));
	ours.runtime = &runtime;
	ours.config = &runtime.config;
	err_t e = serve_with(cx, &ours, named);
	db_end(cx);
	runtime_close(&runtime);
	cx->config = call->config;
	cx->db = NULL;
	cx->keys = NULL;
	return e;
}

/* Settings are checked before the database is made or changed: a wrong one changes nothing. */
err_t serve_command(struct ctx *cx, const struct command_call *call)
{
	struct config *settled = arena_new(cx->mem, struct config);
	struct named named = { 0 };
	*settled = *call->config;
	TRY(runtime_settle(cx, settled));
	cx->config = settled;
	err_t e = read_named(cx, &named);
	if (!e)
		e = serve_over(cx, call, &named);
	close_named(&named);
	return e;
}

/*
 * Many threads with short lives of memory: few arenas of malloc. What is large goes back to the system when it is
 * freed: left to itself, the allocator takes the next such piece from an arena, which never shrinks, once one was freed
 * (a password's 19 MiB stayed for good in each arena).
 */
static void keep_memory_flat(void)
{
	mallopt(M_ARENA_MAX, 4);
	mallopt(M_MMAP_THRESHOLD, 256 * 1024);
	mallopt(M_TRIM_THRESHOLD, 512 * 1024);
}

void serve_prepare_process(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	keep_memory_flat();
	keep_secrets();
}
