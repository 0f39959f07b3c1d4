/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of a request must be there before a thread is given to it: its head, and the body if that is small. A pure
 * function of the octets that came, asked again when more came.
 */
#pragma once

#include "server/http/chunk.h"
#include "server/http/head_check.h"

#define ARRIVAL_HEAD_MAX ((size_t)32 * 1024)
/* Long If headers, cookies and Negotiate fit into a head. A larger body is read by the thread that handles it. */
#define ARRIVAL_BODY_MAX ((size_t)64 * 1024)
#define ARRIVAL_MAX (ARRIVAL_HEAD_MAX + ARRIVAL_BODY_MAX)

/* {0} before its first octet. */
struct arrival {
	size_t searched;                /* octets in which no end of a head is */
	size_t head_len;                /* 0: not whole yet */
	const struct head_fault *fault; /* it is to be refused */
	struct head_framing framing;
	struct chunk_scan chunks;
	size_t extensions; /* of the chunks that a worker read */
};

/*
 * True: a thread can work on it. The whole request is there, or a head that is refused, or one whose body is too large
 * to be collected, is malformed, or waits for 100 Continue. `octets`: all that came, with what may be after the
 * request; the head is rewritten as head_check says, once.
 */
bool arrival_is_ready(struct arrival *arrival, char *octets, size_t len);
