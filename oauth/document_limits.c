/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/document_limits.h"

#include <pthread.h>

#include "server/base/address.h"
#include "server/base/config.h"
#include "server/http/limit.h"

#define AT_ONCE 4 /* each holds a thread as long as the other server likes, three seconds at most */
#define OF_AN_ORIGIN_AT_ONCE 2
#define A_SECOND_DEFAULT 1000 /* of the limiter itself, which counts nothing here */

static const struct rate of_an_origin = { "documents", 30, 60 }, for_a_network = { "documents", 60, 60 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct id under_way[AT_ONCE]; /* origins; zero: free */
static pthread_once_t opened = PTHREAD_ONCE_INIT;
static struct limiter *limiter; /* as long as the process */

static void open_limiter(void)
{
	limiter = limiter_open(A_SECOND_DEFAULT, A_SECOND_DEFAULT);
}

static err_t take_rate(struct ctx *cx, const struct rate *rate, struct str subject)
{
	struct limit_state state;
	pthread_once(&opened, open_limiter);
	if (!cx->config || cx->config->rate_limit == 0)
		return OK;
	if (limiter_take_of(limiter, rate, limit_key(subject), cx->now, &state))
		return OK;
	struct err *e = FAIL(cx, RATE_LIMITED, "%.*s", STR_ARG(subject));
	e->retry_after_s = state.retry_after_s;
	return e;
}

static bool take_place(struct id origin, size_t *place_out)
{
	size_t same = 0, free_one = AT_ONCE;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < AT_ONCE; i++) {
		same += id_eq(under_way[i], origin);
		if (id_is_zero(under_way[i]))
			free_one = i;
	}
	bool taken = free_one < AT_ONCE && same < OF_AN_ORIGIN_AT_ONCE;
	if (taken)
		under_way[free_one] = origin;
	pthread_mutex_unlock(&lock);
	*place_out = free_one;
	return taken;
}

err_t document_network_take(struct ctx *cx)
{
	struct str network = address_network(cx->mem, cx->client_ip);
	return take_rate(cx, &for_a_network, str_cat(cx->mem, STR("documents for "), network));
}

err_t document_place_take(struct ctx *cx, struct str origin, size_t *place_out)
{
	TRY(take_rate(cx, &of_an_origin, str_cat(cx->mem, STR("documents of "), origin)));
	if (take_place(limit_key(str_cat(cx->mem, STR("origin "), origin)), place_out))
		return OK;
	struct err *e = REFUSE(cx, UNAVAILABLE, "client_id",
		"The app's description cannot be fetched at this moment. Try again in a few seconds.");
	e->retry_after_s = 3;
	return e;
}

void document_place_leave(size_t place)
{
	pthread_mutex_lock(&lock);
	under_way[place] = (struct id){ { 0 } };
	pthread_mutex_unlock(&lock);
}
