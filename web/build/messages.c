/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The build tool after cmake/templates.cmake: messages OUT.c FILE.po… makes catalogue_languages[]
 * (server/data/catalogue.h) of web/messages/LANGUAGE.po. Of the format of GNU gettext it takes msgid and msgstr, each
 * of one or more quoted lines, and comments. The entry with the empty msgid is the file's head; its X-Language-Name is
 * what the language calls itself, and X-Direction: rtl says that it is read from right to left. An empty msgstr is a
 * text that is not translated yet.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 8192

struct entry {
	char *english, *text;
};

struct file {
	const char *path;
	int line;
	struct entry *entries;
	size_t count;
	char name[64];
	bool rtl;
};

static void die(const struct file *f, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", f->path, f->line, what);
	exit(1);
}

static char *copy_of(const char *text)
{
	char *copy = strdup(text);
	if (!copy)
		abort();
	return copy;
}

/* The octets of a quoted part, with its escapes undone, after what is in `text` already. */
static void take_quoted(struct file *f, const char *from, char *text)
{
	size_t len = strlen(text);
	const char *at = strchr(from, '"');
	if (!at)
		die(f, "a quoted text is missing");
	for (at++; *at && *at != '"'; at++) {
		char c = *at;
		if (c == '\\') {
			c = *++at;
			c = c == 'n' ? '\n' : c;
			if (c != '\n' && c != '"' && c != '\\')
				die(f, "an escape that is none of \\n \\\" \\\\");
		}
		if (len + 1 >= TEXT_MAX)
			die(f, "a text that is too long");
		text[len++] = c;
	}
	if (*at != '"')
		die(f, "a text that is not closed");
	text[len] = '\0';
}

static void take_head(struct file *f, const char *head)
{
	static const char field[] = "X-Language-Name: ";
	const char *name = strstr(head, field);
	if (!name || sscanf(name + sizeof field - 1, "%63[^\n]", f->name) != 1)
		die(f, "the head of the file has no X-Language-Name");
	f->rtl = strstr(head, "X-Direction: rtl\n");
}

static void add(struct file *f, const char *english, const char *text)
{
	if (!*english)
		take_head(f, text);
	if (!*english || !*text)
		return;
	f->entries = realloc(f->entries, (f->count + 1) * sizeof *f->entries);
	if (!f->entries)
		abort();
	f->entries[f->count++] = (struct entry){ copy_of(english), copy_of(text) };
}

static int by_english(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->english, ((const struct entry *)b)->english);
}

static void load(struct file *f, const char *path)
{
	static char line[TEXT_MAX], texts[2][TEXT_MAX];
	int part = -1; /* 0: msgid, 1: msgstr */
	FILE *in = fopen(path, "r");
	*f = (struct file){ .path = path };
	if (!in)
		die(f, "cannot be read");
	while (fgets(line, sizeof line, in)) {
		f->line++;
		bool begins = strncmp(line, "msgid ", 6) == 0;
		if (begins) {
			if (part >= 0)
				add(f, texts[0], texts[1]);
			texts[0][0] = texts[1][0] = '\0';
			part = 0;
		} else if (strncmp(line, "msgstr ", 7) == 0) {
			part = 1;
		} else if (line[0] != '"') {
			if (line[0] != '#' && line[0] != '\n')
				die(f, "none of msgid, msgstr, a quoted text and a comment");
			continue;
		}
		if (part < 0)
			die(f, "a text without msgid");
		take_quoted(f, line, texts[part]);
	}
	fclose(in);
	if (part >= 0)
		add(f, texts[0], texts[1]);
	if (!*f->name)
		die(f, "no entry with an empty msgid");
	if (f->count)
		qsort(f->entries, f->count, sizeof *f->entries, by_english);
	for (size_t i = 1; i < f->count; i++)
		if (by_english(&f->entries[i - 1], &f->entries[i]) == 0)
			die(f, f->entries[i].english);
}

static void put(FILE *out, const char *text)
{
	fputs("STR_INIT(\"", out);
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (*c >= 0x20 && *c < 0x7F && *c != '"' && *c != '\\' && *c != '?')
			fputc(*c, out);
		else
			fprintf(out, "\\%03o", *c);
	fputs("\")", out);
}

int main(int argc, char **argv)
{
	FILE *out = argc > 2 ? fopen(argv[1], "w") : NULL;
	struct file *files = calloc((size_t)argc, sizeof *files);
	if (!out || !files) {
		fputs("usage: messages OUT.c FILE.po...\n", stderr);
		return 1;
	}
	fputs("#include \"server/data/catalogue.h\"\n", out);
	for (int i = 2; i < argc; i++) {
		load(&files[i], argv[i]);
		fprintf(out, "\nstatic const struct catalogue_text texts_%d[] = {\n", i);
		for (size_t k = 0; k < files[i].count; k++) {
			fputs("\t{ ", out);
			put(out, files[i].entries[k].english);
			fputs(", ", out);
			put(out, files[i].entries[k].text);
			fputs(" },\n", out);
			free(files[i].entries[k].english);
			free(files[i].entries[k].text);
		}
		fputs("\t{ STR_INIT(\"\"), STR_INIT(\"\") },\n};\n", out);
		free(files[i].entries);
	}
	fputs("\nconst struct language catalogue_languages[] = {\n", out);
	for (int i = 2; i < argc; i++) {
		const char *slash = strrchr(argv[i], '/'), *base = slash ? slash + 1 : argv[i];
		fprintf(out, "\t{ \"%.*s\", \"%s\", %s, texts_%d, %zu },\n", (int)strcspn(base, "."), base,
			files[i].name, files[i].rtl ? "true" : "false", i, files[i].count);
	}
	fprintf(out, "};\nconst size_t catalogue_language_count = %d;\n", argc - 2);
	free(files);
	return fclose(out) ? 1 : 0;
}
