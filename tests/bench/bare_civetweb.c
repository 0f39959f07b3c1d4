/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: civetweb as it is, with a handler that writes one fixed answer. Of a path other than /hello it first
 * executes the prepared statement of that name, as bare as libpq can: one integer in, its rows in binary. Of /a+b those
 * of both names, one after the other, in a transaction.
 *
 *     bare_civetweb PORT THREADS [CONNINFO STATEMENTS]        STATEMENTS: SQL that makes and prepares them
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civetweb.h"
#include "libpq-fe.h"

static PGconn *database; /* of all threads: who measures calls one after the other */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static int good(PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);
	PQclear(result);
	return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

static int execute(const char *name, const char *argument)
{
	uint32_t number = htonl((uint32_t)atoi(argument ? argument : "1"));
	const char *value = (const char *)&number;
	const int length = sizeof number, binary = 1;
	return good(PQexecPrepared(database, name, 1, &value, &length, &binary, 1));
}

static int execute_all(const char *names, const char *argument)
{
	char list[64], *rest = NULL;
	snprintf(list, sizeof list, "%s", names);
	int is_transaction = strchr(list, '+') != NULL;
	pthread_mutex_lock(&turn);
	int done = !is_transaction || good(PQexec(database, "BEGIN"));
	for (char *name = strtok_r(list, "+", &rest); done && name; name = strtok_r(NULL, "+", &rest))
		done = execute(name, argument);
	if (is_transaction)
		done = good(PQexec(database, done ? "COMMIT" : "ROLLBACK")) && done;
	pthread_mutex_unlock(&turn);
	return done;
}

static int answer(struct mg_connection *mg)
{
	static const char text[] =
		"HTTP/1.1 200 OK\r\nDate: Tue, 24 Nov 2026 05:30:54 GMT\r\n"
		"Request-Id: req_0352zZRwO7KqqMdOBFrX1o\r\nX-Content-Type-Options: nosniff\r\n"
		"Content-Length: 6\r\nContent-Type: text/plain\r\nCache-Control: no-store\r\n\r\nhello\n";
	const struct mg_request_info *request = mg_get_request_info(mg);
	if (database && strcmp(request->local_uri, "/hello") != 0 &&
		!execute_all(request->local_uri + 1, request->query_string))
		return 0; /* 404 */
	mg_write(mg, text, sizeof text - 1);
	return 200;
}

static int connect_to(const char *where, const char *statements)
{
	database = PQconnectdb(where);
	PGresult *result = PQexec(database, statements);
	int good = PQresultStatus(result) == PGRES_COMMAND_OK;
	if (!good)
		fputs(PQerrorMessage(database), stderr);
	PQclear(result);
	return good;
}

int main(int argc, char **argv)
{
	char address[64];
	if (argc != 3 && argc != 5)
		return 2;
	if (argc == 5 && !connect_to(argv[3], argv[4]))
		return 1;
	snprintf(address, sizeof address, "127.0.0.1:%s", argv[1]);
	const char *options[] = { "listening_ports", address, "num_threads", argv[2], "enable_keep_alive", "yes",
		"keep_alive_timeout_ms", "5000", "tcp_nodelay", "1", NULL };
	struct mg_callbacks callbacks = { .begin_request = answer };
	sigset_t ends;
	int number;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	mg_init_library(0);
	struct mg_context *mg = mg_start(&callbacks, NULL, options);
	if (!mg)
		return 1;
	if (database)
		printf("session %d\n", PQbackendPID(database));
	puts("ready");
	fflush(stdout);
	sigwait(&ends, &number);
	mg_stop(mg);
	return 0;
}
