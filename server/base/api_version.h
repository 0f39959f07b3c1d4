/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The versions of the REST API, named by the day from which they are. A version begins when an answer or a question
 * changes so that a program written before would fail; what is only added begins none. Who calls has the version of the
 * day on which their key or app was made, and may ask for another with each request (Api-Version).
 */
#pragma once

#include "server/base/clock.h"
#include "server/base/str.h"

struct api_version {
	const char *name; /* "2026-11-28" */
	/* Seconds since 1970; 0: it is in use. A version lives a year at least after it is deprecated. */
	int64_t deprecated_s, sunset_s;
};

/* The newest first; there is one at least. For tests, all of them. */
extern const struct api_version api_versions[];
extern const size_t api_version_count;

const struct api_version *api_version_newest(void);
/* NULL: there is none of this name. */
const struct api_version *api_version_find(struct str name);
/* The one that was kept for a caller; what is not there any more is the oldest that is. */
const struct api_version *api_version_kept(struct str name);
/* "2026-11-28, …": all of them. */
struct str api_version_names(struct arena *mem);
