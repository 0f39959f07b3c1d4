/* SPDX-License-Identifier: Apache-2.0 */
#include "server/stopper.h"

#include <unistd.h>

#include "server/base/log.h"
#include "server/base/wait.h"

#define STOP_GRACE_MS 6000 /* on top of --drain-ms */

__attribute__((noreturn)) void stopper_leave_behind(const struct civet_stats *http, struct db_pool *db)
{
	struct db_stats left = db_stats(db);
	log_event(LOG_ERROR, "stopped", LOG_C("exit", "forced"), LOG_INT("requests", http ? http->in_flight : 0),
		LOG_INT("database_connections_busy", left.busy), LOG_INT("database_waiting", left.waiting));
	_exit(1);
}

/* Not by wait_cond(): that ends with all waits, and this one is for after. */
static void *watch_stop(void *arg)
{
	struct stopper *stop = arg;
	pthread_mutex_lock(&stop->lock);
	int late = 0;
	while (!stop->done && !late)
		late = pthread_cond_timedwait(&stop->done_is_set, &stop->lock, &stop->limit);
	if (late) { /* with the lock: the server stays as long as it is looked at */
		struct civet_stats http = { 0 };
		if (stop->server)
			http = civet_stats(stop->server);
		stopper_leave_behind(&http, stop->db);
	}
	pthread_mutex_unlock(&stop->lock);
	return NULL;
}

bool stopper_start(struct stopper *stop, unsigned drain_ms)
{
	clock_gettime(CLOCK_MONOTONIC, &stop->limit);
	stop->limit.tv_sec += (drain_ms + STOP_GRACE_MS) / 1000;
	pthread_mutex_init(&stop->lock, NULL);
	wait_cond_init(&stop->done_is_set);
	wait_end_by(deadline_in_ms(drain_ms));
	return pthread_create(&stop->thread, NULL, watch_stop, stop) == 0;
}

void stopper_forgets_server(struct stopper *stop)
{
	pthread_mutex_lock(&stop->lock);
	stop->server = NULL;
	pthread_mutex_unlock(&stop->lock);
}

void stopper_end(struct stopper *stop, bool started)
{
	pthread_mutex_lock(&stop->lock);
	stop->done = true;
	pthread_cond_signal(&stop->done_is_set);
	pthread_mutex_unlock(&stop->lock);
	if (started)
		pthread_join(stop->thread, NULL); /* it does nothing more */
	pthread_cond_destroy(&stop->done_is_set);
	pthread_mutex_destroy(&stop->lock);
	wait_end_by_none(); /* what is left to do has bounds of its own: last uses, the private cluster */
}
