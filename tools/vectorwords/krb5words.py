"""Words of Kerberos messages (RFC 4120 5): one function per production, named krb5_*."""
from ber import *
from wire import *


def _opt(n, value, make=lambda x: x):
    return [] if value is None else [ctx(n, value if isinstance(value, Piece) else make(value))]


def krb5_string(text):
    return text if isinstance(text, Piece) and text.at is not None else octets(text, 0x1b)


def krb5_time(text="20300101000000Z"):
    return octets(text, 0x18)


def krb5_flags(value=b"\0\0\0\0", unused=0):
    """BIT STRING: how many bits of the last octet are not used, then the octets."""
    return octets(bytes([unused]) + value, 0x03)


def krb5_name(*parts, kind=1):
    return seq(ctx(0, integer(kind)), ctx(1, seq(*[krb5_string(p) for p in parts])))


def krb5_encrypted(etype=18, kvno=None, cipher=None):
    return seq(ctx(0, integer(etype)), *_opt(1, kvno, integer), ctx(2, octets(fill("E", 32) if cipher is None else cipher)))


def krb5_ticket(realm="EXAMPLE.ORG", service=None, enc=None):
    return app(1, seq(ctx(0, integer(5)), ctx(1, krb5_string(realm)),
                      ctx(2, krb5_name("krbtgt", "EXAMPLE.ORG", kind=2) if service is None else service),
                      ctx(3, krb5_encrypted(kvno=2) if enc is None else enc)))


def krb5_ap_req(ticket=None, options=None, authenticator=None, version=5, kind=14):
    return app(14, seq(ctx(0, integer(version)), ctx(1, integer(kind)), ctx(2, krb5_flags() if options is None else options),
                       ctx(3, krb5_ticket() if ticket is None else ticket),
                       ctx(4, krb5_encrypted() if authenticator is None else authenticator)))


def krb5_ap_rep(enc=None):
    return app(15, seq(ctx(0, integer(5)), ctx(1, integer(15)), ctx(2, krb5_encrypted() if enc is None else enc)))


def krb5_tgt_req(*parts, realm=None):
    """What a client asks a service that runs as a user: for its ticket."""
    return seq(ctx(0, integer(5)), ctx(1, integer(16)), *([ctx(2, krb5_name(*parts))] if parts else []), *_opt(3, realm, krb5_string))


def krb5_tgt_rep(ticket=None):
    return seq(ctx(0, integer(5)), ctx(1, integer(17)), ctx(2, krb5_ticket() if ticket is None else ticket))


def krb5_error(code=25, realm="EXAMPLE.ORG", service=None, text=None, data=None, crealm=None, client=None, stime=None, usec=0):
    return app(30, seq(ctx(0, integer(5)), ctx(1, integer(30)), ctx(4, krb5_time() if stime is None else stime),
                       ctx(5, integer(usec) if isinstance(usec, int) else usec),
                       ctx(6, integer(code) if isinstance(code, int) else code), *_opt(7, crealm, krb5_string), *_opt(8, client),
                       ctx(9, krb5_string(realm)), ctx(10, krb5_name("krbtgt", realm, kind=2) if service is None else service),
                       *_opt(11, text, krb5_string), *_opt(12, data, octets)))


def krb5_padata(kind, value=""):
    return seq(ctx(1, integer(kind)), ctx(2, octets(value)))


def krb5_body(client=None, realm="EXAMPLE.ORG", service=None, etypes=(18, 17), till=None, nonce=1, options=None, start=None,
              renew=None, addresses=None, authz=None, tickets=None):
    """KDC-REQ-BODY; client, service and the like are elements of their own. client=False leaves cname out."""
    return seq(ctx(0, krb5_flags() if options is None else options),
               *([] if client is False else [ctx(1, krb5_name("alice") if client is None else client)]),
               ctx(2, krb5_string(realm)),
               *([] if service is False else [ctx(3, krb5_name("krbtgt", "EXAMPLE.ORG", kind=2) if service is None else service)]),
               *_opt(4, start, krb5_time), ctx(5, krb5_time() if till is None else till), *_opt(6, renew, krb5_time),
               ctx(7, integer(nonce) if isinstance(nonce, int) else nonce),
               ctx(8, etypes if isinstance(etypes, Piece) else seq(*[integer(e) for e in etypes])), *_opt(9, addresses),
               *_opt(10, authz), *_opt(11, tickets))


def krb5_kdc_req(kind, body=None, padata=None, version=5):
    """kind 10 AS-REQ, 12 TGS-REQ; padata is a list of PA-DATA."""
    return app(kind, seq(ctx(1, integer(version)), ctx(2, integer(kind)), *_opt(3, None if padata is None else seq(*padata)),
                         ctx(4, krb5_body() if body is None else body)))


def krb5_as_req(body=None, padata=None):
    return krb5_kdc_req(10, body, padata)


def krb5_tgs_req(body=None, padata=None):
    return krb5_kdc_req(12, krb5_body(client=False) if body is None else body,
                        [krb5_padata(1, krb5_ap_req())] if padata is None else padata)


def krb5_kdc_rep(kind, padata=None, realm="EXAMPLE.ORG", client=None, ticket=None, enc=None):
    """kind 11 AS-REP, 13 TGS-REP."""
    return app(kind, seq(ctx(0, integer(5)), ctx(1, integer(kind)), *_opt(2, None if padata is None else seq(*padata)),
                         ctx(3, krb5_string(realm)), ctx(4, krb5_name("alice") if client is None else client),
                         ctx(5, krb5_ticket() if ticket is None else ticket), ctx(6, krb5_encrypted() if enc is None else enc)))


def krb5_as_rep(**fields):
    return krb5_kdc_rep(11, **fields)


def krb5_tgs_rep(**fields):
    return krb5_kdc_rep(13, **fields)


def krb5_tcp(*parts):
    """Over a stream: four octets of length (RFC 4120 7.2.2)."""
    body = cat(*parts)
    return be32(body.size) + body
