"""The plays of the security layer: rows 3 and 12 to 18 where links are secured. Their form is told in `plays`.

`secure` alone: each object that is made from then on, but for those named far-..., is configured with a layer that is
only played; `a secure` configures one object. `refuse X` lets the one who hears the message X (hello, answer, finished)
refuse it. A bare wire notes the messages of the layer by name, and what it protects as `secured:PDU`.
"""

from __future__ import annotations

from typing import Final

CONFIGURE: Final = """
3 a child without security on a listener that has it: wrong_security_mode, and nothing is taken
> L secure; L listen 2; a secure; a connect; run; L accept k; L see; k see; k secure; L accept k; run
L on_accept accept!wrong_security_mode LISTENING[1+0] LISTENING[0+1]
k IDLE on_secure_link_ready(ok) SECURED/Sta2
a on_connect(ok) on_secure_link_ready(ok) SECURED

3 what accept is refused for, in this order: the listener, the child's state, its security, nothing waits
> L secure; k close; L accept k; L accept m; L listen 2; L accept k; L accept m; m secure; L accept m; L see; m see
L accept!not_listening accept!not_listening accept!wrong_state accept!wrong_security_mode accept!would_block
    LISTENING[0+0] LISTENING[0+0]
m IDLE IDLE
k CLOSED

3 security is not for an object that is no more IDLE
> L listen 2; L secure; c close; c secure; wire listen; a connect wire; a secure; run; wire take; run; a secure
> b connect; run; L accept k; k secure; run; L see
L secure!wrong_state on_accept LISTENING[0+1] LISTENING[0+1]
c secure!wrong_state CLOSED
a secure!wrong_state on_connect(ok) secure!wrong_state CONNECTED
wire request
k secure!wrong_state CONNECTED/Sta2
b on_connect(ok) CONNECTED

3 security is configured, and configured again, and nothing else happens
> a secure; a see; a secure; a see; a feed connection.configure; b feed connection.configure
a IDLE IDLE configure:nothing IDLE
b configure:nothing:IDLE.Sta1.IDLE IDLE

3 a child with security on a listener without it
> L listen 2; a secure; a connect; run; k secure; L accept k; run
L on_accept LISTENING[0+1]
a on_connect(ok) on_secure_link_ready(ok) SECURED
k on_secure_link_ready(ok) SECURED/Sta2

3 security is kept where a connect fails
> L secure; a secure; a connect nowhere; run; L listen 2; a connect; run; k secure; L accept k; run; k see
a on_connect(refused) on_connect(ok) on_secure_link_ready(ok) SECURED
L on_accept LISTENING[0+1]
k on_secure_link_ready(ok) SECURED/Sta2 SECURED/Sta2
"""

