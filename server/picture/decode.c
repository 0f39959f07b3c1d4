/* SPDX-License-Identifier: Apache-2.0 */
#include "server/picture/decode.h"

#include <stdlib.h>

#include <png.h>
#include <turbojpeg.h>
#include <webp/decode.h>

static err_t broken(struct ctx *cx)
{
	return REFUSE(cx, INVALID_VALUE, "picture", "This picture is damaged, or of a kind that is not supported.");
}

/* Memory for the pixels, given back with the request's; before any is asked for, how many they are is checked. */
static err_t pixels_new(struct ctx *cx, int64_t width, int64_t height, struct pixels *out)
{
	if (width < 1 || height < 1)
		return broken(cx);
	if (width > PICTURE_SIDE_MAX || height > PICTURE_SIDE_MAX || width * height > PICTURE_PIXELS_MAX)
		return REFUSE(cx, INVALID_VALUE, "picture",
			"This picture has too many pixels: at most 4096 by 4096 are taken. Make it smaller first.");
	uint8_t *rgba = calloc((size_t)(width * height), 4);
	if (!rgba)
		return FAIL(cx, UNAVAILABLE, "no memory for a picture");
	arena_defer(cx->mem, free, rgba);
	*out = (struct pixels){ rgba, (int)width, (int)height, 1 };
	return OK;
}

/* ---- PNG ---- */

static void png_release(void *image)
{
	png_image_free(image);
}

static err_t decode_png(struct ctx *cx, struct str file, int side, struct pixels *out)
{
	png_image *image = arena_new(cx->mem, png_image);
	struct pixels pixels;
	(void)side;
	image->version = PNG_IMAGE_VERSION;
	if (!png_image_begin_read_from_memory(image, file.ptr, file.len))
		return broken(cx);
	arena_defer(cx->mem, png_release, image);
	TRY(pixels_new(cx, image->width, image->height, &pixels));
	image->format = PNG_FORMAT_RGBA;
	if (!png_image_finish_read(image, NULL, pixels.rgba, 0, NULL))
		return broken(cx);
	*out = pixels;
	return OK;
}

/* ---- JPEG ---- */

static void jpeg_release(void *handle)
{
	(void)tjDestroy(handle);
}

/* The library leaves out what the result would not show. */
static void scale_jpeg(int side, int *width, int *height)
{
	for (int denominator = 8; denominator > 1; denominator /= 2) {
		const tjscalingfactor factor = { 1, denominator };
		int w = TJSCALED(*width, factor), h = TJSCALED(*height, factor);
		if (w >= side && h >= side) {
			*width = w;
			*height = h;
			return;
		}
	}
}

static err_t decode_jpeg(struct ctx *cx, struct str file, int side, struct pixels *out)
{
	const unsigned char *octets = (const unsigned char *)file.ptr;
	int width, height, sampling, space;
	struct pixels pixels;
	tjhandle handle = tjInitDecompress();
	if (!handle)
		return FAIL(cx, UNAVAILABLE, "no decoder of JPEG");
	arena_defer(cx->mem, jpeg_release, handle);
	if (tjDecompressHeader3(handle, octets, file.len, &width, &height, &sampling, &space))
		return broken(cx);
	if ((int64_t)width * height > PICTURE_PIXELS_MAX) /* of the whole: a progressive one is decoded in full */
		return pixels_new(cx, width, height, out);
	scale_jpeg(side, &width, &height);
	TRY(pixels_new(cx, width, height, &pixels));
	if (tjDecompress2(handle, octets, file.len, pixels.rgba, width, 0, height, TJPF_RGBA, TJFLAG_LIMITSCANS) &&
		tjGetErrorCode(handle) != TJERR_WARNING)
		return broken(cx);
	pixels.orientation = jpeg_orientation(file);
	*out = pixels;
	return OK;
}

/* ---- WebP ---- */

static err_t decode_webp(struct ctx *cx, struct str file, int side, struct pixels *out)
{
	const uint8_t *octets = (const uint8_t *)file.ptr;
	WebPBitstreamFeatures found;
	struct pixels pixels;
	(void)side;
	if (WebPGetFeatures(octets, file.len, &found) != VP8_STATUS_OK)
		return broken(cx);
	if (found.has_animation)
		return REFUSE(cx, INVALID_VALUE, "picture", "This picture moves. Choose one that stands still.");
	TRY(pixels_new(cx, found.width, found.height, &pixels));
	if (!WebPDecodeRGBAInto(
		    octets, file.len, pixels.rgba, (size_t)pixels.width * (size_t)pixels.height * 4, pixels.width * 4))
		return broken(cx);
	*out = pixels;
	return OK;
}

/* ---- which of them ---- */

err_t picture_decode(struct ctx *cx, struct str file, int side, struct pixels *out)
{
	if (str_starts(file, STR("\x89PNG\r\n\x1a\n")))
		return decode_png(cx, file, side, out);
	if (str_starts(file, STR("\xFF\xD8\xFF")))
		return decode_jpeg(cx, file, side, out);
	if (str_starts(file, STR("RIFF")) && str_starts(str_from(file, 8), STR("WEBP")))
		return decode_webp(cx, file, side, out);
	return REFUSE(cx, INVALID_VALUE, "picture", "This is no PNG, JPEG or WebP picture.");
}
