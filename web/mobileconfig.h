/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/http/router.h"

/*
 * A configuration profile for Apple's systems with one CalDAV account of who is signed in (Apple, Device Management
 * Profiles, CalDAV): property list 1.0 as XML. It holds the key, so it is an answer of its own that nobody keeps.
 */
void mobileconfig_reply(struct response *rs, struct id key, struct str secret);
