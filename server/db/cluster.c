/* SPDX-License-Identifier: Apache-2.0 */
#include "server/db/cluster_private.h"
#include "server/db/complaint_private.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/base/log.h"
#include "server/db/conn_private.h"

#define LOG_TAIL 2048
#define RECOVERY_TOLD_AFTER_MS 5000
#define PID_FILE_WAIT_MS 20000
#define DISK_FULL_BYTES 4000000 /* a server that starts writes its pid file, its log and a checkpoint */

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
	bool ready, stopping;
};

static const char *path_in(struct arena *mem, const char *folder, const char *name)
{
	return str_c(mem, str_fmt(mem, "%s/%s", folder, name));
}

/* Of a file that could not be opened: is there none? Whoever lacks descriptors, memory or rights knows nothing of it.
 */
static bool is_absent(void)
{
	return errno == ENOENT || errno == ESRCH || errno == ENOTDIR;
}

/*
 * postmaster.pid: the pid in line 1, the state in line 8 (pidfile.h of PostgreSQL). False when it cannot be read:
 * is_absent() tells whether there is one.
 */
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

struct process {
	char state; /* R, S, D, Z, T … as in proc(5) */
	pid_t parent;
};

/* One that cannot be looked at is as it mostly is: it sleeps, and its parent is not known. False: there is none. */
static bool process_look(pid_t pid, struct process *out)
{
	char path[64], text[512];
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	*out = (struct process){ .state = 'S' };
	FILE *f = fopen(path, "re");
	if (!f)
		return !is_absent();
	size_t len = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[len] = 0;
	const char *end = strrchr(text, ')');
	if (!end || end[1] != ' ' || !end[2])
		return false;
	*out = (struct process){ .state = end[2], .parent = (pid_t)strtol(end + 3, NULL, 10) };
	return true;
}

static bool works_here(const struct cluster *c, pid_t pid)
{
	struct process p;
	return is_ours(c, pid) && process_look(pid, &p) && p.state != 'Z';
}

#define WORKERS_UNSEEN UINT_MAX /* some, for all we know */

/* All processes of the server: each has its working directory there. Sends each the signal, 0 for none. */
static unsigned workers(const struct cluster *c, int signal_number)
{
	unsigned count = 0;
	DIR *proc = opendir("/proc");
	if (!proc)
		return WORKERS_UNSEEN;
	for (struct dirent *entry; (entry = readdir(proc));) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (pid <= 1 || !works_here(c, pid))
			continue;
		count++;
		if (signal_number)
			kill(pid, signal_number);
	}
	closedir(proc);
	return count;
}

/* Guards have this name; the parent of a server whose guard was killed is another process. */
static bool has_guard(pid_t server)
{
	char path[64], name[32] = "";
	struct process p;
	if (!process_look(server, &p))
		return false;
	snprintf(path, sizeof path, "/proc/%d/comm", (int)p.parent);
	FILE *f = fopen(path, "re");
	if (!f)
		return !is_absent();
	bool read = fgets(name, sizeof name, f) != NULL;
	fclose(f);
	return read && strncmp(name, GUARD_NAME, strlen(GUARD_NAME)) == 0;
}

/* What is left where no server works. */
static enum cluster_state look_for_remains(const struct cluster *c)
{
	unsigned left = workers(c, 0);
	if (left == WORKERS_UNSEEN)
		return CLUSTER_UNSEEN;
	return left ? CLUSTER_REMAINS : CLUSTER_DOWN;
}

/* Could we have asked, had it been there? */
static bool can_connect(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

enum cluster_state cluster_look(const struct cluster *c)
{
	struct pid_file file = { 0 };
	if (!pid_file_read(c, &file) && !is_absent())
		return CLUSTER_UNSEEN;
	if (file.pid <= 1 || !works_here(c, file.pid))
		return look_for_remains(c);
	if (file.stopping)
		return CLUSTER_STOPPING;
	if (!file.ready)
		return CLUSTER_STARTING;
	switch (PQping(c->maintenance_url)) {
	case PQPING_OK:
		return has_guard(file.pid) ? CLUSTER_READY : CLUSTER_ORPHAN;
	case PQPING_REJECT:
		return CLUSTER_STOPPING;
	case PQPING_NO_RESPONSE:
	case PQPING_NO_ATTEMPT:
		break;
	}
	if (!can_connect())
		return CLUSTER_UNSEEN;
	return works_here(c, file.pid) ? CLUSTER_MUTE : CLUSTER_STOPPING; /* which it was: looked at again */
}

bool cluster_is_up(const struct cluster *c)
{
	struct pid_file file;
	return pid_file_read(c, &file) && file.ready && works_here(c, file.pid);
}

/* ---- start ---- */

/* What the log says since `from`, or the end of that. */
static struct str log_since(struct ctx *cx, const char *path, off_t from)
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
	return (struct str){ text, len > 0 ? (size_t)len : 0 };
}

