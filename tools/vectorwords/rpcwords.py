"""Words of DCE/RPC (C706 chapter 12, MS-RPCE 2.2), for the vectors of every protocol that carries it."""
from ber import *
from ber import Piece, piece
from wire import *

# Transfer syntaxes: UUID and version
NDR = ("8a885d04-1ceb-11c9-9fe8-08002b104860", 2)
NDR64 = ("71710533-beba-4937-8319-b5dbef9ccc36", 1)
FEATURES = ("6cb71c2c-9812-4540-0000-000000000000", 1)  # bind time features, MS-RPCE 2.2.2.14; the bits stand in the last octets
FEATURES_3 = ("6cb71c2c-9812-4540-0300-000000000000", 1)

# Interfaces: UUID, major and minor version
EPMAPPER = ("e1af8308-5d1f-11c9-91a4-08002b14a0fa", 3, 0)
SRVSVC = ("4b324fc8-1670-01d3-1278-5a47bf6ee188", 3, 0)
WKSSVC = ("6bffd098-a112-3610-9833-46c3f87e345a", 1, 0)
LSARPC = ("12345778-1234-abcd-ef00-0123456789ab", 0, 0)
SAMR = ("12345778-1234-abcd-ef00-0123456789ac", 1, 0)
DSSETUP = ("3919286a-b10c-11d0-9ba8-00c04fd92ef5", 0, 0)
NETLOGON = ("12345678-1234-abcd-ef00-01234567cffb", 1, 0)
MGMT = ("afa8bd80-7d8a-11c9-bef4-08002b102989", 1, 0)
SVCCTL = ("367abb81-9844-35f1-ad32-98f038001003", 2, 0)
WINREG = ("338cd001-2244-31f1-aaaa-900038001003", 1, 0)
SPOOLSS = ("12345678-1234-abcd-ef00-0123456789ab", 1, 0)

# PDU types, C706 12.6.4
PTYPE = {"request": 0, "ping": 1, "response": 2, "fault": 3, "working": 4, "nocall": 5, "reject": 6, "ack": 7, "cl_cancel": 8, "fack": 9,
         "cancel_ack": 10, "bind": 11, "bind_ack": 12, "bind_nak": 13, "alter": 14, "alter_resp": 15, "auth3": 16,
         "shutdown": 17, "co_cancel": 18, "orphaned": 19}

PFC_FIRST, PFC_LAST, PFC_CANCEL, PFC_CONC_MPX, PFC_DID_NOT_EXECUTE, PFC_MAYBE, PFC_OBJECT = 1, 2, 4, 16, 32, 64, 128
LEVEL_CONNECT, LEVEL_CALL, LEVEL_PKT, LEVEL_INTEGRITY, LEVEL_PRIVACY = 2, 3, 4, 5, 6
AUTH_SPNEGO, AUTH_NTLMSSP, AUTH_KRB5, AUTH_NETLOGON = 9, 10, 16, 68


def num(value, octets, big_endian=False):
    """A number in the sender's byte order; a piece stands for itself."""
    return value if isinstance(value, Piece) else piece(int(value).to_bytes(octets, "big" if big_endian else "little"))


def uuid(text, big_endian=False):
    """A UUID in the sender's byte order: the first three fields turn round."""
    if isinstance(text, Piece):
        return text
    raw = bytes.fromhex(text.replace("-", ""))
    if big_endian:
        return piece(raw)
    return piece(raw[3::-1] + raw[5:3:-1] + raw[7:5:-1] + raw[8:])


def drep(big_endian=False):
    """ASCII, IEEE, and the byte order of integers."""
    return piece(bytes([0 if big_endian else 0x10, 0, 0, 0]))


def rpc_pdu(ptype, body=b"", call=1, flags=PFC_FIRST | PFC_LAST, auth=b"", auth_length=None, frag_length=None, version=5, minor=0,
            big_endian=False, data_rep=None):
    """A PDU: the common header, the body, and an authentication trailer as rpc_auth_trailer() gives it."""
    body, auth = piece(body), piece(auth)
    n = 16 + body.size + auth.size
    if auth_length is None:
        auth_length = auth.size - 8 - _pad_of(auth) if auth.size else 0
    order = big_endian
    return cat(num(version, 1), num(minor, 1), num(PTYPE.get(ptype, ptype) if isinstance(ptype, str) else ptype, 1), num(flags, 1),
               drep(big_endian) if data_rep is None else data_rep,
               num(n if frag_length is None else frag_length, 2, order), num(auth_length, 2, order), num(call, 4, order), body, auth)


