/* SPDX-License-Identifier: Apache-2.0 */
#include "server/db/process_private.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define USER_NAME "calends"

/* 0 when there is no such user. */
static bool user_lookup(struct ctx *cx, struct runner *out)
{
	struct passwd entry, *found = NULL;
	size_t size = 16384;
	char *space = arena_take(cx->mem, size, 1);
	if (getpwnam_r(USER_NAME, &entry, space, size, &found) != 0 || !found)
		return false;
	*out = (struct runner){ .uid = entry.pw_uid, .gid = entry.pw_gid, .change = true, .name = USER_NAME };
	return true;
}

err_t runner_find(struct ctx *cx, struct runner *out)
{
	static const char *const useradd[] = { "/usr/sbin/useradd", "--system", "--user-group", "--no-create-home",
		"--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", USER_NAME, NULL };
	*out = (struct runner){ .uid = geteuid(), .gid = getegid(), .name = "this user" };
	if (geteuid() != 0 || user_lookup(cx, out))
		return OK;
	pid_t pid;
	TRY(process_start(cx, out, &(struct program){ .argv = useradd, .log = "/dev/null" }, &pid));
	int status = process_wait(cx, pid);
	if (user_lookup(cx, out))
		return OK;
	return REFUSE(cx, INTERNAL, "",
		"PostgreSQL does not run as root, and the system user " USER_NAME
		" could not be made (useradd: %d). Make it by `useradd --system " USER_NAME
		"`, or start calends as another user.",
		status);
}

/* ---- children ---- */

/* Between fork and exec: nothing that allocates. */
static bool become(const struct runner *as)
{
	if (!as->change || geteuid() == as->uid) /* the server itself may have become this user */
		return true;
	return setgroups(0, NULL) == 0 && setgid(as->gid) == 0 && setuid(as->uid) == 0;
}

/* In a child: nothing of ours is left but memory. Ends it when that cannot be. */
static void set_apart(const struct runner *as, const struct program *program)
{
	sigset_t none;
	int in = open("/dev/null", O_RDONLY),
	    out = open(program->log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
	if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	close_range(3, ~0U, 0);
	setsid();
	umask(077);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!become(as) || chdir("/") != 0)
		_exit(126);
}

__attribute__((noreturn)) static void execute(const struct program *program)
{
	char path[] = "PATH=/usr/bin:/bin", locale[] = "LC_ALL=C.UTF-8", zone[] = "TZ=UTC";
	char *const environment[] = { path, locale, zone, NULL };
	signal(SIGHUP, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	execve(program->argv[0], (char *const *)(uintptr_t)program->argv, environment);
	_exit(127);
}

err_t process_start(struct ctx *cx, const struct runner *as, const struct program *program, pid_t *pid_out)
{
	pid_t pid = fork();
	if (pid < 0)
		return REFUSE(cx, UNAVAILABLE, "", "A process could not be started: %s.", strerror(errno));
	if (pid == 0) {
		set_apart(as, program);
		execute(program);
	}
	*pid_out = pid;
	return OK;
}

int process_wait(struct ctx *cx, pid_t pid)
{
	int status = -1;
	if (!wait_child(pid, ctx_deadline(cx, UINT32_MAX), &status)) {
		kill(pid, SIGKILL);
		(void)!wait_child(pid, deadline_in_ms(1000), &status);
	}
	if (status == -1)
		return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- guard: a child of a process with threads, so nothing here allocates ---- */

#define GUARD_LOOKS_MS 250

static void pause_ms(long ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000 };
	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

/* Ends with the program's status when that has ended. */
static void end_with(pid_t pid)
{
	int status;
	pid_t got = waitpid(pid, &status, WNOHANG);
	if (got == pid)
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	if (got < 0 && errno == ECHILD)
		_exit(127);
}

static void end_by(pid_t pid, int signal_number, long ms)
{
	kill(pid, signal_number);
	kill(pid, SIGCONT);
	for (; ms > 0; ms -= 20) {
		end_with(pid);
		pause_ms(20);
	}
}

/* Nobody uses it, and nobody is about to: both locks are ours, and stay so until it has ended. */
static bool is_left(int users, int starts)
{
	if (flock(starts, LOCK_EX | LOCK_NB) != 0)
		return false;
	if (flock(users, LOCK_EX | LOCK_NB) == 0)
		return true;
	flock(starts, LOCK_UN);
	return false;
}

__attribute__((noreturn)) static void guard(const struct program *program, int users, int starts)
{
	pid_t ourselves = getpid(), pid = fork();
	if (pid < 0)
		_exit(126);
	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGINT) != 0 || getppid() != ourselves)
			_exit(126);
		close(users);
		close(starts);
		execute(program);
	}
	for (;;) {
		end_with(pid);
		if (is_left(users, starts))
			break;
		pause_ms(GUARD_LOOKS_MS);
	}
	end_by(pid, SIGINT, 60000);
	end_by(pid, SIGQUIT, 5000);
	end_by(pid, SIGKILL, 5000);
	_exit(126);
}

err_t guard_start(struct ctx *cx, const struct runner *as, const struct program *program, const char *users,
	const char *starts, pid_t *pid_out)
{
	pid_t pid = fork();
	if (pid < 0)
		return REFUSE(cx, UNAVAILABLE, "", "A process could not be started: %s.", strerror(errno));
	if (pid == 0) {
		set_apart(as, program);
		prctl(PR_SET_NAME, GUARD_NAME);
		signal(SIGTERM, SIG_IGN);
		signal(SIGINT, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
		int own_users = open(users, O_RDWR | O_CLOEXEC), own_starts = open(starts, O_RDWR | O_CLOEXEC);
		if (own_users < 0 || own_starts < 0)
			_exit(126);
		guard(program, own_users, own_starts);
	}
	*pid_out = pid;
	return OK;
}

struct str path_unreachable(struct ctx *cx, const struct runner *as, const char *path)
{
	size_t len = strlen(path);
	for (size_t end = 1; end <= len; end++) {
		if (path[end] != '/' && path[end] != 0)
			continue;
		const char *part = str_c(cx->mem, (struct str){ path, end });
		pid_t pid = fork();
		if (pid == 0)
			_exit(become(as) && access(part, X_OK) == 0 ? 0 : 1);
		if (pid < 0 || process_wait(cx, pid) != 0)
			return str_of(part);
	}
	return STR_ABSENT;
}
