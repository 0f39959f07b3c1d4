/* SPDX-License-Identifier: Apache-2.0 */
#include "server/modules.h"

#include "caldav/calendar/words_fill.h"
#include "caldav/calendar/zone_fill.h"
#include "caldav/routes.h"
#include "oauth/metadata.h"
#include "oauth/routes.h"
#include "server/account/audit.h"
#include "server/account/housekeeping.h"
#include "server/account/signing_keys.h"
#include "server/account/key.h"
#include "server/account/last_used.h"
#include "server/account/page_origin.h"
#include "server/account/request_log.h"
#include "server/account/session.h"
#include "server/account/usage.h"
#include "server/api/routes.h"
#include "server/base/log.h"
#include "server/api/webhook_views.h"
#include "server/db/disk.h"
#include "server/db/home.h"
#include "server/db/housekeeping.h"
#include "server/health.h"
#include "server/http/concurrency.h"
#include "server/http/limit.h"
#include "server/http/openapi.h"
#include "server/mail/leaving.h"
#include "server/mail/notice.h"
#include "server/mail/asked.h"
#include "server/mail/sender.h"
#include "server/mcp/routes.h"
#include "server/stream/streams.h"
#include "server/voice/socket.h"
#include "server/webhook/listening.h"
#include "server/webhook/sender.h"
#include "web/routes.h"

/*
 * In this order: a request belongs to the first that has its path and method. What nobody has is shown by the first of
 * those for all paths, so the pages stand before discovery, which shares "/" with them, and health.
 */
static const struct module *const modules[] = {
	&oauth_userinfo_module, /* before the one whose prefix has its own */
	&oauth_module,
	&oauth_wellknown_module,
	&caldav_module,
	&api_module,
	&voice_module,
	&hosted_module,
	&mcp_module,
	&feed_module,
	&booking_module,
	&link_module,
	&shared_module,
	&login_flow_page_module, /* before the one whose prefix has its own */
	&login_flow_module,
	&web_module,
	&discovery_module,
	&health_module,
};

/* The syntax of a secret decides who is asked. */
static const struct authenticator authenticators[] = {
	{ "cp_", key_authenticate },
	{ "sk_live_", key_authenticate },
	{ "sk_test_", key_authenticate },
	{ "rk_live_", key_authenticate },
	{ "rk_test_", key_authenticate },
	{ "pk_live_", key_authenticate },
	{ "pk_test_", key_authenticate },
	{ "cat_", bearer_authenticate },
	{ "", session_authenticate },
};

struct app *app_outline(struct ctx *cx)
{
	struct app *app = arena_new(cx->mem, struct app);
	*app = (struct app){
		.modules = modules,
		.module_count = ARRAY_LEN(modules),
		.authenticators = authenticators,
		.authenticator_count = ARRAY_LEN(authenticators),
	};
	return app;
}

/* struct app's `seen`: tokens count for their connected account, keys and sessions for themselves. */
static void note_use(const struct app *app, const struct request *rq, const struct principal *p)
{
	last_used_see(app->last_used, p->account, p->credential, rq->cx.now, rq->cx.client_ip, rq->cx.user_agent);
}

/* What the caller was told, in the words of its protocol. */
static const char *code_told(const struct request *rq)
{
	if (!rq->failed || rq->module != &oauth_module)
		return rq->error_code;
	const struct err_row *row = err_row(rq->failed->kind);
	return row->oauth_error ? row->oauth_error : row->api_code;
}

/* So many of an account's as are worth looking at: many successes take no room from failures. */
static void note_request(const struct request *rq, int status, uint64_t took_us)
{
	const struct principal *p = rq->principal;
	const struct app *app = rq->app;
	if (!app->request_log)
		return;
	bool by_token = p && p->kind == TOKEN;
	struct request_told told = { .id = rq->cx.request_id,
		.account = by_token ? p->platform
			   : p      ? p->account
				    : (struct id){ { 0 } },
		.credential = p && !by_token ? p->credential : (struct id){ { 0 } },
		.client = by_token ? p->client
			  : p      ? (struct id){ { 0 } }
				   : rq->told_client,
		.connection = by_token ? p->connected_account : rq->acts_for,
		.method = method_name(rq->method),
		.route = rq->route->path,
		.path = rq->module->secret_paths
				? str_of(rq->module->prefix)
				: str_sub(rq->target, 0, rq->target.len - (rq->query.ptr ? rq->query.len + 1 : 0)),
		.status = status,
		.at = rq->cx.now,
		.took_us = took_us,
		.code = code_told(rq),
		.param = rq->failed ? rq->failed->param : STR_ABSENT,
		.message = rq->failed ? err_text(rq->failed) : STR_ABSENT,
		.ip = rq->cx.client_ip,
		.agent = rq->cx.user_agent };
	struct limit_state unused;
	struct id of = p ? told.account : told.client;
	if (limiter_take(status >= 400 ? app->told_errors : app->told, of, rq->cx.now, &unused))
		request_log_see(app->request_log, &told);
	else
		request_log_drop(app->request_log);
}

