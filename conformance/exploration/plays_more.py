"""The plays of what is easily overlooked: what is left behind, what comes late, what has nothing to do."""

from __future__ import annotations

from typing import Final

LEFT: Final = """
24 nothing is done for what is CLOSED: no-op
> a close; a feed connection.close; a feed connection.close-forced; a feed connection.shutdown
> a feed connection.connect-ok; a feed connection.connect-refused; a feed connection.connect-reset
> a feed connection.unreachable; a feed connection.not-resolved; a feed connection.connect-timeout
> a feed connection.peer-closed; a feed connection.peer-reset
a close:nothing close-forced:nothing shutdown:nothing connect-ok:nothing connect-refused:nothing connect-reset:nothing
    unreachable:nothing not-resolved:nothing connect-timeout:nothing peer-closed:nothing peer-reset:nothing CLOSED

16 an object that is IDLE has nothing to close
> a feed connection.close; a feed connection.close-forced; a feed connection.shutdown
a close:nothing:CLOSED.Sta1.IDLE close-forced:callback:CLOSED.Sta1.IDLE shutdown:callback:CLOSED.Sta1.IDLE IDLE

18 a requestor has no listener to tell of its end
> pair; a feed connection.close; a feed connection.close-forced; a feed connection.shutdown
> a feed connection.peer-closed; a feed connection.peer-reset; a associate; a feed connection.close
a close:wire-close:CLOSED.Sta1.IDLE close-forced:wire-reset+callback:CLOSED.Sta1.IDLE
    shutdown:wire-reset+callback:CLOSED.Sta1.IDLE peer-closed:wire-close+callback:CLOSED.Sta1.IDLE
    peer-reset:wire-reset+callback:CLOSED.Sta1.IDLE close:wire-close:CLOSED.Sta1.IDLE CONNECTED/Sta5
k CONNECTED/Sta2
L LISTENING[0+1]

16 close leaves no timer behind
> wire listen; a connect wire; a close; timers; b dial wire; b close; timers
a CLOSED
b CLOSED
carrier timers(0) timers(0)

17 close_forced leaves no timer behind
> wire listen; a connect wire; a close_forced; timers; b dial wire; b close_forced; timers
a on_close(aborted) CLOSED
b on_close(aborted) CLOSED
carrier timers(0) timers(0)

21 shutdown leaves no timer behind
> L listen 4; a connect; run; L accept k; run; b connect; wire listen; c dial wire; shutdown; timers; clear; timers
a CLOSED
b CLOSED
c CLOSED
k CLOSED
L CLOSED
carrier timers(0)

22 a connect that came to its end leaves no timer behind, and the object may listen
> wire listen; a connect nowhere; run; timers; a listen 2; b connect wire; b hears unreachable; timers; run
> b listen 2; c connect wire; c hears name_not_resolved; timers; run; c listen 2; d connect wire; d hears dropped
> timers; run; d listen 2; e connect wire; e hears timeout; timers; run; e listen 2; clear; wire2 listen
> f connect wire2; run; wire2 take; run; timers; wait 100
a LISTENING[0+0]
b LISTENING[0+0]
c LISTENING[0+0]
d LISTENING[0+0]
e LISTENING[0+0]
f on_connect(ok) CONNECTED
carrier timers(0)
wire2 request

22 a connect that came to its end leaves no timer behind
> wire listen; a connect nowhere; run; timers; b connect wire; b hears unreachable; timers; c connect wire
> c hears name_not_resolved; timers; d connect wire; d hears dropped; timers; e connect wire; e hears timeout; timers
a on_connect(refused) IDLE
b on_connect(unreachable) IDLE
c on_connect(name_not_resolved) IDLE
d on_connect(reset) IDLE
e on_connect(timeout) IDLE
carrier timers(0) timers(0) timers(0) timers(0) timers(0)

19 the address is free when on_close is told
> when L on_close M listen 2 L; L listen 2; L close_forced; run
L on_close(aborted) CLOSED
M LISTENING[0+0]

19 the address is free when on_close is told at shutdown
> far-M see; clear; when L on_close far-M listen 2 L; L listen 2; shutdown; run
L on_close(aborted) CLOSED
far-M LISTENING[0+0]

19 a listener that closes inside on_accept drops the request that prompted it
> when L on_accept L close; L listen 2; a connect; run; wait 100
L on_accept CLOSED
a on_connect(reset) IDLE

19 a request that is reported late is refused
> L listen 2; L close; wire offer L; wire offer i; M listen 1; a connect M; run; M close; wire offer M; run
L CLOSED
M on_accept CLOSED
i IDLE
a on_connect(reset) IDLE
@tcp a on_connect(ok) on_close(reset) CLOSED
wire dropped(refused) dropped(refused) dropped(refused)

20 @dicomnet a requestor closes while it is offered
> when L on_accept a close; L listen 2; a connect; run; L see; L accept k; wait 100
a CLOSED
L on_accept LISTENING[0+0] accept!would_block LISTENING[0+0]
k IDLE

20 @tcp a requestor closes while it is offered
> when L on_accept a close; L listen 2; a connect; run; L see; L accept k; wait 100
a CLOSED
L on_accept LISTENING[1+0] on_child_close(k,ok) LISTENING[0+0]
k on_close(ok) CLOSED

20 a requestor resets while it is offered
> when L on_accept wire reset; L listen 2; wire connect; run; L see; wait 100
L on_accept LISTENING[0+0] LISTENING[0+0]
@tcp L on_accept LISTENING[1+0] LISTENING[1+0]

20 @dicomnet a requestor resets while queued: its entry is removed
> L listen 2; wire connect; run; wire2 connect; run; wire reset; run; L see; L accept k; run; wire2 reset; run
L on_accept on_accept LISTENING[1+0] on_child_close(k,reset) LISTENING[0+0]
k on_close(reset) CLOSED
wire2 open

19 a requestor that closes while it is dropped hears nothing of that
> L listen 2; a connect; run; L close; a close; run
L on_accept CLOSED
a CLOSED
@tcp a on_connect(ok) CLOSED

15 what a peer says before anybody asked for an association is not heard
> wired-requestor; wire send accept; wire send reject; wire send associate; wire send data; wire send release
> wire send released; wire send abort; wire send rubbish; run; a see; a close; run
a CONNECTED CLOSED
wire end

19 a requestor that ends by force while it is dropped hears of that alone
> L listen 2; a connect; run; L close; a close_forced; run
L on_accept CLOSED
a on_close(aborted) CLOSED
@tcp a on_connect(ok) on_close(aborted) CLOSED

4 a queue is opened once
> L listen 2; L feed listener.open; M listen 2; M close; M feed listener.open
L open:wrong_state LISTENING[0+0]
M open:wrong_state CLOSED
"""

MORE: Final = (LEFT,)
