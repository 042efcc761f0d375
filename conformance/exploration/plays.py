"""The plays of rows 1 to 15 without security, and what all plays share. Their form is told in `rows`.

    ROW [@tag] title
    > steps
    [@tag] actor note note ... STATE
    ~ actor note, actor note            (an order that the row demands)

A tag names the profiles that a play or a line holds for; of two lines for one actor the later counts.
"""

from __future__ import annotations

from typing import Final

from .plays_ends import ENDS
from .plays_meet import MEET
from .plays_more import MORE
from .plays_path import PATHS
from .plays_secure import SECURE

MACROS: Final = {
    "pair": "L listen 4; a connect; run; L accept k; run; clear",
    "queue": "L listen 4; a connect; run; b connect; run; c connect; run; clear",
    "assoc": "L listen 4; a connect; run; when k A-ASSOCIATE.indication k respond; L accept k; run; "
    "a associate; run; clear",
    "wired-child": "L listen 4; wire connect; run; L accept k; run; clear",
    "wired-requestor": "wire listen; a connect wire; run; wire take; run; clear",
    "secure-pair": "secure; L listen 4; a connect; run; L accept k; run; clear",
    "secure-wired-child": "secure; L listen 4; wire connect; run; L accept k; run; clear",
    "secure-wired-requestor": "secure; wire listen; a connect wire; run; wire take; run; clear",
}

LIBRARY: Final = """
1 startup is counted, and the last shutdown counts
> cold; startup; startup; new a; shutdown; new b; shutdown; new c
a on_close(aborted) CLOSED
b on_close(aborted) CLOSED
library new!not_initialised

1 a count that came to its end begins anew
> cold; startup; shutdown; startup; new a; shutdown; new b
a on_close(aborted) CLOSED
library new!not_initialised

1 each step of the library asks for its deed
> library startup startup new-object shutdown shutdown
library startup:nothing startup:nothing new-object:create-object shutdown:nothing shutdown:end-all-objects

2 no object before the library is started, nor after it was stopped
> cold; new a; startup; new a; a see; shutdown; new b; startup; new b
a IDLE on_close(aborted) CLOSED
b IDLE
library new!not_initialised new!not_initialised

23 a shutdown that is not the last ends nothing
> startup; startup; pair; shutdown; shutdown; run; L see; k see
a CONNECTED
k CONNECTED/Sta2 CONNECTED/Sta2
L LISTENING[0+1] LISTENING[0+1]

23 one shutdown too many
> cold; shutdown; startup; shutdown; shutdown; startup; startup; shutdown; new a
a IDLE
library shutdown!not_initialised shutdown!not_initialised
"""

LISTEN: Final = """
4 listen makes an empty queue, and may be asked for once
> L listen 2; L see; L listen 2; L connect nowhere; L dial nowhere; L feed connection.take; run
L LISTENING[0+0] listen!already_connected connect!already_connected dial!already_connected take:wrong_state
    LISTENING[0+0]

4 an address that is taken, and a backlog and a port that are none
> L listen 2; M listen 2 L; M listen -1; M listen 0; M see; a connect no-port; a dial no-port; a see
M listen!address_in_use listen!invalid_argument LISTENING[0+0] LISTENING[0+0]
L LISTENING[0+0]
a connect!invalid_argument dial!invalid_argument IDLE IDLE

4 listen, connect and dial are refused to an object that is CONNECTING
> wire listen; a connect wire; a listen 2; a connect wire; a dial wire; a feed connection.take; a see
a listen!already_connected connect!already_connected dial!already_connected take:wrong_state
    CONNECTING CONNECTING

4 listen, connect and dial are refused to an object that is CONNECTED
> pair; a listen 2; a connect; a dial; a feed connection.take; run; k listen 2; k connect; k dial; run
a listen!already_connected connect!already_connected dial!already_connected take:wrong_state CONNECTED
k listen!already_connected connect!already_connected dial!already_connected CONNECTED/Sta2
L LISTENING[0+1]

4 listen, connect and dial are refused to an object that is CLOSED
> a close; a listen 2; a connect nowhere; a dial nowhere; a feed connection.take; run
a listen!already_connected connect!already_connected dial!already_connected take:wrong_state CLOSED
"""