def _pad_of(auth):
    """How many octets of padding an authentication trailer begins with."""
    for part in auth.parts or ():
        if part.parts is None:
            return part.size
    return 0


def rpc_auth_trailer(value=b"", type_=AUTH_NTLMSSP, level=LEVEL_INTEGRITY, pad=0, context=0, reserved=0, pad_length=None, big_endian=False):
    """sec_trailer (MS-RPCE 2.2.2.11) with `pad` octets of padding before it."""
    return Piece(parts=(Piece(b"\0" * pad),
                        cat(num(type_, 1), num(level, 1), num(pad if pad_length is None else pad_length, 1), num(reserved, 1),
                            num(context, 4, big_endian), value)))


def rpc_syntax(interface, big_endian=False):
    """p_syntax_id_t of an interface (UUID, major, minor)."""
    return cat(uuid(interface[0], big_endian), num(interface[1], 2, big_endian), num(interface[2], 2, big_endian))


def rpc_transfer(syntax, big_endian=False):
    """p_syntax_id_t of a transfer syntax (UUID, version)."""
    return cat(uuid(syntax[0], big_endian), num(syntax[1], 4, big_endian))


def rpc_context(id_, interface, transfers=(NDR,), count=None, big_endian=False):
    """p_cont_elem_t."""
    return cat(num(id_, 2, big_endian), num(len(transfers) if count is None else count, 1), b"\0", rpc_syntax(interface, big_endian),
               *[rpc_transfer(t, big_endian) for t in transfers])


def rpc_contexts(*elements, count=None):
    """p_cont_list_t."""
    return cat(num(len(elements) if count is None else count, 1), b"\0\0\0", *elements)


def _offers(contexts, big_endian):
    if isinstance(contexts, Piece):
        return contexts
    if contexts and isinstance(contexts[0], str):
        contexts = [contexts]
    return rpc_contexts(*[c if isinstance(c, Piece) else rpc_context(i, c, big_endian=big_endian) for i, c in enumerate(contexts)])


def rpc_bind(contexts=SRVSVC, call=1, xmit=4280, recv=4280, group=0, auth=b"", ptype="bind", big_endian=False, **header):
    """bind or alter_context: an interface, a list of interfaces (contexts 0, 1, ...) or a piece of rpc_contexts()."""
    return rpc_pdu(ptype, cat(num(xmit, 2, big_endian), num(recv, 2, big_endian), num(group, 4, big_endian), _offers(contexts, big_endian)),
                   call, auth=auth, big_endian=big_endian, **header)


def rpc_alter(contexts=SRVSVC, call=2, **more):
    return rpc_bind(contexts, call, ptype="alter", **more)


def rpc_result(result=0, reason=0, transfer=None, big_endian=False):
    """p_result_t: 0 accepted, 2 provider rejection, 3 negotiate_ack (bind time features)."""
    if transfer is None:
        transfer = NDR if result == 0 else ("00000000-0000-0000-0000-000000000000", 0)
    return cat(num(result, 2, big_endian), num(reason, 2, big_endian), rpc_transfer(transfer, big_endian))


def rpc_bind_ack(results=1, call=1, xmit=4280, recv=4280, group=0x1234, address="135", auth=b"", ptype="bind_ack", address_length=None,
                 count=None, big_endian=False, **header):
    """bind_ack or alter_context_resp: a number of accepted contexts, or a list of rpc_result(). `address` without its NUL; None: none."""
    if isinstance(results, int):
        results = [rpc_result(big_endian=big_endian)] * results
    name = piece(b"") if address is None else address if isinstance(address, Piece) else piece(address.encode() + b"\0")
    return rpc_pdu(ptype, cat(num(xmit, 2, big_endian), num(recv, 2, big_endian), num(group, 4, big_endian),
                              num(name.size if address_length is None else address_length, 2, big_endian), name,
                              b"\0" * (-(2 + name.size) % 4), num(len(results) if count is None else count, 1), b"\0\0\0", *results),
                   call, auth=auth, big_endian=big_endian, **header)


def rpc_alter_resp(results=1, call=2, **more):
    return rpc_bind_ack(results, call, ptype="alter_resp", **{"address": None, **more})