SECURED: Final = """
12 both ends are secured by themselves, and each is told when its own half is done
> secure; L listen 2; a connect; run; L accept k; k see; run
L on_accept LISTENING[0+1]
k SECURING on_secure_link_ready(ok) SECURED/Sta2
a on_connect(ok) on_secure_link_ready(ok) SECURED

12 the requestor's handshake: its half is done before the acceptor's
> secure; wire listen; a connect wire; run; a see; wire take; run; a see; wire send answer; run; a see; timers
> a associate; run
wire request hello finished secured:A-ASSOCIATE-RQ
a CONNECTING on_connect(ok) SECURING on_secure_link_ready(ok) SECURED SECURED/Sta5
@tcp a on_connect(ok) SECURING SECURING on_secure_link_ready(ok) SECURED SECURED/Sta5
carrier timers(0)

12 the acceptor's handshake: it is done with the requestor's end
> secure; L listen 2; wire connect; run; L accept k; run; k see; wire send hello; run; k see; wire send finished; run
> k see
L on_accept LISTENING[0+1]
wire open answer
k SECURING SECURING on_secure_link_ready(ok) SECURED/Sta2 SECURED/Sta2

12 ARTIM starts when the link is secured, not before
> secure-wired-child; wait 29; k see; timers; wire send hello; wire send finished; run; k see; timers; wait 29; k see
> wait 2
k SECURING on_secure_link_ready(ok) SECURED/Sta2 SECURED/Sta2 CLOSED
carrier timers(1) timers(1)
wire answer close_notify end
L on_child_close(k,ok) LISTENING[0+0]
~ k on_secure_link_ready(ok), L on_child_close(k/ok)

12 a handshake has its time, and no more runs when it is done
> secure-wired-requestor; timers; wire send answer; run; timers; wait 100; a see
carrier timers(1) timers(0)
a on_secure_link_ready(ok) SECURED SECURED
wire finished

12 an association over a secured link, from its request to its release
> secure-pair; a associate; run; k respond; run; a send; run; k send; run; a release; run; k respond_release; run
> wait 100
k A-ASSOCIATE.indication P-DATA.indication A-RELEASE.indication on_close(ok) CLOSED
a A-ASSOCIATE.confirmation.(accept) P-DATA.indication A-RELEASE.confirmation CLOSED
L on_child_close(k,ok) LISTENING[0+0]

12 associate inside on_secure_link_ready
> secure; when a on_secure_link_ready a associate; L listen 2; a connect; run; L accept k; run
L on_accept LISTENING[0+1]
a on_connect(ok) on_secure_link_ready(ok) SECURED/Sta5
k on_secure_link_ready(ok) A-ASSOCIATE.indication SECURED/Sta3

12 dial: the request of the association leaves when the link is secured
> secure; wire listen; a dial wire; run; a see; wire take; run; a see; wire send answer; run; a see
wire request hello finished secured:A-ASSOCIATE-RQ
a CONNECTING/Sta4 on_connect(ok) SECURING/Sta4 on_secure_link_ready(ok) SECURED/Sta5 SECURED/Sta5
@tcp a on_connect(ok) SECURING/Sta4 SECURING/Sta4 on_secure_link_ready(ok) SECURED/Sta5 SECURED/Sta5

12 dial over a secured link
> secure; when k A-ASSOCIATE.indication k respond; L listen 2; a dial; run; L accept k; run
L on_accept LISTENING[0+1]
a on_connect(ok) on_secure_link_ready(ok) A-ASSOCIATE.confirmation.(accept) SECURED/Sta6
k on_secure_link_ready(ok) A-ASSOCIATE.indication SECURED/Sta6

12 what is said of a PDU inside the security layer
> secure-wired-child; wire send hello; wire send finished; run; wire secured associate; run; k respond; run
> wire secured rubbish; run; wait 100
k on_secure_link_ready(ok) A-ASSOCIATE.indication A-P-ABORT.indication CLOSED
wire answer secured:A-ASSOCIATE-AC secured:A-ABORT close_notify end
L on_child_close(k,ok) LISTENING[0+0]
"""

