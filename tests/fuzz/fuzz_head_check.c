/* SPDX-License-Identifier: Apache-2.0 */
/* library: http */
/* What the head check lets through has whole lines only: CR and LF in pairs, no NUL, no control character but tabs. */
#include "server/http/head_check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void check_line_ends(const char *head, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)head[i];
		if (c == '\r' && (i + 1 == len || head[i + 1] != '\n'))
			abort();
		if (c == '\n' && (i == 0 || head[i - 1] != '\r'))
			abort();
		if ((c < ' ' && c != '\r' && c != '\n' && c != '\t') || c == 0x7F)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *head = malloc(size ? size : 1);
	struct head_framing framing;
	if (!head)
		abort();
	if (size)
		memcpy(head, data, size);
	if (!head_check(head, size, &framing)) {
		check_line_ends(head, size);
		if (framing.chunked && framing.length)
			abort();
	}
	free(head);
	return 0;
}
