/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/multipart.h"

#include "server/data/parameters.h"

#define BOUNDARY_MAX 70 /* RFC 2046 §5.1.1 */
#define LINE_END STR("\r\n")

struct reader {
	struct ctx *cx;
	struct str delimiter; /* CR LF, two hyphens, the boundary */
	struct str rest;      /* of the body: from after a delimiter on */
	struct form_field *fields;
	struct form_file *files;
	size_t field_count, file_count;
};

/* What the header of a part says. */
struct part {
	struct str name, filename, type, charset;
	bool disposed, typed;
};

/* ---- the boundary ---- */

static bool is_boundary(struct str s)
{
	if (!s.len || s.len > BOUNDARY_MAX || s.ptr[s.len - 1] == ' ')
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!char_is_alpha(s.ptr[i]) && !char_is_digit(s.ptr[i]) && !str_has(STR("'()+_,-./:=? "), s.ptr[i]))
			return false;
	return true;
}

static err_t read_boundary(struct ctx *cx, struct str content_type, struct str *out)
{
	struct str rest = content_type, type, name, value, found = STR_ABSENT;
	bool good = str_cut(&rest, ';', &type), twice = false;
	while (good && parameter_next(cx->mem, &rest, &name, &value, &good))
		if (str_eq(name, STR("boundary"))) {
			twice = found.ptr != NULL;
			found = value;
		}
	if (!good || twice || !is_boundary(found))
		return REFUSE(cx, MALFORMED, "Content-Type", "This multipart form does not say which boundary it has.");
	*out = found;
	return OK;
}

/* ---- delimiters ---- */

/*
 * After a delimiter: blanks and a line end, or two hyphens if it is the last. The line end stays: it begins the next
 * delimiter where a part is empty.
 */
static err_t end_delimiter(struct reader *r, bool *last_out)
{
	bool last = str_starts(r->rest, STR("--"));
	struct str rest = str_from(r->rest, last ? 2 : 0);
	while (rest.len && (rest.ptr[0] == ' ' || rest.ptr[0] == '\t'))
		rest = str_from(rest, 1);
	if (!str_starts(rest, LINE_END) && !(last && !rest.len))
		return REFUSE(r->cx, MALFORMED, "",
			"This multipart form has its boundary in the middle of a line, or is cut off there.");
	r->rest = rest;
	*last_out = last;
	return OK;
}

/* The first one may begin the body. */
static err_t first_delimiter(struct reader *r, bool *last_out)
{
	struct str at_start = str_from(r->delimiter, 2);
	size_t at = str_find(r->rest, r->delimiter);
	if (str_starts(r->rest, at_start))
		r->rest = str_from(r->rest, at_start.len);
	else if (at != SIZE_MAX)
		r->rest = str_from(r->rest, at + r->delimiter.len);
	else
		return REFUSE(
			r->cx, MALFORMED, "", "The boundary of this multipart form does not occur in what was sent.");
	return end_delimiter(r, last_out);
}

/* ---- the header of a part ---- */

/* Browsers write a quotation mark of a name so (WHATWG HTML, multipart/form-data encoding algorithm). */
static struct str with_quotes(struct arena *mem, struct str text)
{
	size_t at = str_find(text, STR("%22"));
	if (at == SIZE_MAX)
		return text;
	struct buf out = buf_new(mem, text.len);
	for (; at != SIZE_MAX; at = str_find(text, STR("%22"))) {
		buf_add(&out, str_sub(text, 0, at));
		buf_char(&out, '"');
		text = str_from(text, at + 3);
	}
	buf_add(&out, text);
	return buf_str(&out);
}

/* RFC 7578 §4.2: folders are nothing to us. */
static struct str without_folders(struct str path)
{
	size_t start = 0;
	for (size_t i = 0; i < path.len; i++)
		if (path.ptr[i] == '/' || path.ptr[i] == '\\')
			start = i + 1;
	return str_from(path, start);
}

static const char *read_disposition(struct arena *mem, struct str line, struct part *out)
{
	struct str rest = line, type, name, value;
	bool good = true;
	str_cut(&rest, ';', &type);
	if (out->disposed || !str_eq_nocase(str_trim(type, " \t"), STR("form-data")))
		return "it has not one Content-Disposition of form-data";
	out->disposed = true;
	while (parameter_next(mem, &rest, &name, &value, &good)) {
		struct str *to = str_eq(name, STR("name"))       ? &out->name
				 : str_eq(name, STR("filename")) ? &out->filename
								 : NULL;
		if (str_eq(name, STR("filename*")))
			return "its file name is sent as filename*, which forms do not have";
		if (to && to->ptr)
			return "its name is there twice";
		if (to)
			*to = with_quotes(mem, value);
	}
	return good ? NULL : "its Content-Disposition cannot be read";
}

static const char *read_type(struct arena *mem, struct str line, struct part *out)
{
	struct str rest = line, type, name, value;
	bool good = true;
	str_cut(&rest, ';', &type);
	if (out->typed)
		return "it has two types";
	out->typed = true;
	out->type = str_lower(mem, str_trim(type, " \t"));
	while (parameter_next(mem, &rest, &name, &value, &good))
		if (str_eq(name, STR("charset")))
			out->charset = value;
	return good ? NULL : "its Content-Type cannot be read";
}

