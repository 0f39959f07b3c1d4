/* SPDX-License-Identifier: Apache-2.0 */
#include "server/db/disk.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#include "server/base/log.h"
#include "server/db/pool.h"

err_t disk_measure(struct ctx *cx, void *watch)
{
	const struct disk_watch *w = watch;
	struct statvfs fs;
	if (!w->folder || !w->low_bytes)
		return OK;
	if (statvfs(w->folder, &fs) != 0)
		return FAIL(cx, INTERNAL, "%s: %s", w->folder, strerror(errno));
	uint64_t left = (uint64_t)fs.f_bavail * fs.f_frsize;
	bool was_low = db_disk_is_low(cx->db);
	bool low = left < (was_low ? w->low_bytes + w->low_bytes / 8 : w->low_bytes);
	db_disk_low(cx->db, low);
	if (low != was_low)
		log_event(low ? LOG_ERROR : LOG_INFO, low ? "disk_low" : "disk_has_room", LOG_C("folder", w->folder),
			LOG_INT("mib_left", left >> 20));
	return OK;
}