/* Readings may write, too, but nothing that is waited for. */
static bool may_have_written(const struct request *rq)
{
	static const uint64_t readings = 1u << METHOD_GET | 1u << METHOD_HEAD | 1u << METHOD_OPTIONS |
					 1u << METHOD_PROPFIND | 1u << METHOD_REPORT | 1u << METHOD_SEARCH;
	return rq->cx.round_trips > 0 && !(readings >> rq->method & 1);
}

/* Objects of which nobody is told are no work for who reads the outbox. What else was written may be of who listens. */
static void ring(const struct request *rq)
{
	const struct app *app = rq->app;
	job_bell_ring(app->written);
	if (id_is_zero(rq->cx.changed)) {
		if (rq->principal)
			listening_forget(app->listening, rq->principal->account);
	} else if (!listening_may(app->listening, rq->cx.changed, clock_monotonic_ms()))
		return;
	job_bell_ring(app->webhooks);
}

/* struct app's `answered`. Pages that somebody looks at are no calls. */
static void note_answer(const struct request *rq, int status, uint64_t took_us)
{
	const struct principal *p = rq->principal;
	if (rq->app->written && may_have_written(rq))
		ring(rq);
	if (rq->route && (p ? p->kind != SESSION : !id_is_zero(rq->told_client)))
		note_request(rq, status, took_us);
	if (!p || !rq->route || p->kind == SESSION)
		return;
	bool by_token = p->kind == TOKEN;
	usage_count(rq->app->usage, &(struct usage_call){ .account = by_token ? p->platform : p->account,
					    .credential = by_token ? (struct id){ { 0 } } : p->credential,
					    .connection = by_token ? p->connected_account : rq->acts_for,
					    .method = method_name(rq->route->method),
					    .path = rq->route->path,
					    .at = rq->cx.now,
					    .took_us = took_us,
					    .client_error = status >= 400 && status < 500,
					    .server_error = status >= 500 });
}

#define ORIGIN_TOLD_MAX 200

/* struct app's `refused`. What cannot be written is logged, and refused all the same. */
static void note_refusal(struct request *rq, const char *reason)
{
	const struct principal *p = rq->principal;
	struct ctx *cx = &rq->cx;
	struct buf details = buf_new(cx->mem, KIB(8));
	struct json j = json_begin(&details);
	json_object(&j, NULL);
	json_str(&j, "reason", str_of(reason));
	json_str_if(&j, "origin", str_sub(request_header(rq, "Origin"), 0, ORIGIN_TOLD_MAX));
	json_object_end(&j);
	err_t e = audit_refused(
		cx, id_uuid(cx->mem, p->credential), p->account, "key.refused", p->credential, buf_str(&details));
	if (e)
		log_event(LOG_WARN, "audit_lost", LOG_C("reason", reason), LOG_STR("detail", e->detail));
}

/* An import comes at once. So many seconds of --write-rate may; by default that is 20,000 events. */
#define WRITES_AHEAD_S 400
/* And of --client-rate: tokens of many users end in the same minute. */
#define CLIENTS_AHEAD_S 10

/* What anybody may open (field: booking widgets), a second for one network. */
#define VISITS_A_SECOND 10

#define OPENAPI_MAX MIB(4)
#define CALLERS_LEAST 16

/* One account never holds more than half of the threads, where there are more than its clients have connections. */
static unsigned callers_max(const struct config *config)
{
	int64_t half = config->threads / 2;
	return (unsigned)(half > CALLERS_LEAST ? half : CALLERS_LEAST);
}

/* Nor with heavy requests, however few there are. */
static unsigned heavy_max(const struct config *config)
{
	int64_t half = config->threads / 2;
	return (unsigned)(config->heavy_requests < half ? config->heavy_requests : half);
}

