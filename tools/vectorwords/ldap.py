"""Words of vector expressions for LDAP: one function per production of RFC 4511, and the controls in daily use."""
from ber import *
from wire import *
from authwords import *
from ber import __all__ as _ber

__all__ = _ber

# LDAPMessage, RFC 4511 4.1.1


def msg(id_, op, *controls):
    """id_ is a number, or an element of its own; controls make [0] Controls."""
    return seq(integer(id_) if isinstance(id_, int) else id_, op, *([ctx(0, *controls)] if controls else []))


def control(oid_, value=None, critical=None):
    parts = [octets(oid_)]
    if critical is not None:
        parts.append(critical if isinstance(critical, Piece) else boolean(critical))
    if value is not None:
        parts.append(octets(value))
    return seq(*parts)


# bind, unbind, abandon: 4.2, 4.3, 4.11

def bind(name="", auth=None, version=3):
    return app(0, integer(version) if isinstance(version, int) else version, octets(name),
               simple("") if auth is None else auth)


def simple(password=""):
    return octets(password, 0x80)


def sasl(mechanism, credentials=None):
    return ctx(3, octets(mechanism), *([] if credentials is None else [octets(credentials)]))


def sicily(tag, token=""):
    """9 package discovery, 10 negotiate, 11 response."""
    return octets(token, 0x80 | tag)


def unbind():
    return app_prim(2)


def abandon(id_):
    return integer(id_, 0x50)


# search: 4.5

def present(name):
    return octets(name, 0x87)


def search(base="", scope=0, deref=0, size=0, time=0, types=False, filter=None, attributes=()):
    """A field given as a piece replaces the whole element; attributes is a list, or a piece."""
    return app(3, base if isinstance(base, Piece) else octets(base),
               enumerated(scope) if isinstance(scope, int) else scope,
               enumerated(deref) if isinstance(deref, int) else deref,
               integer(size) if isinstance(size, int) else size,
               integer(time) if isinstance(time, int) else time,
               types if isinstance(types, Piece) else boolean(types),
               present("objectClass") if filter is None else filter,
               attributes if isinstance(attributes, Piece) else seq(*[octets(a) for a in attributes]))


def find(filter):
    """A search for this filter below a name, so that it is no locator's ping."""
    return search("dc=example", 2, filter=filter)


def AND(*filters):
    return ctx(0, *filters)


def OR(*filters):
    return ctx(1, *filters)


def NOT(*filters):
    return ctx(2, *filters)


def eq(name, value):
    return ctx(3, octets(name), octets(value))


def ge(name, value):
    return ctx(5, octets(name), octets(value))


def le(name, value):
    return ctx(6, octets(name), octets(value))


def approx(name, value):
    return ctx(8, octets(name), octets(value))


def substrings(name, *pieces):
    return ctx(4, octets(name), seq(*pieces))


def initial(text):
    return octets(text, 0x80)


def any_(text):
    return octets(text, 0x81)


def final(text):
    return octets(text, 0x82)


def extensible(rule=None, name=None, value="x", dn=None):
    return ctx(9, *([] if rule is None else [octets(rule, 0x81)]), *([] if name is None else [octets(name, 0x82)]),
               octets(value, 0x83), *([] if dn is None else [boolean(dn, 0x84)]))


def ping(*fields, version=None):
    """A domain controller locator's question (MS-ADTS 6.3.3)."""
    return search(filter=AND(*fields, eq("NtVer", b"\x16\0\0\0" if version is None else version)), attributes=["Netlogon"])


# writes and compare: 4.6 to 4.10

def attr(name, *values):
    return seq(octets(name), set_(*[v if isinstance(v, Piece) else octets(v) for v in values]))


def val(x):
    """A value that holds AT or a run."""
    return octets(x)


def change(operation, name, *values):
    return seq(enumerated(operation) if isinstance(operation, int) else operation, attr(name, *values))


def modify(name, *changes):
    return app(6, octets(name), seq(*changes))


def set_value(name, value):
    """The commonest write: replace one value."""
    return modify("cn=a", change(2, name, val(value)))


def add(name, *attributes):
    return app(8, octets(name), seq(*attributes))


def delete(name):
    return octets(name, 0x4a)


def moddn(name="cn=a", rdn="cn=b", old=True, superior=None):
    return app(12, octets(name), octets(rdn), old if isinstance(old, Piece) else boolean(old),
               *([] if superior is None else [octets(superior, 0x80)]))


