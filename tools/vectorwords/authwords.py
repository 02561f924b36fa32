"""Words of tokens of negotiated authentication (SPNEGO, NTLMSSP, NegoEx, Kerberos in GSS), for every protocol that carries them."""
from ber import *
from wire import *
from krb5words import *

# Object identifiers: RFC 4178, MS-SPNG 1.9, RFC 4121, MS-NEGOEX

SPNEGO = "1.3.6.1.5.5.2"
NTLM = "1.3.6.1.4.1.311.2.2.10"
KRB5 = "1.2.840.113554.1.2.2"
MS_KRB5 = "1.2.840.48018.1.2.2"
KRB5_U2U = "1.2.840.113554.1.2.2.3"
NEGOEX = "1.3.6.1.4.1.311.2.2.30"
HINT = "not_defined_in_RFC4178@please_ignore"

# NTLMSSP, MS-NLMP 2.2.1

NTLM_UNICODE, NTLM_OEM, NTLM_TARGET, NTLM_SIGN, NTLM_SEAL = 1, 2, 4, 0x10, 0x20
NTLM_ANONYMOUS = 0x800
NTLM_FLAGS = 0x02088207  # UNICODE, OEM, REQUEST_TARGET, NTLM, ALWAYS_SIGN, EXTENDED_SESSIONSECURITY, VERSION
NTLM_VERSION = b"\x0a\0\x63\x45\0\0\0\x0f"


def ntlm_at(length, offset, most=None):
    """Len, MaxLen and Offset as they are given, true or not."""
    return le16(length) + le16(length if most is None else most) + le32(offset)


def _ntlm(kind, parts, fixed):
    """parts: the fixed part in order: a piece, or (name, contents) for a field; contents stand behind in that order."""
    head, body, at = [], [], fixed
    for part in parts:
        if not isinstance(part, tuple):
            head.append(piece(part))
            continue
        override, contents = part
        contents = piece(contents)
        head.append(piece(override) if override is not None else ntlm_at(contents.size, at))
        body.append(contents)
        at += contents.size
    return cat(b"NTLMSSP\0", le32(kind), *head, *body)


def ntlm_negotiate(flags=NTLM_FLAGS, domain="", host="", version=NTLM_VERSION, **fields):
    """fields: domain_at, host_at replace a field's descriptor. version=b"" leaves it out, as old clients do."""
    return _ntlm(1, [le32(flags), (fields.get("domain_at"), domain), (fields.get("host_at"), host), version],
                 32 + len(piece(version)))


def ntlm_pair(id_, value=""):
    value = piece(value)
    return le16(id_) + le16(value.size) + value


def ntlm_pairs(*pairs):
    """A sequence of AV_PAIR with its end."""
    return cat(*pairs, ntlm_pair(0))


def ntlm_challenge(flags=NTLM_FLAGS, target=None, info=None, version=NTLM_VERSION, **fields):
    """fields: target_at, info_at replace a field's descriptor; info is what stands in TargetInfo."""
    target = utf16("DOM") if target is None else target
    info = ntlm_pairs(ntlm_pair(2, utf16("DOM")), ntlm_pair(1, utf16("SRV"))) if info is None else info
    return _ntlm(2, [(fields.get("target_at"), target), le32(flags), b"CCCCCCCC", bytes(8), (fields.get("info_at"), info), version],
                 48 + len(piece(version)))


def ntlm_v2(pairs=None):
    """NTLMv2_RESPONSE with these AV_PAIRs."""
    pairs = ntlm_pairs(ntlm_pair(2, utf16("DOM"))) if pairs is None else pairs
    return cat(fill("R", 16), b"\x01\x01", bytes(6), fill("T", 8), fill("C", 8), bytes(4), pairs)


def ntlm_authenticate(user="alice", domain="DOM", host="WS1", flags=NTLM_FLAGS, lm=None, nt=None, key=b"", version=NTLM_VERSION,
                      mic=bytes(16), text=utf16, **fields):
    """user, domain, host: text, or a piece as it stands; fields: lm_at, nt_at, domain_at, user_at, host_at, key_at."""
    names = [text(n) if isinstance(n, str) else piece(n) for n in (domain, user, host)]
    lm = fill("L", 24) if lm is None else lm
    nt = ntlm_v2() if nt is None else nt
    if not piece(version).size:
        mic = b""
    fixed = 64 + piece(version).size + piece(mic).size
    return _ntlm(3, [(fields.get("lm_at"), lm), (fields.get("nt_at"), nt), (fields.get("domain_at"), names[0]),
                     (fields.get("user_at"), names[1]), (fields.get("host_at"), names[2]), (fields.get("key_at"), key),
                     le32(flags), version, mic], fixed)


