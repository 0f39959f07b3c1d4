/* SPDX-License-Identifier: Apache-2.0 */
/* Until caldav/calendar has its iCalendar half: the program links, and what needs it stops. Goes with the next landing. */
#include <stdlib.h>

#pragma GCC diagnostic ignored "-Wmissing-prototypes"
__attribute__((weak)) void ical_parse(void)
{
	abort();
}
__attribute__((weak)) void ical_zone_known(void)
{
	abort();
}
__attribute__((weak)) void ical_comp_named(void)
{
	abort();
}
__attribute__((weak)) void freebusy_add(void)
{
	abort();
}
__attribute__((weak)) void event_read(void)
{
	abort();
}
__attribute__((weak)) void ical_timezone_name(void)
{
	abort();
}
__attribute__((weak)) void ical_main(void)
{
	abort();
}
__attribute__((weak)) void freebusy_merge(void)
{
	abort();
}
__attribute__((weak)) void ical_touches(void)
{
	abort();
}
__attribute__((weak)) void ical_prop(void)
{
	abort();
}
__attribute__((weak)) void ical_line(void)
{
	abort();
}
__attribute__((weak)) void ical_expand(void)
{
	abort();
}
__attribute__((weak)) void ical_escape(void)
{
	abort();
}
__attribute__((weak)) void ical_value(void)
{
	abort();
}
__attribute__((weak)) void ical_text(void)
{
	abort();
}
__attribute__((weak)) void ical_selects(void)
{
	abort();
}
__attribute__((weak)) void ical_prop_touches(void)
{
	abort();
}
__attribute__((weak)) void ical_prop_again(void)
{
	abort();
}
__attribute__((weak)) void ical_param(void)
{
	abort();
}
__attribute__((weak)) void ical_judge(void)
{
	abort();
}
__attribute__((weak)) void ical_expand_data(void)
{
	abort();
}
__attribute__((weak)) void ical_comp_touches(void)
{
	abort();
}
__attribute__((weak)) void freebusy_write(void)
{
	abort();
}
__attribute__((weak)) void event_write(void)
{
	abort();
}
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
