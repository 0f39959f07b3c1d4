/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/base/log.h"
#include "server/db/embedded.h"
#include "server/db/pool.h"
#include "server/db/query.h"
#include "sql.h"
#include "tests/support/folder.h"

/* One cluster for all tests: made by the first, found stopped by each. */
static char folder[FOLDER_MAX];

struct backend {
	int32_t pid;
};
DB_RESULT(t_backend, struct backend, pid);

static struct embedded *open_it(const char **url_out)
{
	struct embedded *pg;
	ctx_begin(&test_cx, PATIENCE_COMMAND_MS);
	assert_ok(embedded_open(&test_cx, str_of(folder), &pg, url_out));
	return pg;
}

static bool answers(const char *url)
{
	struct backend got;
	struct ctx cx = { .mem = test_mem };
	cx.db = db_open(&(struct db_settings){ .url = str_of(url), .connections = 1, .wait_ms = 1000 });
	err_t e = db_row(&cx, &sql_t_backend, ROW(t_backend, &got), IN_NONE);
	db_close(cx.db);
	return !e;
}

static void assert_answers(const char *url)
{
	assert_true(answers(url));
}

static const char *in_folder(const char *name)
{
	return str_c(test_mem, str_fmt(test_mem, "%s/%s", folder, name));
}

static pid_t postmaster(void)
{
	char line[32] = "";
	FILE *f = fopen(in_folder("pg/postmaster.pid"), "re");
	if (!f)
		return 0;
	assert_non_null(fgets(line, sizeof line, f));
	fclose(f);
	return (pid_t)strtol(line, NULL, 10);
}

