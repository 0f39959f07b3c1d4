/* SPDX-License-Identifier: Apache-2.0 */
#include "server/db/cluster_private.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/base/log.h"
#include "server/db/conn_private.h"

#define START_WAIT_MS 300000 /* recovery after a crash may take minutes */
#define STOP_WAIT_MS 30000
#define LOG_TAIL 2048

/*
 * Given on the command line, not in a file, so that a new build's settings count. Small, for it shares a machine; the
 * planner and vacuum settings are those the schema was measured with.
 */
static const char *const settings[] = { "listen_addresses=", "port=5432", "unix_socket_permissions=0700",
	"shared_buffers=64MB", "max_connections=100", "plan_cache_mode=force_generic_plan", "jit=off",
	"default_toast_compression=lz4", "wal_compression=lz4", "random_page_cost=1.1", "autovacuum_naptime=15s",
	"autovacuum_vacuum_cost_limit=2000", "idle_in_transaction_session_timeout=30s", "timezone=UTC",
	"log_timezone=UTC", "log_min_messages=log", "log_min_error_statement=panic", "log_error_verbosity=terse",
	"log_checkpoints=off" };

/* ---- the pid file ---- */

struct pid_file {
	pid_t pid;
	bool starting, ready, stopping;
};

static const char *path_in(struct arena *mem, const char *folder, const char *name)
{
	return str_c(mem, str_fmt(mem, "%s/%s", folder, name));
}

/* postmaster.pid: the pid in line 1, the state in line 8 (pidfile.h of PostgreSQL). False when there is none. */
static bool pid_file_read(const struct cluster *c, struct pid_file *out)
{
	char path[4096], line[1024];
	snprintf(path, sizeof path, "%s/postmaster.pid", c->pgdata);
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	*out = (struct pid_file){ 0 };
	for (int n = 1; fgets(line, sizeof line, f); n++) {
		if (n == 1)
			out->pid = (pid_t)strtol(line, NULL, 10);
		if (n == 8) {
			out->ready = strncmp(line, "ready", 5) == 0 || strncmp(line, "standby", 7) == 0;
			out->stopping = strncmp(line, "stopping", 8) == 0;
		}
	}
	fclose(f);
	return true;
}

/* Is this process PostgreSQL, at work in our folder? A server's working directory is its data folder. */
static bool is_ours(const struct cluster *c, pid_t pid)
{
	char link[64];
	struct stat theirs, ours;
	snprintf(link, sizeof link, "/proc/%d/cwd", (int)pid);
	return stat(link, &theirs) == 0 && stat(c->pgdata, &ours) == 0 && theirs.st_dev == ours.st_dev &&
	       theirs.st_ino == ours.st_ino;
}

static bool is_zombie(pid_t pid)
{
	char path[64], text[512];
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	size_t len = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[len] = 0;
	const char *end = strrchr(text, ')');
	return end && end[1] == ' ' && end[2] == 'Z';
}

enum cluster_state cluster_look(const struct cluster *c, pid_t *pid_out)
{
	struct pid_file file;
	*pid_out = 0;
	if (!pid_file_read(c, &file) || file.pid <= 1 || !is_ours(c, file.pid) || is_zombie(file.pid))
		return CLUSTER_DOWN;
	*pid_out = file.pid;
	if (file.stopping)
		return CLUSTER_STOPPING;
	if (!file.ready)
		return CLUSTER_STARTING;
	switch (PQping(c->maintenance_url)) {
	case PQPING_OK:
		return CLUSTER_READY;
	case PQPING_REJECT:
		return CLUSTER_STOPPING;
	case PQPING_NO_RESPONSE:
	case PQPING_NO_ATTEMPT:
		break;
	}
	/* It claims to be ready and does not answer: it just ended, or its socket was removed under it. */
	return is_ours(c, file.pid) && !is_zombie(file.pid) ? CLUSTER_STARTING : CLUSTER_DOWN;
}

bool cluster_is_up(const struct cluster *c)
{
	struct pid_file file;
	return pid_file_read(c, &file) && file.ready && is_ours(c, file.pid) && !is_zombie(file.pid);
}

enum cluster_state cluster_settle(const struct cluster *c, pid_t *pid_out)
{
	enum cluster_state state = CLUSTER_DOWN;
	for (unsigned waited = 0; waited < STOP_WAIT_MS; waited += 20) {
		state = cluster_look(c, pid_out);
		if (state == CLUSTER_DOWN || state == CLUSTER_READY)
			return state;
		sleep_ms(20);
	}
	return state;
}

/* ---- start ---- */

