"""Pictures: by the engine that a package brings, by the system's dot, or an error that says what to do."""

import re
import sys
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from dicomnet.diagrams import CLASS, DARK, DIAGRAMS, RenderError, dot_of, engine, picture

from ..conformance.command import output, run

SVG = "{http://www.w3.org/2000/svg}"


def stand_in(folder: Path, name: str, body: str) -> Path:
    """A program on disk: `args` are its arguments, `source` is what it is given to draw."""
    program = folder / name
    program.write_text(
        f"#!{sys.executable}\nimport sys\nargs, source = sys.argv[1:], sys.stdin.read()\n{body}\n"
    )
    program.chmod(0o755)
    return program


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No dot on the search path, which is the returned folder alone."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def no_package(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Python finds no installed package but those of the folder."""
    monkeypatch.setattr(sys, "path", [str(folder)])


@pytest.mark.parametrize("name", DIAGRAMS)
def test_the_package_draws_svg_without_a_system_dot(name: str, nothing_installed: Path) -> None:
    root = ElementTree.fromstring(picture(dot_of(name), "svg"))
    assert root.tag == f"{SVG}svg"
    titles = {title.text for title in root.iter(f"{SVG}title")}
    assert name in titles


def test_the_svg_has_the_clauses_in_its_tips(nothing_installed: Path) -> None:
    root = ElementTree.fromstring(picture(dot_of("association"), "svg"))
    tips = [anchor.get("{http://www.w3.org/1999/xlink}title", "") for anchor in root.iter(f"{SVG}a")]
    assert any(
        "AR-1: send-pdu A-RELEASE-RQ\n(PS3.8 2020 Table 9-10; PS3.8 2020 Table 9-8)" in t for t in tips
    )


@pytest.mark.parametrize("name", DIAGRAMS)
def test_the_package_draws_png_without_a_system_dot(name: str, nothing_installed: Path) -> None:
    octets = picture(dot_of(name), "png")
    assert octets.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(octets[at : at + 4], "big") for at in (16, 20))
    assert 500 < width < 4000
    assert 300 < height < 4000


def test_the_packaged_engine_goes_first(nothing_installed: Path) -> None:
    stand_in(nothing_installed, "dot", "print('drawn by another')")
    assert picture("digraph { a }", "png").startswith(b"\x89PNG")
    assert "graphviz-pure" in engine()


def test_without_it_the_dot_of_the_system_draws(
    monkeypatch: pytest.MonkeyPatch, nothing_installed: Path
) -> None:
    no_package(monkeypatch, nothing_installed)
    stand_in(nothing_installed, "dot", "print('dot 1.2.3' if args == ['-V'] else (args, source), end='')")
    assert picture("digraph é {}", "svg", "light") == "(['-Tsvg'], 'digraph é {}')".encode()
    assert picture("digraph {}", "png").startswith(b"(['-Tpng', '-Gdpi=")
    assert engine() == f"{nothing_installed / 'dot'}: dot 1.2.3"


@pytest.mark.parametrize("body", ["print('half'); sys.exit('Format: \"png\" not recognized')", ""])
def test_an_engine_that_cannot_does_not_spoil_it(
    body: str, monkeypatch: pytest.MonkeyPatch, nothing_installed: Path
) -> None:
    no_package(monkeypatch, nothing_installed)
    stand_in(nothing_installed, "graphviz-pure", body)
    stand_in(nothing_installed, "dot", "print('drawn', end='')")
    assert picture("digraph { a }", "png") == b"drawn"


def test_the_command_tells_the_engine(monkeypatch: pytest.MonkeyPatch, nothing_installed: Path) -> None:
    assert "graphviz-pure version" in output("diagram", "--engine")
    no_package(monkeypatch, nothing_installed)
    result = run("diagram", "--engine")
    assert result.exit_code == 1
    assert "no engine can draw diagrams; install graphviz, or: pip install graphviz-pure" in result.output
    stand_in(nothing_installed, "dot", "sys.exit(3)")
    assert "/dot: ended with code 3" in run("diagram", "--engine").output


