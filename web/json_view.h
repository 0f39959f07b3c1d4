/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/base/str.h"

/* JSON over several lines, two blanks deeper at each bracket, for people. What is no JSON comes out much as it was. */
struct str json_view(struct arena *mem, struct str json);
