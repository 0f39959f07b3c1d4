/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures as people send them, and as nobody should. */
#include "tests/support/test.h"

#include <png.h>
#include <turbojpeg.h>
#include <webp/decode.h>
#include <webp/encode.h>

#include "server/picture/decode.h"
#include "server/picture/picture.h"

/* Four fields of one colour: red, green; blue, white. */
static uint8_t *fields(int width, int height)
{
	static const uint8_t colors[4][4] = { { 255, 0, 0, 255 }, { 0, 255, 0, 255 }, { 0, 0, 255, 255 },
		{ 255, 255, 255, 255 } };
	uint8_t *out = arena_take(test_mem, (size_t)width * (size_t)height, 4);
	for (int y = 0; y < height; y++)
		for (int x = 0; x < width; x++)
			memcpy(out + 4 * (y * width + x), colors[2 * (y >= height / 2) + (x >= width / 2)], 4);
	return out;
}

static struct str png(const uint8_t *rgba, int width, int height)
{
	png_image image = { .version = PNG_IMAGE_VERSION,
		.width = (png_uint_32)width,
		.height = (png_uint_32)height,
		.format = PNG_FORMAT_RGBA };
	png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
	char *out = arena_take(test_mem, size, 1);
	assert_true(png_image_write_to_memory(&image, out, &size, 0, rgba, 0, NULL));
	return (struct str){ out, size };
}

static struct str jpeg(const uint8_t *rgba, int width, int height, int flags)
{
	tjhandle handle = tjInitCompress();
	unsigned char *made = NULL;
	unsigned long size = 0;
	assert_int_equal(
		tjCompress2(handle, rgba, width, 0, height, TJPF_RGBA, &made, &size, TJSAMP_444, 95, flags), 0);
	struct str out = str_dup(test_mem, (struct str){ (char *)made, size });
	tjFree(made);
	tjDestroy(handle);
	return out;
}

static struct str webp(const uint8_t *rgba, int width, int height)
{
	uint8_t *made = NULL;
	size_t size = WebPEncodeLosslessRGBA(rgba, width, height, 4 * width, &made);
	struct str out = str_dup(test_mem, (struct str){ (char *)made, size });
	WebPFree(made);
	return out;
}

/* The same with an Exif part that says how the camera was held. */
static struct str with_orientation(struct str file, int orientation, bool little)
{
	const struct str head = STR("\xFF\xD8\xFF\xE1\x00\x22"
				    "Exif\0\0");
	struct str tiff = little ? STR("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0?\0\0\0\0\0\0\0")
				 : STR("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0?\0\0\0\0\0\0");
	struct str out = str_cat(test_mem, str_cat(test_mem, head, str_dup(test_mem, tiff)), str_from(file, 2));
	char *octets = (char *)(uintptr_t)out.ptr;
	octets[str_find(out, STR("?"))] = (char)orientation;
	return out;
}

/* The colours in the middle of its four fields, as letters; '?' for another. */
static const char *seen(struct bytes made, int *side)
{
	int width, height;
	static char out[5];
	uint8_t *rgba = WebPDecodeRGBA(made.ptr, made.len, &width, &height);
	assert_non_null(rgba);
	assert_int_equal(width, height);
	for (int i = 0; i < 4; i++) {
		int x = width / 4 + (i % 2) * width / 2, y = height / 4 + (i / 2) * height / 2;
		const uint8_t *p = rgba + 4 * (y * width + x);
		bool r = p[0] > 200, g = p[1] > 200, b = p[2] > 200;
		out[i] = r && g && b ? 'w' : r && !g && !b ? 'r' : g && !r && !b ? 'g' : b && !r && !g ? 'b' : '?';
	}
	WebPFree(rgba);
	*side = width;
	return out;
}

static void makes(struct str file, const char *colors, int side)
{
	struct bytes made;
	int found;
	assert_ok(picture_make(&test_cx, file, &made));
	assert_true(made.len <= PICTURE_MADE_MAX);
	assert_string_equal(seen(made, &found), colors);
	assert_int_equal(found, side);
}

static void refused(struct str file, const char *words)
{
	struct bytes made;
	err_t e = picture_make(&test_cx, file, &made);
	assert_err(e, INVALID_VALUE);
	assert_str(e->param, STR("picture"));
	if (str_find(err_text(e), str_of(words)) == SIZE_MAX)
		fail_msg("%.*s: not %s", STR_ARG(err_text(e)), words);
}

