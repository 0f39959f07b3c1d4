# SPDX-License-Identifier: Apache-2.0
"""Rules in other calendars (RFC 7529), as clients meet them."""
import pytest

from dav import C, D, NAMESPACES, calendar, component
from davwrite import props

EVENT = calendar(component("VEVENT", "r", "DTSTART;VALUE=DATE:{start}", "RRULE:{rule}"))


def instances(dav, cal, start="20130101T000000Z", end="20190101T000000Z"):
    answer = dav.report(
        cal, f"<C:calendar-query {NAMESPACES}><D:prop><C:calendar-data><C:expand start='{start}' end='{end}'/></C:calendar-data></D:prop>"
        f"<C:filter><C:comp-filter name='VCALENDAR'><C:comp-filter name='VEVENT'><C:time-range start='{start}' end='{end}'/>"
        "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>", 1)
    return [line.split(":")[1] for m in answer.responses for line in m.text(C + "calendar-data").splitlines()
            if line.startswith("DTSTART")]


@pytest.mark.parametrize("start,rule,want", [  # the examples of RFC 7529 §4.3
    ("20130210", "RSCALE=CHINESE;FREQ=YEARLY", "20130210 20140131 20150219 20160208 20170128 20180216"),
    ("20130906", "RSCALE=ETHIOPIC;FREQ=MONTHLY;BYMONTH=13", "20130906 20140906 20150906 20160906 20170906 20180906"),
    ("20140208", "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=8;SKIP=FORWARD", "20140208 20150227 20160217 20170306 20180223"),
    ("20120229", "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD", "20130301 20140301 20150301 20160229 20170301 20180301"),
    ("20120229", "RSCALE=GREGORIAN;FREQ=YEARLY", "20160229"),
    ("20130709", "RSCALE=islamic-civil;FREQ=DAILY;BYMONTH=9;BYMONTHDAY=1,-1;COUNT=4", "20130709 20130807 20140629 20140728"),
    ("20130710", "rscale=Chinese;skip=omit;freq=monthly;interval=13;count=3", "20130710 20140729 20150816"),
])
def test_a_rule_in_another_calendar_makes_its_days(dav, cal, start, rule, want):
    data = EVENT.format(start=start, rule=rule)
    assert dav.put(cal + "a.ics", data).status == 201
    assert dav.request("GET", cal + "a.ics").text == data
    assert " ".join(instances(dav, cal)) == want
    first = want.split()[0]
    answer = dav.query(cal, f"<C:comp-filter name='VEVENT'><C:time-range start='{first}T000000Z' end='{first}T010000Z'/></C:comp-filter>")
    assert len(answer.responses) == 1


@pytest.mark.parametrize("rule,condition,said", [
    ("RSCALE=KLINGON;FREQ=YEARLY", "supported-rscale", "klingon"), ("RSCALE=HEBREW;FREQ=YEARLY;BYYEARDAY=1", "supported-rscale", "BYYEARDAY"),
    ("RSCALE=HEBREW;FREQ=HOURLY;BYMONTH=1", "supported-rscale", "DAILY"), ("RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=14", "valid-calendar-data", "14"),
    ("RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=x", "valid-calendar-data", "BYMONTH"), ("RSCALE=;FREQ=YEARLY", "supported-rscale", "RSCALE"),
    ("RSCALE=HEBREW;RSCALE=CHINESE;FREQ=YEARLY", "valid-calendar-data", "RSCALE=CHINESE"), ("FREQ=YEARLY;SKIP=FORWARD", "supported-rscale", "SKIP"),
])
def test_what_is_not_supported_is_refused_by_name(dav, cal, rule, condition, said):
    answer = dav.put(cal + "a.ics", EVENT.format(start="20260101", rule=rule))
    assert answer.status == 403 and answer.condition == [C + condition], answer
    assert said.lower() in answer.text.lower()


def test_the_calendars_are_told(dav, cal, home):  # RFC 7529 §10.1
    for path in (cal, home):
        listed = props(dav, path, "<C:supported-rscale-set/>").ok[C + "supported-rscale-set"]
        names = {n.text for n in listed.findall(C + "supported-rscale")}
        assert {"GREGORIAN", "CHINESE", "HEBREW", "ISLAMIC-CIVIL", "ETHIOPIC"} <= names
    everything = dav.propfind(cal, body=f"<D:propfind {NAMESPACES}><D:allprop/></D:propfind>").responses[0]
    assert C + "supported-rscale-set" not in everything.ok
    assert dav.request("PROPPATCH", cal, f"<D:propertyupdate {NAMESPACES}><D:set><D:prop><C:supported-rscale-set/></D:prop></D:set>"
                       "</D:propertyupdate>", Content_Type="application/xml").responses[0].by_status.keys() == {403}
