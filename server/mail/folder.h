/* SPDX-License-Identifier: Apache-2.0 */
/* A folder in place of a mail server. */
#pragma once

#include "server/base/ctx.h"

/*
 * The message as FOLDER/NAME.eml: written under another name, and renamed when it is whole, so that whoever looks for
 * *.eml sees whole ones. One of that name is replaced. UNAVAILABLE.
 */
MUST_CHECK err_t mail_folder_put(struct ctx *cx, struct str folder, struct str name, struct str message);
