/* SPDX-License-Identifier: Apache-2.0 */
/* What the pages of a developer's apps share: apps.c has the list and each app, app_form.c makes and changes them. */
#pragma once

#include "oauth/client.h"
#include "web/page.h"

/* The app in the path, of whichever world of who is signed in. NOT_FOUND. */
MUST_CHECK err_t app_in_path(struct request *rq, struct client *out);
/* Its name, id, kind, mode and what else each of these pages tells of it. */
void app_values(struct request *rq, struct html_values *v, const struct client *client);
/* The page of the app in the path once more, with what was wrong with what was sent. */
MUST_CHECK err_t app_again(struct request *rq, struct response *rs, err_t e);
/* logo_url, where the app has a logo: whether it may be shown is the page's to say. One round trip. */
MUST_CHECK err_t app_logo_value(struct request *rq, struct html_values *v, struct id client);
/* The same of a tag that is known; absent: none. */
void app_logo_url(struct request *rq, struct html_values *v, struct id client, struct str tag);
/* The page that tells a secret, this once. `first`: the app was made with it; absent where it has none. */
MUST_CHECK err_t app_secret_page(
	struct request *rq, struct response *rs, const struct client *client, struct str secret, bool first);
