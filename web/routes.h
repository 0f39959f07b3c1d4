/* SPDX-License-Identifier: Apache-2.0 */
/* Pages for people. The module is the last resort (prefix ""): what nothing else answers is a page that says so. */
#pragma once

#include "server/http/router.h"

extern const struct module web_module, booking_module, link_module, shared_module, login_flow_module,
	login_flow_page_module;

/* struct app's `show_form_post`. */
err_t web_form_post(
	struct request *rq, struct response *rs, struct str action, struct str host, const struct form *fields);
/* struct app's `show_collection`. */
err_t web_collection(struct request *rq, struct response *rs, const struct actor *actor);
/* Any failure as a page; oauth/ shows its own with it (app->show_page). */
void web_show_error(struct request *rq, struct response *rs, err_t e);
/* The same without the frame of the dashboard, and without a cookie: of what anybody may see. */
void shared_show_error(struct request *rq, struct response *rs, err_t e);
