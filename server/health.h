/* SPDX-License-Identifier: Apache-2.0 */
/* What operators and their monitoring ask: /healthz, /readyz, /metrics. */
#pragma once

#include "server/http/civet.h"
#include "server/jobs/jobs.h"

extern const struct module health_module; /* prefix "": comes last */

/* Whose connection, stream and job counts /metrics tells; set before the first request, and jobs NULL before they are
 * closed.
 */
void health_watch(struct civet *server, const struct app *app);
void health_watch_jobs(struct jobs *jobs);