def compare(name="cn=a", attribute="cn", value="a"):
    return app(14, octets(name), seq(octets(attribute), octets(value)))


# extended operations: 4.12, RFC 3062, 3909, 2589

STARTTLS = "1.3.6.1.4.1.1466.20037"
PASSWORD = "1.3.6.1.4.1.4203.1.11.1"
WHOAMI = "1.3.6.1.4.1.4203.1.11.3"
CANCEL = "1.3.6.1.1.8"
REFRESH = "1.3.6.1.4.1.1466.101.119.1"
NOTICE = "1.3.6.1.4.1.1466.20036"


def extended(name, value=None):
    return app(23, octets(name, 0x80), *([] if value is None else [octets(value, 0x81)]))


# answers: 4.1.9

def result(code=0, matched="", text="", referral=None):
    return cat(enumerated(code) if isinstance(code, int) else code, octets(matched), octets(text),
               *([] if referral is None else [ctx(3, *[octets(u) for u in referral])]))


def bind_response(code=0, creds=None, **fields):
    return app(1, result(code, **fields), *([] if creds is None else [octets(creds, 0x87)]))


def entry(name="cn=a", *attributes):
    return app(4, octets(name), seq(*attributes))


def reference(*uris):
    return app(19, *[octets(u) for u in uris])


def done(code=0, **fields):
    return app(5, result(code, **fields))


def modify_response(code=0, **fields):
    return app(7, result(code, **fields))


def add_response(code=0, **fields):
    return app(9, result(code, **fields))


def del_response(code=0, **fields):
    return app(11, result(code, **fields))


def moddn_response(code=0, **fields):
    return app(13, result(code, **fields))


def compare_response(code=6, **fields):
    return app(15, result(code, **fields))


def extended_response(code=0, name=None, value=None, **fields):
    return app(24, result(code, **fields), *([] if name is None else [octets(name, 0x8a)]),
               *([] if value is None else [octets(value, 0x8b)]))


def intermediate(name=None, value=None):
    return app(25, *([] if name is None else [octets(name, 0x80)]), *([] if value is None else [octets(value, 0x81)]))


def notice(code=52):
    return extended_response(code, NOTICE)


# controls

PAGED = "1.2.840.113556.1.4.319"
SORT = "1.2.840.113556.1.4.473"
SORTED = "1.2.840.113556.1.4.474"
VLV = "2.16.840.1.113730.3.4.9"
VLV_RESULT = "2.16.840.1.113730.3.4.10"
SD_FLAGS = "1.2.840.113556.1.4.801"
EXTENDED_DN = "1.2.840.113556.1.4.529"
DIRSYNC = "1.2.840.113556.1.4.841"
VERIFY_NAME = "1.2.840.113556.1.4.1338"
SCOPED_QUERY = "1.2.840.113556.1.4.1504"
DOMAIN_SCOPE = "1.2.840.113556.1.4.1339"
SHOW_DELETED = "1.2.840.113556.1.4.417"
MANAGE_DSA_IT = "2.16.840.1.113730.3.4.2"
ASSERTION = "1.3.6.1.1.12"
PRE_READ = "1.3.6.1.1.13.1"
SYNC = "1.3.6.1.4.1.4203.1.9.1.1"
SYNC_STATE = "1.3.6.1.4.1.4203.1.9.1.2"
SYNC_DONE = "1.3.6.1.4.1.4203.1.9.1.3"
SUBENTRIES = "1.3.6.1.4.1.4203.1.10.1"
PERSISTENT = "2.16.840.1.113730.3.4.3"
PROXIED = "2.16.840.1.113730.3.4.18"
PASSWORD_POLICY = "1.3.6.1.4.1.42.2.27.8.5.1"


def paged(size, cookie=""):
    return control(PAGED, seq(integer(size) if isinstance(size, int) else size, octets(cookie)))


def sort(*keys):
    return control(SORT, seq(*[k if isinstance(k, Piece) else seq(octets(k)) for k in keys]))


def ask(*controls):
    """A search with these controls."""
    return msg(2, search(), *controls)


def sealed(n):
    """A frame of a security layer: four octets of length, contents."""
    return piece(n.to_bytes(4, "big")) + fill("S", n)


__all__ = [name for name in globals() if not name.startswith("_")]
