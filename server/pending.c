/* SPDX-License-Identifier: Apache-2.0 */
/* Until caldav/calendar has all of its iCalendar half: the program links, and what needs it stops. Goes with the next
 * landing. */
#include <stdlib.h>

#pragma GCC diagnostic ignored "-Wmissing-prototypes"
__attribute__((weak)) void event_remove_instance(void)
{
	abort();
}
__attribute__((weak)) void event_patch(void)
{
	abort();
}
__attribute__((weak)) void event_cancel(void)
{
	abort();
}

__attribute__((weak)) void event_write(void)
{
	abort();
}

__attribute__((weak)) void event_read(void)
{
	abort();
}
