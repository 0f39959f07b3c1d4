/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/http/router.h"

handler revoke_post; /* RFC 7009 */
