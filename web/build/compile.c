/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The build tool after cmake/templates.cmake: compile OUT.c FILE… makes html_templates[] of *.html and html_assets[]
 * of all other files (server/data/html.h). {{@name}} in a template becomes the address of that asset, whose name gets a
 * hash of its content (FNV-1a, to tell versions apart, nothing more).
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define GZIP_WORTH 1024 /* as server/http/gzip.h has it */

struct file {
	const char *name, *dot; /* of the base name */
	unsigned char *data;
	size_t size;
	uint64_t hash;
};

static const struct {
	const char *ending, *type;
} types[] = {
	{ ".css", "text/css; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".ico", "image/x-icon" },
	{ ".txt", "text/plain; charset=utf-8" },
};

static void die(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static struct file load(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct file f = { .name = slash ? slash + 1 : path, .hash = UINT64_C(0xcbf29ce484222325) };
	f.dot = strrchr(f.name, '.');
	FILE *in = fopen(path, "rb");
	if (!in || !f.dot)
		die("%s: cannot be read, or has no ending", path);
	size_t cap = 0, got;
	do {
		cap += 65536;
		f.data = realloc(f.data, cap);
		if (!f.data)
			die("out of memory");
		got = fread(f.data + f.size, 1, cap - f.size, in);
		f.size += got;
	} while (got);
	fclose(in);
	for (size_t i = 0; i < f.size; i++)
		f.hash = (f.hash ^ f.data[i]) * UINT64_C(0x100000001b3);
	return f;
}

static bool is_template(const struct file *f)
{
	return strcmp(f->dot, ".html") == 0;
}

static void put_asset_name(FILE *out, const struct file *f)
{
	fprintf(out, "%.*s.%016llx%s", (int)(f->dot - f->name), f->name, (unsigned long long)f->hash, f->dot);
}

static void put_octets(FILE *out, const unsigned char *data, size_t size)
{
	fputc('"', out);
	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\n')
			fputs("\\n\"\n\t\"", out);
		else if (data[i] == '"' || data[i] == '\\' || data[i] == '?')
			fprintf(out, "\\%c", data[i]);
		else if (data[i] >= 0x20 && data[i] < 0x7F)
			fputc(data[i], out);
		else
			fprintf(out, "\\%03o", data[i]);
	}
	fputc('"', out);
}

/* "{{@app.css}}" at the front of text: the asset, and how long the tag is. */
static const struct file *asset_tag(const struct file *files, size_t count, const char *text, size_t size, size_t *len)
{
	if (size < 5 || memcmp(text, "{{@", 3) != 0)
		return NULL;
	const char *end = memchr(text, '}', size);
	size_t name_len = end ? (size_t)(end - text) - 3 : 0;
	*len = name_len + 5;
	for (size_t i = 0; i < count; i++)
		if (!is_template(&files[i]) && strlen(files[i].name) == name_len &&
			memcmp(files[i].name, text + 3, name_len) == 0)
			return &files[i];
	die("no static file for {{@%.*s}}", (int)name_len, text + 3);
	return NULL;
}

static void put_template(FILE *out, const struct file *f, const struct file *files, size_t count)
{
	const char *text = (const char *)f->data;
	size_t from = 0, len;
	fprintf(out, "\t{ \"%.*s\", STR_INIT(", (int)(f->dot - f->name), f->name);
	for (size_t i = 0; i < f->size; i++) {
		const struct file *asset = asset_tag(files, count, text + i, f->size - i, &len);
		if (!asset)
			continue;
		put_octets(out, f->data + from, i - from);
		fputs(" \"/static/", out);
		put_asset_name(out, asset);
		fputs("\" ", out);
		from = i + len;
		i = from - 1;
	}
	put_octets(out, f->data + from, f->size - from);
	fputs(") },\n", out);
}

static bool is_text(const char *type)
{
	return strncmp(type, "text/", 5) == 0 || strcmp(type, "image/svg+xml") == 0;
}

/* Compressed as far as it goes, since that is done once; nothing where it saves nothing. */
static void put_gzip(FILE *out, const struct file *f, const char *type)
{
	z_stream z = { .next_in = f->data, .avail_in = (uInt)f->size };
	if (!is_text(type) || f->size < GZIP_WORTH) {
		fputs("{ NULL, 0 }", out);
		return;
	}
	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		die("%s: zlib has no memory", f->name);
	uLong most = deflateBound(&z, (uLong)f->size);
	z.next_out = malloc(most);
	z.avail_out = (uInt)most;
	unsigned char *zipped = z.next_out;
	if (!zipped || deflate(&z, Z_FINISH) != Z_STREAM_END)
		die("%s: cannot be compressed", f->name);
	fputs("STR_INIT(", out);
	put_octets(out, zipped, z.total_out);
	fputc(')', out);
	deflateEnd(&z);
	free(zipped);
}

static void put_asset(FILE *out, const struct file *f)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcmp(types[i].ending, f->dot) == 0) {
			fputs("\t{ \"", out);
			put_asset_name(out, f);
			fprintf(out, "\", \"%s\", STR_INIT(", types[i].type);
			put_octets(out, f->data, f->size);
			fputs("), ", out);
			put_gzip(out, f, types[i].type);
			fputs(" },\n", out);
			return;
		}
	die("%s: no media type for this ending", f->name);
}

int main(int argc, char **argv)
{
	size_t count = argc > 2 ? (size_t)argc - 2 : 0;
	struct file *files = calloc(count + 1, sizeof *files);
	FILE *out = argc > 2 ? fopen(argv[1], "w") : NULL;
	if (!out || !files)
		die("usage: compile OUT.c FILE...");
	for (size_t i = 0; i < count; i++)
		files[i] = load(argv[i + 2]);

	fputs("#include \"server/data/html.h\"\n\nconst struct html_template html_templates[] = {\n", out);
	for (size_t i = 0; i < count; i++)
		if (is_template(&files[i]))
			put_template(out, &files[i], files, count);
	fputs("};\nconst size_t html_template_count = ARRAY_LEN(html_templates);\n\n"
	      "const struct html_asset html_assets[] = {\n",
		out);
	for (size_t i = 0; i < count; i++)
		if (!is_template(&files[i]))
			put_asset(out, &files[i]);
	fputs("};\nconst size_t html_asset_count = ARRAY_LEN(html_assets);\n", out);

	for (size_t i = 0; i < count; i++)
		free(files[i].data);
	free(files);
	if (fclose(out))
		die("%s: %s", argv[1], "cannot be written");
	return 0;
}
