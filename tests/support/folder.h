/* SPDX-License-Identifier: Apache-2.0 */
/* Where programs of tests keep a database: where TMPDIR says, which tests/run has in memory. */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define FOLDER_MAX 128

/* Makes a folder of its own for this program; false when it cannot be made. */
static inline bool folder_make(char out[static FOLDER_MAX])
{
	const char *in = getenv("TMPDIR");
	int len = snprintf(out, FOLDER_MAX, "%s/calends-test-XXXXXX", in ? in : "/tmp");
	return len > 0 && len < FOLDER_MAX && mkdtemp(out);
}
