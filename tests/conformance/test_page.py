"""The page of a run: what it holds, that it is one file, and that nothing which a target says gets out of its place."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomnet.conformance import Result, Verdict, report_as_dict
from dicomnet.conformance.fuzz.strategies import near_valid, pdus
from dicomnet.conformance.reports.fields import Field, fields_of
from dicomnet.conformance.reports.page import page_of
from dicomnet.statemachine import AAbort, AReleaseRQ, encode
from dicomnet.transports import echo_request

from .command import flat, output, read_json, run, wrong_use
from .test_reports import ALL, NASTY, repeat, report_of, result

VOID = {"meta", "link", "input", "br"}
HOSTILE = "<script>alert(1)</script> \"'><img src=x onerror=alert(1)> {{ 7 * 7 }} \u202egnp.exe \x00 \x1b[31m"


class Parsed(HTMLParser):
    """The elements of a page with their attributes, and whether each is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page(*results: Result, **more: object) -> str:
    return page_of({**report_as_dict(report_of(*results), repeat), **more})


# --- what it holds ----------------------------------------------------------------------------------------


def test_every_case_is_in_the_page_with_all_that_is_known_of_it() -> None:
    parsed = Parsed(page(*ALL))
    assert (parsed.wrong, parsed.open) == ([], [])
    rows = [each for each in parsed.of("tbody") if each.get("class") == "case"]
    assert sorted(str(each["data-verdict"]) for each in rows) == sorted(v.value for v in Verdict)
    for one in ALL:
        for told in (
            one.case.id,
            one.case.title,
            one.case.clause,
            one.case.requirement,
            one.expected,
            repeat(one.case.id),
        ):
            assert told in parsed.text
    assert "note what came" in parsed.text
    assert len({str(each["id"]) for each in rows}) == len(rows)


def test_the_worst_comes_first() -> None:
    parsed = Parsed(page(result(Verdict.PASS), result(Verdict.FAIL, 2), result(Verdict.NON_STRICT, 3)))
    verdicts = [each["data-verdict"] for each in parsed.of("tbody") if each.get("class") == "case"]
    assert verdicts == ["fail", "non-strict", "pass"]


def test_each_kind_of_octets_is_decoded_once() -> None:
    text = page(*ALL)
    assert text.count("<template ") == 1
    assert text.count('data-octets="octets-0"') == len(ALL)


def test_the_cells_link_to_the_cases_that_drive_them() -> None:
    report = report_as_dict(report_of(*ALL), repeat)
    cases = report["cases"]
    assert isinstance(cases, list)
    cases[0]["cell"] = ["Sta6", "Evt10"]
    parsed = Parsed(page_of(report))
    assert [each["href"] for each in parsed.of("a") if "cell=" in str(each.get("href"))] == [
        "#cell=Sta6 x Evt10"
    ]
    assert "sta6 x evt10" in str([each for each in parsed.of("tbody") if each.get("class") == "case"])


def test_an_interrupted_run_and_one_that_could_not_test_say_so() -> None:
    assert "was interrupted" in page(interrupted=True)
    assert "Could not test: nobody is there" in page(blamed="nobody is there")
    assert "no failure in 0 cases" in page()


def test_of_very_many_cases_only_those_that_are_no_pass_have_a_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dicomnet.conformance.reports.page.MOST_CHARTS", 3)
    text = page(*ALL)
    assert text.count("<figure") == 5
    assert f"Of {len(ALL)} cases only those that are no pass have a chart." in text
    assert page(*ALL[:2]).count("<figure") == 2


# --- it is one file, and safe -----------------------------------------------------------------------------


def test_nothing_is_fetched_from_anywhere() -> None:
    text = page(*ALL)
    parsed = Parsed(text)
    for tag, attributes in parsed.elements:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base")
        assert not {"src", "srcset", "action", "formaction"} & set(attributes)
        for name in ("href", "xlink:href"):
            assert str(attributes.get(name, "#")).startswith(("#", "https://dicom.nema.org/"))
    assert "@import" not in text
    assert "url(" not in text
    (policy,) = [each for each in parsed.of("meta") if each.get("http-equiv") == "Content-Security-Policy"]
    assert str(policy["content"]).startswith("default-src 'none'; ")
    assert "script-src 'sha256-" in str(policy["content"])


