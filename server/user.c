/* SPDX-License-Identifier: Apache-2.0 */
#include "server/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

static const struct passwd *own_user(void)
{
	errno = 0;
	const struct passwd *user = getpwnam("calends");
	return user ? user : getpwnam("nobody");
}

err_t user_become(struct ctx *cx)
{
	if (geteuid() != 0)
		return OK;
	const struct passwd *user = own_user();
	if (!user || setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
		return REFUSE(cx, INTERNAL, "", "cannot change to the user calends: %s", strerror(errno));
	return OK;
}

/* access() looks at the real user, so that both change; root stays the saved one, to come back. */
static bool change(uid_t uid, gid_t gid)
{
	return setresgid(gid, gid, 0) == 0 && setresuid(uid, uid, 0) == 0;
}

#define GROUPS_MOST 1024

static gid_t groups_before[GROUPS_MOST];
static int group_count = -1;

bool user_visit(void)
{
	const struct passwd *user;
	if (geteuid() != 0)
		return true;
	group_count = getgroups(GROUPS_MOST, groups_before);
	user = own_user();
	if (group_count >= 0 && user && setgroups(0, NULL) == 0 && change(user->pw_uid, user->pw_gid))
		return true;
	user_return();
	return false;
}

void user_return(void)
{
	if (group_count < 0)
		return;
	if (setresuid(0, 0, 0) == 0 && setresgid(0, 0, 0) == 0)
		(void)!setgroups((size_t)group_count, groups_before);
	group_count = -1;
}
