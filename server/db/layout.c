/* SPDX-License-Identifier: Apache-2.0 */
/* Where a private cluster lives and what it is made of: folders, binaries, initdb. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "server/base/log.h"
#include "server/db/cluster_private.h"

#define BINARIES "/usr/lib/postgresql"       /* Debian's place: /usr/lib/postgresql/15/bin */
#define SOCKET_FOLDER_MAX (107 - 14)         /* sun_path holds 107 octets; "/.s.PGSQL.5432" */
#define FRESH_CLUSTER_BYTES (128 * 1000000L) /* catalogues and two segments of WAL, and some room */
#define LOG_KEEP_BYTES 8000000               /* a longer log is put aside at the next start */

static const char *path_in(struct ctx *cx, const char *folder, const char *name)
{
	return str_c(cx->mem, str_fmt(cx->mem, "%s/%s", folder, name));
}

/* ---- folders ---- */

static err_t parents_make(struct ctx *cx, const char *path)
{
	for (const char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		const char *part = str_c(cx->mem, (struct str){ path, (size_t)(at - path) });
		if (mkdir(part, 0755) != 0 && errno != EEXIST)
			return REFUSE(cx, INTERNAL, "", "The folder %s cannot be made: %s.", part, strerror(errno));
	}
	return OK;
}

/*
 * As root the data folder stays root's, and the runner may pass through it by its group, to its own two folders: it
 * cannot read what else lies there (the sealing key). A folder that was there already is opened no further than that.
 */
static err_t folder_open_up(struct ctx *cx, const struct cluster *c, bool made)
{
	struct stat st;
	if (stat(c->data_dir, &st) != 0 || !S_ISDIR(st.st_mode))
		return REFUSE(cx, INTERNAL, "", "%s is not a folder.", c->data_dir);
	struct str wall = path_unreachable(cx, &c->runner, c->data_dir);
	if (wall.ptr && str_eq(wall, str_of(c->data_dir)) && c->runner.change && st.st_uid == 0 &&
		chown(c->data_dir, 0, c->runner.gid) == 0 &&
		chmod(c->data_dir, made ? 0710 : (st.st_mode & 07777) | S_IXGRP) == 0)
		wall = path_unreachable(cx, &c->runner, c->data_dir);
	if (wall.ptr)
		return REFUSE(cx, INTERNAL, "",
			"The user %s, which runs the private PostgreSQL, cannot enter %.*s. Open it (chmod o+x), or "
			"choose "
			"another --data-dir.",
			c->runner.name, STR_ARG(wall));
	return OK;
}

/* A folder of the runner's alone. One that is there already must be just that: /tmp belongs to everybody. */
static err_t own_folder(struct ctx *cx, const struct runner *runner, const char *path)
{
	struct stat st;
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return REFUSE(cx, INTERNAL, "", "The folder %s cannot be made: %s.", path, strerror(errno));
	/* Still root's: just made, by us or by another command that is between these two steps. */
	if (runner->change && lstat(path, &st) == 0 && st.st_uid == 0 && lchown(path, runner->uid, runner->gid) != 0)
		return REFUSE(cx, INTERNAL, "", "%s cannot be given to %s: %s.", path, runner->name, strerror(errno));
	if (lstat(path, &st) != 0)
		return REFUSE(cx, INTERNAL, "", "The folder %s is gone: %s.", path, strerror(errno));
	if (!S_ISDIR(st.st_mode) || st.st_uid != runner->uid || (st.st_mode & 077))
		return REFUSE(cx, INTERNAL, "", "%s is not a folder that belongs to %s alone. Remove it.", path,
			runner->name);
	return OK;
}

/* What a socket's folder may be called: neither libpq nor PostgreSQL's list of folders needs quotes for it. */
static bool is_plain(const char *path)
{
	for (const char *c = path; *c; c++)
		if (!char_is_alpha(*c) && !char_is_digit(*c) && !strchr("/._-+", *c))
			return false;
	return true;
}

