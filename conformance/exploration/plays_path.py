"""The plays of what a carrier does with a request until it is taken, where the profiles differ."""

from __future__ import annotations

from typing import Final

WAITS: Final = """
20 data before accept: impossible, or it waits for the acceptor in its order
> L listen 2; wire connect; run; wire send associate; wire half_close; run; clear; L accept k; L see; run; wait 20
L LISTENING[0+1] LISTENING[0+1]
@tcp L LISTENING[0+1] on_child_close(k,ok) LISTENING[0+0]
k CONNECTED/Sta2
@tcp k A-ASSOCIATE.indication A-P-ABORT.indication on_close(ok) CLOSED
wire open
@tcp wire end

20 @tcp an end that was said twice is told once
> L listen 2; wire connect; run; wire send rubbish; wire half_close; wire close; run; L accept k; run; wait 100
L on_accept on_child_close(k,ok) LISTENING[0+0]
k on_close(ok) CLOSED
wire open

20 @tcp a reset throws away what came before it
> L listen 2; wire connect; run; wire send associate; wire half_close; wire reset; run; L accept k; run; wait 100
L on_accept on_child_close(k,reset) LISTENING[0+0]
k on_close(reset) CLOSED
wire open

20 a requestor that closes before its request comes to the listener
> L listen 2; a connect; a close; wire1 connect; wire1 reset; b connect; b close_forced; run; L see; wait 100
a CLOSED
b on_close(aborted) CLOSED
L LISTENING[0+0] LISTENING[0+0]

20 @tcp what the requestor does after the listener has gone
> queue; L close; a close; b close_forced; c associate; run; wait 100
a CLOSED
b on_close(aborted) CLOSED
c A-P-ABORT.indication on_close(reset) CLOSED
L CLOSED

20 @tcp an association that was asked for before the accept
> L listen 2; a connect; run; a associate; run; a see; L accept k; run; k respond; run; wait 100
a on_connect(ok) CONNECTED/Sta5 A-ASSOCIATE.confirmation.(accept) CONNECTED/Sta6
k A-ASSOCIATE.indication CONNECTED/Sta6
L on_accept LISTENING[0+1]

8 a request is taken, dropped or refused by the listener itself
> wire listen; a connect wire; b connect wire; c connect wire; run; wire drop refused; wire drop reset; wire take
> run; wait 100
a on_connect(refused) IDLE
@tcp a on_connect(ok) on_close(reset) CLOSED
b on_connect(reset) IDLE
@tcp b on_connect(ok) on_close(reset) CLOSED
c on_connect(ok) CONNECTED
wire request request request

8 an accept inside on_accept: the requestor is connected, and is told so once
> when L on_accept L accept k; L listen 2; a connect; run; wait 20
L on_accept LISTENING[0+1]
k CONNECTED/Sta2
a on_connect(ok) CONNECTED

8 a request that is taken while it is offered is not withdrawn
> wire listen; wire eager; a connect wire; run; a close; run; wait 100
a on_connect(ok) CLOSED
wire request end
"""