/* A process of its own that has the cluster open, until it is killed. */
static pid_t another(void)
{
	int ends[2];
	char ready;
	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct embedded *pg;
		const char *url;
		ctx_begin(&test_cx, PATIENCE_COMMAND_MS);
		if (embedded_open(&test_cx, str_of(folder), &pg, &url))
			_exit(1);
		if (embedded_keep(&test_cx, pg))
			_exit(1);
		if (write(ends[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &ready, 1), 1);
	close(ends[0]);
	return pid;
}

static void kill_and_reap(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

TEST(a_cluster_is_made_started_and_stopped)
{
	struct stat st;
	const char *url;
	struct embedded *pg = open_it(&url);
	assert_answers(url);
	assert_int_equal(stat(in_folder("run"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700); /* nobody else reaches the socket, which trusts who does */
	assert_int_equal(stat(folder, &st), 0);
	assert_int_equal(st.st_mode & 0007, 0);
	assert_true(postmaster() > 0);
	embedded_close(pg);
	assert_int_equal(postmaster(), 0);
}

TEST(a_command_beside_a_server_joins_and_leaves_it_running)
{
	pid_t server = another(), before = postmaster();
	const char *url;
	struct embedded *pg = open_it(&url);
	assert_answers(url);
	embedded_close(pg);
	assert_int_equal(postmaster(), before);
	assert_int_equal(kill(before, 0), 0);
	kill_and_reap(server);
	embedded_close(open_it(&url));
}

TEST(nothing_that_a_killed_server_left_prevents_the_next_start)
{
	const char *url;
	kill_and_reap(another());
	struct embedded *pg = open_it(&url); /* while the old cluster is still on its way down */
	assert_answers(url);
	embedded_close(pg);
	assert_int_equal(postmaster(), 0);
}

TEST(a_cluster_that_was_killed_is_started_again)
{
	const char *url;
	struct embedded *pg = open_it(&url);
	assert_int_equal(kill(postmaster(), SIGKILL), 0);
	bool back = false;
	for (int i = 0; i < 1500 && !back; i++) { /* its children notice in their own time: 30 s on a busy machine */
		usleep(20000);
		assert_ok(embedded_keep(&test_cx, pg));
		back = answers(url);
	}
	assert_true(back);
	embedded_close(pg);
}

TEST(a_pid_file_that_names_another_program_is_stale)
{
	const char *url;
	FILE *f = fopen(in_folder("pg/postmaster.pid"), "we");
	assert_non_null(f);
	fprintf(f, "%d\n%s/pg\n0\n5432\n%s/run\n\n1 1\nready\n", (int)getpid(), folder, folder);
	fclose(f);
	struct embedded *pg = open_it(&url);
	assert_answers(url);
	assert_int_not_equal(postmaster(), getpid());
	embedded_close(pg);
}

/* Who leaves first takes it from nobody, and who is left can start it again. */
TEST(the_last_one_stops_it_and_nobody_else)
{
	const char *url;
	struct embedded *first = open_it(&url), *second = open_it(&url);
	pid_t before = postmaster();
	embedded_close(first);
	assert_int_equal(postmaster(), before);
	assert_answers(url);
	assert_int_equal(kill(before, SIGKILL), 0);
	bool back = false;
	for (int i = 0; i < 1500 && !back; i++) {
		usleep(20000);
		ctx_begin(&test_cx, PATIENCE_COMMAND_MS);
		assert_ok(embedded_keep(&test_cx, second));
		back = answers(url);
	}
	assert_true(back);
	embedded_close(second);
	assert_int_equal(postmaster(), 0);
}

/* Its guard sees that nobody holds the lock any more. */
TEST(a_cluster_whose_users_were_all_killed_is_stopped)
{
	kill_and_reap(another());
	for (int i = 0; i < 1500 && postmaster(); i++)
		usleep(20000);
	assert_int_equal(postmaster(), 0);
}

/* Nobody else uses it, so it is stopped and started anew. */
TEST(a_cluster_that_stands_still_is_started_anew_by_who_is_alone)
{
	const char *url;
	pid_t server = another(), before = postmaster();
	assert_int_equal(kill(before, SIGSTOP), 0);
	kill_and_reap(server);
	struct embedded *pg = open_it(&url);
	assert_answers(url);
	assert_int_not_equal(postmaster(), before);
	embedded_close(pg);
}

/* While somebody uses it, it is theirs. */
TEST(a_cluster_that_stands_still_under_another_is_told_and_left_alone)
{
	const char *url;
	struct embedded *first = open_it(&url), *second;
	pid_t before = postmaster();
	assert_int_equal(kill(before, SIGSTOP), 0);
	err_t e = embedded_open(&test_cx, str_of(folder), &second, &url);
	assert_err(e, UNAVAILABLE);
	assert_int_not_equal(str_find(err_text(e), STR("does not answer")), SIZE_MAX);
	assert_int_equal(kill(before, SIGCONT), 0);
	assert_answers(url);
	assert_int_equal(postmaster(), before);
	embedded_close(first);
}

/* F61. No descriptor is left, for any reason: with `left` of them. */
static struct rlimit descriptors_left(rlim_t left)
{
	struct rlimit before, now;
	int next = dup(STDERR_FILENO);
	assert_true(next >= 0);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	now = (struct rlimit){ (rlim_t)next + left, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	return before;
}

TEST(who_has_no_descriptor_to_look_with_takes_nothing_for_gone)
{
	const char *url;
	struct embedded *pg = open_it(&url);
	pid_t before = postmaster();
	for (rlim_t left = 0; left < 3; left++) {
		struct rlimit whole = descriptors_left(left);
		for (int round = 0; round < 12; round++) {
			err_t e = embedded_keep(&test_cx, pg);
			assert_true(!e || e->kind == UNAVAILABLE);
			assert_true(left > 0 || (e && str_find(e->said, STR("descriptors")) != SIZE_MAX));
		}
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &whole), 0);
		assert_int_equal(postmaster(), before);
		assert_answers(url);
	}
	embedded_close(pg);
	assert_int_equal(postmaster(), 0);
}

TEST(a_start_that_cannot_be_within_its_time_says_so)
{
	struct embedded *pg;
	const char *url;
	int fd = open(in_folder("lock.start"), O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	ctx_begin(&test_cx, 5000);
	err_t e = embedded_open(&test_cx, str_of(folder), &pg, &url);
	assert_err(e, UNAVAILABLE);
	assert_int_not_equal(str_find(err_text(e), STR("starting or stopping")), SIZE_MAX);
	close(fd);
}

TEST(a_cluster_half_made_is_made_anew)
{
	const char *url;
	assert_int_equal(rename(in_folder("pg"), in_folder("pg.kept")), 0);
	assert_int_equal(mkdir(in_folder("pg.new"), 0700), 0);
	assert_int_equal(close(open(in_folder("pg.new/PG_VERSION"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
	struct embedded *pg = open_it(&url);
	assert_answers(url);
	embedded_close(pg);
}

TEST(a_folder_whose_name_is_too_long_for_a_socket_gets_a_short_one)
{
	char longer[FOLDER_MAX + 102];
	struct stat st;
	const char *url;
	snprintf(longer, sizeof longer, "%s/%0100d", folder, 0);
	assert_int_equal(mkdir(longer, 0700), 0);
	assert_int_equal(chmod(folder, 0711), 0);
	struct embedded *pg;
	ctx_begin(&test_cx, PATIENCE_COMMAND_MS);
	assert_ok(embedded_open(&test_cx, str_of(longer), &pg, &url));
	assert_answers(url);
	const char *host = str_c(test_mem, str_sub(str_of(url), strlen("host="), str_find(str_of(url), STR(" "))));
	assert_int_equal(stat(host, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	embedded_close(pg);
	rmdir(host);
}

TEST(what_prevents_a_start_is_named)
{
	struct embedded *pg;
	const char *url;
	err_t e = embedded_open(&test_cx, STR("/dev/null/x"), &pg, &url);
	assert_err(e, INTERNAL);
	assert_str(err_text(e), STR("The data folder /dev/null/x cannot be made: Not a directory."));
	FILE *f = fopen(in_folder("pg/PG_VERSION"), "we");
	assert_non_null(f);
	fputs("9\n", f);
	fclose(f);
	e = embedded_open(&test_cx, str_of(folder), &pg, &url);
	assert_err(e, INTERNAL);
	assert_int_not_equal(str_find(err_text(e), STR("Install the package postgresql-9.")), SIZE_MAX);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

static int setup(void **state)
{
	(void)state;
	log_setup(LOG_ERROR, STDERR_FILENO);
	return folder_make(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

TESTS_WITH(setup, teardown, RUN(a_cluster_is_made_started_and_stopped),
	RUN(a_command_beside_a_server_joins_and_leaves_it_running),
	RUN(nothing_that_a_killed_server_left_prevents_the_next_start), RUN(a_cluster_that_was_killed_is_started_again),
	RUN(a_pid_file_that_names_another_program_is_stale), RUN(the_last_one_stops_it_and_nobody_else),
	RUN(a_cluster_whose_users_were_all_killed_is_stopped),
	RUN(a_cluster_that_stands_still_is_started_anew_by_who_is_alone),
	RUN(a_cluster_that_stands_still_under_another_is_told_and_left_alone),
	RUN(who_has_no_descriptor_to_look_with_takes_nothing_for_gone),
	RUN(a_start_that_cannot_be_within_its_time_says_so), RUN(a_cluster_half_made_is_made_anew),
	RUN(a_folder_whose_name_is_too_long_for_a_socket_gets_a_short_one), RUN(what_prevents_a_start_is_named))
