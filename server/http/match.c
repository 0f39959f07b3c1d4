/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/match.h"

/* The segments from `first` on with '/' between. An encoded slash inside one would make it another path: absent. */
static struct str joined(struct arena *mem, const struct path *path, size_t first)
{
	struct buf out = buf_new(mem, 4096);
	for (size_t i = first; i < path->count; i++) {
		if (str_has(path->segments[i], '/'))
			return STR_ABSENT;
		if (i > first)
			buf_char(&out, '/');
		buf_add(&out, path->segments[i]);
	}
	if (path->folder)
		buf_char(&out, '/');
	return buf_str(&out);
}

bool path_fits(struct arena *mem, const struct path *path, const char *pattern, struct str *args, size_t *arg_count)
{
	struct str rest = str_of(pattern + 1), part;
	size_t at = 0, count = 0;
	bool folder = rest.len == 0 || str_ends(rest, STR("/"));

	if (folder && rest.len)
		rest.len--;
	for (; rest.len && str_cut(&rest, '/', &part); at++) {
		if (at == path->count)
			return false;
		bool is_rest = part.len && part.ptr[0] == '*', is_arg = part.len && part.ptr[0] == ':';
		if ((is_rest || is_arg) && count == PATH_ARGS_MAX)
			return false;
		if (is_rest) {
			args[count] = joined(mem, path, at);
			*arg_count = count + 1;
			return args[count].ptr != NULL;
		}
		if (is_arg)
			args[count++] = path->segments[at];
		else if (!str_eq(part, path->segments[at]))
			return false;
	}
	*arg_count = count;
	return at == path->count && folder == (path->folder || path->count == 0);
}

/* Is the path under the prefix, or the prefix itself without its slash? */
static bool under(const struct path *path, const char *prefix)
{
	struct str rest = str_of(prefix), part;
	size_t at = 0;
	while (str_cut(&rest, '/', &part)) {
		if (!part.len)
			continue;
		if (at == path->count || !str_eq(path->segments[at++], part))
			return false;
	}
	return true;
}

static bool answers(const struct route *route, enum method method)
{
	return route->method == method || (method == METHOD_HEAD && route->method == METHOD_GET);
}

/* True when the module has the path; out->route is set when for this method, too. */
static bool find_in(
	struct arena *mem, const struct module *module, const struct path *path, enum method method, struct match *out)
{
	struct str args[PATH_ARGS_MAX];
	size_t count;
	*out = (struct match){ .module = module };
	for (size_t i = 0; i < module->route_count; i++) {
		const struct route *route = &module->routes[i];
		if (out->path_known && !answers(route, method))
			continue;
		if (!path_fits(mem, path, route->path, args, &count))
			continue;
		out->path_known = true;
		if (!answers(route, method))
			continue;
		out->route = route;
		out->arg_count = count;
		for (size_t k = 0; k < count; k++)
			out->args[k] = args[k];
		break;
	}
	return out->path_known;
}

/* Two modules may share a path by methods, as pages and discovery share "/". */
void match_find(
	struct arena *mem, const struct app *app, const struct path *path, enum method method, struct match *out)
{
	struct match found;
	*out = (struct match){ 0 };
	for (size_t i = 0; i < app->module_count; i++) {
		const struct module *module = app->modules[i];
		if (!under(path, module->prefix))
			continue;
		bool known = find_in(mem, module, path, method, &found);
		if (found.route || module->auth_first) {
			*out = found;
			return;
		}
		if (!out->module || (known && !out->path_known))
			*out = found;
	}
}

const struct module *match_raw(const struct app *app, struct str target)
{
	for (size_t i = 0; i < app->module_count; i++)
		if (str_starts(target, str_of(app->modules[i]->prefix)))
			return app->modules[i];
	return NULL;
}

static void add_method(struct buf *out, enum method method)
{
	if (out->len)
		BUF_LIT(out, ", ");
	buf_add(out, str_of(method_name(method)));
}

static void add_method_of(struct buf *out, const struct route *route, unsigned *seen)
{
	unsigned bit = 1u << route->method;
	if (*seen & bit)
		return;
	*seen |= bit;
	add_method(out, route->method);
	if (route->method == METHOD_GET)
		add_method(out, METHOD_HEAD);
}

static void add_methods_of(
	struct buf *out, const struct module *module, const struct path *path, bool cors, unsigned *seen)
{
	struct str args[PATH_ARGS_MAX];
	size_t count;
	for (size_t i = 0; i < module->route_count; i++) {
		const struct route *route = &module->routes[i];
		if ((*seen & 1u << route->method) || (cors && !(route->flags & (CORS_ANY | CORS_KEYS))) ||
			!path_fits(out->mem, path, route->path, args, &count))
			continue;
		add_method_of(out, route, seen);
	}
}

struct str match_allow(struct arena *mem, const struct app *app, const struct path *path, bool cors)
{
	unsigned seen = 1u << METHOD_OPTIONS;
	struct buf out = buf_new(mem, 1024);
	if (!cors)
		add_method(&out, METHOD_OPTIONS);
	for (size_t i = 0; i < app->module_count; i++)
		if (under(path, app->modules[i]->prefix))
			add_methods_of(&out, app->modules[i], path, cors, &seen);
	return buf_str(&out);
}

struct str match_methods(struct arena *mem, const struct app *app)
{
	unsigned seen = 1u << METHOD_OPTIONS;
	struct buf out = buf_new(mem, 1024);
	add_method(&out, METHOD_OPTIONS);
	for (size_t i = 0; i < app->module_count; i++)
		for (size_t k = 0; k < app->modules[i]->route_count; k++)
			add_method_of(&out, &app->modules[i]->routes[k], &seen);
	return buf_str(&out);
}