FAILED: Final = """
13 the acceptor refuses the first message: both ends are told, and nothing after it
> refuse hello; secure; L listen 2; a connect; run; L accept k; run; L see; wait 100
L on_accept on_child_close(k,insufficient_security) LISTENING[0+0] LISTENING[0+0]
a on_connect(ok) on_secure_link_ready(handshake_failed) CLOSED
k on_secure_link_ready(insufficient_security) CLOSED
~ k on_secure_link_ready(insufficient_security), L on_child_close(k/insufficient_security)

13 the requestor refuses the acceptor's answer: both ends are told
> refuse answer; secure; L listen 2; a connect; run; L accept k; run; L see; wait 100
L on_accept on_child_close(k,handshake_failed) LISTENING[0+0] LISTENING[0+0]
a on_connect(ok) on_secure_link_ready(unknown_authority) CLOSED
k on_secure_link_ready(handshake_failed) CLOSED

13 the acceptor refuses what the requestor took for done: one is told of the failure, the other of an end
> refuse finished; secure; L listen 2; a connect; run; L accept k; run; L see; wait 100
L on_accept on_child_close(k,verify_failed) LISTENING[0+0] LISTENING[0+0]
a on_connect(ok) on_secure_link_ready(ok) on_close(handshake_failed) CLOSED
k on_secure_link_ready(verify_failed) CLOSED
~ a on_secure_link_ready(ok), k on_secure_link_ready(verify_failed), L on_child_close(k/verify_failed), a
    on_close(handshake_failed)

13 the acceptor refuses after the requestor has asked for its association: nothing answers it
> refuse finished; secure; when a on_secure_link_ready a associate; L listen 2; a connect; run; L accept k; run
> wait 100
L on_accept on_child_close(k,verify_failed) LISTENING[0+0]
a on_connect(ok) on_secure_link_ready(ok) A-P-ABORT.indication on_close(handshake_failed) CLOSED
k on_secure_link_ready(verify_failed) CLOSED

13 a dial whose handshake fails: the association is told, then that the link is not ready
> refuse answer; secure; L listen 2; a dial; run; L accept k; run; a see; wait 100
L on_accept on_child_close(k,handshake_failed) LISTENING[0+0]
a on_connect(ok) A-P-ABORT.indication on_secure_link_ready(unknown_authority) CLOSED CLOSED
k on_secure_link_ready(handshake_failed) CLOSED
~ a on_connect(ok), a A-P-ABORT.indication, a on_secure_link_ready(unknown_authority)

13 a dial whose acceptor refuses what it took for done
> refuse finished; secure; L listen 2; a dial; run; L accept k; run; wait 100
L on_accept on_child_close(k,verify_failed) LISTENING[0+0]
a on_connect(ok) on_secure_link_ready(ok) A-P-ABORT.indication on_close(handshake_failed) CLOSED
k on_secure_link_ready(verify_failed) CLOSED

13 a requestor whose handshake fails sends the refusal alone, no PDU
> refuse answer; secure; wire listen; a dial wire; run; wire take; run; wire send answer; run; timers; wait 100
wire request hello refused end
a on_connect(ok) A-P-ABORT.indication on_secure_link_ready(unknown_authority) CLOSED
carrier timers(0)

13 a child whose handshake fails sends the refusal alone, no PDU
> refuse hello; secure-wired-child; wire send hello; run; timers; wait 100
k on_secure_link_ready(insufficient_security) CLOSED
L on_child_close(k,insufficient_security) LISTENING[0+0]
wire refused end
carrier timers(0)

13 a child that refuses in the end sends the refusal alone, no PDU
> refuse finished; secure-wired-child; wire send hello; wire send finished; run; timers; wait 100
k on_secure_link_ready(verify_failed) CLOSED
L on_child_close(k,verify_failed) LISTENING[0+0]
wire answer refused end
carrier timers(0)

13 the peer refuses: an end that is SECURING
> secure-wired-requestor; wire send refused; run; timers; L listen 2; wire2 connect L; run; L accept k; run
> wire2 send refused; run; timers; wait 100
a on_secure_link_ready(handshake_failed) CLOSED
wire end
carrier timers(0) timers(0)
L on_accept on_child_close(k,handshake_failed) LISTENING[0+0]
wire2 open end
k on_secure_link_ready(handshake_failed) CLOSED

13 the peer refuses: an end that is SECURED
> secure-wired-requestor; wire send answer; run; wire send refused; run; L listen 2; wire2 connect L; run; L accept k
> run; wire2 send hello; wire2 send finished; run; wire2 send refused; run; timers; wait 100
a on_secure_link_ready(ok) on_close(handshake_failed) CLOSED
wire finished end
L on_accept on_child_close(k,handshake_failed) LISTENING[0+0]
wire2 open answer end
k on_secure_link_ready(ok) on_close(handshake_failed) CLOSED
carrier timers(0)

13 the secured link of an association breaks
> secure-wired-requestor; wire send answer; run; a associate; run; clear; wire send data; run; timers; wait 100
a A-P-ABORT.indication on_close(protocol_version) CLOSED
wire refused end
carrier timers(0)

13 the secured link of a child with an association breaks
> secure-wired-child; wire send hello; wire send finished; run; wire secured associate; run; k respond; run; clear
> wire send refused; run; timers; wait 100
k A-P-ABORT.indication on_close(handshake_failed) CLOSED
L on_child_close(k,handshake_failed) LISTENING[0+0]
wire end
carrier timers(0)

13 the handshake timer of a requestor runs out
> secure-wired-requestor; wait 29; a see; wait 2; a see; timers; wait 100
a SECURING on_secure_link_ready(timeout) CLOSED CLOSED
wire end
carrier timers(0)

13 the handshake timer of a child runs out
> secure-wired-child; wait 29; k see; wait 2; k see; timers; wait 100
k SECURING on_secure_link_ready(timeout) CLOSED CLOSED
L on_child_close(k,timeout) LISTENING[0+0]
wire end
carrier timers(0)
~ k on_secure_link_ready(timeout), L on_child_close(k/timeout)

13 the handshake timer of a dial runs out
> secure; wire listen; a dial wire; run; wire take; run; wait 31; timers; wait 100
wire request hello end
a on_connect(ok) A-P-ABORT.indication on_secure_link_ready(timeout) CLOSED
carrier timers(0)

13 close and close_forced inside the callback that tells of the failure do nothing
> refuse hello; secure; when a on_secure_link_ready a close, a close_forced; when k on_secure_link_ready k close_forced
> L listen 2; a connect; run; L accept k; run; wait 100
L on_accept on_child_close(k,insufficient_security) LISTENING[0+0]
a on_connect(ok) on_secure_link_ready(handshake_failed) CLOSED
k on_secure_link_ready(insufficient_security) CLOSED

13 close inside on_secure_link_ready(ok)
> secure; when a on_secure_link_ready a close; L listen 2; a connect; run; L accept k; run; wait 100
L on_accept on_child_close(k,ok) LISTENING[0+0]
a on_connect(ok) on_secure_link_ready(ok) CLOSED
k on_secure_link_ready(ok) on_close(ok) CLOSED

13 a raise in on_secure_link_ready ends that object as by force
> secure; when a on_secure_link_ready a boom; L listen 2; a connect; run; L accept k; run; wait 100
L on_accept on_child_close(k,reset) LISTENING[0+0]
a on_connect(ok) on_secure_link_ready(ok) on_close(aborted) CLOSED
k on_secure_link_ready(ok) on_close(reset) CLOSED
errors PlannedError

13 a raise of a child in on_secure_link_ready ends it as by force
> secure; when k on_secure_link_ready k boom; L listen 2; a connect; run; L accept k; run; wait 100
L on_accept on_child_close(k,aborted) LISTENING[0+0]
a on_connect(ok) on_secure_link_ready(ok) on_close(reset) CLOSED
k on_secure_link_ready(ok) on_close(aborted) CLOSED
errors PlannedError

13 a raise in on_secure_link_ready that tells of a failure is kept
> refuse hello; secure; when k on_secure_link_ready k boom; L listen 2; a connect; run; L accept k; run; wait 100
L on_accept on_child_close(k,insufficient_security) LISTENING[0+0]
a on_connect(ok) on_secure_link_ready(handshake_failed) CLOSED
k on_secure_link_ready(insufficient_security) CLOSED
errors PlannedError
"""

