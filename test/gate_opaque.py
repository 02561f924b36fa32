#!/usr/bin/env python3
"""What of DCE/RPC and SMB cannot be read, before a running gate: refused by its own reason, and let through where policy allows that by name."""
import pathlib
import shutil
import signal
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "lab"), str(ROOT / "tools" / "vectorwords")]
sys.dont_write_bytecode = True
import dcerpc as rpc
import gate
import peer
import slapd
import smb
from tap import Tap, skip_all
from vector import Vector

TAP = Tap()
PASS = ("pass", "default block")
STRANGE = ("41414141-4141-4141-4141-414141414141", 1, 0)  # an interface nobody has


def sealed(interface, operation):
    """A call whose arguments are sealed, behind a bind that agreed on it."""
    ask, answer = (rpc.rpc_auth_trailer(token, level=rpc.LEVEL_PRIVACY) for token in (rpc.ntlm_negotiate(), rpc.ntlm_challenge()))
    call = rpc.rpc_request(operation, b"SSSS", auth=rpc.rpc_auth_trailer(b"S" * 16, level=rpc.LEVEL_PRIVACY))
    return ("client", rpc.rpc_bind(interface, auth=ask)), ("server", rpc.rpc_bind_ack(auth=answer)), ("client", call)


def in_ndr64():
    """The endpoint mapper is asked in NDR64."""
    offer = rpc.rpc_contexts(rpc.rpc_context(0, rpc.EPMAPPER, [rpc.NDR64]))
    return ("client", rpc.rpc_bind(offer)), ("server", rpc.rpc_bind_ack([rpc.rpc_result(transfer=rpc.NDR64)])), ("client", rpc.rpc_request(3, b"N" * 16))


def packed():
    """A compressed message where both sides agreed on it."""
    contexts = [smb.smb2_preauth(), smb.smb2_context(3, smb.le16(1) + smb.le16(0) + smb.le32(0) + smb.le16(2))]
    hello = smb.smb2_ask("negotiate", smb.smb2_negotiate((0x311,), contexts), 0, session=0, tree=0)
    agreed = smb.smb2_tell("negotiate", smb.smb2_negotiated(0x311, contexts), 0, session=0, tree=0)
    return ("client", hello), ("server", agreed), ("client", smb.smb2_packed())


CASES = (
    ("dcerpc.sealed", "dcerpc", sealed(rpc.MGMT, 0)),
    ("dcerpc.sealed-arguments", "dcerpc", sealed(rpc.DSSETUP, 0)),
    ("dcerpc.ndr64", "dcerpc", in_ndr64()),
    ("dcerpc.unknown-interface", "dcerpc", (("client", rpc.rpc_bind(STRANGE)),)),
    ("smb2.compressed", "smb", packed()),
)


def conversation(reason, protocol, messages, refused):
    vector = Vector(reason)
    vector.protocol, vector.refused = protocol, reason if refused else None
    vector.messages = [(side, rpc.piece(data).bytes()) for side, data in messages]
    return vector


class Case:
    """One conversation before two services: one that allows its reason by name, one that does not."""

    def __init__(self, number, reason, protocol, messages):
        self.reason, self.protocol, self.messages = reason, protocol, messages
        self.server = peer.Stream()
        self.listen = {allowed: ("127.0.0.1", slapd.free_port()) for allowed in (False, True)}
        self.source = f"127.9.0.{number + 1}"
        self.services = [
            gate.Service(f"{'open' if allowed else 'shut'}{number}", self.listen[allowed], ("peer", self.server.port),
                         (f"allow {reason}", *PASS) if allowed else PASS, protocol=protocol)
            for allowed in (False, True)
        ]

    def play(self, running):
        for allowed in (False, True):
            vector = conversation(self.reason, self.protocol, self.messages, not allowed)
            out = self.server.play(vector, self.listen[allowed], self.source)
            want = b"".join(data for (side, _), data in zip(vector.messages, vector.arrivals()) if side == "client")
            TAP.ok(out.got["server"] == want and not out.problem, f"{self.reason}: {'passes where it is allowed by name' if allowed else 'does not reach the server'}",
                   out.problem, f"{len(out.got['server'])} bytes of {len(want)}")
            if not allowed:
                said = running.wait_event(lambda e: e.get("event_type") == "alert" and e.get("src_port") == out.port)  # noqa: B023
                TAP.ok(said and gate.reason(said) == self.reason, f"{self.reason}: and an alert says why", said)


def run(scratch):
    cases = [Case(number, *case) for number, case in enumerate(CASES)]
    running = gate.Gate(scratch, gate.policy([s for case in cases for s in case.services], {"peer": "127.0.0.1"})).start()
    try:
        for case in cases:
            case.play(running)
        TAP.ok(running.alive(), "the gate is still there")
    finally:
        code = running.stop()
        for case in cases:
            case.server.close()
    TAP.ok(code == 0, "the gate stops in order", f"exit {code}", running.errors()[-2000:])


def main():
    if not gate.has("run"):
        return skip_all("this build has no gate")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended all the same
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-opaque-"))
    try:
        run(scratch)
    except (OSError, RuntimeError) as error:
        TAP.ok(False, "the lab works", repr(error))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())
