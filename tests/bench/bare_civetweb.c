/* SPDX-License-Identifier: Apache-2.0 */
/* The floor: civetweb as it is, with a handler that writes one fixed answer. bare_civetweb PORT THREADS */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "civetweb.h"

static int answer(struct mg_connection *mg)
{
	static const char text[] =
		"HTTP/1.1 200 OK\r\nDate: Tue, 24 Nov 2026 05:30:54 GMT\r\n"
		"Request-Id: req_0352zZRwO7KqqMdOBFrX1o\r\nX-Content-Type-Options: nosniff\r\n"
		"Content-Length: 6\r\nContent-Type: text/plain\r\nCache-Control: no-store\r\n\r\nhello\n";
	mg_write(mg, text, sizeof text - 1);
	return 200;
}

int main(int argc, char **argv)
{
	char address[64];
	if (argc < 3)
		return 2;
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
	puts("ready");
	fflush(stdout);
	sigwait(&ends, &number);
	mg_stop(mg);
	return 0;
}