struct app *app_new(struct ctx *cx, const struct runtime *runtime)
{
	const struct config *config = &runtime->config;
	struct app *app = app_outline(cx);
	app->config = config;
	app->keys = runtime->keys;
	app->db = runtime->db;
	if (config->rate_limit > 0)
		app->limiter = limiter_open((unsigned)config->rate_limit, (unsigned)config->rate_limit);
	if (config->rate_limit > 0 && config->write_rate > 0) /* who wants no limit of requests wants none here */
		app->writes = limiter_open((unsigned)config->write_rate, (unsigned)config->write_rate * WRITES_AHEAD_S);
	app->api_keys_rate = (struct rate){ "api_keys", (unsigned)config->api_keys_rate, 60 };
	app->freebusy_rate = (struct rate){ "freebusy", (unsigned)config->freebusy_rate, 1 };
	app->account_rate = (struct rate){ "account", (unsigned)config->account_rate, 1 };
	app->client_rate = (struct rate){ "app", (unsigned)config->client_rate * CLIENTS_AHEAD_S, CLIENTS_AHEAD_S };
	if (config->rate_limit > 0)
		app->visits = limiter_open(VISITS_A_SECOND, VISITS_A_SECOND);
	app->callers = concurrency_open(callers_max(config), 0);
	app->heavy = concurrency_open(heavy_max(config), 0);
	app->last_used = last_used_open(runtime->db, config, (unsigned)config->last_used_ms);
	app->seen = note_use;
	app->usage = usage_open(runtime->db, config);
	if (config->request_log_ms > 0) {
		app->request_log = request_log_open(runtime->db, config);
		app->told = limiter_open(REQUEST_LOG_A_SECOND, REQUEST_LOG_AT_ONCE);
		app->told_errors = limiter_open(REQUEST_LOG_A_SECOND, REQUEST_LOG_AT_ONCE);
	}
	app->answered = note_answer;
	app->origin_known = page_origin_known;
	app->refused = note_refusal;
	app->show_page = web_show_error;
	app->show_form_post = web_form_post;
	app->show_collection = web_collection;
	struct buf openapi = buf_new(cx->mem, OPENAPI_MAX);
	openapi_print(&openapi, app, config->public_url);
	app->openapi = buf_str(&openapi);
	app->metadata = metadata_new(cx);
	app->state = webhook_sender_open(app->usage);
	app->streams = streams_open((unsigned)config->streams);
	app->voice = voice_sockets_open();
	app->written = arena_new(cx->mem, struct job_bell);
	app->webhooks = arena_new(cx->mem, struct job_bell);
	app->listening = listening_open();
	return app;
}

#define KEEPER_EVERY_MS 1000
#define DISK_EVERY_MS 2000
#define HOME_EVERY_MS 10 /* while it jumps */
#define HOME_REST_MS 5000
#define HOUSEKEEPING_EVERY_MS 60000
#define ACCOUNT_HOUSEKEEPING_EVERY_MS 3600000
#define SIGNING_KEYS_EVERY_MS 3600000
#define METADATA_EVERY_MS SIGNING_KEYS_READ_MS /* no instance knows of another key sooner */
#define AUDIT_EVERY_MS 300000
#define WEBHOOKS_EVERY_MS 100
#define MAIL_EVERY_MS 250
#define NOTICES_EVERY_MS 1000
#define RESETS_EVERY_MS 1000
#define LEAVING_EVERY_MS 60000
#define REST_MS 1000 /* where nobody rang: another process wrote it, or its time came */
#define LETTERS_REST_MS 5000
#define JOB_PATIENCE_MS 30000
#define SENDERS_PATIENCE_MS 5000
#define KEEPER_PATIENCE_MS 60000
#define STREAM_PATIENCE_MS 5000

static err_t keep_cluster(struct ctx *cx, void *embedded)
{
	return embedded_keep(cx, embedded);
}

