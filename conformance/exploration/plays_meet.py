"""The plays of how the layers meet: association, connection and listener of one object, and what is absorbed."""

from __future__ import annotations

from typing import Final

SETUPS: Final = {
    "sta5": "L listen 4; a connect; run; L accept k; run; a associate; run; clear",
    "sta6": "assoc",
    "sta7": "assoc; a release; run; clear",
    "sta9": "assoc; a release; k release; run; clear",
    "sta11": "assoc; a release; k release; run; a respond_release; run; clear",
}
"""How a connection comes to two ends, requestor `a` and child `k`, in these states of their associations."""

LOSES: Final = "A-P-ABORT.indication"


def _ends() -> str:
    """Each way to end a connection, at either end, in each state of an association that is alive."""
    plays: list[str] = []
    for name, setup in SETUPS.items():
        for who, other in (("a", "k"), ("k", "a")):
            child_hears = who == "a"
            for call, heard, own in (("close", "ok", "ok"), ("close_forced", "reset", "aborted")):
                told = "" if call == "close" else "on_close(aborted) "
                row = 16 if call == "close" else 17
                plays.append(
                    f"{row} {call} with an association alive ({name}): its user is told no more, and no PDU leaves\n"
                    f"> {setup}; {who} {call}; {who} see; run; wait 100\n"
                    f"{who} {told}CLOSED CLOSED\n"
                    f"{other} {LOSES} on_close({heard}) CLOSED\n"
                    f"L on_child_close(k,{heard if child_hears else own}) LISTENING[0+0]"
                )
            plays.append(
                f"16 abort ({name}): the peer hears of it and closes\n"
                f"> {setup}; {who} abort; {who} abort; {who} see; run; wait 100\n"
                f"{who} CONNECTED/Sta13 on_close(ok) CLOSED\n"
                f"{other} A-ABORT.indication CLOSED\n"
                "L on_child_close(k,ok) LISTENING[0+0]"
            )
    return "\n\n".join(plays)


READY: Final = """
8 ARTIM starts with the accept: it does not cover the queue
> L listen 4; wire connect; wait 20; L accept k; k see; wait 29; k see; wait 2; wait 100
L on_accept on_child_close(k,ok) LISTENING[0+0]
k CONNECTED/Sta2 CONNECTED/Sta2 CLOSED
wire open end

8 the child is ready at accept, and hears the request of its association
> pair; k see; a associate; a see; run; k see; k respond; k see; run; wait 100
L LISTENING[0+1]
a CONNECTED/Sta5 A-ASSOCIATE.confirmation.(accept) CONNECTED/Sta6
k CONNECTED/Sta2 A-ASSOCIATE.indication CONNECTED/Sta3 CONNECTED/Sta6 CONNECTED/Sta6

8 a requestor hears that it is connected before its association moves
> L listen 4; a dial; a see; run; a see; L accept k; run; a see; k respond; run; wait 100
L on_accept LISTENING[0+1]
a CONNECTING/Sta4 CONNECTING/Sta4 on_connect(ok) CONNECTED/Sta5 A-ASSOCIATE.confirmation.(accept) CONNECTED/Sta6
@tcp a CONNECTING/Sta4 on_connect(ok) CONNECTED/Sta5 CONNECTED/Sta5 A-ASSOCIATE.confirmation.(accept) CONNECTED/Sta6
k A-ASSOCIATE.indication CONNECTED/Sta6

8 data and release, and the end of it: transport-close is close
> assoc; a send; run; k send; run; a release; run; k respond_release; run; a see; wait 100
L on_child_close(k,ok) LISTENING[0+0]
a P-DATA.indication A-RELEASE.confirmation CLOSED CLOSED
k P-DATA.indication A-RELEASE.indication on_close(ok) CLOSED

8 a request that is rejected: the requestor closes
> pair; a associate; run; k reject; k see; run; a see; wait 100
L on_child_close(k,ok) LISTENING[0+0]
a A-ASSOCIATE.confirmation.(reject) CLOSED CLOSED
k A-ASSOCIATE.indication CONNECTED/Sta13 on_close(ok) CLOSED

15 dial: no PDU before the connection stands, then the request
> wire listen; a dial wire; a see; a dial wire; a associate; run; a see; wire take; run; a dial wire; a connect wire
wire request A-ASSOCIATE-RQ
a CONNECTING/Sta4 dial!already_connected associate!not_connected CONNECTING/Sta4 on_connect(ok)
    dial!already_connected connect!already_connected CONNECTED/Sta5
@tcp a CONNECTING/Sta4 dial!already_connected associate!not_connected on_connect(ok) CONNECTED/Sta5
    dial!already_connected connect!already_connected CONNECTED/Sta5

15 a dial is refused to whoever is not IDLE, and changes nothing
> pair; a dial; a see; a associate; a see; L dial; L see; b close; b dial; b see; c connect; c dial; c see
a dial!already_connected CONNECTED CONNECTED/Sta5 CONNECTED/Sta5
b dial!already_connected CLOSED CLOSED
c dial!already_connected CONNECTING CONNECTING
k CONNECTED/Sta2
L dial!already_connected LISTENING[0+1] LISTENING[0+1]
"""