# --- light and dark -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DIAGRAMS)
def test_every_colour_has_one_for_dark_paper(name: str) -> None:
    assert set(re.findall(r"#[0-9a-f]{6}", dot_of(name, {} if name == "association" else None))) <= set(DARK)


def test_a_picture_follows_its_reader(nothing_installed: Path) -> None:
    source = dot_of("association")
    light, auto, dark = (picture(source, "svg", theme).decode() for theme in ("light", "auto", "dark"))
    assert "prefers-color-scheme" not in light + dark
    assert "@media (prefers-color-scheme: dark)" in auto
    ElementTree.fromstring(auto)
    for before, behind in DARK.items():
        if f'fill="{before}"' in light:
            assert f'[fill="{before}"] {{ fill: {behind}; }}' in auto
            assert f'fill="{behind}"' in dark
    assert 'fill="#222222"' not in dark
    assert dark.count("<text") == light.count("<text")
    assert light in auto.replace(f'<svg class="{CLASS}"', "<svg").replace(
        auto[auto.index("\n<style>") : auto.index("</style>") + 8], ""
    )


def test_a_dark_png_is_another_picture(nothing_installed: Path) -> None:
    assert picture(dot_of("library"), "png", "dark") != picture(dot_of("library"), "png")


# --- nothing lies on anything -------------------------------------------------------------------------------


def boxes(svg: str) -> list[tuple[str, float, float, float, float]]:
    """The nodes: their name, left, top, right, bottom."""
    found: list[tuple[str, float, float, float, float]] = []
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        if group.get("class") != "node":
            continue
        shapes = [*group.iter(f"{SVG}path"), *group.iter(f"{SVG}polygon")]
        numbers = re.findall(
            r"-?\d+(?:\.\d+)?", " ".join(s.get("d") or s.get("points") or "" for s in shapes)
        )
        xs, ys = [float(n) for n in numbers[::2]], [float(n) for n in numbers[1::2]]
        if xs:
            name = group.findtext(f"{SVG}title") or ""
            found.append((name, min(xs), min(ys), max(xs), max(ys)))
    return found


@pytest.mark.parametrize("name", DIAGRAMS)
def test_no_two_boxes_overlap(name: str, nothing_installed: Path) -> None:
    nodes = boxes(picture(dot_of(name), "svg").decode())
    assert len(nodes) >= 2
    for (one, left, top, right, bottom), (other, x, y, beyond, below) in combinations(nodes, 2):
        apart = right <= x or beyond <= left or bottom <= y or below <= top
        assert apart, f"{one} and {other}"


def test_with_no_engine_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, nothing_installed: Path
) -> None:
    no_package(monkeypatch, nothing_installed)
    with pytest.raises(RenderError) as caught:
        picture("digraph {}", "svg")
    assert str(caught.value) == (
        "nothing could draw the diagram; install graphviz, or: pip install graphviz-pure"
    )


def test_when_every_engine_fails_the_error_says_why(
    monkeypatch: pytest.MonkeyPatch, nothing_installed: Path
) -> None:
    no_package(monkeypatch, nothing_installed)
    stand_in(nothing_installed, "dot", "sys.exit('no such format')")
    stand_in(nothing_installed, "graphviz-pure", "sys.exit(3)")
    with pytest.raises(RenderError) as caught:
        picture("digraph {}", "svg")
    assert "/dot: no such format" in str(caught.value)
    assert "/graphviz-pure: ended with code 3" in str(caught.value)


def test_an_engine_that_does_not_start_is_an_error(
    monkeypatch: pytest.MonkeyPatch, nothing_installed: Path
) -> None:
    no_package(monkeypatch, nothing_installed)
    program = nothing_installed / "dot"
    program.write_text("#!/no/such/interpreter\n")
    program.chmod(0o755)
    with pytest.raises(RenderError, match=r"/dot: .*No such file"):
        picture("digraph {}", "svg")


def test_a_source_that_is_no_dot_is_an_error(nothing_installed: Path) -> None:
    with pytest.raises(RenderError, match="syntax error"):
        picture("digraph {", "svg")


def test_another_format_is_an_error() -> None:
    with pytest.raises(RenderError, match="'pdf' is no format to draw in; there are: svg, png"):
        picture("digraph {}", "pdf")
