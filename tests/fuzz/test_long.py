"""The long run: what it reports of programs that differ, do not end, or end the process."""

import os
import time

import torch

import rushlight

from .compare import Tally, execute
from .long import long_run


def strange(seed):
    """Programs of five calls, two of which differ, one of which does not end, and one of which ends the process."""
    if seed == 12:
        torch.slow, rushlight.slow = (lambda: None), (lambda: time.sleep(1000))
        execute("v3 = torch.slow()", torch, {})
        execute("v3 = torch.slow()", rushlight, {})
    if seed == 15:
        os._exit(1)
    tally = Tally(programs=1, calls=5, refused=2)
    if seed in (13, 16):
        tally.explain("a reason")
    return tally, "values 1 instead of 2" if seed in (11, 17) else None


def test_two_processes_share_the_seeds_and_go_on_behind_programs_that_do_not_end():
    said = []
    assert long_run(strange, 10, 40, 20, 2, 2, said.append) == 4
    *differences, summary = said
    found = {text.split()[2].rstrip(":"): text for text in differences}
    assert sorted(found) == ["11", "12", "15", "17"]
    assert "values 1 instead of 2" in found["11"]
    assert "did not end, within 2 s" in found["12"]
    assert "<rushlight: v3 = torch.slow()>" in found["12"] and "<torch:" not in found["12"]
    assert "did not end" in found["15"] and "or at all" in found["15"]
    assert summary.startswith("10 programs, 40 calls (16 refused by both)")
    assert "2 explained: a reason [13, 16]" in summary or "2 explained: a reason [16, 13]" in summary
    assert "4 differences; seeds 10 to 19" in summary


def test_it_stops_after_the_most_differences():
    said = []
    assert long_run(strange, 11, 1000, 1, 1, 60, said.append) == 1
    assert said[0].startswith("---- seed 11: values") and len(said) == 2
