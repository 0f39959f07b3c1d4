/* SPDX-License-Identifier: Apache-2.0
 *
 * Preloaded by `tests/at`: the wall clock of a process, and of all that it starts, is CALENDS_AT_S seconds ahead and
 * goes on. It alone: intervals are as ever, and who waits until an instant waits no longer for it. libfaketime, which
 * is made for this, broke the timed waits of threads. */
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long ahead_s; /* set before any thread is */

/* The C library's own of a name. */
#define THEIRS(type, name)                                                                                             \
	static type theirs;                                                                                            \
	if (!theirs)                                                                                                   \
	*(void **)&theirs = dlsym(RTLD_NEXT, name)

typedef int (*clock_fn)(clockid_t, struct timespec *);
typedef int (*cond_fn)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
typedef int (*cond_clock_fn)(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *);
typedef int (*mutex_fn)(pthread_mutex_t *, const struct timespec *);
typedef int (*sem_fn)(sem_t *, const struct timespec *);
typedef int (*sem_clock_fn)(sem_t *, clockid_t, const struct timespec *);
typedef int (*sleep_fn)(clockid_t, int, const struct timespec *, struct timespec *);
typedef int (*join_fn)(pthread_t, void **, const struct timespec *);

__attribute__((constructor)) static void begin(void)
{
	const char *ahead = getenv("CALENDS_AT_S");
	ahead_s = ahead ? strtol(ahead, NULL, 10) : 0;
}

static bool is_wall(clockid_t clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

/* What the kernel calls an instant of the moved clock. One that is long past stays: zero is asked for to not wait. */
static struct timespec as_kernel(clockid_t clock, const struct timespec *at)
{
	struct timespec t = *at;
	if (is_wall(clock) && t.tv_sec > ahead_s)
		t.tv_sec -= ahead_s;
	return t;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	THEIRS(clock_fn, "clock_gettime");
	int failed = theirs(clock, now);
	if (!failed && is_wall(clock))
		now->tv_sec += ahead_s;
	return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	(void)zone;
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	*now = (struct timeval){ t.tv_sec, t.tv_nsec / 1000 };
	return 0;
}

time_t time(time_t *now)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	if (now)
		*now = t.tv_sec;
	return t.tv_sec;
}

int timespec_get(struct timespec *now, int base)
{
	return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, now) == 0 ? base : 0;
}

int pthread_cond_timedwait(
	pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex, const struct timespec *restrict at)
{
	static cond_fn theirs;
	if (!theirs) /* where there is one of 1997, whose conditions are others, dlsym gives that */
		*(void **)&theirs = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
	if (!theirs)
		*(void **)&theirs = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
	struct timespec t = as_kernel(CLOCK_REALTIME, at);
	return theirs(cond, mutex, &t);
}

int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock, const struct timespec *at)
{
	THEIRS(cond_clock_fn, "pthread_cond_clockwait");
	struct timespec t = as_kernel(clock, at);
	return theirs(cond, mutex, clock, &t);
}

int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex, const struct timespec *restrict at)
{
	THEIRS(mutex_fn, "pthread_mutex_timedlock");
	struct timespec t = as_kernel(CLOCK_REALTIME, at);
	return theirs(mutex, &t);
}

int sem_timedwait(sem_t *restrict sem, const struct timespec *restrict at)
{
	THEIRS(sem_fn, "sem_timedwait");
	struct timespec t = as_kernel(CLOCK_REALTIME, at);
	return theirs(sem, &t);
}

int sem_clockwait(sem_t *sem, clockid_t clock, const struct timespec *at)
{
	THEIRS(sem_clock_fn, "sem_clockwait");
	struct timespec t = as_kernel(clock, at);
	return theirs(sem, clock, &t);
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *at, struct timespec *left)
{
	THEIRS(sleep_fn, "clock_nanosleep");
	struct timespec t = flags & TIMER_ABSTIME ? as_kernel(clock, at) : *at;
	return theirs(clock, flags, &t, left);
}

int pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *at)
{
	THEIRS(join_fn, "pthread_timedjoin_np");
	struct timespec t = as_kernel(CLOCK_REALTIME, at);
	return theirs(thread, result, &t);
}