DIAL: Final = """
6 a dial that finds nobody: the association is told, then on_connect; and it may dial again
> a dial nowhere; a see; run; a see; L listen 2; a dial; run; a see; L accept k; run
a CONNECTING/Sta4 A-P-ABORT.indication on_connect(refused) IDLE CONNECTING/Sta4 on_connect(ok) CONNECTED/Sta5
@tcp a CONNECTING/Sta4 A-P-ABORT.indication on_connect(refused) IDLE on_connect(ok) CONNECTED/Sta5 CONNECTED/Sta5
k A-ASSOCIATE.indication CONNECTED/Sta3
L on_accept LISTENING[0+1]

6 a dial that finds no way, or no name, or no answer
> wire listen; a dial wire; a hears unreachable; b dial wire; b hears name_not_resolved; c dial wire; c hears timeout
> a see; b see; c see
a A-P-ABORT.indication on_connect(unreachable) IDLE IDLE
b A-P-ABORT.indication on_connect(name_not_resolved) IDLE IDLE
c A-P-ABORT.indication on_connect(timeout) IDLE IDLE

19 @dicomnet a dial whose listener closes
> L listen 2; a dial; run; L close; run; a see; a connect nowhere; run; wait 100
a A-P-ABORT.indication on_connect(reset) IDLE on_connect(refused) IDLE
L on_accept CLOSED

19 @tcp a dial whose listener closes
> L listen 2; a dial; run; L close; run; wait 100
a on_connect(ok) A-P-ABORT.indication on_close(reset) CLOSED
L on_accept CLOSED

22 @dicomnet a dial whose timer runs out
> L listen 2; a dial; wait 29; a see; wait 2; a see; L see; wait 100
a CONNECTING/Sta4 A-P-ABORT.indication on_connect(timeout) IDLE IDLE
L on_accept LISTENING[0+0] LISTENING[0+0]

16 close and close_forced of a dial on its way: nothing is told of the association
> wire listen; a dial wire; a close; a see; b dial wire; b close_forced; b see; c dial wire; c abort; c see; run
> wait 100
a CLOSED CLOSED
b on_close(aborted) CLOSED CLOSED
c CLOSED CLOSED

16 @dicomnet close and close_forced of a dial that waits: nothing is told of the association
> wire listen; a dial wire; b dial wire; c dial wire; run; a close; b close_forced; c abort; run; wait 100
a CLOSED
b on_close(aborted) CLOSED
c CLOSED
wire request request request withdrawn withdrawn withdrawn

16 close inside on_connect of a dial: what was decided before it leaves before the end, and nothing is told
> wire listen; when a on_connect a close; a dial wire; run; wire take; run; wait 100
a on_connect(ok) CLOSED
wire request A-ASSOCIATE-RQ end

21 shutdown with associations alive tells their users nothing of them
> assoc; far-a connect; run; when m A-ASSOCIATE.indication m respond; L accept m; run; far-a associate; run
> b dial nowhere
> clear; shutdown; run; wait 100
a on_close(aborted) CLOSED
b on_close(aborted) CLOSED
far-a A-P-ABORT.indication on_close(reset) CLOSED
k on_close(aborted) CLOSED
m on_close(aborted) CLOSED
L on_child_close(k,aborted) on_child_close(m,aborted) on_close(aborted) CLOSED
"""

