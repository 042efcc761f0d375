"""Pictures: by the engine that a package brings, by the system's dot, or an error that says what to do."""

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from dicomnet.diagrams import DIAGRAMS, RenderError, dot_of, picture

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


def test_the_dot_of_the_system_goes_first(nothing_installed: Path) -> None:
    stand_in(nothing_installed, "dot", "print(args, source, end='')")
    assert picture("digraph é {}", "svg") == "['-Tsvg'] digraph é {}".encode()
    assert picture("digraph {}", "png").startswith(b"['-Tpng', '-Gdpi=")


def test_a_dot_that_cannot_does_not_spoil_it(nothing_installed: Path) -> None:
    stand_in(nothing_installed, "dot", "print('half'); sys.exit('Format: \"png\" not recognized')")
    assert picture("digraph { a }", "png").startswith(b"\x89PNG")


def test_a_dot_that_says_nothing_does_not_spoil_it(nothing_installed: Path) -> None:
    stand_in(nothing_installed, "dot", "")
    assert picture("digraph { a }", "png").startswith(b"\x89PNG")


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
