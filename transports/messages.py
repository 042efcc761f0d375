"""DIMSE command messages over P-DATA: cut into fragments, and put together again (PS3.8 2020, Annex E)."""

from __future__ import annotations

from typing import NamedTuple

from dicomnet.statemachine import PDV, PDataTF

# PDU-length counts the PDV's 4-octet length, its context id and its control header besides the fragment.
PDV_OVERHEAD = 6
MAX_COMMAND = 1 << 16


def fragments(context_id: int, command: bytes, max_length: int) -> tuple[PDataTF, ...]:
    """The P-DATA-TF PDUs that carry one command, none longer than the receiver's maximum length (0 = no
    limit).

    Fragments have an even number of octets. Raises `ValueError` when the maximum length leaves no room for
    two octets.
    """
    size = len(command) if max_length == 0 else min(len(command), (max_length - PDV_OVERHEAD) & ~1)
    if size < 2:
        raise ValueError(f"a maximum length of {max_length} octets leaves no room for a fragment")
    if size == len(command):
        return (PDataTF((PDV(context_id, True, True, command),)),)
    return tuple(
        PDataTF((PDV(context_id, True, start + size >= len(command), command[start : start + size]),))
        for start in range(0, len(command), size)
    )


class Message(NamedTuple):
    """A whole command that was received on a context; `fault` says why what came is none."""

    context_id: int
    command: bytes
    fault: str | None = None


class Assembler:
    """Puts the fragments of one association's commands together, within `MAX_COMMAND` octets."""

    def __init__(self) -> None:
        self._context: int | None = None
        self._parts = bytearray()

    def feed(self, data: PDataTF) -> list[Message]:
        """The messages completed by these PDVs; a message with `fault` where they break PS3.8 Annex E."""
        done: list[Message] = []
        for pdv in data.pdvs:
            fault = self._fault(pdv)
            if fault is not None:
                done.append(Message(pdv.context_id, b"", fault))
                return done
            if not pdv.is_last:
                self._context = pdv.context_id
                self._parts += pdv.fragment
            elif self._context is None:
                done.append(Message(pdv.context_id, pdv.fragment))
            else:
                done.append(Message(pdv.context_id, bytes(self._parts) + pdv.fragment))
                self._context = None
                self._parts.clear()
        return done

    def _fault(self, pdv: PDV) -> str | None:
        if not pdv.is_command:
            return "a data set fragment, where only commands without a data set are served"
        if self._context is not None and pdv.context_id != self._context:
            return f"a fragment on context {pdv.context_id} inside a message on context {self._context}"
        if len(self._parts) + len(pdv.fragment) > MAX_COMMAND:
            return f"a command of more than {MAX_COMMAND} octets"
        return None
