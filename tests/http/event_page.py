# SPDX-License-Identifier: Apache-2.0
"""The form of an event, as a browser has it and sends it."""
import html
import re

from oauth_flow import Form


def opened(browser, event_id):
    return Form(browser.get(f"/calendar/events/{event_id}/edit").text, f"/calendar/events/{event_id}/edit")


def save(browser, event_id, form=None, **fields):
    return browser.post(f"/calendar/events/{event_id}/edit", (form or opened(browser, event_id)).with_(**fields))


def field_error(page):
    return html.unescape(re.search(r'class="field-error" id="(.*?)-error" role="alert">(.*?)</p>', page, re.S).group(1))
