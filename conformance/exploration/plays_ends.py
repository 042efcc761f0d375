"""The plays of rows 16 to 24: how objects, requests and listeners end. Their form is told in `plays`."""

from __future__ import annotations

from typing import Final

CLOSE: Final = """
16 close of an object that is IDLE
> a close; a see; wait 100
a CLOSED CLOSED

16 close while CONNECTING: nobody is told, the request is taken back
> L listen 2; a connect; a close; a see; run; L see; wait 100
a CLOSED CLOSED
L LISTENING[0+0] LISTENING[0+0]

16 close of a connection: the peer hears of it, whoever closes does not
> pair; a close; a see; k see; run; wait 100
a CLOSED CLOSED
k CONNECTED/Sta2 on_close(ok) CLOSED
L on_child_close(k,ok) LISTENING[0+0]
~ k on_close(ok), L on_child_close(k/ok)

16 close of a child: the requestor hears of it
> pair; k close; k see; a see; L see; run; wait 100
a CONNECTED on_close(ok) CLOSED
k CLOSED CLOSED
L on_child_close(k,ok) LISTENING[0+0] LISTENING[0+0]

16 close is an orderly end on the wire, and answered by one
> wired-requestor; a close; run; L listen 2; wire2 connect L; run; L accept k; run; k close; run; wait 100
a CLOSED
k CLOSED
wire end
wire2 open end
L on_accept on_child_close(k,ok) LISTENING[0+0]

16 an end of the peer is answered by this end's own
> wired-requestor; wire half_close; run; wait 100
a on_close(ok) CLOSED
wire end

16 an end of the peer of a child is answered by this end's own
> wired-child; wire half_close; run; wait 100
k on_close(ok) CLOSED
wire end
L on_child_close(k,ok) LISTENING[0+0]

16 both close at once
> pair; a close; k close; run; wait 100
a CLOSED
k CLOSED
L on_child_close(k,ok) LISTENING[0+0]

16 close inside on_connect is the last that is heard
> when a on_connect a close; L listen 2; a connect; run; L accept k; run; wait 100
a on_connect(ok) CLOSED
k on_close(ok) CLOSED
L on_accept on_child_close(k,ok) LISTENING[0+0]

16 close while the acceptance is on its way: the child hears of an orderly end
> when L on_accept L accept k, a close; L listen 2; a connect; run; wait 100
a CLOSED
k on_close(ok) CLOSED
L on_accept on_child_close(k,ok) LISTENING[0+0]

16 close of a requestor that was accepted inside on_accept
> when L on_accept L accept k; L listen 2; a connect; run; clear; a close; run; wait 100
a CLOSED
k on_close(ok) CLOSED
L on_child_close(k,ok) LISTENING[0+0]

17 close_forced of an object that is IDLE
> a close_forced; a see; wait 100
a on_close(aborted) CLOSED CLOSED

17 close_forced while CONNECTING: one on_close, the request is taken back
> L listen 2; a connect; a close_forced; a see; run; L see; wait 100
a on_close(aborted) CLOSED CLOSED
L LISTENING[0+0] LISTENING[0+0]

17 close_forced while the acceptance is on its way resets it
> when L on_accept L accept k, a close_forced; L listen 2; a connect; run; wait 100
a on_close(aborted) CLOSED
k on_close(reset) CLOSED
L on_accept on_child_close(k,reset) LISTENING[0+0]

17 close_forced while the request waits, and accepted before the listener hears of it
> L listen 2; a connect; run; a close_forced; L accept k; run; wait 100
a on_close(aborted) CLOSED
@tcp a on_connect(ok) on_close(aborted) CLOSED
k on_close(reset) CLOSED
L on_accept on_child_close(k,reset) LISTENING[0+0]

22 @dicomnet the connect timer rings while the acceptance is on its way: the child hears of an orderly end
> when b on_connect L accept k, L accept m; L listen 4; b connect; run; a connect; run; wait 40
a on_connect(timeout) IDLE
b on_connect(timeout) IDLE
k on_close(reset) CLOSED
m on_close(ok) CLOSED
L on_accept on_accept on_child_close(k,reset) on_child_close(m,ok) LISTENING[0+0]

17 close_forced of a connection resets it
> pair; a close_forced; a see; k see; run; wait 100
a on_close(aborted) CLOSED CLOSED
k CONNECTED/Sta2 on_close(reset) CLOSED
L on_child_close(k,reset) LISTENING[0+0]
~ a on_close(aborted), k on_close(reset), L on_child_close(k/reset)

17 close_forced of a child resets it
> pair; k close_forced; k see; a see; L see; run; wait 100
a CONNECTED on_close(reset) CLOSED
k on_close(aborted) CLOSED CLOSED
L on_child_close(k,aborted) LISTENING[0+0] LISTENING[0+0]
~ k on_close(aborted), L on_child_close(k/aborted), a on_close(reset)

17 close_forced is a reset on the wire
> wired-requestor; a close_forced; run; L listen 2; wire2 connect L; run; L accept k; run; k close_forced; run
> wait 100
a on_close(aborted) CLOSED
k on_close(aborted) CLOSED
wire reset
wire2 open reset
L on_accept on_child_close(k,aborted) LISTENING[0+0]

17 a reset by the peer
> wired-requestor; wire reset; run; L listen 2; wire2 connect L; run; L accept k; run; wire2 reset; run; wait 100
a on_close(reset) CLOSED
k on_close(reset) CLOSED
wire
wire2 open
L on_accept on_child_close(k,reset) LISTENING[0+0]
~ k on_close(reset), L on_child_close(k/reset)

17 a callback that raises ends its object as close_forced does
> when a on_connect a boom; L listen 2; a connect; run; L accept k; run; wait 100
a on_connect(ok) on_close(aborted) CLOSED
k on_close(reset) CLOSED
L on_accept on_child_close(k,reset) LISTENING[0+0]
errors PlannedError

17 a requestor's listener is nobody: it is told of no end
> L listen 2; a connect; run; L accept k; run; clear; a close_forced; run; L see; wait 100
a on_close(aborted) CLOSED
k on_close(reset) CLOSED
L on_child_close(k,reset) LISTENING[0+0] LISTENING[0+0]

18 the listener's count goes down with each child, whoever ends it
> L listen 4; a connect; b connect; c connect; run; L accept k; L accept m; L accept n; run; clear; L see
> a close; run; L see; m close; L see; n close_forced; L see; run; wait 100
a CLOSED
b on_close(ok) CLOSED
c on_close(reset) CLOSED
k on_close(ok) CLOSED
m CLOSED
n on_close(aborted) CLOSED
L LISTENING[0+3] on_child_close(k,ok) LISTENING[0+2] on_child_close(m,ok) LISTENING[0+1] on_child_close(n,aborted)
    LISTENING[0+0] LISTENING[0+0]

18 a listener that has closed hears of no child
> pair; L close; L see; a close; run; L see; wait 100
a CLOSED
k on_close(ok) CLOSED
L CLOSED[0+1] CLOSED CLOSED

18 a listener that has closed hears of no child, whatever ends it
> L listen 4; a connect; b connect; run; L accept k; L accept m; run; clear; L close_forced; k close_forced; m close
> L see; run; wait 100
a on_close(reset) CLOSED
b on_close(ok) CLOSED
k on_close(aborted) CLOSED
m CLOSED
L on_close(aborted) CLOSED CLOSED

18 a child that ends in the callback of another does not disturb the listener
> when k on_close m close; L listen 4; a connect; b connect; run; L accept k; L accept m; run; clear; a close_forced
> run
> wait 100
a on_close(aborted) CLOSED
b on_close(ok) CLOSED
k on_close(reset) CLOSED
m CLOSED
L on_child_close(k,reset) on_child_close(m,ok) LISTENING[0+0]

18 an on_child_close that raises leaves the listener and its queue as they are
> when L on_child_close L boom; pair; b connect; run; k close; run; L see; wait 20
a on_close(ok) CLOSED
b CONNECTING
@tcp b on_connect(ok) CONNECTED
k CLOSED
L on_accept on_child_close(k,ok) LISTENING[1+0] LISTENING[1+0]
errors PlannedError
"""

