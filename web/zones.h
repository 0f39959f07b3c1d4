/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones that pages offer; any name of the time zone database is taken. */
#pragma once

#include "server/data/html.h"

#define ZONES_OFFERED 58
extern const char *const zones_offered[ZONES_OFFERED]; /* in order of their names */

/* A row of "zones" for each, with its name as "zone". */
void zones_offer(struct html_values *v);
