/* SPDX-License-Identifier: Apache-2.0 */
/* What clients discover is what the tables have. */
#include "tests/support/memory_io.h"

#include "oauth/endpoint.h"
#include "oauth/metadata.h"
#include "oauth/token.h"
#include "server/account/signing_keys.h"
#include "server/auth/scope.h"
#include "server/crypto/keyring.h"
#include "tests/support/database.h"

static const struct config config = {
	.public_url = STR_INIT("https://calends.example/base"),
	.brand = STR_INIT("Days"),
	.client_cert_header = true,
	.mtls_ca = STR_INIT(
		"authorities.pem") /* whom it believes is not asked: that there is somebody has every method offered */
};
static struct app app = { .config = &config };

static void made(void)
{
	test_cx.config = &config;
	app.metadata = metadata_new(&test_cx);
}

static struct str document(handler *run, struct str path)
{
	struct exchange *x = exchange_new(&app, METHOD_GET, "/", STR(""), NO_HEADERS);
	if (path.ptr) {
		x->rq.args[0] = path;
		x->rq.arg_count = 1;
	}
	response_begin(&x->rs, &x->rq);
	assert_ok(run(&x->rq, &x->rs));
	response_end(&x->rs);
	assert_int_equal(x->rs.status, 200);
	assert_str(answered(x, "Content-Type"), STR("application/json"));
	assert_str(answered(x, "Cache-Control"), STR("public, max-age=300"));
	return answered_body(x);
}

static void assert_has(struct str text, const char *part)
{
	if (str_find(text, str_of(part)) == SIZE_MAX)
		fail_msg("no %s in %.*s", part, STR_ARG(text));
}

/* "name":["a","b"], of which `each` gives the parts; NULL ends them. */
static void assert_list(struct str text, const char *name, const char *(*each)(size_t i))
{
	struct buf list = buf_new(test_mem, 65536);
	const char *one;
	buf_fmt(&list, "\"%s\":[", name);
	for (size_t i = 0; (one = each(i)) != NULL; i++)
		buf_fmt(&list, "%s\"%s\"", i ? "," : "", one);
	BUF_LIT(&list, "]");
	assert_has(text, str_c(test_mem, buf_str(&list)));
}

static const char *nth_scope(size_t i)
{
	size_t alias = i - scope_row_count;
	if (i < scope_row_count)
		return scope_rows[i].name;
	return alias < scope_alias_count ? scope_aliases[alias].name : NULL;
}

/* Of a resource: what opens something, and what all of that is called elsewhere. Those of IDENTITY stand at the end. */
static const char *nth_resource_scope(size_t i)
{
	if (i < scope_row_count && (scope_rows[i].bit & SCOPES_ALL))
		return scope_rows[i].name;
	return i && (scope_rows[i - 1].bit & SCOPES_ALL) ? "urn:ietf:params:oauth:scope:calendars" : NULL;
}

static const char *nth_grant(size_t i)
{
	return i < grant_row_count ? grant_rows[i].name : NULL;
}

static const char *nth_method(size_t i)
{
	return i < client_method_count ? client_auth_name((int16_t)client_methods[i].auth).ptr : NULL;
}

TEST(the_server_s_metadata_is_printed_from_the_tables) /* RFC 8414 §2 */
{
	made();
	struct str text = document(metadata_server, STR_ABSENT);
	assert_true(str_starts(text, STR("{\"issuer\":\"https://calends.example/base\",")));
	assert_has(text, "\"authorization_endpoint\":\"https://calends.example/base/oauth/authorize\"");
	assert_has(text, "\"token_endpoint\":\"https://calends.example/base/oauth/token\"");
	assert_has(text, "\"revocation_endpoint\":\"https://calends.example/base/oauth/revoke\"");
	assert_list(text, "scopes_supported", nth_scope);
	assert_list(text, "grant_types_supported", nth_grant);
	assert_list(text, "token_endpoint_auth_methods_supported", nth_method);
	assert_list(text, "revocation_endpoint_auth_methods_supported", nth_method);
	assert_has(text,
		"\"introspection_endpoint_auth_methods_supported\":[\"client_secret_basic\","); /* RFC 7662 §2.1 */
	assert_has(text, "\"response_types_supported\":[\"code\"]");
	assert_has(text, "\"code_challenge_methods_supported\":[\"S256\"]");         /* OAuth 2.1 §7.5.2 */
	assert_has(text, "\"authorization_response_iss_parameter_supported\":true"); /* RFC 9207 §3 */
	assert_has(text,
		"\"protected_resources\":[\"https://calends.example/base\",\"https://calends.example/base/v1\","
		"\"https://calends.example/base/dav\",\"https://calends.example/base/mcp\"]");
}