LISTENERS: Final = """
19 @dicomnet close of a listener drops the queue in its order: each requestor hears reset, and is IDLE again
> queue; L close; L see; run; wait 100; M listen 2; a connect M; run; M accept k; run
L CLOSED CLOSED
a on_connect(reset) on_connect(ok) CONNECTED
b on_connect(reset) IDLE
c on_connect(reset) IDLE
k CONNECTED/Sta2
M on_accept LISTENING[0+1]
~ a on_connect(reset), b on_connect(reset), c on_connect(reset)

19 @tcp close of a listener resets the connections of its queue, in its order
> queue; L close; L see; run; wait 100
L CLOSED CLOSED
a on_close(reset) CLOSED
b on_close(reset) CLOSED
c on_close(reset) CLOSED
~ a on_close(reset), b on_close(reset), c on_close(reset)

19 close of a listener that waits for nobody
> L listen 2; L close; L see; a connect; run; wait 100
L CLOSED CLOSED
a on_connect(refused) IDLE

19 close_forced of a listener: one on_close about itself
> queue; L close_forced; L see; run; wait 100
L on_close(aborted) CLOSED CLOSED
a on_connect(reset) IDLE
@tcp a on_close(reset) CLOSED
b on_connect(reset) IDLE
@tcp b on_close(reset) CLOSED
c on_connect(reset) IDLE
@tcp c on_close(reset) CLOSED

19 accepted children live on, and speak
> L listen 2; a connect; b connect; run; L accept k; run; when k A-ASSOCIATE.indication k respond; clear; L close; run
> a associate; run; wait 100
L CLOSED[0+1]
a A-ASSOCIATE.confirmation.(accept) CONNECTED/Sta6
b on_connect(reset) IDLE
@tcp b on_close(reset) CLOSED
k A-ASSOCIATE.indication CONNECTED/Sta6

19 the address is free again
> L listen 2; L close; M listen 2 L; M close_forced; N listen 2 L; a connect N; run
L CLOSED
M on_close(aborted) CLOSED
N on_accept LISTENING[1+0]
a CONNECTING
@tcp a on_connect(ok) CONNECTED

19 a request that comes while the listener closes
> L listen 2; a connect; L close; run; wait 100
L CLOSED
a on_connect(refused) IDLE
"""

