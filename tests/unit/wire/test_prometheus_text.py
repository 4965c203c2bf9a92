"""Prometheus's text format: escaping, numbers, histograms."""

from __future__ import annotations

from farshore.wire.prometheus_text import Family, write


def test_a_family_is_a_help_a_type_and_its_samples() -> None:
    family = Family("requests_total", "counter", "How many\nrequests \\ came.")
    family.add({}, 3)
    family.add({"path": 'a"b\\c\nd', "empty": ""}, 0.25)
    assert write([family, Family("nothing", "gauge", "Left out.")]) == (
        "# HELP requests_total How many\\nrequests \\\\ came.\n"
        "# TYPE requests_total counter\n"
        "requests_total 3\n"
        'requests_total{path="a\\"b\\\\c\\nd",empty=""} 0.25\n'
    )


def test_a_histogram_adds_its_classes_up() -> None:
    family = Family("seconds", "histogram", "Time.")
    family.add_histogram({"a": "b"}, (0.5, 1.0), (1, 2, 4), 12.5)
    assert write([family]).splitlines()[2:] == [
        'seconds_bucket{a="b",le="0.5"} 1',
        'seconds_bucket{a="b",le="1"} 3',
        'seconds_bucket{a="b",le="+Inf"} 7',
        'seconds_sum{a="b"} 12.5',
        'seconds_count{a="b"} 7',
    ]


def test_large_numbers_stay_whole() -> None:
    family = Family("bytes", "gauge", "Size.")
    family.add({}, 2**53)
    assert write([family]).endswith("bytes 9007199254740992\n")
