/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration: flag, else CALENDS_* in the environment, else the INI file of --config, else the default, all from one
 * table of options (options.def) that also prints --help and docs/options.md.
 */
#pragma once

#include "server/base/buf.h"
#include "server/base/ctx.h"

struct config {
#define OPT_STR(field, ...) struct str field;
#define OPT_LIST(field, ...) struct str_list field;
#define OPT_INT(field, ...) int64_t field;
#define OPT_FLAG(field, ...) bool field;
#include "server/base/options.def"
#undef OPT_STR
#undef OPT_LIST
#undef OPT_INT
#undef OPT_FLAG
	struct str_list given; /* the flags of the command line, in their order */
};

/* A row of options.def, for what is made of all of them. */
struct config_option {
	const char *flag, *values, *fallback, *group, *doc; /* fallback "": none */
	bool has_value, many;                               /* many: may be given several times */
};
/* The row of this index, from 0 on; false after the last. */
bool config_option(size_t index, struct config_option *out);

/*
 * Read argv (without the program's name), the environment and the file. What is no option is given back in rest_out,
 * in order; "--" ends the options. Texts live in cx->mem; one that was not set is absent.
 *
 * errors  INVALID_VALUE, with the option, the environment variable or the file's line named
 */
MUST_CHECK err_t config_read(
	struct ctx *cx, int argc, char *const *argv, struct config *out, struct str_list *rest_out);

/* The options as --help shows them, and as docs/options.md has them. */
void config_help(struct buf *out);
void config_markdown(struct buf *out);