WIRE: Final = """
16 an end while the association waits for its user, or for its peer
> wired-child; wire send associate; run; wire close; run; wire2 listen; a connect wire2; run; wire2 take; run; clear
> a associate; run; wire2 close; run; wait 100
a A-P-ABORT.indication on_close(ok) CLOSED
k CLOSED
wire2 A-ASSOCIATE-RQ
L LISTENING[0+0]

17 a reset while the association waits for its user, or for its peer
> wired-child; wire send associate; run; wire reset; run; wire2 listen; a connect wire2; run; wire2 take; run
> a associate; run; wire2 reset; run; wait 100
a on_connect(ok) A-P-ABORT.indication on_close(reset) CLOSED
k A-ASSOCIATE.indication A-P-ABORT.indication on_close(reset) CLOSED
wire2 request A-ASSOCIATE-RQ
L on_child_close(k,reset) LISTENING[0+0]

16 what is no PDU is answered by A-ABORT; an end after that is told as an end alone
> wired-child; wire send rubbish; run; k see; k abort; wire close; run; wait 100
k CONNECTED/Sta13 on_close(ok) CLOSED
wire A-ABORT
L on_child_close(k,ok) LISTENING[0+0]

16 what ends after an A-ABORT leaves no timer behind
> L listen 4; wire1 connect; wire2 connect; run; L accept k; L accept m; run; wire1 send rubbish; wire2 send rubbish
> run
> clear; timers; wire1 close; run; k see; timers; m close; m see; timers
k on_close(ok) CLOSED CLOSED
m CLOSED CLOSED
carrier timers(2) timers(1) timers(0)
L on_child_close(k,ok) on_child_close(m,ok) LISTENING[0+0]

17 a reset after an A-ABORT is told as a reset alone
> wired-child; wire send release; run; k see; wire reset; run; wait 100
k CONNECTED/Sta13 on_close(reset) CLOSED
wire A-ABORT
L on_child_close(k,reset) LISTENING[0+0]

16 close and close_forced after an A-ABORT
> L listen 4; wire1 connect; wire2 connect; run; L accept k; L accept m; run; wire1 send rubbish; wire2 send rubbish
> run
> k close; m close_forced; run; wait 100
k CLOSED
m on_close(aborted) CLOSED
wire1 open A-ABORT end
wire2 open A-ABORT reset
L on_accept on_accept on_child_close(k,ok) on_child_close(m,aborted) LISTENING[0+0]

13 what is no PDU, where the answer to the association is awaited, and where the association is over
> wired-requestor; a associate; run; clear; wire send rubbish; run; a see; wire2 listen; b connect wire2; run
> wire2 take; run; b associate; run; wire2 send data; run; b see; wire2 send rubbish; run; b see
a A-P-ABORT.indication CONNECTED/Sta13 CONNECTED/Sta13
b on_connect(ok) A-P-ABORT.indication CONNECTED/Sta13 CONNECTED/Sta13 CONNECTED/Sta13
wire A-ABORT
wire2 request A-ASSOCIATE-RQ A-ABORT A-ABORT

16 whoever does not close after an A-ABORT is closed by ARTIM
> wired-child; wire send rubbish; run; wait 29; k see; wait 2; k see
k CONNECTED/Sta13 CLOSED CLOSED
wire A-ABORT end
L on_child_close(k,ok) LISTENING[0+0]

16 close with an association asked for or not answered: no PDU leaves
> wired-child; wire send associate; run; k close; wire2 listen; a connect wire2; run; wire2 take; run; a associate
> run
> clear; a close; run; wait 100
a CLOSED
k CLOSED
wire2 end
L LISTENING[0+0]
"""

ABSORBED: Final = """
24 an abort where there is no association is nothing, on a connection that waits for one it is refused
> a abort; a see; L listen 2; b connect; run; L accept k; run; clear; b abort; k abort; b see; k see; L abort
> b close; run
> b abort; k abort
a IDLE
b CONNECTED CLOSED
k abort!wrong_state CONNECTED/Sta2 on_close(ok) CLOSED
L on_child_close(k,ok) LISTENING[0+0]

24 an answer that comes after its request was given up is nothing
> a hears open; a hears refused; a hears dropped; a hears unreachable; a hears name_not_resolved; a hears timeout
> a see; wait 100
a IDLE IDLE

24 an answer that comes to a connection that stands, or to a listener, is refused
> pair; L feed connection.connect-ok; L feed connection.connect-refused; L feed connection.connect-reset
> L feed connection.unreachable; L feed connection.not-resolved; L feed connection.connect-timeout
> a feed connection.connect-ok; a feed connection.connect-refused; a feed connection.connect-reset
> a feed connection.unreachable; a feed connection.not-resolved; a feed connection.connect-timeout
L connect-ok:wrong_state connect-refused:wrong_state connect-reset:wrong_state unreachable:wrong_state
    not-resolved:wrong_state connect-timeout:wrong_state LISTENING[0+1]
a connect-ok:wrong_state connect-refused:wrong_state connect-reset:wrong_state unreachable:wrong_state
    not-resolved:wrong_state connect-timeout:wrong_state CONNECTED
k CONNECTED/Sta2

24 an end of what does not stand is refused
> L listen 2; L feed connection.peer-closed; L feed connection.peer-reset; i feed connection.peer-closed
> i feed connection.peer-reset; wire listen; a connect wire; a feed connection.peer-closed
> a feed connection.peer-reset
L peer-closed:wrong_state peer-reset:wrong_state LISTENING[0+0]
a peer-closed:wrong_state peer-reset:wrong_state CONNECTING
i peer-closed:wrong_state peer-reset:wrong_state IDLE
"""

MEET: Final = (_ends(), READY, DIAL, WIRE, ABSORBED)
