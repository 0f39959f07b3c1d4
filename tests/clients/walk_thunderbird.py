#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""For walk.mjs: a fresh Thunderbird finds the calendars of URL EMAIL KEY (in the environment) and synchronises them; prints what it then shows."""
import json
import os
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

from test_thunderbird import CALENDAR, SETUP  # noqa: E402
from thunderbird import Thunderbird  # noqa: E402

with tempfile.TemporaryDirectory() as profile, Thunderbird(profile) as thunderbird:
    who = {"url": os.environ["URL"], "email": os.environ["EMAIL"], "key": os.environ["KEY"]}
    found = thunderbird.run(SETUP, **who)
    events = thunderbird.run(CALENDAR + """
      return sync(async () => { const items = await calendar.getItemsAsArray(Ci.calICalendar.ITEM_FILTER_TYPE_EVENT, 0, null, null);
        return items.length ? items.map(i => i.title) : null; });""")
    print(json.dumps({"calendars": [c["name"] for c in found], "events": events}))
