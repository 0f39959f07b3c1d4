/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/api_version.h"

#include "server/base/buf.h"

const struct api_version api_versions[] = {
	{ "2026-11-28", 0, 0 },
};
const size_t api_version_count = ARRAY_LEN(api_versions);

const struct api_version *api_version_newest(void)
{
	return &api_versions[0];
}

const struct api_version *api_version_find(struct str name)
{
	for (size_t i = 0; i < api_version_count; i++)
		if (str_eq(name, str_of(api_versions[i].name)))
			return &api_versions[i];
	return NULL;
}

const struct api_version *api_version_kept(struct str name)
{
	const struct api_version *found = api_version_find(name);
	return found ? found : &api_versions[api_version_count - 1];
}

struct str api_version_names(struct arena *mem)
{
	struct buf out = buf_new(mem, 1024);
	for (size_t i = 0; i < api_version_count; i++)
		buf_fmt(&out, "%s%s", i ? ", " : "", api_versions[i].name);
	return buf_str(&out);
}
