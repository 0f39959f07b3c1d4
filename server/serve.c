/* SPDX-License-Identifier: Apache-2.0 */
/* `calends serve`: from settings to a server that listens, until a signal; and what runs beside it. */
#include "server/serve.h"

#include <errno.h>
#include <grp.h>
#include <malloc.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "caldav/calendar/zone/zone.h"
#include "server/account/housekeeping.h"
#include "server/base/log.h"
#include "server/db/housekeeping.h"
#include "server/db/pool.h"
#include "server/db/query.h"
#include "server/health.h"
#include "server/http/civet.h"
#include "server/http/tls.h"
#include "server/modules.h"
#include "web/demo.h"

#define HOUSEKEEPING_EVERY_S 60
#define ACCOUNT_HOUSEKEEPING_EVERY_S 3600
#define DEMO_THREADS 8
#define BODY_BUDGET ((size_t)256 << 20)

/* The thread for what happens by itself: the private cluster's health, rings and rows that nobody can see any more. */
struct keeper {
	pthread_t thread;
	atomic_bool stop;
	const struct runtime *runtime;
};

static err_t keep_house(struct ctx *cx, unsigned second)
{
	if (second % HOUSEKEEPING_EVERY_S == 0)
		TRY(housekeeping(cx));
	if (second % ACCOUNT_HOUSEKEEPING_EVERY_S == 0)
		TRY(account_housekeeping(cx));
	return OK;
}

static void keep_second(const struct keeper *keeper, struct arena *mem, unsigned second)
{
	struct ctx cx = {
		.mem = mem,
		.db = keeper->runtime->db,
		.config = &keeper->runtime->config,
		.keys = keeper->runtime->keys,
		.now = instant_now(),
	};
	cx.request_id = id_new(cx.now);
	embedded_keep(&cx, keeper->runtime->embedded);
	err_t e = keep_house(&cx, second);
	if (e)
		log_event(
			LOG_WARN, "housekeeping", LOG_C("error", err_row(e->kind)->name), LOG_STR("detail", e->detail));
	db_end(&cx);
	arena_reset(mem);
}

static void *keep(void *arg)
{
	struct keeper *keeper = arg;
	struct arena *mem = arena_open();
	const struct timespec second = { .tv_sec = 1 };
	for (unsigned round = 0; !atomic_load(&keeper->stop); round++) {
		keep_second(keeper, mem, round);
		nanosleep(&second, NULL);
	}
	arena_close(mem);
	return NULL;
}

static err_t keeper_start(struct ctx *cx, struct keeper *keeper)
{
	int failed = pthread_create(&keeper->thread, NULL, keep, keeper);
	return failed ? FAIL(cx, INTERNAL, "pthread_create: %s", strerror(failed)) : OK;
}

static void keeper_stop(struct keeper *keeper)
{
	atomic_store(&keeper->stop, true);
	pthread_join(keeper->thread, NULL);
}

/*
 * Ports are bound and keys read: root is not needed any more. The private cluster runs as the same user, so that it can
 * still be signalled.
 */
static err_t drop_privileges(struct ctx *cx)
{
	if (geteuid() != 0)
		return OK;
	errno = 0;
	const struct passwd *user = getpwnam("calends");
	if (!user)
		user = getpwnam("nobody");
	if (!user || setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
		return REFUSE(cx, INTERNAL, "", "cannot change to the user calends: %s", strerror(errno));
	/* A change of user clears this: a debugger of that user must not read keys out of us. */
	prctl(PR_SET_DUMPABLE, 0);
	return OK;
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

static err_t run_until_signal(struct ctx *cx, const struct command_call *call, struct tls *tls)
{
	struct keeper keeper = { .runtime = call->runtime };
	TRY(keeper_start(cx, &keeper));
	log_event(LOG_INFO, "listening", LOG_STR("address", cx->config->listen),
		LOG_STR("public_url", cx->config->public_url), LOG_INT("threads", cx->config->threads),
		LOG_C("tls", tls ? "yes" : "no"));
	wait_for_end(tls);
	keeper_stop(&keeper);
	return OK;
}

static err_t serve_until_signal(struct ctx *cx, const struct command_call *call, struct app *app, struct tls *tls)
{
	struct demo demo;
	struct demo_side side = { 0 };
	struct civet *server = NULL;
	if (call->config->demo) /* takes its time, and writes into the data folder: before anybody is served */
		TRY(demo_prepare(cx, &demo));
	struct civet_settings settings = {
		.listen = call->config->listen, .tls = tls, .threads = (unsigned)call->config->threads
	};
	TRY(listen_at(cx, settings, app, &server));
	health_watch(server);
	err_t e = drop_privileges(cx);
	if (!e)
		e = demo_start(cx, &demo, &side);
	if (!e)
		e = run_until_signal(cx, call, tls);
	demo_stop(&side);
	civet_close(server, (unsigned)call->config->drain_ms);
	log_event(LOG_INFO, "stopped", LOG_C("exit", e ? "failure" : "clean"));
	return e;
}

err_t serve_command(struct ctx *cx, const struct command_call *call)
{
	TRY(zone_setup(cx));
	TRY(db_check(cx));
	struct tls *tls = NULL;
	if (call->config->tls_cert.ptr)
		TRY(tls_open(cx, (struct tls_files){ call->config->tls_cert, call->config->tls_key }, &tls));
	struct app *app = app_new(cx, call->runtime);
	err_t e = serve_until_signal(cx, call, app, tls);
	app_close(app);
	tls_close(tls);
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

void serve_block_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	keep_memory_flat();
}
