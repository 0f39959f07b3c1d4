/* SPDX-License-Identifier: Apache-2.0 */
#include "server/db/process_private.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define USER_NAME "calends"

void sleep_ms(unsigned ms)
{
	struct timespec left = { ms / 1000, (long)(ms % 1000) * 1000000 };
	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

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
	int status = process_wait(pid);
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

static void exec_as(const struct runner *as, const struct program *program, pid_t parent)
{
	char path[] = "PATH=/usr/bin:/bin", locale[] = "LC_ALL=C.UTF-8", zone[] = "TZ=UTC";
	char *const environment[] = { path, locale, zone, NULL };
	sigset_t none;
	int in = open("/dev/null", O_RDONLY),
	    out = open(program->log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
	if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	close_range(3, ~0U, 0);
	setsid();
	umask(077);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!become(as) || chdir("/") != 0)
		_exit(126);
	/* A change of user clears the parent-death signal, so it is set behind it. */
	if (program->bound_to_us && (prctl(PR_SET_PDEATHSIG, SIGINT) != 0 || getppid() != parent))
		_exit(126);
	execve(program->argv[0], (char *const *)(uintptr_t)program->argv, environment);
	_exit(127);
}

err_t process_start(struct ctx *cx, const struct runner *as, const struct program *program, pid_t *pid_out)
{
	pid_t parent = getpid(), pid = fork();
	if (pid < 0)
		return REFUSE(cx, UNAVAILABLE, "", "A process could not be started: %s.", strerror(errno));
	if (pid == 0)
		exec_as(as, program, parent);
	*pid_out = pid;
	return OK;
}

int process_wait(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
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
		if (pid < 0 || process_wait(pid) != 0)
			return str_of(part);
	}
	return STR_ABSENT;
}
