/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame around pages of the documentation. It is the same for everybody: no session is looked at and no token of a
 * form is inside, so that such a page may be cached and compressed.
 */
#pragma once

#include "server/data/html.h"
#include "server/http/router.h"
#include "web/docs_pages.h"

/* The page of this address below /docs/ ("" is /docs itself), or NULL. */
const struct docs_page *docs_find(struct str address);

/*
 * Values of the frame: the list of pages (with `page` as the present one; NULL: none is), the headings of the page, its
 * neighbours, and what pages say of this server.
 */
struct html_values *docs_values(struct request *rq, struct str title, const struct docs_page *page);

/* Append a page's own text. */
MUST_CHECK err_t docs_text(struct ctx *cx, struct buf *out, const struct docs_page *page, const struct html_values *v);

/* A text of a section, which is no HTML, with what pages say of this server in it. */
struct str docs_plain(struct arena *mem, struct str text, const struct html_values *v);

/* Send what is in the body under an entity tag that is made of it; 304 where the reader has it. */
MUST_CHECK err_t docs_send(struct request *rq, struct response *rs);

struct reference_group;
/* The page is one of the API reference: its groups stand in the list of pages, with this one as present (NULL: none).
 */
void docs_within_reference(struct html_values *v, const struct reference_group *present);
