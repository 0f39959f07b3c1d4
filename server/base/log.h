/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line an event, key=value, to standard error: 2026-11-24T05:30:54.123456Z level=info event=request id=req_… …
 * Values with blanks, quotes or control characters are quoted and escaped, so that a line stays one line. Secrets are
 * never logged. A line is one write(2): lines of several threads do not mix.
 */
#pragma once

#include "server/base/str.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Level and descriptor of the process: set once, when the settings were read. */
void log_setup(enum log_level level, int fd);
bool log_enabled(enum log_level level);

struct log_field {
	const char *key;
	struct str text;
	int64_t number;
	bool is_number;
};

#define LOG_STR(name, value) ((struct log_field){ .key = (name), .text = (value) })
#define LOG_C(name, value) ((struct log_field){ .key = (name), .text = str_of(value) })
#define LOG_INT(name, value) ((struct log_field){ .key = (name), .number = (int64_t)(value), .is_number = true })

/* log_event(LOG_INFO, "listening", LOG_C("address", text), LOG_INT("threads", n)); absent texts are left out. */
#define log_event(level, event, ...)                                                                                   \
	log_write_((level), (event), (const struct log_field[]){ __VA_ARGS__ },                                        \
		sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field))
void log_write_(enum log_level level, const char *event, const struct log_field *fields, size_t count);
