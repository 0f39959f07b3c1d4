/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTML out. Templates in web/templates/NAME.html are compiled in, and so are the files of web/static
 * and those of web_npm_files (cmake/templates.cmake, cmake/npm.cmake).
 *
 *     {{name}}                    the value, escaped; nothing else is possible for a value, there is no raw form
 *     {{#name}} … {{/name}}       once for each row of a list, or once for a true flag or a text that is not empty
 *     {{^name}} … {{/name}}       for a false flag, an absent or empty text, an empty list
 *     {{>other}}                  another template, with the same values
 *     {{@app.css}}                the address of a static file; replaced when it is compiled in
 *     {{#t}} … {{/t}}             a text for people, which the catalogue has in other languages: its key is all that
 *                                 stands between, markup and tags too
 *
 * A row sees the names around it. A name that was never set is empty and false.
 */
#pragma once

#include "server/base/buf.h"
#include "server/base/ctx.h"
#include "server/data/catalogue.h"

/* A tree of named values. */
struct html_values;

struct html_values *html_values_new(struct arena *mem);
/* Names are borrowed (literals); texts too. Setting a name again replaces it. */
void html_set(struct html_values *v, const char *name, struct str text);
void html_set_flag(struct html_values *v, const char *name, bool flag);
struct html_values *html_add_row(struct html_values *v, const char *list);

/* A text that was set in this tree, else in those around it; absent where it was not. */
struct str html_get(const struct html_values *v, struct str name);

/* The language of {{#t}} in a tree made by html_values_new (catalogue.h). Before that, and with NULL, English. */
void html_set_language(struct html_values *v, const struct language *language);

/* Append the template of this name. INTERNAL: there is none, or it is ill-formed (a unit test renders them all). */
MUST_CHECK err_t html_render(struct ctx *cx, struct buf *out, const char *template_name, const struct html_values *v);
/* The same for a template given as text, which is ours, too: never what somebody sent. */
MUST_CHECK err_t html_render_text(struct ctx *cx, struct buf *out, struct str text, const struct html_values *v);

/* Does this text stand in the template of this name? Of a name that is none, no. */
bool html_template_has(const char *template_name, struct str text);

/* & < > " ' */
void html_escape(struct buf *out, struct str text);

/* ---- what is compiled in ---- */

struct html_template {
	const char *name;
	struct str text;
};
extern const struct html_template html_templates[];
extern const size_t html_template_count;

/* The name has a hash of the content inside (app.1f2e3d4c5b6a7988.css), so that it may be cached for ever. */
struct html_asset {
	const char *name, *type;
	struct str data;
	struct str gzip; /* the same as RFC 1952 has it; absent where that would save nothing */
};
extern const struct html_asset html_assets[];
extern const size_t html_asset_count;
const struct html_asset *html_asset_find(struct str name); /* NULL if there is none */
