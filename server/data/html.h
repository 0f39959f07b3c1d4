/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTML out. Templates in web/templates (*.html) are compiled in; {{name}} escapes, and nothing else is possible for a
 * value: there is no raw form but html_include of another template. {{#name}} … {{/name}} repeats for the rows of a
 * list or shows for a true flag, {{^name}} … {{/name}} for a false one or an empty list, {{>other}} includes.
 */
#pragma once

#include "server/base/buf.h"
#include "server/base/ctx.h"

/* A tree of named values. */
struct html_values;

struct html_values *html_values(struct arena *mem);
void html_set(struct html_values *v, const char *name, struct str text); /* absent: empty and false */
void html_set_flag(struct html_values *v, const char *name, bool flag);
struct html_values *html_add_row(struct html_values *v, const char *list); /* a row of a list; sees outer names too */

/* Append the template; INTERNAL for a name it has not. */
MUST_CHECK err_t html_render(struct ctx *cx, struct buf *out, const char *template_name, const struct html_values *v);

/* & < > " ' */
void html_escape(struct buf *out, struct str text);
