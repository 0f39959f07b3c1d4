/* SPDX-License-Identifier: Apache-2.0 */
#include "web/routes.h"

#include "server/picture/picture.h"
#include "web/calendar_file.h"
#include "web/pages.h"

/* clang-format off */
static const struct route routes[] = {
	/* method     path                               who            scope  body          at most  handler                         source */
	{ METHOD_GET,  "/",                               OPTIONAL_SESSION, 0, BODY_IGNORED, 0,       home_page,                      "page", 0 },
	{ METHOD_GET,  "/sign-in",                        OPTIONAL_SESSION, 0, BODY_IGNORED, 0,       sign_in_page,                   "page", 0 },
	{ METHOD_POST, "/sign-in",                        OPTIONAL_SESSION, 0, BODY_FORM,    KIB(16), sign_in_post,                   "page", SENSITIVE_BODY },
	{ METHOD_GET,  "/sign-in/code",                   OPTIONAL_SESSION, 0, BODY_IGNORED, 0,       sign_in_code_page,              "page", 0 },
	{ METHOD_POST, "/sign-in/code",                   OPTIONAL_SESSION, 0, BODY_FORM,    KIB(16), sign_in_code_post,              "RFC 6238 §5", SENSITIVE_BODY },
	{ METHOD_POST, "/sign-in/code/passkey",           OPTIONAL_SESSION, 0, BODY_FORM,    KIB(32), sign_in_code_passkey_post,      "WebAuthn §7.2", SENSITIVE_BODY },
	{ METHOD_POST, "/sign-in/passkey",                OPTIONAL_SESSION, 0, BODY_FORM,    KIB(32), sign_in_passkey_post,           "WebAuthn §7.2", SENSITIVE_BODY },
	{ METHOD_GET,  "/sign-up",                        OPTIONAL_SESSION, 0, BODY_IGNORED, 0,       sign_up_page,                   "page", 0 },
	{ METHOD_POST, "/sign-up",                        OPTIONAL_SESSION, 0, BODY_FORM,    KIB(16), sign_up_post,                   "page", SENSITIVE_BODY },
	{ METHOD_GET,  "/confirm",                        SESSION,          0, BODY_IGNORED, 0,       confirm_show,                   "page", 0 },
	{ METHOD_POST, "/confirm",                        SESSION,          0, BODY_FORM,    KIB(72), confirm_post,                   "page", SENSITIVE_BODY },
	{ METHOD_POST, "/sign-out",                       SESSION,          0, BODY_FORM,    KIB(16), sign_out_post,                  "page", SENSITIVE_BODY },
	{ METHOD_GET,  "/oauth/logout",                   OPTIONAL_SESSION, 0, BODY_IGNORED, 0,       logout_page,                    "RP-Initiated Logout §2", SENSITIVE_BODY },
	{ METHOD_POST, "/oauth/logout",                   ANYONE,           0, BODY_ANY,     KIB(32), logout_post,                    "RP-Initiated Logout §2", SENSITIVE_BODY },
	{ METHOD_GET,  "/consent",                        OPTIONAL_SESSION, 0, BODY_IGNORED, 0,       consent_page,                   "OAuth 2.1 §4.1.1", LED_BY_APP },
	{ METHOD_POST, "/consent",                        SESSION,          0, BODY_FORM,    KIB(64), consent_post,                   "OAuth 2.1 §4.1.1", SENSITIVE_BODY | LED_BY_APP },
	{ METHOD_GET,  "/device/qr",                      ANYONE,           0, BODY_IGNORED, 0,       device_qr,                      "RFC 8628 §3.3.1", 0 },
	{ METHOD_GET,  "/device",                         SESSION,          0, BODY_IGNORED, 0,       device_page,                    "RFC 8628 §3.3", 0 },
	{ METHOD_POST, "/device",                         SESSION,          0, BODY_FORM,    KIB(4),  device_page_post,               "RFC 8628 §3.3", SENSITIVE_BODY },
	{ METHOD_GET,  "/keys",                           SESSION,          0, BODY_IGNORED, 0,       keys_page,                      "page", 0 },
	{ METHOD_GET,  "/keys/new",                       SESSION,          0, BODY_IGNORED, 0,       key_form_page,                  "page", 0 },
	{ METHOD_POST, "/keys",                           SESSION,          0, BODY_FORM,    KIB(64), keys_create,                    "page", PROVEN_LATELY },
	{ METHOD_GET,  "/keys/:key",                      SESSION,          0, BODY_IGNORED, 0,       key_detail_page,                "page", 0 },
	{ METHOD_POST, "/keys/:key",                      SESSION,          0, BODY_FORM,    KIB(16), key_detail_post,                "page", 0 },
	{ METHOD_GET,  "/keys/:key/rotate",               SESSION,          0, BODY_IGNORED, 0,       key_rotate_page,                "page", 0 },
	{ METHOD_POST, "/keys/:key/rotate",               SESSION,          0, BODY_FORM,    KIB(4),  key_rotate_post,                "page", PROVEN_LATELY },
	{ METHOD_GET,  "/keys/:key/revoke",               SESSION,          0, BODY_IGNORED, 0,       key_revoke_page,                "page", 0 },
	{ METHOD_POST, "/keys/:key/revoke",               SESSION,          0, BODY_FORM,    KIB(4),  key_revoke_post,                "page", 0 },
	{ METHOD_GET,  "/connected-accounts",             SESSION,          0, BODY_IGNORED, 0,       connected_accounts_page,        "page", 0 },
	{ METHOD_GET,  "/connected-accounts/:id",         SESSION,          0, BODY_IGNORED, 0,       connected_account_page,         "page", 0 },
	{ METHOD_POST, "/connected-accounts/:id",         SESSION,          0, BODY_FORM,    KIB(64), connected_account_post,         "page", PROVEN_LATELY },
	{ METHOD_GET,  "/connected-accounts/:id/remove",  SESSION,          0, BODY_IGNORED, 0,       connected_account_remove_page,  "page", 0 },
	{ METHOD_POST, "/connected-accounts/:id/remove",  SESSION,          0, BODY_FORM,    KIB(4),  connected_account_remove_post,  "page", 0 },
	{ METHOD_GET,  "/calendar",                       SESSION,          0, BODY_IGNORED, 0,       calendar_page_show,             "page", HEAVY },
	{ METHOD_GET,  "/calendar/feed",                  SESSION,          0, BODY_IGNORED, 0,       calendar_feed,                  "page", HEAVY },
	{ METHOD_GET,  "/calendar/stream",                SESSION,          0, BODY_IGNORED, 0,       calendar_stream,                "WHATWG HTML §9.2", 0 },
	{ METHOD_GET,  "/calendar/new",                   SESSION,          0, BODY_IGNORED, 0,       event_new_page,                 "page", 0 },
	{ METHOD_POST, "/calendar/new",                   SESSION,          0, BODY_FORM,    KIB(512), event_new_post,                "page", 0 },
	{ METHOD_GET,  "/calendar/events/:event",         SESSION,          0, BODY_IGNORED, 0,       event_page,                     "page", 0 },
	{ METHOD_GET,  "/calendar/events/:event/edit",    SESSION,          0, BODY_IGNORED, 0,       event_edit_page,                "page", 0 },
	{ METHOD_POST, "/calendar/events/:event/edit",    SESSION,          0, BODY_FORM,    MIB(1),  event_edit_post,                "page", 0 },
	{ METHOD_GET,  "/calendar/events/:event/delete",  SESSION,          0, BODY_IGNORED, 0,       event_delete_page,              "page", 0 },
	{ METHOD_POST, "/calendar/events/:event/delete",  SESSION,          0, BODY_FORM,    KIB(4),  event_delete_post,              "page", 0 },
	{ METHOD_POST, "/calendar/events/:event/move",    SESSION,          0, BODY_FORM,    KIB(4),  event_move_post,                "page", 0 },
	{ METHOD_POST, "/calendar/events/:event/respond", SESSION,          0, BODY_FORM,    KIB(4),  event_respond_post,             "page", 0 },
	{ METHOD_GET,  "/calendars",                      SESSION,          0, BODY_IGNORED, 0,       calendars_page,                 "page", 0 },
	{ METHOD_POST, "/calendars",                      SESSION,          0, BODY_FORM,    KIB(16), calendars_create,               "page", 0 },
	{ METHOD_GET,  "/calendars/new",                  SESSION,          0, BODY_IGNORED, 0,       calendar_new_page,              "page", 0 },
	{ METHOD_GET,  "/calendars/import",               SESSION,          0, BODY_IGNORED, 0,       calendar_import_page,           "page", 0 },
	{ METHOD_POST, "/calendars/import",               SESSION,          0, BODY_FILES,   CALENDAR_FILE_MAX + KIB(64), calendar_import_post, "RFC 7578", HEAVY },
	{ METHOD_GET,  "/calendars/:cal",                 SESSION,          0, BODY_IGNORED, 0,       calendar_one_page,              "page", 0 },
	{ METHOD_GET,  "/calendars/:cal/export",          SESSION,          0, BODY_IGNORED, 0,       calendar_export_page,           "RFC 5545", HEAVY },
	{ METHOD_GET,  "/calendars/:cal/feed",            SESSION,          0, BODY_IGNORED, 0,       calendar_feed_page,             "page", 0 },
	{ METHOD_GET,  "/calendars/:cal/feed/show",       SESSION,          0, BODY_IGNORED, 0,       calendar_feed_show,             "page", PROVEN_LATELY },
	{ METHOD_POST, "/calendars/:cal/feed",            SESSION,          0, BODY_FORM,    KIB(4),  calendar_feed_post,             "page", PROVEN_LATELY },
	{ METHOD_GET,  "/calendars/:cal/feed/end",        SESSION,          0, BODY_IGNORED, 0,       calendar_feed_end_page,         "page", 0 },
	{ METHOD_POST, "/calendars/:cal/feed/end",        SESSION,          0, BODY_FORM,    KIB(4),  calendar_feed_end_post,         "page", 0 },
	{ METHOD_POST, "/calendars/:cal/move",            SESSION,          0, BODY_FORM,    KIB(4),  calendar_move_post,             "page", 0 },
	{ METHOD_GET,  "/calendars/:cal/edit",            SESSION,          0, BODY_IGNORED, 0,       calendar_edit_page,             "page", 0 },
	{ METHOD_POST, "/calendars/:cal/edit",            SESSION,          0, BODY_FORM,    KIB(16), calendar_edit_post,             "page", 0 },
	{ METHOD_GET,  "/calendars/:cal/delete",          SESSION,          0, BODY_IGNORED, 0,       calendar_delete_page,           "page", 0 },
	{ METHOD_POST, "/calendars/:cal/delete",          SESSION,          0, BODY_FORM,    KIB(4),  calendar_delete_post,           "page", HEAVY },
	{ METHOD_GET,  "/booking-pages",                  SESSION,          0, BODY_IGNORED, 0,       booking_pages_page,             "page", 0 },
	{ METHOD_POST, "/booking-pages",                  SESSION,          0, BODY_FORM,    KIB(64), booking_pages_create,           "page", PROVEN_LATELY },
	{ METHOD_GET,  "/booking-pages/new",              SESSION,          0, BODY_IGNORED, 0,       booking_page_new_page,          "page", 0 },
	{ METHOD_GET,  "/booking-pages/:page",            SESSION,          0, BODY_IGNORED, 0,       booking_page_show,              "page", 0 },
	{ METHOD_GET,  "/booking-pages/:page/edit",       SESSION,          0, BODY_IGNORED, 0,       booking_page_edit_page,         "page", 0 },
	{ METHOD_POST, "/booking-pages/:page/edit",       SESSION,          0, BODY_FORM,    KIB(64), booking_page_edit_post,         "page", 0 },
	{ METHOD_GET,  "/booking-pages/:page/pause",      SESSION,          0, BODY_IGNORED, 0,       booking_page_pause_page,        "page", 0 },
	{ METHOD_POST, "/booking-pages/:page/state",      SESSION,          0, BODY_FORM,    KIB(4),  booking_page_state_post,        "page", 0 },
	{ METHOD_GET,  "/booking-pages/:page/delete",     SESSION,          0, BODY_IGNORED, 0,       booking_page_delete_page,       "page", 0 },
	{ METHOD_POST, "/booking-pages/:page/delete",     SESSION,          0, BODY_FORM,    KIB(4),  booking_page_delete_post,       "page", 0 },
	{ METHOD_GET,  "/booking-pages/:page/preview",    SESSION,          0, BODY_IGNORED, 0,       booking_page_preview,           "page", HEAVY },
	{ METHOD_GET,  "/booking-pages/:page/preview/zone", SESSION,          0, BODY_IGNORED, 0,       booking_page_preview_zone,      "page", 0 },
	{ METHOD_GET,  "/booking-pages/:page/preview/form", SESSION,          0, BODY_IGNORED, 0,       booking_page_preview_form,      "page", 0 },
	{ METHOD_GET,  "/book/:slug",                     ANYONE,           0, BODY_IGNORED, 0,       book_page,                      "page", HEAVY },
	{ METHOD_GET,  "/book/:slug/zone",                ANYONE,           0, BODY_IGNORED, 0,       book_zone_page,                 "page", 0 },
	{ METHOD_GET,  "/book/:slug/form",                ANYONE,           0, BODY_IGNORED, 0,       book_form_page,                 "page", 0 },
	{ METHOD_POST, "/book/:slug/form",                ANYONE,           0, BODY_FORM,    KIB(320), book_form_post,                "page", SENSITIVE_BODY },
	{ METHOD_GET,  "/embed.js",                       ANYONE,           0, BODY_IGNORED, 0,       embed_js,                       "page", 0 },
	{ METHOD_GET,  "/embed/:slug",                    ANYONE,           0, BODY_IGNORED, 0,       embed_page,                     "page", HEAVY },
	{ METHOD_GET,  "/embed/:slug/zone",               ANYONE,           0, BODY_IGNORED, 0,       embed_zone_page,                "page", 0 },
	{ METHOD_GET,  "/embed/:slug/form",               ANYONE,           0, BODY_IGNORED, 0,       embed_form_page,                "page", 0 },
	{ METHOD_POST, "/embed/:slug/form",               ANYONE,           0, BODY_FORM,    KIB(320), embed_form_post,               "page", SENSITIVE_BODY },
	{ METHOD_GET,  "/setup",                          SESSION,          0, BODY_IGNORED, 0,       setup_page,                     "page", 0 },
	{ METHOD_GET,  "/setup/:program",                 SESSION,          0, BODY_IGNORED, 0,       setup_program_page,             "page", 0 },
	{ METHOD_POST, "/setup/:program",                 SESSION,          0, BODY_FORM,    KIB(16), setup_program_post,             "page", PROVEN_LATELY },
	{ METHOD_GET,  "/sandbox",                        SESSION,          0, BODY_IGNORED, 0,       sandbox_page,                   "page", 0 },
	{ METHOD_POST, "/sandbox",                        SESSION,          0, BODY_FORM,    KIB(4),  sandbox_reset_post,             "page", HEAVY },
	{ METHOD_GET,  "/account",                        SESSION,          0, BODY_IGNORED, 0,       account_page,                   "page", 0 },
	{ METHOD_POST, "/account",                        SESSION,          0, BODY_FORM,    KIB(16), account_profile_post,           "page", 0 },
	{ METHOD_GET,  "/account/picture/:tag",           SESSION,          0, BODY_IGNORED, 0,       account_picture_get,            "page", 0 },
	{ METHOD_GET,  "/pictures/:user/:tag",            ANYONE,           0, BODY_IGNORED, 0,       shown_picture_get,              "page", 0 },
	{ METHOD_POST, "/account/picture",                SESSION,          0, BODY_FILES,   PICTURE_FILE_MAX + KIB(64), account_picture_post, "RFC 7578", HEAVY },
	{ METHOD_POST, "/account/password",               SESSION,          0, BODY_FORM,    KIB(16), account_password_post,          "page", SENSITIVE_BODY },
	{ METHOD_GET,  "/security",                       SESSION,          0, BODY_IGNORED, 0,       security_page,                  "page", 0 },
	{ METHOD_GET,  "/security/passkeys/new",          SESSION,          0, BODY_IGNORED, 0,       passkey_new_page,               "page", PROVEN_LATELY },
	{ METHOD_POST, "/security/passkeys",              SESSION,          0, BODY_FORM,    KIB(32), passkey_new_post,               "WebAuthn §7.1", PROVEN_LATELY | SENSITIVE_BODY },
	{ METHOD_GET,  "/security/passkeys/:id/remove",   SESSION,          0, BODY_IGNORED, 0,       passkey_end_page,               "page", 0 },
	{ METHOD_POST, "/security/passkeys/:id/remove",   SESSION,          0, BODY_FORM,    KIB(4),  passkey_end_post,               "page", PROVEN_LATELY },
	{ METHOD_POST, "/security/sessions/end-others",   SESSION,          0, BODY_FORM,    KIB(4),  session_end_others_post,        "page", 0 },
	{ METHOD_POST, "/security/sessions/:id/end",      SESSION,          0, BODY_FORM,    KIB(4),  session_end_post,               "page", 0 },
	{ METHOD_POST, "/security/totp/begin",            SESSION,          0, BODY_FORM,    KIB(4),  totp_begin_post,                "page", PROVEN_LATELY },
	{ METHOD_GET,  "/security/totp",                  SESSION,          0, BODY_IGNORED, 0,       totp_page,                      "page", PROVEN_LATELY },
	{ METHOD_POST, "/security/totp",                  SESSION,          0, BODY_FORM,    KIB(4),  totp_post,                      "RFC 6238", PROVEN_LATELY | SENSITIVE_BODY },
	{ METHOD_GET,  "/security/totp/end",              SESSION,          0, BODY_IGNORED, 0,       totp_end_page,                  "page", 0 },
	{ METHOD_POST, "/security/totp/end",              SESSION,          0, BODY_FORM,    KIB(4),  totp_end_post,                  "page", PROVEN_LATELY },
	{ METHOD_GET,  "/security/recovery-codes",        SESSION,          0, BODY_IGNORED, 0,       recovery_codes_page,            "page", 0 },
	{ METHOD_POST, "/security/recovery-codes",        SESSION,          0, BODY_FORM,    KIB(4),  recovery_codes_post,            "page", PROVEN_LATELY },
	{ METHOD_POST, "/account/confirm",                SESSION,          0, BODY_FORM,    KIB(4),  account_confirm_post,           "page", 0 },
	{ METHOD_POST, "/account/email",                  SESSION,          0, BODY_FORM,    KIB(16), account_email_post,             "page", PROVEN_LATELY },
	{ METHOD_GET,  "/account/download",               SESSION,          0, BODY_IGNORED, 0,       takeout_page,                   "page", PROVEN_LATELY },
	{ METHOD_POST, "/account/download",               SESSION,          0, BODY_FORM,    KIB(4),  takeout_post,                   "page", PROVEN_LATELY | HEAVY },
	{ METHOD_GET,  "/plan",                           SESSION,          0, BODY_IGNORED, 0,       plan_page,                      "page", 0 },
	{ METHOD_GET,  "/account/delete",                 SESSION,          0, BODY_IGNORED, 0,       account_delete_page,            "page", 0 },
	{ METHOD_POST, "/account/delete",                 SESSION,          0, BODY_FORM,    KIB(4),  account_delete_post,            "page", PROVEN_LATELY },
	{ METHOD_POST, "/account/take-back",              OPTIONAL_SESSION, 0, BODY_FORM,    KIB(4),  account_take_back_post,         "page", SENSITIVE_BODY },
	{ METHOD_GET,  "/forgot-password",                OPTIONAL_SESSION, 0, BODY_IGNORED, 0,       forgot_password_page,           "page", 0 },
	{ METHOD_POST, "/forgot-password",                OPTIONAL_SESSION, 0, BODY_FORM,    KIB(4),  forgot_password_post,           "page", SENSITIVE_BODY },
	{ METHOD_GET,  "/audit",                          SESSION,          0, BODY_IGNORED, 0,       audit_page_show,                "page", 0 },
	{ METHOD_GET,  "/apps",                          SESSION,          0, BODY_IGNORED, 0,       apps_page,                      "page", 0 },
	{ METHOD_POST, "/apps",                          SESSION,          0, BODY_FORM,    KIB(64), apps_create,                    "page", PROVEN_LATELY },
	{ METHOD_GET,  "/apps/new",                      SESSION,          0, BODY_IGNORED, 0,       app_new_page,                   "page", 0 },
	{ METHOD_GET,  "/apps/:app",                     SESSION,          0, BODY_IGNORED, 0,       app_page,                       "page", 0 },
	{ METHOD_GET,  "/apps/:app/edit",                SESSION,          0, BODY_IGNORED, 0,       app_edit_page,                  "page", 0 },
	{ METHOD_POST, "/apps/:app/edit",                SESSION,          0, BODY_FORM,    KIB(64), app_edit_post,                  "page", PROVEN_LATELY },
	{ METHOD_GET,  "/apps/:app/delete",              SESSION,          0, BODY_IGNORED, 0,       app_delete_page,                "page", 0 },
	{ METHOD_POST, "/apps/:app/delete",              SESSION,          0, BODY_FORM,    KIB(4),  app_delete_post,                "page", 0 },
	{ METHOD_GET,  "/apps/:app/logo/:tag",           SESSION,          0, BODY_IGNORED, 0,       app_logo_get,                   "page", 0 },
	{ METHOD_POST, "/apps/:app/logo",                SESSION,          0, BODY_FILES,   PICTURE_FILE_MAX + KIB(64), app_logo_post, "RFC 7578", PROVEN_LATELY | HEAVY },
	{ METHOD_POST, "/apps/:app/secrets",             SESSION,          0, BODY_FORM,    KIB(4),  app_secret_post,                "page", PROVEN_LATELY },
	{ METHOD_GET,  "/apps/:app/secrets/:secret/revoke", SESSION,          0, BODY_IGNORED, 0,       app_secret_revoke_page,         "page", 0 },
	{ METHOD_POST, "/apps/:app/secrets/:secret/revoke", SESSION,          0, BODY_FORM,    KIB(4),  app_secret_revoke_post,         "page", 0 },
	{ METHOD_GET,  "/webhooks",                      SESSION,          0, BODY_IGNORED, 0,       webhooks_page,                  "page", 0 },
	{ METHOD_POST, "/webhooks",                      SESSION,          0, BODY_FORM,    KIB(16), webhooks_create,                "page", PROVEN_LATELY },
	{ METHOD_GET,  "/webhooks/new",                  SESSION,          0, BODY_IGNORED, 0,       webhook_new_page,               "page", 0 },
	{ METHOD_GET,  "/webhooks/:endpoint",            SESSION,          0, BODY_IGNORED, 0,       webhook_page,                   "page", 0 },
	{ METHOD_GET,  "/webhooks/:endpoint/edit",       SESSION,          0, BODY_IGNORED, 0,       webhook_edit_page,              "page", 0 },
	{ METHOD_POST, "/webhooks/:endpoint/edit",       SESSION,          0, BODY_FORM,    KIB(16), webhook_edit_post,              "page", PROVEN_LATELY },
	{ METHOD_POST, "/webhooks/:endpoint/state",      SESSION,          0, BODY_FORM,    KIB(4),  webhook_state_post,             "page", 0 },
	{ METHOD_GET,  "/webhooks/:endpoint/rotate",     SESSION,          0, BODY_IGNORED, 0,       webhook_rotate_page,            "page", 0 },
	{ METHOD_POST, "/webhooks/:endpoint/rotate",     SESSION,          0, BODY_FORM,    KIB(4),  webhook_rotate_post,            "page", PROVEN_LATELY },
	{ METHOD_POST, "/webhooks/:endpoint/test",       SESSION,          0, BODY_FORM,    KIB(4),  webhook_test_post,              "page", 0 },
	{ METHOD_GET,  "/webhooks/:endpoint/delete",     SESSION,          0, BODY_IGNORED, 0,       webhook_delete_page,            "page", 0 },
	{ METHOD_POST, "/webhooks/:endpoint/delete",     SESSION,          0, BODY_FORM,    KIB(4),  webhook_delete_post,            "page", 0 },
	{ METHOD_GET,  "/webhooks/:endpoint/deliveries/:delivery", SESSION,          0, BODY_IGNORED, 0,       webhook_delivery_page_show,     "page", 0 },
	{ METHOD_POST, "/webhooks/:endpoint/deliveries/:delivery/replay", SESSION,          0, BODY_FORM,    KIB(4),  webhook_replay_post,            "page", 0 },
	{ METHOD_GET,  "/logs",                           SESSION,          0, BODY_IGNORED, 0,       logs_page,                      "page", 0 },
	{ METHOD_GET,  "/logs/:request",                  SESSION,          0, BODY_IGNORED, 0,       log_entry_page,                 "page", 0 },
	{ METHOD_GET,  "/usage",                          SESSION,          0, BODY_IGNORED, 0,       usage_show,                     "page", HEAVY },
	{ METHOD_GET,  "/docs",                           ANYONE,           0, BODY_IGNORED, 0,       docs_home,                      "page", 0 },
	{ METHOD_GET,  "/docs/errors",                    ANYONE,           0, BODY_IGNORED, 0,       docs_errors,                    "page", 0 },
	{ METHOD_GET,  "/docs/errors/:code",              ANYONE,           0, BODY_IGNORED, 0,       docs_error,                     "page", 0 },
	{ METHOD_GET,  "/docs/search",                    ANYONE,           0, BODY_IGNORED, 0,       docs_search_page,               "page", 0 },
	{ METHOD_GET,  "/docs/reference",                 ANYONE,           0, BODY_IGNORED, 0,       docs_reference,                 "page", 0 },
	{ METHOD_GET,  "/docs/reference/:name",           ANYONE,           0, BODY_IGNORED, 0,       docs_reference_page,            "page", 0 },
	{ METHOD_GET,  "/docs/reference/:name/try",       SESSION,          0, BODY_IGNORED, 0,       try_page,                       "page", 0 },
	{ METHOD_POST, "/docs/reference/:name/try",       SESSION,          0, BODY_FORM,    KIB(256), try_post,                      "page", HEAVY },
	{ METHOD_GET,  "/docs/:page",                     ANYONE,           0, BODY_IGNORED, 0,       docs_page,                      "page", 0 },
	{ METHOD_GET,  "/status",                         ANYONE,           0, BODY_IGNORED, 0,       status_show,                    "page", 0 },
	{ METHOD_GET,  "/manifest.webmanifest",           ANYONE,           0, BODY_IGNORED, 0,       manifest,                       "page", 0 },
	{ METHOD_GET,  "/favicon.ico",                    ANYONE,           0, BODY_IGNORED, 0,       favicon,                        "page", 0 },
	{ METHOD_GET,  "/openapi.json",                   ANYONE,           0, BODY_IGNORED, 0,       openapi_json,                   "OpenAPI 3.1", CORS_ANY },
	{ METHOD_GET,  "/robots.txt",                     ANYONE,           0, BODY_IGNORED, 0,       robots_txt,                     "RFC 9309", 0 },
	{ METHOD_GET,  "/.well-known/user-agent-configuration.json", ANYONE,    0, BODY_IGNORED, 0,       user_agent_configuration,       "draft-ietf-mailmaint-pacc-02", CORS_ANY },
	{ METHOD_GET,  "/.well-known/autoconfig/mail/config-v1.1.xml", ANYONE,  0, BODY_IGNORED, 0,       autoconfig_xml,                 "draft-ietf-mailmaint-autoconfig", CORS_ANY },
	{ METHOD_GET,  "/.well-known/security.txt",       ANYONE,           0, BODY_IGNORED, 0,       security_txt,                   "RFC 9116", 0 },
	{ METHOD_GET,  "/.well-known/change-password",    ANYONE,           0, BODY_IGNORED, 0,       change_password_link,           "W3C change-password-url", 0 },
	{ METHOD_GET,  "/styleguide",                     SESSION,          0, BODY_IGNORED, 0,       styleguide_page,                "page", 0 },
	{ METHOD_GET,  "/static/:file",                   ANYONE,           0, BODY_IGNORED, 0,       static_file,                    "page", 0 },
};
/* clang-format on */

