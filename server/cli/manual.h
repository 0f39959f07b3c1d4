/* SPDX-License-Identifier: Apache-2.0 */
/* calends(1), made of the tables of commands and options: docs/calends.1. */
#pragma once

#include "server/base/buf.h"

/* Roff with the man macros (groff_man(7)). */
void manual_print(struct buf *out);