QUEUE: Final = """
5 each request goes to the tail and raises an on_accept of its own
> L listen 3; a connect; a see; run; L see; b connect; run; L see
L on_accept LISTENING[1+0] on_accept LISTENING[2+0] LISTENING[2+0]
@winsock L on_accept LISTENING[1+0] LISTENING[2+0] LISTENING[2+0]
a CONNECTING CONNECTING
@tcp a CONNECTING on_connect(ok) CONNECTED
b CONNECTING
@tcp b on_connect(ok) CONNECTED

5 two requests on the way at once
> L listen 3; a connect; b connect; run; L accept k; run; L accept m; run; k see; wait 100
L on_accept on_accept on_child_close(k,ok) on_child_close(m,ok) LISTENING[0+0]
a on_connect(ok) on_close(ok) CLOSED
b on_connect(ok) on_close(ok) CLOSED
k CONNECTED/Sta2 CLOSED
m CLOSED

5 the connect timer starts with the request, not before
> wait 50; wire listen; a connect wire; wait 29; a see; wire take; wait 50
wire request
a CONNECTING on_connect(ok) CONNECTED
@tcp a on_connect(ok) CONNECTED CONNECTED

6 nobody listens: back to IDLE, and it may try again
> a connect nowhere; a see; run; a see; a connect nowhere; run; wait 100
a CONNECTING on_connect(refused) IDLE on_connect(refused) IDLE

6 a listener that has closed listens no more
> L listen 2; L close; a connect; run; wait 100
L CLOSED
a on_connect(refused) IDLE

6 after a connect that failed the object may listen, connect or be accepted into
> a connect nowhere; run; a listen 2; b connect nowhere; run; b connect a; run; a see; a accept k; run; k knows; b see
> b close; run
a on_connect(refused) on_accept LISTENING[1+0] on_child_close(k,ok) LISTENING[0+0]
b on_connect(refused) on_connect(ok) CONNECTED CLOSED
k child-of(a) has(a-peer) on_close(ok) CLOSED

6 a requestor that failed and is then accepted into is a child as any other
> a connect nowhere; run; L listen 2; b connect; run; L accept a; run; a close; run
a on_connect(refused) CLOSED
L on_accept on_child_close(a,ok) LISTENING[0+0]
b on_connect(ok) on_close(ok) CLOSED

6 a carrier that finds no way, or no such name
> wire listen; a connect wire; a hears unreachable; a see; b connect wire; b hears name_not_resolved; b see; run
> wait 100
a on_connect(unreachable) IDLE IDLE
b on_connect(name_not_resolved) IDLE IDLE
wire request request

22 the carrier's own time for a connect ran out
> wire listen; a connect wire; a hears timeout; a see; wait 100
a on_connect(timeout) IDLE IDLE

7 @refusing a full queue refuses, and takes one again when there is room
> L listen 2; a connect; b connect; run; c connect; run; c see; L see; L accept k; c connect; run; L see
L on_accept on_accept LISTENING[2+0] on_accept LISTENING[2+1] LISTENING[2+1]
@winsock L on_accept LISTENING[2+0] on_accept LISTENING[2+1] LISTENING[2+1]
a on_connect(ok) CONNECTED
b CONNECTING
@tcp b on_connect(ok) CONNECTED
c on_connect(refused) IDLE CONNECTING
@tcp c on_connect(refused) IDLE on_connect(ok) CONNECTED
k CONNECTED/Sta2

7 @refusing a full queue stays as long as it is
> L listen 2; a connect; b connect; run; c connect; run; d connect; run; e connect; run; L see
L on_accept on_accept LISTENING[2+0] LISTENING[2+0]
@winsock L on_accept LISTENING[2+0] LISTENING[2+0]
a CONNECTING
@tcp a on_connect(ok) CONNECTED
b CONNECTING
@tcp b on_connect(ok) CONNECTED
c on_connect(refused) IDLE
d on_connect(refused) IDLE
e on_connect(refused) IDLE

7 @refusing a queue without a place refuses all
> L listen 0; a connect; run; L accept k; wait 100
L accept!would_block LISTENING[0+0]
a on_connect(refused) IDLE
k IDLE

8 accept gives the head of the queue to the child, and the requestor hears of it
> L listen 4; a connect; run; b connect; run; clear; L accept k; L see; k see; k knows; run; a see; b see
L LISTENING[1+1] LISTENING[1+1]
@winsock L on_accept LISTENING[1+1] LISTENING[1+1]
k CONNECTED/Sta2 child-of(L) has(a-peer) CONNECTED/Sta2
a on_connect(ok) CONNECTED CONNECTED
@tcp a CONNECTED CONNECTED
b CONNECTING CONNECTING
@tcp b CONNECTED CONNECTED

8 requests are accepted in the order of the queue: each child is the peer of its requestor
> L listen 4; a connect; run; b connect; run; c connect; run; d connect; run; L accept k; L accept m; run
> d close; run; L accept n; run; clear; a close; run; b close; run; c close; run; L see
a CLOSED
b CLOSED
c CLOSED
d CLOSED
k on_close(ok) CLOSED
m on_close(ok) CLOSED
n on_close(ok) CLOSED
L on_child_close(k,ok) on_child_close(m,ok) on_child_close(n,ok) LISTENING[0+0] LISTENING[0+0]
@tcp L on_child_close(k,ok) on_child_close(m,ok) on_child_close(n,ok) LISTENING[1+0] LISTENING[1+0]
~ k on_close(ok), L on_child_close(k/ok), m on_close(ok), L on_child_close(m/ok), n on_close(ok)

8 a chain of accepts inside on_accept: the first request, whichever prompted it
> when L on_accept L accept k, L accept m; L listen 4; wire1 connect; wire2 connect; run; wire1 reset; run
L on_accept accept!would_block on_accept accept!wrong_state on_child_close(k,reset) LISTENING[0+1]
k on_close(reset) CLOSED
m CONNECTED/Sta2
wire1 open
wire2 open

9 accept of an empty queue: would_block, and nothing is changed
> L listen 2; L accept k; L see; k see; a connect; run; L accept k; run; L accept m; L see
L accept!would_block LISTENING[0+0] on_accept accept!would_block LISTENING[0+1] LISTENING[0+1]
k IDLE CONNECTED/Sta2
m IDLE
a on_connect(ok) CONNECTED

9 who does not listen cannot accept, whatever the child is
> a accept k; b close; b accept k; b accept b; wire listen; c connect wire; c accept k; c accept c; a accept b
a accept!not_listening accept!not_listening IDLE
b accept!not_listening accept!not_listening CLOSED
c accept!not_listening accept!not_listening CONNECTING
k IDLE

9 a connection that stands cannot accept, nor a listener that has closed
> pair; a accept m; k accept m; L close; L accept m; L accept k
a accept!not_listening CONNECTED
k accept!not_listening CONNECTED/Sta2
L accept!not_listening accept!not_listening CLOSED[0+1]
m IDLE

9 a child that is not IDLE: wrong_state, before would_block, and nothing is taken
> pair; M listen 2; c close; d connect M; L accept L; L accept M; L accept k; L accept a; L accept c; L accept d
> L see; b connect; run; L accept L; L accept M; L accept k; L accept a; L accept c; L accept d; L see; clear; k see
> a see
> L accept n; run
L accept!wrong_state accept!wrong_state accept!wrong_state accept!wrong_state accept!wrong_state
    accept!wrong_state accept!wrong_state accept!wrong_state accept!wrong_state accept!wrong_state
    accept!wrong_state accept!wrong_state LISTENING[0+2]
M LISTENING[1+0]
a CONNECTED CONNECTED
b on_connect(ok) CONNECTED
@tcp b CONNECTED
c CLOSED
d CONNECTING
@tcp d CONNECTED
k CONNECTED/Sta2 CONNECTED/Sta2
n CONNECTED/Sta2

10 @told-of-each on_accept without an accept: the request keeps its place, later ones are told of as well
> L listen 4; a connect; run; b connect; run; c connect; run; L see; L accept k; L accept m; L accept n; run; clear
> a close; run; b close; run; c close; run
L on_child_close(k,ok) on_child_close(m,ok) on_child_close(n,ok) LISTENING[0+0]
a CLOSED
b CLOSED
c CLOSED
k on_close(ok) CLOSED
m on_close(ok) CLOSED
n on_close(ok) CLOSED

10 @told-of-each one on_accept for each request
> L listen 4; a connect; b connect; run; c connect; run; L see; L accept k; L accept m; L accept n; d connect; run
L on_accept on_accept on_accept LISTENING[3+0] on_accept LISTENING[1+3]
a on_connect(ok) CONNECTED
b on_connect(ok) CONNECTED
c on_connect(ok) CONNECTED
d CONNECTING
@linux d on_connect(ok) CONNECTED
k CONNECTED/Sta2
m CONNECTED/Sta2
n CONNECTED/Sta2

10 @winsock on_accept is level: not again until accept was called, and then while requests wait
> L listen 4; a connect; b connect; run; c connect; run; L see; L accept k; L see; L accept m; L accept n; L see
> d connect; run
L on_accept LISTENING[3+0] on_accept LISTENING[2+1] on_accept LISTENING[0+3] on_accept LISTENING[1+3]
a on_connect(ok) CONNECTED
b on_connect(ok) CONNECTED
c on_connect(ok) CONNECTED
d on_connect(ok) CONNECTED
k CONNECTED/Sta2
m CONNECTED/Sta2
n CONNECTED/Sta2

10 an on_accept that raises leaves the listener and its queue as they are
> when L on_accept L boom; L listen 2; a connect; run; L see; L accept k; run
L on_accept LISTENING[1+0] LISTENING[0+1]
a on_connect(ok) CONNECTED
k CONNECTED/Sta2
errors PlannedError

11 the acceptor closes the child at once
> when L on_accept L accept k, k close; L listen 2; a connect; run
L on_accept on_child_close(k,ok) LISTENING[0+0]
a on_connect(ok) on_close(ok) CLOSED
k CLOSED

11 the acceptor resets the child at once
> when L on_accept L accept k, k close_forced; L listen 2; a connect; run
L on_accept on_child_close(k,aborted) LISTENING[0+0]
a on_connect(ok) on_close(reset) CLOSED
k on_close(aborted) CLOSED
~ k on_close(aborted), L on_child_close(k/aborted)
"""

NOT_READY: Final = """
15 no association before the connection stands
> a associate; a see; L listen 2; L associate; L see; b close; b associate; b abort
a associate!not_connected IDLE IDLE
L associate!not_connected LISTENING[0+0] LISTENING[0+0]
b associate!not_connected CLOSED

15 no association while CONNECTING, and no PDU leaves
> wire listen; a connect wire; a associate; a send; a release; a see; a abort; run; wire take; run
a associate!not_connected send!wrong_state release!wrong_state CONNECTING on_connect(ok) CONNECTED
wire request

15 a connection that stands carries the association's request
> wired-requestor; a associate; a see; run; a associate; run
a CONNECTED/Sta5 associate!wrong_state CONNECTED/Sta5
wire A-ASSOCIATE-RQ
"""

PLAYS: Final = (LIBRARY, LISTEN, QUEUE, NOT_READY, *ENDS, *MEET, *PATHS, *MORE, *SECURE)
