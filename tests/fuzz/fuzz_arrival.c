/* SPDX-License-Identifier: Apache-2.0 */
/* library: http */
/* Whether a request is there is known from the same octets, however they come, and never later than their bounds. */
#include "server/http/arrival.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The shortest part of it that is ready, in steps; 0 for none. */
static size_t ready_after(const uint8_t *data, size_t size, size_t step, char *copy)
{
	struct arrival arrival = { 0 };
	memcpy(copy, data, size);
	for (size_t len = step; len <= size; len += step)
		if (arrival_is_ready(&arrival, copy, len))
			return len;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size || size > 4096)
		return 0;
	char *copy = malloc(size);
	if (!copy)
		abort();
	size_t one_by_one = ready_after(data, size, 1, copy), whole = ready_after(data, size, size, copy);
	if ((one_by_one > 0) != (whole > 0))
		abort();
	for (size_t step = 2; step < 9; step++) {
		size_t in_steps = ready_after(data, size, step, copy);
		if (in_steps && (in_steps < one_by_one || in_steps >= one_by_one + step))
			abort();
	}
	free(copy);
	return 0;
}
