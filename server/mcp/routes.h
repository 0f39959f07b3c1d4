/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Model Context Protocol, for assistants: tools over the operations of the API (docs/mcp.md). One endpoint, without
 * sessions: each POST is one JSON-RPC message and answered by one. Tokens, keys, scopes and limits are those of the
 * API.
 */
#pragma once

#include "server/http/route.h"

extern const struct module mcp_module;
