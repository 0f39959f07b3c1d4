/* SPDX-License-Identifier: Apache-2.0 */
/* CalDAV's part of modules.c: everything under /dav/, and the paths that clients try before they know it. */
#pragma once

#include "server/http/router.h"

extern const struct module caldav_module;
extern const struct module discovery_module;