def test_the_script_is_the_one_that_is_allowed() -> None:
    text = page()
    script = text.rpartition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # A hash may be escaped in an attribute, which a browser undoes.
    assert f"sha256-{digest}" in text.replace("&#43;", "+").replace("&#39;", "'")


@pytest.mark.parametrize("hostile", [HOSTILE, NASTY])
def test_what_a_target_says_stays_where_it_is(hostile: str) -> None:
    plain, parsed = (
        Parsed(page(*ALL)),
        Parsed(page(*(result(verdict, text=hostile) for verdict in Verdict), target=hostile)),
    )
    assert (parsed.wrong, parsed.open) == ([], [])
    assert [tag for tag, _ in parsed.elements if tag == "script"] == ["script"]
    assert not [name for _, attributes in parsed.elements for name in attributes if name.startswith("on")]
    assert {tag for tag, _ in parsed.elements} == {tag for tag, _ in plain.elements}
    assert not [c for c in parsed.text if not c.isprintable() and c not in "\n\t "]
    assert "49" not in parsed.text.partition("gnp")[0][-20:]


@pytest.mark.parametrize("value", [None, 7, "text", [], {}, [None, 7], {"a": None}])
@pytest.mark.parametrize("name", ["cases", "cells", "unreachable", "remarks", "baseline", "target", "role"])
def test_a_report_that_was_made_by_others_makes_a_page_as_well(name: str, value: object) -> None:
    assert Parsed(page(*ALL[:1], **{name: value})).open == []


@pytest.mark.parametrize("value", [None, 7, "text", [], {}, [None, 7]])
@pytest.mark.parametrize(
    "name", ["id", "evidence", "cell", "notes", "close", "seconds", "verdict", "evidence_dropped"]
)
def test_so_does_a_case_that_was(name: str, value: object) -> None:
    report = json.loads(json.dumps(report_as_dict(report_of(*ALL[:1]), repeat)))
    report["cases"][0][name] = value
    assert Parsed(page_of(report)).open == []


@pytest.mark.parametrize("value", [None, 7, "no hexadecimal", "0", [], {}])
@pytest.mark.parametrize("name", ["octets", "total", "what", "who", "seconds", "connection"])
def test_so_does_evidence_that_was(name: str, value: object) -> None:
    report = json.loads(json.dumps(report_as_dict(report_of(*ALL[:1]), repeat)))
    report["cases"][0]["evidence"][0][name] = value
    assert Parsed(page_of(report)).open == []


# --- octets, field by field -------------------------------------------------------------------------------


def names(octets: bytes) -> list[tuple[int, str, str]]:
    return [(each.offset, each.name, each.value) for each in fields_of(octets)]


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=200), pdus(), near_valid(), near_valid().map(lambda each: each + each)))
def test_the_fields_are_all_the_octets(octets: bytes) -> None:
    fields = fields_of(octets)
    assert b"".join(each.octets for each in fields) == octets
    place = 0
    for each in fields:
        assert each.offset == place
        place += len(each.octets)


def test_the_fields_of_a_request() -> None:
    told = {name: value for _, name, value in names(encode(echo_request("CALLED", "CALLING")))}
    assert told["PDU type"] == "A-ASSOCIATE-RQ"
    assert told["protocol version"] == "0x0001"
    assert told["called AE title"] == "'CALLED          '"
    assert told["abstract syntax"] == "type 0x30, 17 octets"
    assert (74, "application context", "type 0x10, 21 octets") in names(encode(echo_request("A", "B")))
    assert "Verification SOP Class" in str(names(encode(echo_request("A", "B"))))


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (encode(AAbort(2, 2)), "2: aborted by the service provider: unexpected PDU (2/2)"),
        (bytes.fromhex("030000000004 00 01 01 07"), "called AE title not recognised"),
        (bytes.fromhex("0400000000060000000101 03"), "0x03: command, last"),
        (bytes.fromhex("01000000"), "a part of a PDU header"),
        (bytes.fromhex("16030100c8"), "octets that are no PDU"),
        (bytes.fromhex("160301020001aa"), "octets that are no PDU"),
        (bytes.fromhex("0b000000000100"), "unknown type 0x0B"),
        (bytes.fromhex("0100000000c80001"), "200 octets, of which 2 are here"),
        (encode(AReleaseRQ())[:8], "4 octets, of which 2 are here"),
        (bytes.fromhex("050000000006000000000000") + b"\7", "a part of a PDU header"),
    ],
)
def test_the_fields_of_others(octets: bytes, words: str) -> None:
    assert words in str(names(octets))


