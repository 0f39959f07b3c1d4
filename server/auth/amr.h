/* SPDX-License-Identifier: Apache-2.0 */
/* By what somebody proved who they are when they signed in (RFC 8176), as a session keeps it and an ID token tells it.
 */
#pragma once

#include "server/base/str.h"

/* A set; stored, so that bits never change their meaning. */
enum amr {
	AMR_PASSWORD = 1,
	AMR_OTP = 2,       /* a code of an app */
	AMR_RECOVERY = 4,  /* a recovery code */
	AMR_HARDWARE = 8,  /* a passkey that does not leave its device */
	AMR_SOFTWARE = 16, /* a passkey that its owner's devices share */
	AMR_VERIFIED = 32  /* the passkey's device asked for a PIN, a finger or a face */
};

/* Two factors, of which neither opens the account alone. */
bool amr_is_mfa(int16_t amr);
/* The names of RFC 8176 §2. A recovery code has none: it is in "mfa". */
struct str_list amr_names(struct arena *mem, int16_t amr);
