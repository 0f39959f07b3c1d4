/* SPDX-License-Identifier: Apache-2.0 */
/* The handlers of web/routes.c. */
#pragma once

#include "server/account/known_browser.h"
#include "server/http/router.h"

handler home_page, static_file, favicon, robots_txt, openapi_json, security_txt, change_password_link;
handler status_show, manifest;
handler docs_home, docs_page, docs_errors, docs_error, docs_search_page, docs_reference, docs_reference_page;
handler try_page, try_post;
handler sign_in_page, sign_in_post, sign_up_page, sign_up_post, sign_out_post;
handler styleguide_page, user_agent_configuration, autoconfig_xml;
handler setup_page, setup_program_page, setup_program_post;
handler key_detail_page, key_detail_post;
handler confirm_show, confirm_post, sign_in_code_page, sign_in_code_post;
handler passkey_new_page, passkey_new_post, passkey_end_page, passkey_end_post, sign_in_passkey_post,
	sign_in_code_passkey_post;
handler session_end_post, session_end_others_post;
handler security_page, totp_begin_post, totp_page, totp_post, totp_end_page, totp_end_post, recovery_codes_page,
	recovery_codes_post;
handler keys_page, key_form_page, keys_create, key_rotate_page, key_rotate_post, key_revoke_page, key_revoke_post;
handler connected_account_page, connected_account_post;
handler connected_accounts_page, connected_account_remove_page, connected_account_remove_post;
handler calendars_page, calendar_new_page, calendars_create, calendar_edit_page, calendar_edit_post,
	calendar_delete_page, calendar_delete_post;
handler calendar_one_page, calendar_export_page, calendar_feed_page, calendar_feed_show, calendar_feed_post,
	calendar_feed_end_page, calendar_feed_end_post, calendar_move_post, calendar_import_page, calendar_import_post;
handler calendar_page_show, calendar_feed, calendar_stream, event_move_post;
handler event_new_page, event_new_post, event_page, event_edit_page, event_edit_post, event_delete_page,
	event_delete_post, event_respond_post;
handler account_picture_get, shown_picture_get, account_picture_post, app_logo_get, app_logo_post;
handler sandbox_page, sandbox_reset_post;
handler account_page, account_profile_post, account_password_post;
handler takeout_page, takeout_post;
handler plan_page;
handler account_delete_page, account_delete_post, account_take_back_post;
handler account_confirm_post, account_email_post, forgot_password_page, forgot_password_post;
handler link_confirm_page, link_confirm_post, link_email_page, link_email_post, link_device_page, link_device_post,
	link_reset_page, link_reset_post, link_sign_up_page, link_sign_up_post;
handler consent_page, consent_post;
handler login_flow_post, login_flow_poll, login_flow_page, login_flow_page_post, login_flow_deny_post;
handler device_qr, device_page, device_page_post;
handler logout_page, logout_post;
handler booking_show, booking_cancel_page, booking_cancel_post, booking_move_page, booking_move_post, booking_booked,
	booking_file;
handler booking_pages_page, booking_page_new_page, booking_pages_create, booking_page_show, booking_page_edit_page,
	booking_page_edit_post, booking_page_pause_page, booking_page_state_post, booking_page_delete_page,
	booking_page_delete_post, booking_page_preview, booking_page_preview_zone, booking_page_preview_form;
handler shared_page, shared_file;
handler book_page, book_zone_page, book_form_page, book_form_post;
handler embed_js, embed_page, embed_zone_page, embed_form_page, embed_form_post;
handler audit_page_show;
handler logs_page, log_entry_page, usage_show;
handler apps_page, app_new_page, apps_create, app_page, app_edit_page, app_edit_post, app_delete_page, app_delete_post,
	app_secret_post, app_secret_revoke_page, app_secret_revoke_post;
handler webhooks_page, webhook_new_page, webhooks_create, webhook_page, webhook_edit_page, webhook_edit_post,
	webhook_state_post, webhook_rotate_page, webhook_rotate_post, webhook_test_post, webhook_delete_page,
	webhook_delete_post, webhook_delivery_page_show, webhook_replay_post;

/* For who proved the password of an account that its owner deleted: to take it back. NOT_FOUND: it is none such. */
MUST_CHECK err_t account_return_page(struct request *rq, struct response *rs, struct str email);

/* The form of an import once more, with what was wrong with what was sent. */
MUST_CHECK err_t calendar_import_again(struct request *rq, struct response *rs, err_t e);

/* For a form with a picture: most, in MB, and most_octets. */
struct html_values;
void picture_form_values(struct request *rq, struct html_values *v);

/* The account page once more, with what was sent and what was wrong with it. */
MUST_CHECK err_t account_again(struct request *rq, struct response *rs, err_t e);

/*
 * A new session for who has just set a password in this request (made an account, changed it), and on to `to`; on
 * to `otherwise`, where they sign in, when there can be no session now: what was done is never called failed.
 */
void sign_in_after(struct request *rq, struct response *rs, struct id account, struct str to, struct str otherwise);

/*
 * A page that has the form of this request, to be sent once more: where e is LOGIN_REQUIRED or CSRF, and a page of ours
 * sent it. False: nothing was answered.
 */
bool kept_form(struct request *rq, struct response *rs, err_t e);

/*
 * What was asked for needs a proof of who is there: a page is come to after /confirm; a form is kept in that page, and
 * sent on with the proof.
 */
MUST_CHECK err_t confirm_first(struct request *rq, struct response *rs);

/* Of the pages of who is not signed in yet: where they lead on to, and what stands in their forms. */
struct html_values *sign_in_values(struct request *rq, const char *title, struct str next, struct str email);
/* Whether anyone may make an account: --signup. */
bool sign_up_is_open(const struct request *rq);
/* A page of the sign-in, which leads on to `next`. */
struct str sign_in_address(struct request *rq, const char *path, struct str next);
/* Whom the cookie says that this browser is known for. */
struct known_browser sign_in_browser(struct request *rq);
struct account;
struct session_new;
/* The session of who proved who they are in this browser. */
struct session_new sign_in_proven(struct request *rq, struct id account, struct instant password_at, int16_t amr);
/* It begins, and on to `to`; the session that this browser had before dies (session fixation). */
MUST_CHECK err_t sign_in_enter(struct request *rq, struct response *rs, struct session_new in, struct str to);
/* Who proved the password is asked for their second factor: on to the page for it. */
MUST_CHECK err_t sign_in_code_ask(
	struct request *rq, struct response *rs, const struct account *account, struct str next);
