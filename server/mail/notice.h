/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an account's owner is told of by mail: new keys, apps, browsers, passwords (notice.def). A row of the audit log
 * that is such leaves a row in the table notice, in its transaction; this makes letters of them, so that who sends much
 * at once gets one letter, and nobody more than a few an hour (notice_take() in sql/migrations).
 */
#pragma once

#include "server/base/ctx.h"

/* A job: a letter for each who waits, as many as fit into a short while. Without mail, what waits goes. */
MUST_CHECK err_t notices_write(struct ctx *cx, void *unused);
