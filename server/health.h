/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator and his monitoring ask: /healthz, /readyz, /metrics. */
#pragma once

#include "server/http/civet.h"

extern const struct module health_module; /* prefix "": comes last */

/* Whose connection counts /metrics tells; set once, before the first request. */
void health_watch(struct civet *server);
