/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/disposition.h"

#include "server/data/uri.h"

void response_attachment(struct response *rs, struct str name, const char *suffix)
{
	struct arena *mem = rs->rq->cx.mem;
	struct buf plain = buf_new(mem, (size_t)4 * 1024), full = buf_new(mem, (size_t)16 * 1024);
	bool same = true;
	for (size_t i = 0; i < name.len && i < 200; i++) {
		char c = name.ptr[i];
		bool fine = c >= ' ' && c <= '~' && !str_has(STR("\"\\/%;"), c);
		same = same && fine;
		buf_char(&plain, fine ? c : '_');
	}
	uri_component_add(&full, name);
	struct str p = buf_str(&plain), f = buf_str(&full);
	response_header(rs, "Content-Disposition",
		same ? str_fmt(mem, "attachment; filename=\"%.*s%s\"", STR_ARG(p), suffix)
		     : str_fmt(mem, "attachment; filename=\"%.*s%s\"; filename*=UTF-8''%.*s%s", STR_ARG(p), suffix,
			       STR_ARG(f), suffix));
}
