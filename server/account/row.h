/* SPDX-License-Identifier: Apache-2.0 */
/* The row of struct account, for the statements of account.c and session.c. */
#pragma once

#include "server/account/account.h"

struct account_row {
	struct str password_hash; /* of sign_in_find only, and the next */
	struct instant password_at;
	struct id id;
	int16_t status, plan;
	struct str email, name, tz;
	struct instant created_at, deactivated_at;
	bool second_factor; /* of sign_in_find only, and the next */
	bool known_network;
};

struct account account_of_row(const struct account_row *row);
