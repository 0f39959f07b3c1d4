/* SPDX-License-Identifier: Apache-2.0 */
/* The revocation endpoint: either token of a family ends the family. */
#pragma once

#include "server/http/router.h"

handler revoke_post; /* RFC 7009 */