ONE_SIDED: Final = """
14 a secure requestor and a plain acceptor: what is said is no PDU, and the answer to it no security
> L listen 2; a secure; a connect; run; L accept k; run; wait 100
L on_accept on_child_close(k,ok) LISTENING[0+0]
a on_connect(ok) on_secure_link_ready(protocol_version) CLOSED
k on_close(ok) CLOSED

14 a plain requestor and a secure acceptor
> L secure; L listen 2; a connect; run; k secure; L accept k; run; a see; k see; a associate; run; wait 100
L on_accept on_child_close(k,protocol_version) LISTENING[0+0]
a on_connect(ok) CONNECTED A-P-ABORT.indication on_close(ok) CLOSED
k SECURING on_secure_link_ready(protocol_version) CLOSED

14 a plain requestor that says nothing: the acceptor's handshake has its time
> L secure; L listen 2; a connect; run; k secure; L accept k; run; wait 29; k see; wait 2; wait 100
L on_accept on_child_close(k,timeout) LISTENING[0+0]
a on_connect(ok) on_close(ok) CLOSED
k SECURING on_secure_link_ready(timeout) CLOSED

14 a dial of a plain requestor to a secure acceptor
> L secure; L listen 2; a dial; run; k secure; L accept k; run; wait 100
L on_accept on_child_close(k,protocol_version) LISTENING[0+0]
a on_connect(ok) A-P-ABORT.indication on_close(ok) CLOSED
k on_secure_link_ready(protocol_version) CLOSED

14 a dial of a secure requestor to a plain acceptor
> L listen 2; a secure; a dial; run; L accept k; run; wait 100
L on_accept on_child_close(k,ok) LISTENING[0+0]
a on_connect(ok) A-P-ABORT.indication on_secure_link_ready(protocol_version) CLOSED
k on_close(ok) CLOSED
"""