const struct module web_module = {
	.name = "Pages",
	.prefix = "",
	.routes = routes,
	.route_count = ARRAY_LEN(routes),
	.show_error = web_show_error,
};

/* Of a module of its own, since what stands after its prefix is a secret. */
/* clang-format off */
static const struct route booking_routes[] = {
	/* method      path                      who               scope  body         at most  handler              source */
	{ METHOD_GET,  "/booking/:token",        OPTIONAL_SESSION, 0, BODY_IGNORED, 0,       booking_show,        "page", 0 },
	{ METHOD_GET,  "/booking/:token/booked", ANYONE,           0, BODY_IGNORED, 0,       booking_booked,      "page", 0 },
	{ METHOD_GET,  "/booking/:token/appointment.ics", ANYONE,  0, BODY_IGNORED, 0,       booking_file,        "page", 0 },
	{ METHOD_GET,  "/booking/:token/cancel", OPTIONAL_SESSION, 0, BODY_IGNORED, 0,       booking_cancel_page, "page", 0 },
	{ METHOD_POST, "/booking/:token/cancel", OPTIONAL_SESSION, 0, BODY_FORM,    KIB(16), booking_cancel_post, "page", SENSITIVE_BODY },
	{ METHOD_GET,  "/booking/:token/move",   OPTIONAL_SESSION, 0, BODY_IGNORED, 0,       booking_move_page,   "page", 0 },
	{ METHOD_POST, "/booking/:token/move",   OPTIONAL_SESSION, 0, BODY_FORM,    KIB(4),  booking_move_post,   "page", SENSITIVE_BODY },
};
/* clang-format on */