/* RFC 7578 §4.8: all other headers are left unread. */
static const char *read_line(struct arena *mem, struct str line, struct part *out)
{
	struct str value = line, name;
	str_cut(&value, ':', &name);
	if (!value.ptr || !str_is_token(name))
		return "a line of its header cannot be read";
	value = str_trim(value, " \t");
	if (str_eq_nocase(name, STR("Content-Disposition")))
		return read_disposition(mem, value, out);
	if (str_eq_nocase(name, STR("Content-Type")))
		return read_type(mem, value, out);
	if (str_eq_nocase(name, STR("Content-Transfer-Encoding")) && !str_eq_nocase(value, STR("binary")) &&
		!str_eq_nocase(value, STR("8bit")) && !str_eq_nocase(value, STR("7bit")))
		return "its content is encoded; forms send it as it is";
	return NULL;
}

static bool has_controls(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (((unsigned char)s.ptr[i] < ' ' && s.ptr[i] != '\t') || s.ptr[i] == 0x7F)
			return true;
	return false;
}

static const char *read_header(struct arena *mem, struct str head, struct part *out)
{
	struct part part = { 0 };
	for (size_t lines = 0; head.len; lines++) {
		size_t end = str_find(head, LINE_END);
		struct str line = str_sub(head, 0, end);
		if (lines >= MULTIPART_LINES_MAX)
			return "its header has too many lines";
		if (has_controls(line) || !str_is_utf8(line))
			return "there is more than text in its header";
		const char *wrong = read_line(mem, line, &part);
		if (wrong)
			return wrong;
		head = end == SIZE_MAX ? STR("") : str_from(head, end + 2);
	}
	if (!part.name.len)
		return "it has no name";
	part.filename = without_folders(part.filename);
	*out = part;
	return NULL;
}

/* ---- a part ---- */

static const char *check_field(const struct part *part, struct str data)
{
	if (part->type.ptr && !str_eq(part->type, STR("text/plain")))
		return "it has no file name, and is no plain text";
	if (part->charset.ptr && !str_eq_nocase(part->charset, STR("utf-8")) &&
		!str_eq_nocase(part->charset, STR("us-ascii")))
		return "it is not UTF-8";
	if (str_has(data, '\0'))
		return "a NUL is inside";
	return str_is_utf8(data) ? NULL : "it is not UTF-8";
}

static err_t add_part(struct reader *r, const struct part *part, struct str data)
{
	const char *name = str_c(r->cx->mem, part->name);
	if (part->filename.ptr) {
		if (r->file_count == MULTIPART_FILES_MAX)
			return REFUSE(r->cx, MALFORMED, name, "There are more than %d files.", MULTIPART_FILES_MAX);
		r->files[r->file_count++] = (struct form_file){ part->name, part->filename, part->type, data };
		return OK;
	}
	const char *wrong = check_field(part, data);
	if (wrong)
		return REFUSE(r->cx, MALFORMED, name, "The value of this field cannot be read: %s.", wrong);
	if (r->field_count == FORM_FIELDS_MAX)
		return REFUSE(r->cx, MALFORMED, "", "There are more than %d form fields.", FORM_FIELDS_MAX);
	r->fields[r->field_count++] = (struct form_field){ part->name, data };
	return OK;
}

/* From the line end of a delimiter to the next one. */
static err_t read_part(struct reader *r)
{
	struct part part;
	struct str text = STR_ABSENT;
	size_t end = str_find(r->rest, r->delimiter);
	if (end == SIZE_MAX)
		return REFUSE(
			r->cx, MALFORMED, "", "This multipart form is cut off: the line that ends it did not arrive.");
	if (end >= 2)
		text = str_sub(r->rest, 2, end);
	size_t head = str_find(str_sub(text, 0, MULTIPART_HEAD_MAX), STR("\r\n\r\n"));
	const char *wrong = head == SIZE_MAX ? "its header does not end, or is too long"
					     : read_header(r->cx->mem, str_sub(text, 0, head), &part);
	if (wrong)
		return REFUSE(r->cx, MALFORMED, "", "A part of this multipart form cannot be read: %s.", wrong);
	r->rest = str_from(r->rest, end + r->delimiter.len);
	return add_part(r, &part, str_from(text, head + 4));
}

err_t multipart_parse(struct ctx *cx, struct str content_type, struct str body, struct form *out)
{
	struct str boundary;
	bool last;
	TRY(read_boundary(cx, content_type, &boundary));
	struct reader r = {
		.cx = cx,
		.delimiter = str_cat(cx->mem, STR("\r\n--"), boundary),
		.rest = body,
		.fields = arena_array(cx->mem, struct form_field, FORM_FIELDS_MAX),
		.files = arena_array(cx->mem, struct form_file, MULTIPART_FILES_MAX),
	};
	TRY(first_delimiter(&r, &last));
	while (!last) {
		TRY(read_part(&r));
		TRY(end_delimiter(&r, &last));
	}
	*out = (struct form){ r.fields, r.field_count, r.files, r.file_count };
	return OK;
}
