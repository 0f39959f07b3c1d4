/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/base/str.h"

/* JSON over several lines, two blanks deeper at each bracket, for people. What is no JSON comes out much as it was. */
struct str json_view(struct arena *mem, struct str json);
/* Of a string whose quote is at `at`: the octet after its end; of one that is cut off it may lie beyond the text. */
size_t json_string_end(struct str json, size_t at);