static err_t socket_folder(struct ctx *cx, struct cluster *c)
{
	struct stat st;
	c->socket_dir = path_in(cx, c->data_dir, "run");
	if (strlen(c->socket_dir) > SOCKET_FOLDER_MAX || !is_plain(c->socket_dir)) {
		if (stat(c->data_dir, &st) != 0)
			return REFUSE(cx, INTERNAL, "", "%s: %s.", c->data_dir, strerror(errno));
		c->socket_dir = str_c(
			cx->mem, str_fmt(cx->mem, "%s/calends-%u-%llx-%llx", c->runner.change ? "/run" : "/tmp",
					 c->runner.uid, (unsigned long long)st.st_dev, (unsigned long long)st.st_ino));
	}
	TRY(own_folder(cx, &c->runner, c->socket_dir));
	c->url = str_c(cx->mem, str_fmt(cx->mem, "host=%s port=5432 user=calends dbname=calends", c->socket_dir));
	c->maintenance_url = str_c(cx->mem,
		str_fmt(cx->mem, "host=%s port=5432 user=calends dbname=postgres connect_timeout=3", c->socket_dir));
	return OK;
}

/*
 * The log belongs to the runner: a server that gave up being root must be able to write it when it starts the cluster
 * again.
 */
static err_t log_begin(struct ctx *cx, const struct cluster *c)
{
	struct stat st;
	if (stat(c->log, &st) == 0 && st.st_size > LOG_KEEP_BYTES)
		rename(c->log, path_in(cx, c->data_dir, "postgresql.log.old"));
	int fd = open(c->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || (c->runner.change && geteuid() == 0 && fchown(fd, c->runner.uid, c->runner.gid) != 0)) {
		err_t e = REFUSE(cx, INTERNAL, "", "%s cannot be written: %s.", c->log, strerror(errno));
		if (fd >= 0)
			close(fd);
		return e;
	}
	close(fd);
	return OK;
}

err_t cluster_folder(struct ctx *cx, struct str data_dir, struct cluster *out)
{
	char absolute[PATH_MAX];
	const char *path = str_c(cx->mem, data_dir);
	if (!path || !path[0])
		return REFUSE(cx, INTERNAL, "data-dir", "The data folder has no name.");
	TRY(runner_find(cx, &out->runner));
	TRY(parents_make(cx, path));
	bool made = mkdir(path, 0700) == 0;
	if (!made && errno != EEXIST)
		return REFUSE(cx, INTERNAL, "", "The data folder %s cannot be made: %s.", path, strerror(errno));
	if (!realpath(path, absolute))
		return REFUSE(cx, INTERNAL, "", "The data folder %s cannot be found: %s.", path, strerror(errno));
	out->data_dir = str_c(cx->mem, str_dup(cx->mem, str_of(absolute)));
	out->pgdata = path_in(cx, out->data_dir, "pg");
	out->log = path_in(cx, out->data_dir, "postgresql.log");
	out->users_lock = path_in(cx, out->data_dir, "lock");
	out->start_lock = path_in(cx, out->data_dir, "lock.start");
	TRY(folder_open_up(cx, out, made));
	return socket_folder(cx, out);
}

/* ---- binaries ---- */

/* The major version that made the cluster, 0 when there is none. */
static int version_of(struct ctx *cx, const struct cluster *c)
{
	int version = 0;
	FILE *f = fopen(path_in(cx, c->pgdata, "PG_VERSION"), "re");
	char line[32];
	if (!f)
		return 0;
	if (fgets(line, sizeof line, f))
		version = (int)strtol(line, NULL, 10);
	fclose(f);
	return version;
}

static bool has_binaries(struct ctx *cx, int version)
{
	return access(str_c(cx->mem, str_fmt(cx->mem, BINARIES "/%d/bin/postgres", version)), X_OK) == 0;
}

