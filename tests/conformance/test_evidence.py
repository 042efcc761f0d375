"""PDUs in words: registered UIDs have their names, and whatever a target sends can be shown."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomnet.conformance import describe, uid_name
from dicomnet.statemachine import (
    EXPLICIT_LE,
    IMPLICIT_LE,
    PDV,
    VERIFICATION,
    AAssociateAC,
    CEchoRSP,
    PDataTF,
    PresentationContextAC,
    PresentationContextRQ,
    UserInformation,
    encode_command,
)
from dicomnet.transports import echo_request

from .command import COMMAND, flat, output

MOST_SHOWN = 60_000


def acceptance(*contexts: PresentationContextAC) -> AAssociateAC:
    return AAssociateAC("SCP", "SCU", contexts, UserInformation(max_length=16384))


def test_registered_names_are_shown() -> None:
    accepted = PresentationContextAC(1, 0, IMPLICIT_LE)
    assert describe(acceptance(accepted)) == (
        "A-ASSOCIATE-AC: contexts 1 accepted (Implicit VR Little Endian); maximum length 16384"
    )
    request = replace(
        echo_request("SCP", "SCU"),
        presentation_contexts=(PresentationContextRQ(3, VERIFICATION, (EXPLICIT_LE, "1.2.3")),),
    )
    assert describe(request) == (
        "A-ASSOCIATE-RQ: 'SCU' calls 'SCP'; "
        "contexts 3 Verification SOP Class (Explicit VR Little Endian, 1.2.3)"
    )
    response = PDataTF((PDV(1, True, True, encode_command(CEchoRSP(1))),))
    assert describe(response).endswith("octets (CEchoRSP, Verification SOP Class)")


def test_a_rejected_context_has_no_transfer_syntax() -> None:
    text = describe(acceptance(PresentationContextAC(1, 3, IMPLICIT_LE), PresentationContextAC(3, 4, None)))
    assert "Implicit" not in text
    assert "contexts 1 " in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.2.3",
        " 1.2.840.10008.1.2",
        "1.2.840.10008.1.2\n",
        "\x1b]0;owned\x07",
        "9" * 64,
        "\ud800",
        "name",
    ],
)
def test_other_text_is_shown_as_it_is(text: str) -> None:
    assert uid_name(text) == text


@given(st.text(max_size=300))
def test_no_text_is_too_odd(text: str) -> None:
    name = uid_name(text)
    assert name == text or name.endswith("...") or "." in text
    assert len(name) <= 100


def test_what_a_target_can_make_us_show_is_bounded() -> None:
    many = tuple(PresentationContextAC(1, 0, "1" * 60_000) for _ in range(500))
    text = describe(acceptance(*many))
    assert len(text) < MOST_SHOWN
    assert ", and more;" in text
    proposals = tuple(PresentationContextRQ(1, "1" * 60_000, ("1" * 60_000,) * 500) for _ in range(500))
    text = describe(replace(echo_request("SCP", "SCU"), presentation_contexts=proposals))
    assert len(text) < 2 * MOST_SHOWN
    assert text.endswith(", and more")


def test_the_explanation_of_a_case_shows_the_names() -> None:
    text = flat(output("explain", "ac.form"))
    assert "decoded: A-ASSOCIATE-RQ: 'CALLING' calls 'CALLED'; contexts 1 Verification SOP Class" in text


def test_help_does_not_pay_for_the_names() -> None:
    """The dictionary takes longer to import than the help takes to show."""
    script = COMMAND[2].replace("main()", "\ntry:\n    main()\nfinally:\n    print('pydicom' in sys.modules)")
    script = f"import sys\n{script}"
    for arguments, imported in ((("--help",), "False"), (("explain", "ac.form"), "True")):
        done = subprocess.run(
            (sys.executable, "-c", script, *arguments), capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines()[-1] == imported