NOT_READY: Final = """
15 no association before the link is secured: refused, the handshake goes on, and no PDU leaves
> secure-wired-requestor; a associate; a send; a release; a see; wire send answer; run; a associate; a see; run
a associate!not_connected send!wrong_state release!wrong_state SECURING on_secure_link_ready(ok) SECURED/Sta5
    SECURED/Sta5
wire finished secured:A-ASSOCIATE-RQ

15 a child that is SECURING may not ask for an association either
> secure-wired-child; k associate; k respond; k see; wire send hello; wire send finished; run; k associate; k see
k associate!not_connected respond!wrong_state SECURING on_secure_link_ready(ok) associate!wrong_state SECURED/Sta2
    SECURED/Sta2
wire answer
L LISTENING[0+1]

15 no association after the handshake has failed
> refuse hello; secure; L listen 2; a connect; run; L accept k; run; clear; a associate; k associate; a see
a associate!not_connected CLOSED CLOSED
k associate!not_connected CLOSED
L LISTENING[0+0]

15 an abort while SECURING is nothing
> secure-wired-requestor; a abort; a see; wire send answer; run; a see
a SECURING on_secure_link_ready(ok) SECURED SECURED
wire finished
"""

ENDED: Final = """
16 close while SECURING: the peer hears that it was aborted
> secure-wired-requestor; a close; a see; timers; run; wait 100
a CLOSED CLOSED
carrier timers(0)
wire end

16 close of a child while SECURING
> secure-wired-child; k close; k see; timers; run; wait 100
L on_child_close(k,ok) LISTENING[0+0]
k CLOSED CLOSED
carrier timers(0)
wire end

16 close by the peer while a requestor is SECURING
> secure-wired-requestor; wire close; run; timers; wait 100
a on_secure_link_ready(aborted) CLOSED
carrier timers(0)

16 close by the peer while a child is SECURING
> secure-wired-child; wire close; run; timers; wait 100
k on_secure_link_ready(aborted) CLOSED
L on_child_close(k,aborted) LISTENING[0+0]
carrier timers(0)
~ k on_secure_link_ready(aborted), L on_child_close(k/aborted)

16 close while a dial is SECURING: nothing is told of the association
> secure; wire listen; a dial wire; run; wire take; run; a close; a see; run; timers; wait 100
wire request hello end
a on_connect(ok) CLOSED CLOSED
carrier timers(0)

16 close by the peer while a dial is SECURING
> secure; wire listen; a dial wire; run; wire take; run; wire close; run; wait 100
wire request hello
a on_connect(ok) A-P-ABORT.indication on_secure_link_ready(aborted) CLOSED

16 an abort while a dial is SECURING ends it
> secure; wire listen; a dial wire; run; wire take; run; a abort; a see; run; timers; wait 100
wire request hello end
a on_connect(ok) CLOSED CLOSED
carrier timers(0)

16 close of a secured connection says so to the peer
> secure-pair; a close; a see; run; wait 100
a CLOSED CLOSED
k on_close(ok) CLOSED
L on_child_close(k,ok) LISTENING[0+0]

16 close of a secured child says so to the peer
> secure-pair; k close; k see; run; wait 100
L on_child_close(k,ok) LISTENING[0+0]
k CLOSED CLOSED
a on_close(ok) CLOSED

16 close of a secured link on the wire: the layer's own end, then the transport's
> secure-wired-requestor; wire send answer; run; a close; run; L listen 2; wire2 connect L; run; L accept k; run
> wire2 send hello; wire2 send finished; run; k close; run; wait 100
a on_secure_link_ready(ok) CLOSED
wire finished close_notify end
L on_accept on_child_close(k,ok) LISTENING[0+0]
wire2 open answer close_notify end
k on_secure_link_ready(ok) CLOSED

16 the peer's orderly end of a secured link
> secure-wired-requestor; wire send answer; run; wire send close_notify; run; wait 100
a on_secure_link_ready(ok) on_close(ok) CLOSED
wire finished close_notify end

16 the peer's orderly end of a child's secured link
> secure-wired-child; wire send hello; wire send finished; run; wire send close_notify; wire close; run; timers
> wait 100
k on_secure_link_ready(ok) on_close(ok) CLOSED
wire answer
L on_child_close(k,ok) LISTENING[0+0]
carrier timers(0)

16 the peer ends the transport and not the secured link
> secure-wired-requestor; wire send answer; run; wire close; run; L listen 2; wire2 connect L; run; L accept k; run
> wire2 send hello; wire2 send finished; run; wire2 close; run; timers; wait 100
a on_secure_link_ready(ok) on_close(close_notify_missing) CLOSED
wire finished
L on_accept on_child_close(k,close_notify_missing) LISTENING[0+0]
wire2 open answer
k on_secure_link_ready(ok) on_close(close_notify_missing) CLOSED
carrier timers(0)

16 the peer ends its half of the transport and not the secured link: it is answered by this end's own
> secure-wired-requestor; wire send answer; run; wire half_close; run; L listen 2; wire2 connect L; run; L accept k; run
> wire2 send hello; wire2 send finished; run; wire2 half_close; run; timers; wait 100
a on_secure_link_ready(ok) on_close(close_notify_missing) CLOSED
wire finished close_notify end
L on_accept on_child_close(k,close_notify_missing) LISTENING[0+0]
wire2 open answer close_notify end
k on_secure_link_ready(ok) on_close(close_notify_missing) CLOSED
carrier timers(0)

16 the peer ends its half of the transport in the middle of the handshake
> secure-wired-requestor; wire half_close; run; L listen 2; wire2 connect L; run; L accept k; run; wire2 half_close; run
> timers; wait 100
a on_secure_link_ready(aborted) CLOSED
wire end
L on_accept on_child_close(k,aborted) LISTENING[0+0]
wire2 open end
k on_secure_link_ready(aborted) CLOSED
carrier timers(0)

16 the peer ends the transport of an association that was asked for, and not the secured link
> secure-wired-requestor; wire send answer; run; a associate; run; clear; wire close; run; wait 100
a A-P-ABORT.indication on_close(close_notify_missing) CLOSED
~ a A-P-ABORT.indication, a on_close(close_notify_missing)

16 the peer ends an association's transport and not the secured link
> secure-wired-child; wire send hello; wire send finished; run; wire secured associate; run; k respond; run; clear
> wire close; run; wait 100
k A-P-ABORT.indication on_close(close_notify_missing) CLOSED
L on_child_close(k,close_notify_missing) LISTENING[0+0]

16 the peer ends the secured link of an association
> secure-wired-child; wire send hello; wire send finished; run; wire secured associate; run; k respond; run; clear
> wire send close_notify; run; wait 100
k A-P-ABORT.indication on_close(ok) CLOSED
L on_child_close(k,ok) LISTENING[0+0]
wire close_notify end

16 close with an association alive: no PDU leaves
> secure-wired-child; wire send hello; wire send finished; run; wire secured associate; run; k respond; run; clear
> k close; run; timers; wait 100
L on_child_close(k,ok) LISTENING[0+0]
wire close_notify end
carrier timers(0)
k CLOSED

16 abort over a secured link
> secure-pair; a associate; run; k respond; run; clear; a abort; run; wait 100
k A-ABORT.indication CLOSED
L on_child_close(k,ok) LISTENING[0+0]
a on_close(ok) CLOSED

17 close_forced while SECURING
> secure-wired-requestor; a close_forced; a see; timers; run; L listen 2; wire2 connect L; run; L accept k; run
> k close_forced; k see; timers; run; wait 100
a on_close(aborted) CLOSED CLOSED
carrier timers(0) timers(0)
wire reset
L on_accept on_child_close(k,aborted) LISTENING[0+0]
wire2 open reset
k on_close(aborted) CLOSED CLOSED

17 a reset by the peer while SECURING
> secure-wired-requestor; wire reset; run; L listen 2; wire2 connect L; run; L accept k; run; wire2 reset; run; timers
> wait 100
a on_secure_link_ready(aborted) CLOSED
L on_accept on_child_close(k,aborted) LISTENING[0+0]
wire2 open
k on_secure_link_ready(aborted) CLOSED
carrier timers(0)

17 close_forced of a secured connection
> secure-pair; a close_forced; run; wait 100
a on_close(aborted) CLOSED
k on_close(reset) CLOSED
L on_child_close(k,reset) LISTENING[0+0]

17 close_forced of a secured child
> secure-pair; k close_forced; run; wait 100
k on_close(aborted) CLOSED
L on_child_close(k,aborted) LISTENING[0+0]
a on_close(reset) CLOSED

17 a reset by the peer of a secured link, with an association and without
> secure-wired-child; wire send hello; wire send finished; run; wire2 connect L; run; L accept m; run
> wire2 send hello; wire2 send finished; run; wire2 secured associate; run; clear; wire reset; wire2 reset; run
> timers; wait 100
k on_close(reset) CLOSED
L on_child_close(k,reset) on_child_close(m,reset) LISTENING[0+0]
m A-P-ABORT.indication on_close(reset) CLOSED
carrier timers(0)

17 close_forced while a dial is SECURING: nothing is told of the association
> secure; wire listen; a dial wire; run; wire take; run; a close_forced; run; timers; wait 100
wire request hello reset
a on_connect(ok) on_close(aborted) CLOSED
carrier timers(0)

19 a secure listener that closes leaves its children as they are, also those that are SECURING
> secure-wired-child; L close; wire send hello; wire send finished; run; k see; wire reset; run; wait 100
k on_secure_link_ready(ok) SECURED/Sta2 on_close(reset) CLOSED
wire answer
L CLOSED

21 shutdown ends what is SECURING and what is SECURED
> secure-pair; wire connect L; run; L accept m; run; b connect; run; clear; shutdown; timers; run; wait 100
a on_close(aborted) CLOSED
k on_close(aborted) CLOSED
L on_child_close(k,aborted) on_child_close(m,aborted) on_close(aborted) CLOSED
m on_close(aborted) CLOSED
b on_close(aborted) CLOSED
carrier timers(0)
wire reset

22 @dicomnet the connect timer does not reach into the handshake
> secure; wire listen; a connect wire; wait 20; wire take; run; a see; wait 20; a see; wire send answer; run; a see
> wait 100
wire request hello finished
a on_connect(ok) SECURING SECURING on_secure_link_ready(ok) SECURED SECURED
"""

SECURE: Final = (CONFIGURE, SECURED, FAILED, ONE_SIDED, NOT_READY, ENDED)
