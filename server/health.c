/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/account/request_log.h"
#include "server/account/usage.h"
#include "server/db/ping.h"
#include "server/db/pool.h"
#include "server/mail/sender.h"
#include "server/stream/streams.h"
#include "server/voice/socket.h"

#define TEXT "text/plain; charset=utf-8"
#define METRICS "text/plain; version=0.0.4; charset=utf-8"

static struct civet *_Atomic watched;
static struct jobs *_Atomic watched_jobs;
static const struct app *_Atomic watched_app;

void health_watch(struct civet *server, const struct app *app)
{
	atomic_store(&watched, server);
	atomic_store(&watched_app, app);
}

void health_watch_jobs(struct jobs *jobs)
{
	atomic_store(&watched_jobs, jobs);
}

/* The process answers. Says nothing of the database: a restart would not mend that. */
static err_t healthz(struct request *rq, struct response *rs)
{
	(void)rq;
	BUF_LIT(reply(rs, 200, TEXT), "ok\n");
	return OK;
}

/* A load balancer may send requests: the database answers. */
static err_t readyz(struct request *rq, struct response *rs)
{
	TRY(db_ping(&rq->cx));
	BUF_LIT(reply(rs, 200, TEXT), "ready\n");
	return OK;
}

/* The second number of /proc/self/statm: pages that are in memory. */
static long resident_kib(void)
{
	char line[128], *rest = line;
	FILE *file = fopen("/proc/self/statm", "re");
	if (!file)
		return 0;
	bool read = fgets(line, sizeof line, file) != NULL;
	fclose(file);
	if (!read)
		return 0;
	strtol(rest, &rest, 10);
	return strtol(rest, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
}

struct metric {
	const char *name, *type, *help;
	uint64_t value;
};

static void print_metrics(struct buf *out, const struct metric *metrics, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_fmt(out, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", metrics[i].name, metrics[i].help, metrics[i].name,
			metrics[i].type, metrics[i].name, (unsigned long long)metrics[i].value);
}

/* One family a figure, one sample a job. */
static void print_jobs(struct buf *out, struct jobs *jobs)
{
	static const struct {
		const char *name, *type, *help;
	} figures[] = {
		{ "calends_job_runs_total", "counter", "Runs of a job that have ended." },
		{ "calends_job_failures_total", "counter", "Runs that failed." },
		{ "calends_job_last_duration_seconds", "gauge", "How long the last run took." },
		{ "calends_job_last_success_timestamp_seconds", "gauge", "When a run last succeeded; 0 is never." },
		{ "calends_job_running", "gauge", "Whether it runs at this moment." },
	};
	struct job_stats job;
	for (size_t f = 0; f < ARRAY_LEN(figures) && jobs; f++) {
		buf_fmt(out, "# HELP %s %s\n# TYPE %s %s\n", figures[f].name, figures[f].help, figures[f].name,
			figures[f].type);
		for (size_t i = 0; jobs_stats(jobs, i, &job); i++) {
			uint64_t success_us = instant_is_none(job.last_success) ? 0 : (uint64_t)job.last_success.us;
			const uint64_t thousandths[] = { job.runs * 1000, job.failures * 1000, job.last_us / 1000,
				success_us / 1000, (uint64_t)job.running * 1000 };
			buf_fmt(out, "%s{job=\"%s\"} %llu.%03llu\n", figures[f].name, job.name,
				(unsigned long long)thousandths[f] / 1000, (unsigned long long)thousandths[f] % 1000);
		}
	}
}

/* Figures are for the operator: only a caller on this machine sees them, and not through a proxy. */
static bool from_here(const struct request *rq)
{
	static const char *const by_proxies[] = { "Forwarded", "X-Forwarded-For", "Via" };
	for (size_t i = 0; i < ARRAY_LEN(by_proxies); i++) /* one beside us that --trusted-proxy does not name */
		if (request_header(rq, by_proxies[i]).ptr)
			return false;
	return str_starts(rq->cx.client_ip, STR("127.")) || str_eq(rq->cx.client_ip, STR("::1"));
}

/* ---- figures in Prometheus' text format; before the server listens there is no app ---- */

static void print_http(struct buf *out)
{
	struct civet *server = atomic_load(&watched);
	struct civet_stats http = server ? civet_stats(server) : (struct civet_stats){ 0 };
	const struct metric all[] = {
		{ "calends_http_requests_total", "counter", "Requests answered.", http.requests },
		{ "calends_http_refused_heads_total", "counter", "Requests refused before parsing.",
			http.refused_heads },
		{ "calends_http_connections", "gauge", "Open connections.", http.connections },
		{ "calends_http_parked_connections", "gauge", "Connections without a thread.", http.parked },
		{ "calends_http_parked_bodies", "gauge", "Among them: requests that are not whole.", http.bodies },
		{ "calends_http_parked_answers", "gauge", "Among them: answers that are not taken.", http.writers },
		{ "calends_http_held_connections", "gauge", "Among them: open for what is told later.", http.held },
		{ "calends_http_waiting_threads", "gauge", "Threads that wait for a peer.", http.waiting },
		{ "calends_http_kept_octets", "gauge", "Octets kept of or for slow peers.", http.kept_octets },
		{ "calends_http_cut_answers_total", "counter", "Answers that were not taken in time.",
			http.cut_answers },
		{ "calends_http_in_flight", "gauge", "Requests being answered.", http.in_flight },
	};
	print_metrics(out, all, ARRAY_LEN(all));
}

static void print_streams(struct buf *out, const struct app *app)
{
	struct stream_stats streams = streams_stats(app ? app->streams : NULL);
	const struct metric all[] = {
		{ "calends_streams", "gauge", "Open streams of changes.", streams.open },
		{ "calends_streams_opened_total", "counter", "Streams that were opened.", streams.opened },
		{ "calends_stream_changes_total", "counter", "Changes told on streams.", streams.told },
		{ "calends_stream_resyncs_total", "counter", "Calendars that a client had to read anew.",
			streams.resyncs },
		{ "calends_streams_revoked_total", "counter", "Streams whose credential ended.", streams.revoked },
		{ "calends_streams_cut_total", "counter", "Streams of peers that did not take what they were told.",
			streams.cut },
		{ "calends_voice_sockets", "gauge", "Open sockets of the voice echo.",
			voice_sockets_count(app ? app->voice : NULL) },
	};
	print_metrics(out, all, ARRAY_LEN(all));
}

static void print_database(struct buf *out, struct db_pool *pool)
{
	struct db_stats db = db_stats(pool);
	const struct metric all[] = {
		{ "calends_db_connections", "gauge", "Open database connections.", db.open },
		{ "calends_db_connections_busy", "gauge", "Database connections in use.", db.busy },
		{ "calends_db_waiting", "gauge", "Requests that wait for a database connection.", db.waiting },
		{ "calends_db_statements_total", "counter", "Statements sent.", db.statements },
		{ "calends_db_failures_total", "counter", "Statements that failed.", db.failures },
		{ "calends_db_timeouts_total", "counter", "Waits for a connection that ended in 503.", db.timeouts },
		{ "calends_db_reconnects_total", "counter", "Connections made anew after a loss.", db.reconnects },
		{ "calends_db_late_total", "counter", "Answers of the database that nobody waited for any longer.",
			db.late },
		{ "calends_disk_low", "gauge", "Whether what is stored is refused since the disk is nearly full.",
			db_disk_is_low(pool) },
	};
	print_metrics(out, all, ARRAY_LEN(all));
}

static void print_mail(struct buf *out, const struct app *app)
{
	struct mail_stats mail = mail_stats(app ? app->mail : NULL);
	const struct metric all[] = {
		{ "calends_mail_sent_total", "counter", "Messages that the mail server took.", mail.sent },
		{ "calends_mail_failed_total", "counter", "Messages that were given up.", mail.failed },
		{ "calends_mail_tries_total", "counter", "Tries to send a message.", mail.tries },
		{ "calends_mail_waiting", "gauge", "Messages that are not sent yet, of all servers.", mail.waiting },
	};
	print_metrics(out, all, ARRAY_LEN(all));
}

static void print_process(struct buf *out, const struct app *app)
{
	const struct metric all[] = {
		{ "calends_usage_lost_total", "counter", "Calls that are missing in what /v1/usage tells.",
			usage_lost(app ? app->usage : NULL) },
		{ "calends_request_log_dropped_total", "counter",
			"Requests that are missing in the logs of developers.",
			request_log_dropped(app ? app->request_log : NULL) },
		{ "calends_resident_memory_kib", "gauge", "Resident memory of the server process.",
			(uint64_t)resident_kib() },
	};
	print_metrics(out, all, ARRAY_LEN(all));
}

static err_t metrics(struct request *rq, struct response *rs)
{
	if (!from_here(rq))
		return FAIL(&rq->cx, NOT_FOUND, "metrics are for local callers");
	const struct app *app = atomic_load(&watched_app);
	struct buf *out = reply(rs, 200, METRICS);
	print_http(out);
	print_streams(out, app);
	print_database(out, rq->cx.db);
	print_mail(out, app);
	print_process(out, app);
	print_jobs(out, atomic_load(&watched_jobs));
	return OK;
}

static void health_show_error(struct request *rq, struct response *rs, err_t e)
{
	(void)rq;
	struct str text = err_text(e);
	struct buf *out = reply(rs, err_row(e->kind)->api_status, TEXT);
	buf_add(out, text);
	buf_char(out, '\n');
}

/* clang-format off */
static const struct route routes[] = {
	{ METHOD_GET, "/healthz", ANYONE, 0, BODY_IGNORED, KIB(1), healthz, "operators", 0 },
	{ METHOD_GET, "/readyz",  ANYONE, 0, BODY_IGNORED, KIB(1), readyz,  "operators", 0 },
	{ METHOD_GET, "/metrics", ANYONE, 0, BODY_IGNORED, KIB(1), metrics, "operators", 0 },
};
/* clang-format on */

const struct module health_module = {
	.name = "health",
	.prefix = "",
	.routes = routes,
	.route_count = ARRAY_LEN(routes),
	.show_error = health_show_error,
};