TEST(a_protected_resource_is_told_by_its_path) /* RFC 9728 §2, §3.1 */
{
	made();
	struct str all = document(metadata_resource, STR_ABSENT), api = document(metadata_resource, STR("v1")),
		   dav = document(metadata_resource, STR("dav"));
	assert_true(str_starts(
		all, STR("{\"resource\":\"https://calends.example/base\",\"resource_name\":\"Days API and CalDAV\"")));
	assert_true(str_starts(
		api, STR("{\"resource\":\"https://calends.example/base/v1\",\"resource_name\":\"Days API\"")));
	assert_true(str_starts(
		dav, STR("{\"resource\":\"https://calends.example/base/dav\",\"resource_name\":\"Days CalDAV\"")));
	const struct str texts[] = { all, api, dav };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_has(texts[i], "\"authorization_servers\":[\"https://calends.example/base\"]");
		assert_has(texts[i], "\"bearer_methods_supported\":[\"header\"]");
	}
	assert_list(all, "scopes_supported", nth_resource_scope);
	assert_list(api, "scopes_supported", nth_resource_scope);
	assert_has(dav, "\"scopes_supported\":[\"calendars:read\",\"calendars:write\",\"calendars:manage\",\"events:"
			"read\",\"events:write\","
			"\"profile:read\",\"urn:ietf:params:oauth:scope:calendars\"]");

	struct exchange *x = exchange_new(&app, METHOD_GET, "/", STR(""), NO_HEADERS);
	x->rq.args[0] = STR("davy");
	x->rq.arg_count = 1;
	response_begin(&x->rs, &x->rq);
	assert_err(metadata_resource(&x->rq, &x->rs), NOT_FOUND);
}

/* The JWT of a document that has one; absent: it has none. */
static struct str signature_in(struct str text)
{
	const struct str name = STR(",\"signed_metadata\":\"");
	size_t at = str_find(text, name);
	return at == SIZE_MAX ? STR_ABSENT : str_sub(text, at + name.len, text.len - 2);
}

static struct str kid_now(void)
{
	struct str kid;
	assert_ok(signing_keys_active(&test_cx, &kid));
	return kid;
}

static void assert_signed(struct str text, const char *typ)
{
	struct str claims;
	assert_ok(jwt_verify(&test_cx, typ, signature_in(text), &claims));
	assert_true(str_starts(claims, STR("{\"iss\":\"https://calends.example/base\",\"iat\":")));
	assert_has(claims, "\"scopes_supported\":[");
	assert_int_equal(str_find(claims, STR("signed_metadata")), SIZE_MAX);
}

TEST(a_document_is_signed_once_by_each_key) /* RFC 8414 §2.1, RFC 9728 §2.2 */
{
	struct keyring *keys;
	database_use(&test_cx);
	assert_ok(keyring_open(
		&test_cx, str_c(test_mem, str_cat(test_mem, str_of(database_folder), STR("/secret.key"))), &keys));
	test_cx.keys = keys;
	test_cx.now = instant_now();
	made();
	struct str plain = document(metadata_server, STR_ABSENT);
	assert_null(signature_in(plain).ptr);

	assert_ok(metadata_sign(&test_cx, app.metadata));
	struct str first = document(metadata_server, STR_ABSENT), kid = kid_now();
	assert_true(str_starts(first, str_sub(plain, 0, plain.len - 1)));
	assert_signed(first, "oauth-authorization-server+jwt");
	assert_signed(document(metadata_resource, STR("dav")), "oauth-protected-resource+jwt");
	assert_ok(metadata_sign(&test_cx, app.metadata));
	assert_str(document(metadata_server, STR_ABSENT), first); /* the same octets */

	assert_ok(signing_keys_rotate(&test_cx));
	assert_false(str_eq(kid_now(), kid));
	assert_ok(metadata_sign(&test_cx, app.metadata));
	struct str second = document(metadata_server, STR_ABSENT);
	assert_false(str_eq(second, first));
	assert_signed(second, "oauth-authorization-server+jwt");
	assert_signed(first, "oauth-authorization-server+jwt"); /* of a retired key */

	metadata_close(app.metadata);
	database_leave(&test_cx);
	keyring_close(keys);
}

TEST(what_cannot_be_signed_is_told_as_it_is)
{
	database_use(&test_cx);
	made(); /* and there is no key that opens the keys */
	struct str plain = document(metadata_server, STR_ABSENT);
	test_cx.until = deadline_in_ms(0);
	test_cx.fail_query = 1;
	assert_true(metadata_sign(&test_cx, app.metadata) != OK);
	assert_str(document(metadata_server, STR_ABSENT), plain);
	database_leave(&test_cx);
}

TESTS_WITH_DATABASE(RUN(the_server_s_metadata_is_printed_from_the_tables),
	RUN(a_protected_resource_is_told_by_its_path),
	RUN(what_cannot_be_signed_is_told_as_it_is), /* before this process knows a key */
	RUN(a_document_is_signed_once_by_each_key))
