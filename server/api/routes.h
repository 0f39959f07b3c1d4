/* SPDX-License-Identifier: Apache-2.0 */
/* The route table of the REST API, for modules.c. */
#pragma once

#include "server/http/router.h"

extern const struct module api_module;    /* /v1/ */
extern const struct module hosted_module; /* /api/v1/ */
extern const struct module feed_module;   /* /feed/ */