const struct module booking_module = {
	.name = "Bookings",
	.prefix = "/booking/",
	.routes = booking_routes,
	.route_count = ARRAY_LEN(booking_routes),
	.secret_paths = true,
	.show_error = web_show_error,
};

/* The same: what is mailed. */
/* clang-format off */
static const struct route link_routes[] = {
	/* method      path                      who               scope  body         at most  handler              source */
	{ METHOD_GET,  "/link/confirm/:token",   OPTIONAL_SESSION, 0, BODY_IGNORED, 0,       link_confirm_page,   "page", 0 },
	{ METHOD_POST, "/link/confirm/:token",   OPTIONAL_SESSION, 0, BODY_FORM,    KIB(4),  link_confirm_post,   "page", SENSITIVE_BODY },
	{ METHOD_GET,  "/link/email/:token",     OPTIONAL_SESSION, 0, BODY_IGNORED, 0,       link_email_page,     "page", 0 },
	{ METHOD_POST, "/link/email/:token",     OPTIONAL_SESSION, 0, BODY_FORM,    KIB(4),  link_email_post,     "page", SENSITIVE_BODY },
	{ METHOD_GET,  "/link/reset/:token",     OPTIONAL_SESSION, 0, BODY_IGNORED, 0,       link_reset_page,     "page", 0 },
	{ METHOD_POST, "/link/reset/:token",     OPTIONAL_SESSION, 0, BODY_FORM,    KIB(16), link_reset_post,     "page", SENSITIVE_BODY },
	{ METHOD_GET,  "/link/device/:token",    OPTIONAL_SESSION, 0, BODY_IGNORED, 0,       link_device_page,    "page", 0 },
	{ METHOD_POST, "/link/device/:token",    OPTIONAL_SESSION, 0, BODY_FORM,    KIB(4),  link_device_post,    "page", SENSITIVE_BODY },
	{ METHOD_GET,  "/link/sign-up/:token",   OPTIONAL_SESSION, 0, BODY_IGNORED, 0,       link_sign_up_page,   "page", 0 },
	{ METHOD_POST, "/link/sign-up/:token",   OPTIONAL_SESSION, 0, BODY_FORM,    KIB(16), link_sign_up_post,   "page", SENSITIVE_BODY },
};
/* clang-format on */