uint64_t cluster_room(const struct cluster *c)
{
	struct statvfs disk;
	return statvfs(c->data_dir, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : UINT64_MAX;
}

bool cluster_is_full(uint64_t room)
{
	return room < DISK_FULL_BYTES;
}

static err_t complain(struct ctx *cx, const struct cluster *c, const char *what, off_t log_from)
{
	struct complaint said = { c->data_dir, c->log, what, log_since(cx, c->log, log_from),
		cluster_is_full(cluster_room(c)) };
	return REFUSE(cx, UNAVAILABLE, "", "%.*s", STR_ARG(complaint_text(cx->mem, &said)));
}

static off_t log_size(const struct cluster *c)
{
	struct stat st;
	return stat(c->log, &st) == 0 ? st.st_size : 0;
}

/*
 * Files that name a process which is gone, or by now is another program: PostgreSQL would refuse to start beside that.
 * Nobody works in the folder and the socket's folder is this cluster's alone, so all of them can go.
 */
static void remove_stale_files(struct ctx *cx, const struct cluster *c)
{
	const char *const paths[] = { path_in(cx->mem, c->pgdata, "postmaster.pid"),
		path_in(cx->mem, c->socket_dir, ".s.PGSQL.5432.lock"),
		path_in(cx->mem, c->socket_dir, ".s.PGSQL.5432") };
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (unlink(paths[i]) == 0)
			log_event(LOG_WARN, "stale_file_removed", LOG_C("file", paths[i]));
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

/* True when the guard ended, which is our child: then so did the server, or it never began. */
static bool guard_ended(struct cluster *c)
{
	int status;
	if (!c->guard || !wait_child(c->guard, deadline_in_ms(0), &status))
		return false;
	c->guard = 0;
	return true;
}

/* Until it is seen to start: whoever looks next must not take what is beginning for nothing, or for remains. */
static err_t wait_pid_file(struct ctx *cx, struct cluster *c, off_t log_from)
{
	struct deadline until = ctx_deadline(cx, PID_FILE_WAIT_MS);
	struct pid_file file;
	do {
		if (pid_file_read(c, &file) && file.pid > 1 && works_here(c, file.pid))
			return OK;
		if (guard_ended(c))
			return complain(cx, c, "did not start", log_from);
	} while (wait_ms(10, until));
	kill(c->guard, SIGKILL); /* its child follows it */
	cluster_stop(c);
	return complain(cx, c, "did not begin to start", log_from);
}

err_t cluster_spawn(struct ctx *cx, struct cluster *c, off_t *log_from_out)
{
	assert(cluster_look(c) == CLUSTER_DOWN);
	*log_from_out = log_size(c);
	guard_ended(c);
	remove_stale_files(cx, c);
	struct program server = { .argv = server_argv(cx, c), .log = c->log };
	TRY(guard_start(cx, &c->runner, &server, c->users_lock, c->start_lock, &c->guard));
	return wait_pid_file(cx, c, *log_from_out);
}

err_t cluster_wait_ready(struct ctx *cx, struct cluster *c, off_t log_from)
{
	struct deadline until = ctx_deadline(cx, UINT32_MAX), told = deadline_in_ms(RECOVERY_TOLD_AFTER_MS);
	bool tell = true;
	do {
		if (guard_ended(c))
			return complain(cx, c, "did not start", log_from);
		if (cluster_is_up(c) && cluster_look(c) == CLUSTER_READY)
			return OK;
		if (tell && deadline_passed(told)) {
			tell = false;
			log_event(LOG_INFO, "database_recovering", LOG_C("folder", c->data_dir));
		}
	} while (wait_ms(10, until));
	if (wait_signal_came())
		return REFUSE(cx, UNAVAILABLE, "", "Told to stop while the private PostgreSQL in %s was starting.",
			c->data_dir);
	return complain(cx, c, "was not ready in time", log_from);
}

err_t cluster_database(struct ctx *cx, const struct cluster *c)
{
	PGconn *pg;
	struct deadline until = ctx_deadline(cx, UINT32_MAX);
	err_t e = conn_plain(cx, c->maintenance_url, &pg);
	if (e)
		return REFUSE(cx, UNAVAILABLE, "", "%.*s", STR_ARG(e->detail));
	PGresult *res = plain_exec(pg, "SELECT FROM pg_database WHERE datname = 'calends'", until);
	bool there = PQntuples(res) == 1;
	PQclear(res);
	if (!there) {
		res = plain_exec(pg, "CREATE DATABASE calends", until);
		if (PQresultStatus(res) != PGRES_COMMAND_OK)
			e = REFUSE(cx, UNAVAILABLE, "", "The database could not be made: %s",
				res ? PQerrorMessage(pg) : "no answer in time");
		PQclear(res);
	}
	PQfinish(pg);
	return e;
}

/* ---- stop ---- */

static bool all_gone_within(struct cluster *c, unsigned ms)
{
	struct deadline until = deadline_in_ms(ms);
	do {
		guard_ended(c);
		if (workers(c, 0) == 0)
			return true;
	} while (wait_ms(20, until));
	return false;
}

void cluster_stop(struct cluster *c)
{
	static const struct {
		int signal;
		unsigned wait_ms;
	} steps[] = { { SIGINT, 30000 }, { SIGQUIT, 5000 }, { SIGKILL, 10000 } };
	struct pid_file file;
	bool heeded = wait_heeds_signals(false); /* who is told to stop stops it properly, too */
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		/* The server tells its children; the last step and one that was killed leave nobody who would. */
		bool there = pid_file_read(c, &file) && file.pid > 1 && works_here(c, file.pid);
		if (there && steps[i].signal != SIGKILL)
			kill(file.pid, steps[i].signal);
		else
			workers(c, steps[i].signal == SIGINT ? SIGQUIT : steps[i].signal);
		workers(c, SIGCONT);
		if (all_gone_within(c, steps[i].wait_ms))
			break;
		log_event(LOG_WARN, "database_slow_to_stop", LOG_C("folder", c->data_dir),
			LOG_INT("signal", steps[i].signal));
	}
	int status;
	if (c->guard && wait_child(c->guard, deadline_in_ms(2000), &status))
		c->guard = 0;
	wait_heeds_signals(heeded);
}
