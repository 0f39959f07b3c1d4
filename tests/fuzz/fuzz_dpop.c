/* SPDX-License-Identifier: Apache-2.0 */
/* library: jose */
#include "server/jose/dpop.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A URL is the same as itself in any case, where it is one; two are the same in both directions. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_open();
	struct str rest = { (const char *)data, size }, first;
	(void)str_cut(&rest, '\n', &first);
	struct str second = rest.ptr ? rest : STR("");
	bool same = dpop_same_url(mem, first, second);
	assert(same == dpop_same_url(mem, second, first));
	assert(!same || (dpop_same_url(mem, first, first) && dpop_same_url(mem, second, second)));
	arena_close(mem);
	return 0;
}
