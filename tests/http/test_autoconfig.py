# SPDX-License-Identifier: Apache-2.0
"""What a program finds by the domain of an e-mail address alone: PACC and Autoconfig lead to CalDAV and to the sign-in."""
import xml.etree.ElementTree as ET


def test_pacc_names_caldav_and_the_issuer(world):
    """draft-ietf-mailmaint-pacc-02."""
    reply = world.get("/.well-known/user-agent-configuration.json")
    assert reply.status == 200 and reply.headers["Content-Type"] == "application/json"
    assert reply.json["protocols"]["caldav"]["url"] == f"{world.url}/dav/"
    issuer = reply.json["authentication"]["oauth-public"]["issuer"]
    assert world.get("/.well-known/oauth-authorization-server").json["issuer"] == issuer
    assert reply.json["authentication"]["password"] is True and reply.json["info"]["provider"]["name"]
    assert world.get(reply.json["info"]["help"]["documentation"].removeprefix(world.url)).status == 200
    assert world.get("/.well-known/user-agent-configuration.json").body == reply.body  # its digest stands in the DNS


def test_autoconfig_names_caldav(world):
    """draft-ietf-mailmaint-autoconfig: a key signs in at what it names."""
    reply = world.get("/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress=una@calends.example")
    calendar = ET.fromstring(reply.body).find("calendar")
    assert calendar.get("type") == "caldav" and calendar.findtext("url") == calendar.findtext("serverURL") == f"{world.url}/dav/"
    assert [a.text for a in calendar.findall("authentication")] == ["OAuth2", "http-basic"]
    user = world.account("una@calends.example")
    name = calendar.findtext("username").replace("%EMAILADDRESS%", user.email)
    assert world.dav("PROPFIND", "/dav/", None, {"Depth": 0}, (name, user.key)).status == 207
