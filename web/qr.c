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

void qr_values(struct ctx *cx, struct html_values *v, const char *name, struct str text)
{
	QRcode *code = QRcode_encodeString8bit(str_c(cx->mem, text), 0, QR_ECLEVEL_M);
	if (!code)
		return;
	arena_defer(cx->mem, free_code, code);
	struct buf path = buf_new(cx->mem, PATH_MAX_OCTETS);
	struct html_values *row = html_add_row(v, name);
	draw(&path, code);
	html_set(row, "qr_path", buf_str(&path));
	html_set(row, "qr_size", str_fmt(cx->mem, "%d", code->width + 2 * QUIET));
}
