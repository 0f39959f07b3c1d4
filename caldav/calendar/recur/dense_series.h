/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Series of hours, minutes or seconds whose instances leave no gap. What they cover is a few long runs, however many
 * instances these have: whoever wants to know when, and not how often, need not walk. Series of moments cover nothing
 * at all.
 */
#pragma once

#include "caldav/calendar/recur/expand.h"

/*
 * Visit the runs that the rule of `s` makes around the walk's window, without its overrides. False: it is no such
 * series, and nothing was visited. Runs are half-open, in seconds of UTC. A floating one is taken to run on through the
 * hour that its clock repeats.
 */
bool dense_series_runs(struct arena *mem, const struct series *s, const struct walk *walk,
	void (*visit)(void *to, int64_t start, int64_t end), void *to);
