/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multipart/form-data (RFC 7578), strictly, into the same struct form that other forms are: what has a file name is a
 * file, the rest are fields, held to what form_parse() holds them to. Nothing is copied, nothing recurses; the time
 * grows with the length of the body alone. Why it is our own: docs/adr/0044.
 *
 * Taken as RFC 2046 §5.1.1 has it: what stands before the first delimiter and after the last means nothing, blanks
 * may follow a delimiter. Refused: a delimiter inside of a line of other text, no last delimiter, line ends that are no
 * CR LF, a part without `Content-Disposition: form-data; name=…` or with two, `filename*` (RFC 7578 §4.2), a
 * Content-Transfer-Encoding that changes octets (§4.7), a field whose type is not text/plain in UTF-8.
 */
#pragma once

#include "server/data/form.h"

#define MULTIPART_TYPE "multipart/form-data"
#define MULTIPART_FILES_MAX 10
#define MULTIPART_HEAD_MAX 4096 /* octets before the content of a part */
#define MULTIPART_LINES_MAX 10  /* header lines of a part */

/*
 * content_type: the whole header of the body, with its boundary.
 *
 * out     borrows from body; absent or empty text is malformed, since a form has a last delimiter at least
 * errors  MALFORMED, with the reason and, where known, the field
 */
MUST_CHECK err_t multipart_parse(struct ctx *cx, struct str content_type, struct str body, struct form *out);