def rpc_bind_nak(reason=0, call=1, versions=(5, 0), big_endian=False, **header):
    return rpc_pdu("bind_nak", cat(num(reason, 2, big_endian), num(len(versions) // 2, 1), bytes(versions)), call, big_endian=big_endian,
                   **header)


def rpc_auth3(auth, call=1, big_endian=False, **header):
    return rpc_pdu("auth3", b"\0\0\0\0", call, auth=auth, big_endian=big_endian, **header)


def rpc_request(opnum, stub=b"", call=2, context=0, object_=None, hint=None, flags=None, auth=b"", big_endian=False, **header):
    """A request; `object_` is the UUID of an object."""
    stub = piece(stub)
    if flags is None:
        flags = PFC_FIRST | PFC_LAST
    if object_ is not None:
        flags |= PFC_OBJECT
    return rpc_pdu("request", cat(num(stub.size if hint is None else hint, 4, big_endian), num(context, 2, big_endian),
                                  num(opnum, 2, big_endian), uuid(object_, big_endian) if object_ is not None else b"", stub),
                   call, flags, auth, big_endian=big_endian, **header)


def rpc_response(stub=b"", call=2, context=0, cancels=0, hint=None, flags=PFC_FIRST | PFC_LAST, auth=b"", big_endian=False, **header):
    stub = piece(stub)
    return rpc_pdu("response", cat(num(stub.size if hint is None else hint, 4, big_endian), num(context, 2, big_endian), num(cancels, 1),
                                   b"\0", stub), call, flags, auth, big_endian=big_endian, **header)


def rpc_fault(status=5, call=2, context=0, flags=PFC_FIRST | PFC_LAST, auth=b"", extra=b"", big_endian=False, **header):
    return rpc_pdu("fault", cat(num(32, 4, big_endian), num(context, 2, big_endian), b"\0\0", num(status, 4, big_endian), b"\0\0\0\0",
                                extra), call, flags, auth, big_endian=big_endian, **header)


def rpc_fragments(stub, size, opnum=0, call=2, context=0, big_endian=False, **more):
    """A list of request PDUs that carry `size` octets of the stub each."""
    data = piece(stub).bytes()
    parts = [data[i:i + size] for i in range(0, len(data), size)] or [b""]
    out, left = [], len(data)
    for i, part in enumerate(parts):
        flags = (PFC_FIRST if i == 0 else 0) | (PFC_LAST if i == len(parts) - 1 else 0)
        out.append(rpc_request(opnum, part, call, context, hint=left, flags=flags, big_endian=big_endian, **more))
        left -= len(part)
    return out


def rpc_pieces(pdu, size):
    """Any bytes cut into pieces of this size (the last may be shorter), as small writes carry them."""
    data = piece(pdu).bytes()
    return [data[i:i + size] for i in range(0, len(data), size)]


# Towers of the endpoint mapper, C706 appendix L and I

def rpc_floor(left, right):
    left, right = piece(left), piece(right)
    return cat(le16(left.size), left, le16(right.size), right)


def rpc_tower(interface=SRVSVC, port=49152, address="127.0.0.1", transfer=NDR, floors=None):
    """tower_octet_string of ncacn_ip_tcp."""
    rows = [rpc_floor(cat(b"\x0d", uuid(interface[0]), le16(interface[1])), le16(interface[2])),
            rpc_floor(cat(b"\x0d", uuid(transfer[0]), le16(transfer[1])), le16(0)),
            rpc_floor(b"\x0b", le16(0)), rpc_floor(b"\x07", be16(port)),
            rpc_floor(b"\x09", bytes(int(x) for x in address.split(".")))] if floors is None else floors
    return cat(le16(len(rows)), *rows)


def ndr_tower(tower, big_endian=False, length=None):
    """twr_t: conformance, tower_length, the octets, padded to 4."""
    tower = piece(tower)
    n = tower.size if length is None else length
    return cat(num(n, 4, big_endian), num(n, 4, big_endian), padded(tower, 4))


def ept_map(tower=None, max_towers=4, big_endian=False):
    """Arguments of ept_map: no object, the tower, a new handle."""
    return cat(num(1, 4, big_endian), b"\0" * 16, num(2, 4, big_endian),
               ndr_tower(rpc_tower(port=0, address="0.0.0.0") if tower is None else tower, big_endian), b"\0" * 20, num(max_towers, 4, big_endian))


def ept_mapped(towers, status=0, count=None, maximum=4, big_endian=False):
    """Results of ept_map: a null handle, the towers, a status."""
    n = len(towers)
    return cat(b"\0" * 20, num(n if count is None else count, 4, big_endian), num(maximum, 4, big_endian), num(0, 4, big_endian),
               num(n if count is None else count, 4, big_endian), *[num(3 + i, 4, big_endian) for i in range(n)],
               *[ndr_tower(t, big_endian) for t in towers], num(status, 4, big_endian))
