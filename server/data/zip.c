/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#define FLUSH_AT ((size_t)64 * 1024)
#define WAITING_MAX ((size_t)16 * 1024 * 1024)
#define NAME_OCTETS 80

struct zip {
	struct archive *archive;
	struct buf waiting;
	zip_write *write;
	void *to;
	bool unwanted, failed;
};

static void free_archive(void *archive)
{
	archive_write_free(archive);
}

/* Errors that are none stop nothing: a name, say, that is written in another way. */
static bool worked(struct zip *z, la_ssize_t result)
{
	if (result < ARCHIVE_WARN)
		z->failed = true;
	return !z->failed && !z->unwanted;
}

static la_ssize_t hand_on(struct archive *archive, void *zip, const void *octets, size_t count)
{
	struct zip *z = zip;
	if (!z->unwanted && z->write(z->to, (struct str){ octets, count }))
		return (la_ssize_t)count;
	z->unwanted = true;
	archive_set_error(archive, ECANCELED, "nobody wants more");
	return ARCHIVE_FATAL;
}

struct zip *zip_open(struct arena *mem, zip_write *write, void *to)
{
	struct zip *z = arena_new(mem, struct zip);
	*z = (struct zip){
		.archive = archive_write_new(), .waiting = buf_new(mem, WAITING_MAX), .write = write, .to = to
	};
	if (!z->archive) {
		z->failed = true;
		return z;
	}
	arena_defer(mem, free_archive, z->archive);
	if (worked(z, archive_write_set_format_zip(z->archive)) &&
		worked(z, archive_write_set_options(z->archive, "zip:hdrcharset=UTF-8")) &&
		worked(z, archive_write_set_bytes_per_block(z->archive, 0)))
		worked(z, archive_write_open(z->archive, z, NULL, hand_on, NULL));
	return z;
}

struct str zip_name(struct arena *mem, struct str text)
{
	struct buf out = buf_new(mem, NAME_OCTETS);
	text = str_beginning(text, NAME_OCTETS);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool odd = (unsigned char)c < ' ' || c == 0x7f || str_has(STR("/\\:*?\"<>|"), c) || (!i && c == '.');
		buf_char(&out, odd ? '_' : c);
	}
	return buf_str(&out);
}

static bool flush(struct zip *z)
{
	if (z->waiting.full)
		z->failed = true;
	if (!z->failed && !z->unwanted && z->waiting.len)
		worked(z, archive_write_data(z->archive, z->waiting.ptr, z->waiting.len));
	buf_clear(&z->waiting);
	return !z->failed && !z->unwanted;
}

void zip_file(struct zip *z, struct str name, struct instant changed_at)
{
	struct archive_entry *entry;
	if (!flush(z) || !(entry = archive_entry_new2(z->archive)))
		return;
	char text[2 * NAME_OCTETS + 1] = "";
	name = str_beginning(name, sizeof text - 1);
	memcpy(text, name.ptr, name.len);
	archive_entry_set_pathname_utf8(entry, text);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_mtime(entry, (time_t)instant_s(changed_at), 0);
	worked(z, archive_write_header(z->archive, entry));
	archive_entry_free(entry);
}

struct buf *zip_out(struct zip *z)
{
	return &z->waiting;
}

bool zip_flush_if_large(struct zip *z)
{
	return z->waiting.len < FLUSH_AT ? !z->failed && !z->unwanted : flush(z);
}

err_t zip_close(struct ctx *cx, struct zip *z)
{
	if (flush(z))
		worked(z, archive_write_close(z->archive));
	if (z->failed && !z->unwanted)
		return FAIL(cx, INTERNAL, "zip: %s", z->archive ? archive_error_string(z->archive) : "no memory");
	return OK;
}
