/* SPDX-License-Identifier: Apache-2.0 */
#include "web/qr.h"

#include <qrencode.h>

#define QUIET 4 /* modules around it */
#define PATH_MAX_OCTETS ((size_t)512 * 1024)

static void free_code(void *code)
{
	QRcode_free(code);
}

/* Each run of dark modules in a row is a rectangle. */
static void draw(struct buf *out, const QRcode *code)
{
	for (int y = 0; y < code->width; y++)
		for (int x = 0, from; x < code->width; x++) {
			from = x;
			while (x < code->width && (code->data[y * code->width + x] & 1))
				x++;
			if (x > from)
				buf_fmt(out, "M%d %dh%dv1h-%dz", from + QUIET, y + QUIET, x - from, x - from);
		}
}

/* False: it fits into none. */
static bool code_of(struct ctx *cx, struct str text, struct str *path_out, int *size_out)
{
	QRcode *code = QRcode_encodeString8bit(str_c(cx->mem, text), 0, QR_ECLEVEL_M);
	if (!code)
		return false;
	arena_defer(cx->mem, free_code, code);
	struct buf path = buf_new(cx->mem, PATH_MAX_OCTETS);
	draw(&path, code);
	*path_out = buf_str(&path);
	*size_out = code->width + 2 * QUIET;
	return true;
}

void qr_values(struct ctx *cx, struct html_values *v, const char *name, struct str text)
{
	struct str path;
	int size;
	if (!code_of(cx, text, &path, &size))
		return;
	struct html_values *row = html_add_row(v, name);
	html_set(row, "qr_path", path);
	html_set(row, "qr_size", str_fmt(cx->mem, "%d", size));
}

bool qr_svg(struct ctx *cx, struct str text, struct buf *out)
{
	struct str path;
	int size;
	if (!code_of(cx, text, &path, &size))
		return false;
	buf_fmt(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/><path d=\"%.*s\"/></svg>\n",
		size, size, STR_ARG(path));
	return true;
}