const struct module link_module = {
	.name = "Links of letters",
	.prefix = "/link/",
	.routes = link_routes,
	.route_count = ARRAY_LEN(link_routes),
	.secret_paths = true,
	.show_error = web_show_error,
};

/* The same: a feed, for people. */
static const struct route shared_routes[] = {
	{ METHOD_GET, "/shared/:token", ANYONE, 0, BODY_IGNORED, 0, shared_page, "page", HEAVY },
	{ METHOD_GET, "/shared/:token/calendar.ics", ANYONE, 0, BODY_IGNORED, 0, shared_file, "RFC 5545", HEAVY },
};

const struct module shared_module = {
	.name = "Calendars that others see",
	.prefix = "/shared/",
	.routes = shared_routes,
	.route_count = ARRAY_LEN(shared_routes),
	.secret_paths = true,
	.show_error = shared_show_error,
};

/* Nextcloud's Login Flow v2, at the addresses where its clients look: programs ask, which read JSON … */
/* clang-format off */
static const struct route login_flow_routes[] = {
	/* method      path                        who     scope  body          at most  handler           source */
	{ METHOD_POST, "/index.php/login/v2",      ANYONE, 0, BODY_IGNORED, 0,       login_flow_post,  "Nextcloud Login Flow v2", SENSITIVE_BODY },
	{ METHOD_POST, "/index.php/login/v2/poll", ANYONE, 0, BODY_ANY,     KIB(4),  login_flow_poll,  "Nextcloud Login Flow v2", SENSITIVE_BODY },
};