def test_a_password_is_not_shown() -> None:
    item = bytes.fromhex("58 00 000e 02 01 0004") + b"user" + bytes.fromhex("0004") + b"word"
    text = str([(each.written, each.name, each.value) for each in fields_of(wrapped(item))])
    assert "not shown" in text
    assert b"word".hex(" ") not in text


def test_a_role_selection_has_fields() -> None:
    item = bytes.fromhex("54 00 0015 0011") + b"1.2.840.10008.1.1" + bytes((1, 0))
    told = names(wrapped(item))
    assert [each[1:] for each in told if "role" in each[1]][-2:] == [("SCU role", "1"), ("SCP role", "0")]


def wrapped(item: bytes) -> bytes:
    """A request with this sub-item of the user information alone."""
    body = bytes.fromhex("0001 0000") + bytes(64) + b"\x50\0" + len(item).to_bytes(2, "big") + item
    return b"\1\0" + len(body).to_bytes(4, "big") + body


def test_of_very_many_fields_the_first_are_told() -> None:
    fields = fields_of(bytes.fromhex("040000007530") + bytes.fromhex("000000020102") * 5000)
    assert len(fields) == 151
    assert fields[-1].name == "more fields, not shown"
    assert Field(0, bytes(20), 0, "x").written == "00 " * 15 + "00 and 4 more"


# --- the commands -----------------------------------------------------------------------------------------


def test_a_run_writes_its_page_and_a_report_makes_the_same(tmp_path: Path) -> None:
    whole, again, report = tmp_path / "run.html", tmp_path / "again.html", tmp_path / "run.json"
    one = ("--select", "ul.sta6.evt3", "--select", "sanity.echo", "--quick")
    result = run("test", *one, "--html", str(whole), "--json", str(report))
    assert result.exit_code == 0, result.output
    assert output("page", str(report), "-o", str(again)) == ""
    dated = re.compile(r"\d\d:\d\d:\d\d UTC")
    assert dated.sub("", again.read_text("utf-8")) == dated.sub("", whole.read_text("utf-8"))
    data = read_json(report)
    assert data["command"] == "dicomnet test --quick --select ul.sta6.evt3 --select sanity.echo"
    assert data["date"].endswith(" UTC")
    assert data["version"]


def test_bad_input_is_told(tmp_path: Path) -> None:
    page_file, other = tmp_path / "page.html", tmp_path / "other.json"
    assert "cannot read" in wrong_use("page", str(tmp_path / "none.json"), "-o", str(page_file))
    other.write_text('{"schema": "dicomnet-report/9"}', "utf-8")
    assert "dicomnet-report/9" in wrong_use("page", str(other), "-o", str(page_file))
    other.write_text("{", "utf-8")
    assert "JSON" in wrong_use("page", str(other), "-o", str(page_file))
    assert "cannot write" in wrong_use("page", str(other), "-o", str(tmp_path / "no" / "page.html"))
    assert "name the same file" in wrong_use("page", str(other), "-o", str(other))
    assert other.read_text("utf-8") == "{"
    other.write_text("[" * 100_000, "utf-8")
    assert "nested too deeply" in wrong_use("page", str(other), "-o", str(page_file))
    file = str(tmp_path / "one")
    assert "--json and --html name the same file" in wrong_use("test", "--json", file, "--html", file)
    assert not page_file.exists()


def test_the_help_has_an_example() -> None:
    assert "Example: dicomnet page report.json" in flat(output("page", "--help"))


def test_the_same_first_octets_of_two_wholes_are_told_apart() -> None:
    report = json.loads(json.dumps(report_as_dict(report_of(*ALL[:2]), repeat)))
    report["cases"][0]["evidence"][0]["total"] = 700
    report["cases"][1]["cell"] = [["Sta6"], {}]
    text = page_of(report)
    assert "700 octets, of which the first 2 were kept" in text
    assert text.count("<template ") == 2
