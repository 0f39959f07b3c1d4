# SPDX-License-Identifier: Apache-2.0
"""Who waits for slow peers makes nobody else wait, over TLS. See waiting.py."""
import pytest
from waiting import KINDS, SERVE, objects, others_are_answered  # noqa: F401

SECONDS = 36
TLS = True


@pytest.mark.parametrize("begin", KINDS)
def test_slow_peers_make_nobody_else_wait(world, objects, begin):  # noqa: F811
    others_are_answered(world, objects, begin)