/* … and people answer, on pages whose address is a secret. */
static const struct route login_flow_page_routes[] = {
	/* method      path                                    who      scope  body          at most  handler               source */
	{ METHOD_GET,  "/index.php/login/v2/flow/:token",      SESSION, 0, BODY_IGNORED, 0,      login_flow_page,      "Nextcloud Login Flow v2", 0 },
	{ METHOD_POST, "/index.php/login/v2/flow/:token",      SESSION, 0, BODY_FORM,    KIB(4), login_flow_page_post, "Nextcloud Login Flow v2", PROVEN_LATELY },
	{ METHOD_POST, "/index.php/login/v2/flow/:token/deny", SESSION, 0, BODY_FORM,    KIB(4), login_flow_deny_post, "Nextcloud Login Flow v2", 0 },
};
/* clang-format on */

const struct module login_flow_module = {
	.name = "Login flow",
	.prefix = "/index.php/login/v2",
	.routes = login_flow_routes,
	.route_count = ARRAY_LEN(login_flow_routes),
};

const struct module login_flow_page_module = {
	.name = "Pages of the login flow",
	.prefix = "/index.php/login/v2/flow/",
	.routes = login_flow_page_routes,
	.route_count = ARRAY_LEN(login_flow_page_routes),
	.secret_paths = true,
	.show_error = web_show_error,
};