/* What the log says since `from`: the last lines of weight, for the operator. */
static struct str log_complaint(struct ctx *cx, const char *path, off_t from)
{
	char *text = arena_take(cx->mem, LOG_TAIL + 1, 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return STR("(no log)");
	off_t size = lseek(fd, 0, SEEK_END);
	if (size - from > LOG_TAIL)
		from = size - LOG_TAIL;
	ssize_t len = pread(fd, text, LOG_TAIL, from);
	close(fd);
	struct str all = { text, len > 0 ? (size_t)len : 0 }, line, found = STR("");
	while (str_cut(&all, '\n', &line)) {
		static const char *const weighty[] = { "FATAL:", "PANIC:", "LOG:  could not",
			"error:", "No space left" };
		for (size_t i = 0; i < ARRAY_LEN(weighty); i++)
			if (str_find(line, str_of(weighty[i])) != SIZE_MAX) {
				found = str_fmt(
					cx->mem, "%.*s%s%.*s", STR_ARG(found), found.len ? "; " : "", STR_ARG(line));
				break;
			}
	}
	return found.len ? found : str_trim((struct str){ text, len > 0 ? (size_t)len : 0 }, " \n");
}

static err_t complain(struct ctx *cx, const struct cluster *c, const char *what, off_t log_from)
{
	struct str said = log_complaint(cx, c->log, log_from);
	const char *hint = "";
	if (str_find(said, STR("No space left")) != SIZE_MAX)
		hint = " The disk is full: free some space and start again.";
	else if (str_find(said, STR("already in use")) != SIZE_MAX || str_find(said, STR("lock file")) != SIZE_MAX)
		hint = " Another PostgreSQL uses this socket: stop it, or choose another --data-dir.";
	else if (str_find(said, STR("shared memory")) != SIZE_MAX)
		hint = " Give the machine or container more shared memory.";
	return REFUSE(cx, UNAVAILABLE, "", "The private PostgreSQL in %s %s: %.*s.%s", c->data_dir, what, STR_ARG(said),
		hint);
}

static off_t log_size(const struct cluster *c)
{
	struct stat st;
	return stat(c->log, &st) == 0 ? st.st_size : 0;
}

/*
 * A pid file whose process is gone or is another program: PostgreSQL itself would refuse to start beside a foreign
 * process of the same user. Nobody works in the folder (cluster_look), so it is safe to remove.
 */
static void remove_stale_pid_file(struct ctx *cx, const struct cluster *c)
{
	struct pid_file file;
	if (!pid_file_read(c, &file))
		return;
	log_event(LOG_WARN, "stale_pid_file", LOG_INT("pid", file.pid), LOG_C("folder", c->pgdata));
	unlink(path_in(cx->mem, c->pgdata, "postmaster.pid"));
}

static const char *const *server_argv(struct ctx *cx, const struct cluster *c)
{
	const char **argv = arena_array(cx->mem, const char *, 2 * ARRAY_LEN(settings) + 6);
	size_t n = 0;
	argv[n++] = path_in(cx->mem, c->bin, "postgres");
	argv[n++] = "-D";
	argv[n++] = c->pgdata;
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		argv[n++] = "-c";
		argv[n++] = settings[i];
	}
	argv[n++] = "-c";
	argv[n++] = str_c(cx->mem, str_fmt(cx->mem, "unix_socket_directories=%s", c->socket_dir));
	return argv;
}

static err_t wait_ready(struct ctx *cx, struct cluster *c, off_t log_from)
{
	for (unsigned waited = 0; waited < START_WAIT_MS; waited += 10) {
		pid_t pid;
		int status;
		if (waitpid(c->server, &status, WNOHANG) == c->server) {
			c->server = 0;
			return complain(cx, c, "did not start", log_from);
		}
		if (cluster_look(c, &pid) == CLUSTER_READY && pid == c->server)
			return OK;
		if (waited == 5000)
			log_event(LOG_INFO, "database_recovering", LOG_C("folder", c->data_dir));
		sleep_ms(10);
	}
	cluster_stop(c, c->server);
	return complain(cx, c, "was not ready after five minutes", log_from);
}

static err_t database_make(struct ctx *cx, const struct cluster *c)
{
	PGconn *pg;
	TRY(conn_plain(cx, c->maintenance_url, &pg));
	PGresult *res = PQexec(pg, "SELECT FROM pg_database WHERE datname = 'calends'");
	bool there = PQntuples(res) == 1;
	PQclear(res);
	err_t e = OK;
	if (!there) {
		res = PQexec(pg, "CREATE DATABASE calends");
		if (PQresultStatus(res) != PGRES_COMMAND_OK)
			e = REFUSE(cx, UNAVAILABLE, "", "The database could not be made: %s", PQerrorMessage(pg));
		PQclear(res);
	}
	PQfinish(pg);
	return e;
}

err_t cluster_start(struct ctx *cx, struct cluster *c)
{
	off_t log_from = log_size(c);
	if (c->server)
		waitpid(c->server, NULL, WNOHANG); /* it crashed */
	remove_stale_pid_file(cx, c);
	struct program server = { .argv = server_argv(cx, c), .log = c->log, .bound_to_us = true };
	TRY(process_start(cx, &c->runner, &server, &c->server));
	TRY(wait_ready(cx, c, log_from));
	return database_make(cx, c);
}

/* ---- stop ---- */

static bool gone_within(struct cluster *c, pid_t pid, unsigned ms)
{
	for (unsigned waited = 0; waited <= ms; waited += 10) {
		int status;
		if (pid == c->server ? waitpid(pid, &status, WNOHANG) != 0 : !is_ours(c, pid))
			return true;
		sleep_ms(10);
	}
	return false;
}

void cluster_stop(struct cluster *c, pid_t pid)
{
	static const struct {
		int signal;
		unsigned wait_ms;
	} steps[] = { { SIGINT, STOP_WAIT_MS }, { SIGQUIT, 5000 }, { SIGKILL, 5000 } };
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		kill(pid, steps[i].signal);
		if (gone_within(c, pid, steps[i].wait_ms))
			break;
		log_event(LOG_WARN, "database_slow_to_stop", LOG_INT("pid", pid), LOG_INT("signal", steps[i].signal));
	}
	if (pid == c->server)
		c->server = 0;
}