OVERFLOW: Final = """
7 @linux one more waits than was asked for; what has no place comes again
> L listen 1; a connect; b connect; c connect; run; L see; c see; L accept k; wait 1; L see; wait 100
L on_accept on_accept LISTENING[2+0] on_accept LISTENING[2+1] on_child_close(k,ok) LISTENING[2+0]
a on_connect(ok) on_close(ok) CLOSED
b on_connect(ok) CONNECTED
c CONNECTING on_connect(ok) CONNECTED
k CLOSED

7 @linux a queue of none keeps one
> L listen 0; a connect; b connect; run; L see; L accept k; run; L see; wait 1; L see
L on_accept LISTENING[1+0] LISTENING[0+1] on_accept LISTENING[1+1] LISTENING[1+1]
a on_connect(ok) CONNECTED
b on_connect(ok) CONNECTED
k CONNECTED/Sta2

7 @linux it comes again after 1, 3, 7 and 15 seconds, behind younger requests
> L listen 1; a connect; b connect; c connect; wait 14; c see; L accept k; d connect; wait 0.5; L see; L accept m
> wait 1
> L see; L accept n; L accept o; run; clear; d close; run; c close; run
L on_child_close(n,ok) on_child_close(o,ok) LISTENING[0+2]
a CONNECTED
b CONNECTED
c CLOSED
d CLOSED
k CONNECTED/Sta2
m CONNECTED/Sta2
n on_close(ok) CLOSED
o on_close(ok) CLOSED

7 @linux no place in time: the connect timer ends it, and it comes no more
> L listen 0; a connect; b connect; wait 29; b see; wait 1.5; b see; L accept k; run; b connect; run; L accept m; run
> wait 20
L on_accept on_accept LISTENING[0+2]
a on_connect(ok) CONNECTED
b CONNECTING on_connect(timeout) IDLE on_connect(ok) CONNECTED
k CONNECTED/Sta2
m CONNECTED/Sta2

7 @linux no place in time: the carrier gives up
> L listen 0; a connect; wire connect; wait 30; L see; wait 2; L accept k; wait 100
L on_accept LISTENING[1+0] on_child_close(k,ok) LISTENING[0+0]
a on_connect(ok) on_close(ok) CLOSED
k CLOSED
wire failed(timeout)

7 @linux the requestor closes, or resets, before it has a place
> L listen 0; a connect; b connect; wire connect; run; b close; wire reset; L accept k; wait 100
L on_accept on_child_close(k,ok) LISTENING[0+0]
a on_connect(ok) on_close(ok) CLOSED
b CLOSED
k CLOSED

7 @linux nobody listens any more when it comes again
> L listen 0; a connect; b connect; run; L close; wait 100
L on_accept CLOSED
a on_connect(ok) on_close(reset) CLOSED
b on_connect(refused) IDLE

7 @linux half open: connected on its own side, told so once, and taken late
> lossy; L listen 0; a connect; b connect; run; b see; wait 2; b associate; L accept k; wait 1; L see; L accept m
> run; wait 20
L on_accept on_accept LISTENING[1+1] LISTENING[0+2]
a on_connect(ok) CONNECTED
b on_connect(ok) CONNECTED CONNECTED/Sta5
k CONNECTED/Sta2
m A-ASSOCIATE.indication CONNECTED/Sta3

7 @linux half open: it closes, and its end comes with it
> lossy; L listen 0; a connect; b connect; wire connect; run; b close; wire half_close; wire reset; L accept k; wait 1
> L see; L accept m; run; wait 4; L see; wait 20
L on_accept on_accept LISTENING[1+1] on_child_close(m,ok) LISTENING[0+1] LISTENING[0+1]
a on_connect(ok) CONNECTED
b on_connect(ok) CLOSED
k CONNECTED/Sta2
m on_close(ok) CLOSED
wire open

7 @linux half open: an end on the way comes with it
> lossy; L listen 0; a connect; wire connect; run; wire send rubbish; wire half_close; L accept k; wait 1
> L accept m; wait 20
L on_accept on_accept on_child_close(m,ok) LISTENING[0+1]
a on_connect(ok) CONNECTED
k CONNECTED/Sta2
m on_close(ok) CLOSED
wire open A-ABORT end

7 @linux half open: accepted as soon as it is offered again, and told of it no more
> lossy; L listen 0; a connect; run; b connect; run; clear; when L on_accept L accept m; L accept k; wait 1; wait 20
L on_accept LISTENING[0+2]
a CONNECTED
b CONNECTED
k CONNECTED/Sta2
m CONNECTED/Sta2

7 @linux half open: the listener closes as soon as it is offered again
> lossy; L listen 0; a connect; run; b connect; run; clear; when L on_accept L close; L accept k; wait 1; wait 20
L on_accept CLOSED[0+1]
a CONNECTED
b on_close(reset) CLOSED
k CONNECTED/Sta2

7 @linux half open: what it sends while it is offered again waits with it
> lossy; L listen 0; a connect; run; wire connect; run; clear; when L on_accept wire send associate, wire half_close
> L accept k; wait 1; L accept m; run; wait 20
L on_accept on_child_close(m,ok) LISTENING[0+1]
a CONNECTED
k CONNECTED/Sta2
m A-ASSOCIATE.indication A-P-ABORT.indication on_close(ok) CLOSED
wire end

7 @linux half open: a listener that has gone resets it
> lossy; L listen 0; a connect; b connect; run; L close; wait 100
L on_accept CLOSED
a on_connect(ok) on_close(reset) CLOSED
b on_connect(ok) on_close(reset) CLOSED

7 @linux half open: a listener that closes as it is offered again resets it
> lossy; L listen 0; a connect; run; b connect; run; clear; when L on_accept L close; L accept k; wait 1; wait 20
L on_accept CLOSED[0+1]
a CONNECTED
b on_close(reset) CLOSED
k CONNECTED/Sta2

7 @linux the connect timer runs out while the answer is on its way: the request is taken back, not reset
> wire listen; a connect wire; a feed connection.connect-timeout
a connect-timeout:connect-timer-stop+wire-withdraw+callback:IDLE.Sta1.IDLE CONNECTING

7 @linux half open: it may hear nothing
> lossy; L listen 0; a connect; b connect; run; wait 32; L accept k; L close; wait 100
L on_accept CLOSED
a on_connect(ok) on_close(ok) CLOSED
b on_connect(ok) CONNECTED
k CLOSED
"""

