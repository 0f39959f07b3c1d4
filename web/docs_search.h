/* SPDX-License-Identifier: Apache-2.0 */
/* Search in the documentation. */
#pragma once

#include "web/docs.h"

#define DOCS_QUERY_MAX 200 /* octets; what comes after is not looked at */
#define DOCS_WORDS_MAX 8
#define DOCS_FOUND_MAX 20
#define DOCS_EXCERPT 200 /* octets of a section's text that are shown */