def ntlm_anonymous():
    """A null session."""
    return ntlm_authenticate("", "", "", NTLM_FLAGS | NTLM_ANONYMOUS, b"\0", b"")


# SPNEGO, RFC 4178 4.2

def gss(mechanism, *parts):
    """InitialContextToken: [APPLICATION 0] with the mechanism's identifier (RFC 2743 3.1)."""
    return app(0, oid(mechanism) if isinstance(mechanism, str) else mechanism, *parts)


def spnego_mechs(mechs):
    """mechTypes [0]: names, or elements as they are."""
    return ctx(0, seq(*[oid(m) if isinstance(m, str) else m for m in mechs]))


def spnego_init(mechs=(NTLM,), token=None, flags=None, mic=None, hints=None):
    """NegTokenInit, from the client; with hints NegTokenInit2, from the server. flags, hints are elements of their own."""
    return gss(SPNEGO, ctx(0, seq(*([] if mechs is None else [spnego_mechs(mechs)]), *([] if flags is None else [ctx(1, flags)]),
                                  *([] if token is None else [ctx(2, octets(token))]),
                                  *([] if hints is None else [ctx(3, hints)]),
                                  *([] if mic is None else [ctx(3 if hints is None else 4, octets(mic))]))))


def spnego_hints(name=HINT, address=None):
    return seq(*([] if name is None else [ctx(0, octets(name, 0x1b))]), *([] if address is None else [ctx(1, octets(address))]))


def spnego_init2(mechs=(NTLM,), hints=None):
    """What servers of SMB answer a negotiation with, before any token of a client."""
    return spnego_init(mechs, hints=spnego_hints() if hints is None else hints)


def spnego_resp(state=None, mech=None, token=None, mic=None):
    """NegTokenResp: state 0 accept-completed, 1 accept-incomplete, 2 reject, 3 request-mic."""
    return ctx(1, seq(*([] if state is None else [ctx(0, enumerated(state) if isinstance(state, int) else state)]),
                      *([] if mech is None else [ctx(1, oid(mech) if isinstance(mech, str) else mech)]),
                      *([] if token is None else [ctx(2, octets(token))]), *([] if mic is None else [ctx(3, octets(mic))])))


# Kerberos in GSS, RFC 4121 4.1

def krb5_gss(message, token_id=b"\x01\0", mechanism=KRB5):
    """A Kerberos message as a mechanism's token: 01 00 AP-REQ, 02 00 AP-REP, 03 00 KRB-ERROR, 04 00 TGT-REQ, 04 01 TGT-REP."""
    return gss(mechanism, token_id, message)


def krb5_wrap(layers, size=0xffffff, flags=0, rotate=0, sum_=12, authz=""):
    """A Wrap token that is not sealed, of RFC 4752: layers and largest size (RFC 4121 4.2.4)."""
    plain = piece(bytes([layers]) + size.to_bytes(3, "big")) + authz
    body = (plain + fill("S", sum_)).bytes()
    rotate %= len(body)
    body = body[len(body) - rotate:] + body[:len(body) - rotate]
    return piece(b"\x05\x04") + u8(flags) + b"\xff" + be16(sum_) + be16(rotate) + bytes(8) + body


def spnego_sized(size):
    """A first token of exactly so many octets: Kerberos, with as long a ticket as that takes."""
    made = lambda n: spnego_init((KRB5,), krb5_gss(krb5_ap_req(krb5_ticket(enc=krb5_encrypted(cipher=fill("T", n))))))
    room = size - made(size).size + size
    return next(token for token in map(made, range(room, size)) if token.size == size)


# NegoEx, MS-NEGOEX 2.2.6

def negoex(kind=0, body=None, header=96, total=None, sequence=0, tail=""):
    """One message: MESSAGE_HEADER, the rest of its fixed part, and what stands behind."""
    body = negoex_nego() if body is None else piece(body)
    tail = piece(tail)
    return cat(b"NEGOEXTS", le32(kind), le32(sequence), le32(header), le32(40 + body.size + tail.size if total is None else total),
               fill("I", 16), body, tail)


def negoex_nego(schemes=(96, 0), extensions=(96, 0)):
    """Fixed part of NEGO_MESSAGE: (offset, count) of its vectors."""
    return cat(fill("R", 32), bytes(8), *[le32(off) + le16(n) + bytes(2) for off, n in (schemes, extensions)])


def negoex_exchange(offset=64, length=0):
    return cat(fill("G", 16), le32(offset), le32(length))