static int newest_version(struct ctx *cx)
{
	int newest = 0;
	DIR *folder = opendir(BINARIES);
	if (!folder)
		return 0;
	for (struct dirent *entry; (entry = readdir(folder));) {
		int version = (int)strtol(entry->d_name, NULL, 10);
		if (version > newest && has_binaries(cx, version))
			newest = version;
	}
	closedir(folder);
	return newest;
}

static err_t binaries_find(struct ctx *cx, struct cluster *c)
{
	int made_by = version_of(cx, c), version = made_by ? made_by : newest_version(cx);
	if (made_by && !has_binaries(cx, made_by))
		return REFUSE(cx, INTERNAL, "",
			"%s was made by PostgreSQL %d, which is not installed. Install the package postgresql-%d.",
			c->pgdata, made_by, made_by);
	if (!version)
		return REFUSE(cx, INTERNAL, "",
			"PostgreSQL's server is not installed. Install the package postgresql, or name a database by "
			"--database-url.");
	if (version < 15)
		return REFUSE(cx, INTERNAL, "", "PostgreSQL %d is too old: 15 or newer is needed.", version);
	c->bin = str_c(cx->mem, str_fmt(cx->mem, BINARIES "/%d/bin", version));
	return OK;
}

/* ---- initdb ---- */

static err_t tree_remove(struct ctx *cx, const struct cluster *c, const char *path)
{
	const char *const argv[] = { "/bin/rm", "-rf", "--", path, NULL };
	const struct runner ourselves = { 0 };
	pid_t pid;
	TRY(process_start(cx, &ourselves, &(struct program){ .argv = argv, .log = c->log }, &pid));
	process_wait(cx, pid);
	return OK;
}

static err_t initdb_failed(struct ctx *cx, const struct cluster *c, int status)
{
	struct statvfs disk;
	bool full = statvfs(c->data_dir, &disk) == 0 && disk.f_bavail * disk.f_frsize < FRESH_CLUSTER_BYTES / 8;
	return REFUSE(cx, UNAVAILABLE, "", "A private PostgreSQL could not be made in %s (initdb: %d).%s See %s.",
		c->data_dir, status, full ? " The disk is full." : "", c->log);
}

/* Made under another name first: what a kill left half done is thrown away by the next start. */
static err_t initdb(struct ctx *cx, const struct cluster *c)
{
	const char *half = path_in(cx, c->data_dir, "pg.new");
	const char *const argv[] = { path_in(cx, c->bin, "initdb"), "-D", half, "-U", "calends", "-E", "UTF8",
		"--locale=C.UTF-8", "--auth-local=trust", "--auth-host=reject", "--no-instructions", NULL };
	struct statvfs disk;
	pid_t pid;
	if (statvfs(c->data_dir, &disk) == 0 && disk.f_bavail * disk.f_frsize < FRESH_CLUSTER_BYTES)
		return REFUSE(cx, UNAVAILABLE, "",
			"The disk of %s has %llu MB left; a private PostgreSQL needs %ld to begin with.", c->data_dir,
			(unsigned long long)(disk.f_bavail * disk.f_frsize / 1000000), FRESH_CLUSTER_BYTES / 1000000);
	TRY(tree_remove(cx, c, half));
	TRY(own_folder(cx, &c->runner, half));
	TRY(process_start(cx, &c->runner, &(struct program){ .argv = argv, .log = c->log }, &pid));
	int status = process_wait(cx, pid);
	if (status != 0)
		return initdb_failed(cx, c, status);
	if (rename(half, c->pgdata) != 0)
		return REFUSE(cx, INTERNAL, "", "%s cannot be renamed: %s.", half, strerror(errno));
	log_event(LOG_INFO, "database_made", LOG_C("folder", c->pgdata));
	return OK;
}

err_t cluster_prepare(struct ctx *cx, struct cluster *c)
{
	TRY(binaries_find(cx, c));
	TRY(log_begin(cx, c));
	return version_of(cx, c) ? OK : initdb(cx, c);
}
