"""The Sphinx extension in a small project, in two processes; what is drawn stands in the page."""

from __future__ import annotations

import re
import subprocess
import sys
from operator import methodcaller
from pathlib import Path

import pytest

from dicomnet.conformance import walk_through
from dicomnet.diagrams import DIAGRAMS, Diagram, chart_svg, svg_of

CONF = 'project = "small"\nextensions = ["dicomnet.diagrams.sphinx"]\nhtml_theme = "basic"\n'
INDEX = """
Machines
========

.. toctree::

   more

.. dicomnet:: library
   :caption: The *library*
   :name: life

See :ref:`its life <life>`.

.. dicomnet:: security
   :table:
"""
MORE = """
More
====

.. dicomnet:: tls-profiles
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in (("conf.py", CONF), ("index.rst", INDEX), ("more.rst", MORE)):
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def build(project: Path, builder: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-j",
        "2",
        "-b",
        builder,
        str(project),
        str(project / builder),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def built(project: Path, builder: str, file: str) -> str:
    run = build(project, builder)
    assert (run.returncode, run.stderr) == (0, "")
    return (project / builder / file).read_text("utf-8")


def test_html_has_the_picture_in_the_page_and_no_table_beside_it(project: Path) -> None:
    page = built(project, "html", "index.html")
    assert page.count("<svg") == 1
    assert svg_of("library").strip() in page
    assert '<p class="caption">The <em>library</em></p>' in page
    assert 'id="life"' in page
    assert 'href="#life"' in page
    assert page.count("<table") == 1
    assert "handshake-timer-start" in page
    assert "TLS_AES_128_GCM_SHA256" in (project / "html" / "more.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("builder", "file"), [("text", "index.txt"), ("man", "small.1"), ("latex", "small.tex")]
)
def test_other_builders_have_the_table(project: Path, builder: str, file: str) -> None:
    text = built(project, builder, file)
    assert "svg" not in text
    for word in ("STOPPED", "STARTED", "UNSECURED"):
        assert word in text


def test_a_name_that_there_is_not_is_a_warning_with_its_place(project: Path) -> None:
    (project / "more.rst").write_text(MORE.replace("tls-profiles", "asociation"), "utf-8")
    run = build(project, "html")
    assert run.returncode == 0
    assert re.search(
        r"more\.rst:5: WARNING: dicomnet: there is no 'asociation'; near: association", run.stderr
    )
    assert "Traceback" not in run.stderr
    assert (project / "html" / "more.html").exists()


def test_a_name_is_needed(project: Path) -> None:
    (project / "more.rst").write_text(MORE.replace("tls-profiles", ""), "utf-8")
    run = build(project, "html")
    assert "more.rst:5: ERROR" in run.stderr
    assert "1 argument(s) required" in run.stderr


def test_where_nothing_draws_the_table_is_shown_and_it_is_said(project: Path) -> None:
    # A `dot` that fails, and one that is packaged and cannot be found.
    (project / "conf.py").write_text(
        CONF + "import dicomnet.diagrams.render\ndicomnet.diagrams.render.engines = list\n", "utf-8"
    )
    run = build(project, "html")
    assert run.returncode == 0
    assert "index.rst:9: WARNING: dicomnet: library: nothing could draw the diagram" in run.stderr
    page = (project / "html" / "index.html").read_text("utf-8")
    assert "<svg" not in page
    assert "STOPPED" in page


# --- in a notebook ----------------------------------------------------------------------------------------

in_notebook = methodcaller("_repr_svg_")


@pytest.mark.parametrize("name", DIAGRAMS)
def test_a_diagram_shows_itself(name: str) -> None:
    shown = in_notebook(Diagram(name))
    assert shown == svg_of(name)
    assert shown.startswith('<svg role="img" aria-label="')
    assert shown.endswith("</svg>\n")
    assert set(re.findall(r' id="([^"]*)"', shown)) >= {f"dicomnet-{name}-graph0"}
    assert 'style="text-decoration: none"' in shown
    assert "<a xlink:" not in shown
    assert Diagram(name).dot.startswith("digraph")
    assert Diagram(name).mermaid


def test_ids_of_two_pictures_on_one_page_differ() -> None:
    ids = [
        re.findall(r' id="([^"]*)"', svg_of(name)) for name in ("library", "listener", "listener-tcp-linux")
    ]
    every = [each for some in ids for each in some]
    assert len(every) == len(set(every))


def test_a_chart_shows_itself() -> None:
    assert in_notebook(walk_through()) == chart_svg(walk_through())


def test_an_unknown_diagram_is_refused_with_near_names() -> None:
    with pytest.raises(ValueError, match="there is no 'asociation'; near: association"):
        Diagram("asociation")
    with pytest.raises(ValueError, match="there is no 'zzz'; there are: association"):
        svg_of("zzz")
