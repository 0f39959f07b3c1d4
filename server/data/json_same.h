/* SPDX-License-Identifier: Apache-2.0 */
/* Is a value of a tree the one that a struct would be answered with? */
#pragma once

#include "server/data/json.h"
#include "server/data/json_tree.h"

/* `from` is the struct that the field is of. Of objects every member counts, but those that only are written. */
bool json_same(const struct json_field *field, const void *from, const struct cJSON *value);

/* Is this JSON_OPTIONAL field left out of what is written of `object`? */
bool json_is_left_out(const struct json_field *field, const void *object);