RESET: Final = """
20 @tcp the requestor resets while it waits: the first read says so
> queue; a close_forced; b close_forced; run; L accept k; k see; run; L see; L accept m; m see; run; L see; wait 20
a on_close(aborted) CLOSED
b on_close(aborted) CLOSED
c CONNECTED
L on_child_close(k,reset) LISTENING[2+0] on_child_close(m,reset) LISTENING[1+0] LISTENING[1+0]
@winsock L on_accept on_child_close(k,reset) LISTENING[2+0] on_accept on_child_close(m,reset) LISTENING[1+0]
    LISTENING[1+0]
k CONNECTED/Sta2 on_close(reset) CLOSED
m CONNECTED/Sta2 on_close(reset) CLOSED

20 @winsock the requestor resets while it waits: accept itself says so, and of the next, once
> telling; queue; a close_forced; b close_forced; run; L accept k; k see; L see; L accept k; L see; L accept k; run
> L see; wait 20
a on_close(aborted) CLOSED
b on_close(aborted) CLOSED
c CONNECTED
L on_accept accept!reset LISTENING[2+0] on_accept accept!reset LISTENING[1+0] LISTENING[0+1] LISTENING[0+1]
k IDLE CONNECTED/Sta2

20 @winsock accept says so of the only one: the queue is empty, and tells of the next that comes
> telling; L listen 1; a connect; run; a close_forced; run; L accept k; L see; L accept k; b connect; run; L see
> L accept k; run; wait 20
a on_connect(ok) on_close(aborted) CLOSED
b on_connect(ok) CONNECTED
L on_accept accept!reset LISTENING[0+0] accept!would_block on_accept LISTENING[1+0] LISTENING[0+1]
k CONNECTED/Sta2

20 @winsock accept inside on_accept is told so as well
> telling; queue; a close_forced; b close_forced; run; when L on_accept L accept m; L accept k; run; L see; wait 20
a on_close(aborted) CLOSED
b on_close(aborted) CLOSED
c CONNECTED
L on_accept accept!reset on_accept accept!reset LISTENING[0+1] LISTENING[0+1]
k IDLE
m CONNECTED/Sta2

20 @winsock what is refused is refused before, and of who has only closed accept says nothing
> telling; queue; a close_forced; b close; run; L accept c; L see; L accept k; L accept c; L accept k; k see; run
> wait 20
a on_close(aborted) CLOSED
b CLOSED
c CONNECTED
L accept!wrong_state LISTENING[3+0] on_accept accept!reset accept!wrong_state on_accept on_child_close(k,ok)
    LISTENING[1+0]
k CONNECTED/Sta2 on_close(ok) CLOSED

20 @winsock a listener that closes tells nobody of those that were reset
> telling; queue; a close_forced; run; L close; wait 20
a on_close(aborted) CLOSED
b on_close(reset) CLOSED
c on_close(reset) CLOSED
L CLOSED
"""

PATHS: Final = (WAITS, RESET, OVERFLOW)