QUEUED: Final = """
20 @dicomnet the first of the queue closes: its entry is removed
> queue; a close; run; L see; L accept k; L accept m; run; b close; run; wait 20
a CLOSED
b on_connect(ok) CLOSED
c on_connect(ok) CONNECTED
k on_close(ok) CLOSED
m CONNECTED/Sta2
L LISTENING[2+0] on_child_close(k,ok) LISTENING[0+1]

20 @dicomnet the middle of the queue closes: its entry is removed
> queue; b close; run; L see; L accept k; L accept m; run; a close; run; wait 20
a on_connect(ok) CLOSED
b CLOSED
c on_connect(ok) CONNECTED
k on_close(ok) CLOSED
m CONNECTED/Sta2
L LISTENING[2+0] on_child_close(k,ok) LISTENING[0+1]

20 @dicomnet the last of the queue closes: its entry is removed
> queue; c close_forced; run; L see; L accept k; L accept m; L accept n; run; b close; run; wait 20
a on_connect(ok) CONNECTED
b on_connect(ok) CLOSED
c on_close(aborted) CLOSED
k CONNECTED/Sta2
m on_close(ok) CLOSED
n IDLE
L LISTENING[2+0] accept!would_block on_child_close(m,ok) LISTENING[0+1]

20 @dicomnet all close: the queue is empty, and takes others
> queue; c close; a close; b close_forced; run; L see; L accept k; d connect; run; L accept k; run
a CLOSED
b on_close(aborted) CLOSED
c CLOSED
d on_connect(ok) CONNECTED
k CONNECTED/Sta2
L LISTENING[0+0] accept!would_block on_accept LISTENING[0+1]

20 @dicomnet a withdrawal that meets the accept: the child finds nobody
> queue; a close; L accept k; k see; run; wait 20
a CLOSED
b CONNECTING
c CONNECTING
k CONNECTED/Sta2 on_close(reset) CLOSED
L on_child_close(k,reset) LISTENING[2+0]

20 @dicomnet a withdrawal that comes after the listener has gone
> queue; a close; L close; run; wait 100
a CLOSED
b on_connect(reset) IDLE
c on_connect(reset) IDLE
L CLOSED

20 @dicomnet a withdrawal that comes to an object that never listened
> L listen 2; a connect; run; clear; L see; a close; L close_forced; run; wait 100
a CLOSED
L LISTENING[1+0] on_close(aborted) CLOSED

20 @tcp whoever closes while queued keeps its place: accept yields it, then its end
> queue; b close; run; L see; L accept k; L accept m; run; L see; L accept n; run; a close; run; wait 20
a CLOSED
b CLOSED
c CONNECTED
k on_close(ok) CLOSED
m on_close(ok) CLOSED
n CONNECTED/Sta2
@linux L LISTENING[3+0] on_child_close(m,ok) LISTENING[1+1] on_child_close(k,ok) LISTENING[0+1]
@winsock L LISTENING[3+0] on_accept on_accept on_child_close(m,ok) LISTENING[1+1] on_child_close(k,ok) LISTENING[0+1]

20 @tcp whoever resets while queued keeps its place: accept yields it, and the first read says reset
> queue; b close_forced; run; L see; L accept k; L accept m; run; L see; L accept n; run; wait 20
a CONNECTED
b on_close(aborted) CLOSED
c CONNECTED
k CONNECTED/Sta2
m on_close(reset) CLOSED
n CONNECTED/Sta2
@linux L LISTENING[3+0] on_child_close(m,reset) LISTENING[1+1] LISTENING[0+2]
@winsock L LISTENING[3+0] on_accept on_accept on_child_close(m,reset) LISTENING[1+1] LISTENING[0+2]
"""

