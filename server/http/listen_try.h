/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a server could listen at its addresses: asked before anything is made or changed for it. */
#pragma once

#include "server/base/ctx.h"

/*
 * Each of `listen` (as civet_settings has it) is taken for a moment. What is no ADDRESS:PORT is left to civet_open().
 *
 * errors  UNAVAILABLE (param "listen"): somebody listens there, it is not this machine's, or only root may
 */
MUST_CHECK err_t listen_try(struct ctx *cx, struct str listen);
