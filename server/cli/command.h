/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of `calends`, one row each: `calends NOUN VERB OPERANDS… --options`. Each file of this folder has its
 * rows in a table that commands.c lists. A command prints either a readable text or, with --json, one JSON object with
 * the field names of the REST resources.
 */
#pragma once

#include <stdio.h>

#include "server/base/buf.h"
#include "server/base/config.h"

struct account;
struct runtime;

struct word_list {
	int count;
	char *const *items;
};

struct command_call {
	const struct config *config;
	struct runtime *runtime; /* NULL for a command without COMMAND_DB */
	struct str_list args;    /* the operands after noun and verb; as many as the row asks for */
	struct word_list words;  /* the whole command line, without the program */
	FILE *input;             /* standard input, or what stands for it in a batch */
	struct buf *out;         /* printed to standard output when the command is done */
};

enum command_flags {
	COMMAND_DB = 1,    /* opens the database (cx->db) and brings its schema up to date, before `run` */
	COMMAND_ALONE = 2, /* has the process for itself: no line of a batch */
};

struct command {
	const char *noun, *verb; /* verb "" for a command of one word; one with a hyphen may be said as two words */
	const char *operands;    /* "EMAIL", "ID", "" */
	const char *summary;
	unsigned flags;
	err_t (*run)(struct ctx *cx, const struct command_call *call);
	/* What it reads of the options' group "cli", flags with blanks between; NULL: none. "@serve": that group, too.
	   --json is taken by all. Another one of "cli" is refused. */
	const char *options;
};

/* Tables, each ended by a row whose noun is NULL. */
extern const struct command account_commands[];
extern const struct command key_commands[];
extern const struct command client_commands[];
extern const struct command audit_commands[];
extern const struct command usage_commands[];
extern const struct command sandbox_commands[];
extern const struct command signing_key_commands[];
extern const struct command system_commands[];
extern const struct command api_commands[];
extern const struct command completion_commands[];
extern const struct command batch_commands[];

/* The rows of all tables, one after another; NULL after the last. */
const struct command *command_at(size_t index);
/* Does it read this option? Those of the group "all" every command does. */
bool command_takes(const struct command *c, const struct config_option *option);

/* What a command line asks for, when all of it is understood. */
struct command_line {
	const struct command *command;
	struct config config;
	struct str_list args;
};
/*
 * Reads a command line whose first `skip` words, options aside, stand for something else. INVALID_VALUE: there is no
 * such command, option or value; the text says what there is. out->config.json says how to tell it: as text where the
 * options themselves were wrong.
 */
MUST_CHECK err_t command_understand(struct ctx *cx, struct word_list line, size_t skip, struct command_line *out);
/* Whom an operand or an option names: usr_… or an address. NOT_FOUND, with the name and what makes one. */
MUST_CHECK err_t command_account(struct ctx *cx, struct str name, struct account *out);
/* That scope_parse() did not take the option's value: with the word that is none. */
err_t command_scope_refused(struct ctx *cx, const char *option, struct str value);
/* Prints an error: as text on standard error, or as an object to `out`. line: of a batch; 0: none. */
void command_print_error(struct ctx *cx, FILE *out, bool as_json, size_t line, err_t e);

/* Run what argv asks for; the process's exit status. Errors go to standard error with what to do about them. */
int command_main(int argc, char *const *argv);
