/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/http/route.h"

/* POST of one JSON-RPC message (MCP 2025-06-18, "Streamable HTTP"): its answer, or 202 where nothing is to be said. */
handler mcp_post;
