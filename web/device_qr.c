/* SPDX-License-Identifier: Apache-2.0 */
/* The code of a device as a picture that a telephone reads (RFC 8628 §3.3.1), for devices that can show one. */
#include "oauth/device.h"
#include "web/pages.h"
#include "web/qr.h"

err_t device_qr(struct request *rq, struct response *rs)
{
	struct ctx *cx = &rq->cx;
	const struct form *params;
	TRY(request_params(rq, &params));
	struct str user_code = device_user_code(cx->mem, form_get(params, "user_code"));
	if (!user_code.ptr || form_count(params, "user_code") != 1)
		return REFUSE(
			cx, NOT_FOUND, "user_code", "This is not a code of a device: send the user_code that it got.");
	if (!qr_svg(cx, device_complete_uri(cx, user_code), reply(rs, 200, "image/svg+xml")))
		return FAIL(cx, INTERNAL, "the server's address fits into no QR code");
	return OK;
}