REST: Final = """
21 shutdown ends all that is alive, children before listeners
> L listen 4; a connect; run; L accept k; run; b connect; run; M listen 2; i see; clear; wire listen; c connect wire
> d close; shutdown; run; wait 100; new e
a on_close(aborted) CLOSED
b on_close(aborted) CLOSED
c on_close(aborted) CLOSED
d CLOSED
i on_close(aborted) CLOSED
k on_close(aborted) CLOSED
L on_child_close(k,aborted) on_close(aborted) CLOSED
M on_close(aborted) CLOSED
library new!not_initialised
~ k on_close(aborted), L on_child_close(k/aborted), L on_close(aborted)

21 what was shut down is reset on the wire, and its queue dropped
> L listen 4; wire connect; run; far-a connect; run; far-b connect; run; L accept k; L accept m; run; clear
> shutdown; run
> wait 100
k on_close(aborted) CLOSED
m on_close(aborted) CLOSED
far-a on_close(reset) CLOSED
far-b on_connect(reset) IDLE
@tcp far-b on_close(reset) CLOSED
wire reset
L on_child_close(k,aborted) on_child_close(m,aborted) on_close(aborted) CLOSED

21 shutdown of a requestor's side alone
> L listen 4; far-a connect; run; L accept k; run; far-b connect; run; clear; far-shutdown; run; L see; wait 20
far-a on_close(aborted) CLOSED
far-b on_close(aborted) CLOSED
k on_close(reset) CLOSED
L on_child_close(k,reset) LISTENING[0+0] LISTENING[0+0]
@tcp L on_child_close(k,reset) LISTENING[1+0] LISTENING[1+0]

21 shutdown inside a callback: what was decided before is told no more
> when L on_accept shutdown; L listen 4; a connect; run; wait 100
a on_close(aborted) CLOSED
L on_accept on_close(aborted) CLOSED

21 an object that another ends while the library stops is not ended twice
> when a on_close b close; a see; b see; c see; clear; shutdown; run
a on_close(aborted) CLOSED
b CLOSED
c on_close(aborted) CLOSED

22 @dicomnet the connect timer runs out while queued: the entry is removed, and it may try again
> queue; wait 29; a see; wait 2; a see; L see; b connect; run; L accept k; run; wait 20
a CONNECTING on_connect(timeout) IDLE IDLE
b on_connect(timeout) on_connect(ok) CONNECTED
c on_connect(timeout) IDLE
k CONNECTED/Sta2
L LISTENING[0+0] on_accept LISTENING[0+1]

22 @dicomnet the connect timer runs out, and the child finds nobody
> L listen 2; a connect; wait 29; b connect; run; wait 2; L accept k; run; b see; wait 20
a on_connect(timeout) IDLE
b on_connect(ok) CONNECTED CONNECTED
k CONNECTED/Sta2
L on_accept on_accept LISTENING[0+1]

22 @dicomnet the connect timer runs out while nobody answers on the way
> wire listen; a connect wire; wait 29; a see; wait 2; a see; wait 100
a CONNECTING on_connect(timeout) IDLE IDLE
wire request withdrawn

22 a connection that stands is past its timer
> assoc; wait 29; wait 2; a see; L see; wait 100
a CONNECTED/Sta6 CONNECTED/Sta6
k CONNECTED/Sta6
L LISTENING[0+1] LISTENING[0+1]

22 the timer of a connect that failed does not end the next
> L listen 2; a connect nowhere; run; wait 20; a connect; wait 15; L accept k; run; a see; wait 20
a on_connect(refused) on_connect(ok) CONNECTED CONNECTED
k CONNECTED/Sta2
L on_accept LISTENING[0+1]

24 close and close_forced of what is CLOSED do nothing
> pair; a close; a close; a close_forced; b close_forced; b close; b close_forced; run; k close; k close
> k close_forced; run
> L close; L close; L close_forced; m see; run; wait 20
a CLOSED
b on_close(aborted) CLOSED
k on_close(ok) CLOSED
L on_child_close(k,ok) CLOSED
m IDLE IDLE

24 a report that comes late to an object that is CLOSED does nothing
> a close; a hears open; a hears refused; a hears dropped; a hears unreachable; a hears name_not_resolved
> a hears timeout
> a hears end; a hears reset; a hears octets; a feed connection.shutdown; run
a shutdown:nothing CLOSED
"""

ENDS: Final = (CLOSE, LISTENERS, QUEUED, REST)