struct job_table app_jobs(struct ctx *cx, const struct app *app, const struct runtime *runtime)
{
	struct disk_watch *disk = arena_new(cx->mem, struct disk_watch);
	*disk = (struct disk_watch){
		.folder = embedded_folder(runtime->embedded),
		.low_bytes = (uint64_t)runtime->config.disk_low_mib << 20,
	};
	struct outbox_reader *reader = arena_new(cx->mem, struct outbox_reader);
	*reader = (struct outbox_reader){ &api_webhook_views, app->listening };
	struct job_bell *unfilled = arena_new(cx->mem, struct job_bell);
	struct job_bell *moved = arena_new(cx->mem, struct job_bell);
	struct job_bell *streams = streams_bell(app->streams), *voice = voice_sockets_bell(app->voice);
	/* clang-format off */
	const struct job rows[] = {
		{ "disk",         DISK_EVERY_MS,         JOB_PATIENCE_MS,    disk_measure,         disk, NULL, 0 },
		{ "cluster",      KEEPER_EVERY_MS,       KEEPER_PATIENCE_MS, keep_cluster,         runtime->embedded, NULL, 0 },
		{ "home",         HOME_EVERY_MS,         JOB_PATIENCE_MS,    db_home_keep,         NULL, moved, HOME_REST_MS },
		{ "housekeeping", HOUSEKEEPING_EVERY_MS, JOB_PATIENCE_MS,    housekeeping,         NULL, NULL, 0 },
		{ "account_housekeeping", ACCOUNT_HOUSEKEEPING_EVERY_MS, JOB_PATIENCE_MS, account_housekeeping, NULL, NULL, 0 },
		{ "signing_keys", SIGNING_KEYS_EVERY_MS, JOB_PATIENCE_MS,    signing_keys_keep,    NULL, NULL, 0 },
		{ "metadata",     METADATA_EVERY_MS,     JOB_PATIENCE_MS,    metadata_sign,        app->metadata, NULL, 0 },
		{ "audit",        AUDIT_EVERY_MS,        JOB_PATIENCE_MS,    audit_keep,           NULL, NULL, 0 },
		{ "outbox_reader", WEBHOOKS_EVERY_MS,    JOB_PATIENCE_MS,    outbox_reader,        reader, app->webhooks, REST_MS },
		{ "webhook_send", WEBHOOKS_EVERY_MS,     JOB_PATIENCE_MS,    webhook_send_due,     app->state, app->webhooks, REST_MS },
		{ "leaving",      LEAVING_EVERY_MS,      JOB_PATIENCE_MS,    leaving_delete,       NULL, NULL, 0 },
		{ "resets",       RESETS_EVERY_MS,       JOB_PATIENCE_MS,    asked_write,          NULL, app->written, LETTERS_REST_MS },
		{ "notices",      NOTICES_EVERY_MS,      JOB_PATIENCE_MS,    notices_write,        NULL, app->written, LETTERS_REST_MS },
		{ "mail",         MAIL_EVERY_MS,         JOB_PATIENCE_MS,    mail_send_due,        app->mail, app->written, REST_MS },
		{ "streams",      STREAM_EVERY_MS,       STREAM_PATIENCE_MS, streams_run,          app->streams, streams, REST_MS },
		{ "voice",        VOICE_EVERY_MS,        STREAM_PATIENCE_MS, voice_sockets_run,    app->voice, voice, REST_MS },
		{ "voice_ends",   VOICE_ENDS_EVERY_MS,   JOB_PATIENCE_MS,    voice_sessions_end,   arena_new(cx->mem, struct voice_ends), voice, LETTERS_REST_MS },
		{ "words_fill",   WORDS_FILL_EVERY_MS,   JOB_PATIENCE_MS,    words_fill,           NULL, unfilled, WORDS_FILL_REST_MS },
		{ "zone_fill",    ZONE_FILL_EVERY_MS,    JOB_PATIENCE_MS,    zone_fill,            NULL, unfilled, ZONE_FILL_REST_MS },
		{ "usage",        (unsigned)runtime->config.usage_ms, JOB_PATIENCE_MS, usage_write, app->usage, NULL, 0 },
		{ "request_log",  (unsigned)runtime->config.request_log_ms, JOB_PATIENCE_MS, request_log_write, app->request_log, NULL, 0 },
		{ "last_used",    (unsigned)runtime->config.last_used_ms, JOB_PATIENCE_MS, last_used_write, app->last_used, NULL, 0 },
	};
	/* clang-format on */
	struct job *own = arena_array(cx->mem, struct job, ARRAY_LEN(rows));
	size_t count = 0;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) /* with --last-used-ms 0 or --request-log-ms 0 there is none */
		if (rows[i].every_ms)
			own[count++] = rows[i];
	return (struct job_table){ own, count };
}

/* What letters and webhooks have under way at a stop would be sent again. */
static void senders_finish(const struct app *app)
{
	struct arena *mem = arena_open();
	struct ctx cx = { .mem = mem, .db = app->db, .config = app->config, .keys = app->keys, .now = instant_now() };
	ctx_begin(&cx, SENDERS_PATIENCE_MS);
	mail_sender_finish(&cx, app->mail);
	webhook_sender_finish(&cx, app->state);
	db_end(&cx);
	arena_close(mem);
}

void app_close(struct app *app)
{
	senders_finish(app);
	webhook_sender_close(app->state);
	listening_close(app->listening);
	mail_sender_close(app->mail);
	streams_close(app->streams);
	metadata_close(app->metadata);
	voice_sockets_close(app->voice);
	last_used_close(app->last_used);
	usage_close(app->usage);
	request_log_close(app->request_log);
	limiter_close(app->told);
	limiter_close(app->told_errors);
	concurrency_close(app->callers);
	concurrency_close(app->heavy);
	if (app->limiter)
		limiter_close(app->limiter);
	if (app->writes)
		limiter_close(app->writes);
	if (app->visits)
		limiter_close(app->visits);
}