TEST(each_format_becomes_a_small_square)
{
	makes(png(fields(600, 600), 600, 600), "rgbw", 256);
	makes(jpeg(fields(600, 600), 600, 600, 0), "rgbw", 256);
	makes(jpeg(fields(2100, 2100), 2100, 2100, TJFLAG_PROGRESSIVE), "rgbw", 256);
	makes(webp(fields(600, 600), 600, 600), "rgbw", 256);
	makes(png(fields(900, 300), 900, 300), "rgbw", 256);
	makes(png(fields(300, 901), 300, 901), "rgbw", 256);
	makes(png(fields(64, 64), 64, 64), "rgbw", 64);
	struct bytes made;
	assert_ok(picture_make(&test_cx, png(fields(1, 1), 1, 1), &made));
	assert_ok(picture_make(&test_cx, png(fields(4000, 1), 4000, 1), &made));
}

/* JEITA CP-3451 §4.6.4: what is the first row and column of each of the eight. */
TEST(a_photograph_is_turned_as_its_camera_was_held)
{
	static const char *const upright[] = { "rgbw", "grwb", "wbgr", "bwrg", "rbgw", "brwg", "wgbr", "gwrb" };
	struct str file = jpeg(fields(512, 512), 512, 512, 0);
	for (int i = 0; i < 8; i++) {
		makes(with_orientation(file, i + 1, true), upright[i], 256);
		makes(with_orientation(file, i + 1, false), upright[i], 256);
	}
	assert_int_equal(jpeg_orientation(with_orientation(file, 9, true)), 1);
	struct str whole = with_orientation(file, 6, true);
	for (size_t len = 0; len < 40; len++)
		assert_int_equal(jpeg_orientation(str_sub(whole, 0, len)) > 8, 0);
}

TEST(nothing_of_the_file_is_left)
{
	struct str secret = STR("a place and a name"), file = jpeg(fields(512, 512), 512, 512, 0);
	struct str comment = str_cat(test_mem, STR("\xFF\xD8\xFF\xFE\x00\x14"), secret);
	struct bytes made;
	assert_ok(picture_make(&test_cx, str_cat(test_mem, comment, str_from(file, 2)), &made));
	assert_int_equal(str_find(bytes_str(made), secret), SIZE_MAX);
}

TEST(what_is_no_picture_is_refused)
{
	refused(STR(""), "empty");
	refused(STR("hello"), "no PNG");
	refused(STR("<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>"), "no PNG");
	refused(STR("GIF89a\x01\0\x01\0"), "no PNG");
	refused(STR("\x89PNG\r\n\x1a\n"), "damaged");
	refused(STR("\xFF\xD8\xFF"), "damaged");
	refused(STR("RIFF\xFF\0\0\0WEBPVP8 "), "damaged");
	struct str whole = png(fields(600, 600), 600, 600);
	refused(str_sub(whole, 0, whole.len / 2), "damaged");
	refused(str_sub(whole, 0, 40), "damaged");
	whole = webp(fields(600, 600), 600, 600);
	refused(str_sub(whole, 0, whole.len / 2), "damaged");
}

/* A file of some hundred octets that would be gigabytes of pixels: checked by its header. */
TEST(a_bomb_is_refused_before_it_is_decoded)
{
	struct str small = png(fields(8, 8), 8, 8);
	char *octets = (char *)(uintptr_t)str_dup(test_mem, small).ptr;
	memcpy(octets + 16, "\0\0\xFF\xFF\0\0\xFF\xFF", 8);
	refused((struct str){ octets, small.len }, "damaged"); /* its checksum tells it */
	struct str wide = png(fields(17000, 8), 17000, 8);
	refused(wide, "too many pixels");
	refused(png(fields(4100, 4100), 4100, 4100), "too many pixels");
	refused(jpeg(fields(4100, 4100), 4100, 4100, 0), "too many pixels");
}

TESTS(RUN(each_format_becomes_a_small_square), RUN(a_photograph_is_turned_as_its_camera_was_held),
	RUN(nothing_of_the_file_is_left), RUN(what_is_no_picture_is_refused),
	RUN(a_bomb_is_refused_before_it_is_decoded))
