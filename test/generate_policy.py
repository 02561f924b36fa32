"""Seeded policies and LDAP requests: rules over what requests have, and requests that meet some of them."""
import answerer
from answerer import tlv

ZONES = {"near": "127.21.0.0/16", "far": "127.22.0.0/16", "both": "near far", "one": "127.21.1.0/24", "nobody": "10.0.0.0/8"}
SOURCES = ("127.21.1", "127.21.2", "127.22.1", "127.23.1")
HOSTS = {"live": "127.0.0.1", "spare": "127.0.0.2", "other": "127.0.0.3"}
TO = ("live", "live", "{ live spare }", "{ live other }")
OPS = ("bind", "unbind", "search", "modify", "add", "del", "moddn", "compare", "abandon", "extended")
NAMES = ("", "dc=example,dc=org", "ou=people,dc=example,dc=org", "cn=admin,dc=example,dc=org", "uid=Alice,ou=people,dc=example,dc=org")
ATTRIBUTES = ("cn", "mail", "userPassword", "objectClass", "jpegPhoto", "1.1", "*", "+")
NUMBERS = ("ldap.filter.depth", "ldap.filter.nodes", "ldap.attribute.count", "ldap.message-id", "ldap.size-limit", "ldap.time-limit",
           "ldap.changes", "ldap.controls", "ldap.version", "ldap.page-size", "ldap.abandon-id")
WORDS = {"ldap.op": OPS, "ldap.scope": ("base", "one", "sub"), "ldap.auth": ("anonymous", "unauthenticated", "simple", "sasl"),
         "ldap.deref": ("never", "searching", "always"), "ldap.types-only": ("false", "true"), "ldap.identity": ("anonymous", "proved"),
         "ldap.sealed": ("clear", "sealed"), "flow.transport": ("tcp", "udp")}
TEXTS = {"ldap.name": NAMES, "ldap.attribute": ATTRIBUTES, "ldap.filter.attribute": ATTRIBUTES, "ldap.mechanism": ("EXTERNAL", "PLAIN"),
         "ldap.new-name": ("cn=b", "cn=c"), "ldap.oid": ("1.3.6.1.4.1.4203.1.11.3", "1.3.6.1.4.1.1466.20037")}
START_TLS = "1.3.6.1.4.1.1466.20037"


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def comparison(dice):
    kind = dice.random()
    if kind < 0.4:
        name = dice.choice(list(WORDS))
        if dice.random() < 0.4:
            some = sorted(dice.sample(WORDS[name], dice.randint(1, max(1, len(WORDS[name]) - 1))))
            return f"{name} in {{ {' '.join(some)} }}"
        return f"{name} {dice.choice(('=', '=', '!='))} {dice.choice(WORDS[name])}"
    if kind < 0.7:
        return f"{dice.choice(NUMBERS)} {dice.choice(('=', '!=', '<', '<=', '>', '>='))} {dice.choice((1, 2, 3, 4, 5, 7, 10, 100))}"
    name = dice.choice(list(TEXTS))
    value, nocase = dice.choice(TEXTS[name]), dice.choice(("", " nocase"))
    if dice.random() < 0.4:
        return f"{name} {dice.choice(('=', '!='))}{nocase} {quoted(value)}"
    if dice.random() < 0.3:
        values = sorted({value.lower() if nocase else value for value in TEXTS[name][:3]})
        return f"{name} in{nocase} {{ {' '.join(quoted(value) for value in values)} }}"
    word = dice.choice(("prefix", "suffix", "glob"))
    part = {"prefix": value[:3], "suffix": value[-3:], "glob": f"{value[:1]}*{value[-1:]}"}[word]
    return f"{name} {word}{nocase} {quoted(part or 'x')}"


def condition(dice, deep=2):
    if not deep or dice.random() < 0.5:
        return comparison(dice)
    kind = dice.random()
    if kind < 0.25:
        return f"not ({condition(dice, deep - 1)})"
    return f"({condition(dice, deep - 1)}) {'and' if kind < 0.6 else 'or'} ({condition(dice, deep - 1)})"


def rule(dice, name, forever, past, tls):
    """One sentence that decides, on one line."""
    kind = dice.choice(("block", "block", "pass", "pass", "pass", "allow", *["allow"] * 4 * tls))
    words = ["allow opaque.tls" if kind == "allow" else kind]
    if dice.random() < 0.4:
        words.append(f"from {dice.choice(list(ZONES))}")
    if dice.random() < 0.25:
        words.append(f"to {dice.choice(list(HOSTS))}")
    if dice.random() < 0.75:
        words.append(f"where {condition(dice)}")
    if kind == "block" and dice.random() < 0.3:
        words.append(f"watch until {dice.choice((forever, forever, past))}")
    if dice.random() < 0.3:
        words.append("log")
    if dice.random() < 0.6:
        words.append(f'id "{name}"')
    return " ".join(words)


def rules(dice, forever, past, tls):
    """2 to 6 rules, and sentences between them that do not decide. With `tls` the request for it passes first."""
    out = [f'pass where ldap.oid = "{START_TLS}" id "begin"'] if tls else []
    for number in range(dice.randint(2, 6)):
        if dice.random() < 0.15:
            out.append(f"limit ldap.filter.depth {dice.randint(32, 40)} from {dice.choice(list(ZONES))}")
        out.append(rule(dice, f"r{number}", forever, past, tls))
    if dice.random() < 0.5:
        out.append("pass")
    return out


# ---- Requests


def integer(number):
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def a_filter(dice, depth):
    attribute = dice.choice(ATTRIBUTES[:5]).encode()
    if depth > 1:
        inner = [a_filter(dice, depth - 1), *(a_filter(dice, 1) for _ in range(dice.randint(0, 2)))]
        return tlv(dice.choice((0xA0, 0xA1)), *inner)
    return dice.choice((tlv(0x87, attribute), tlv(0xA3, tlv(4, attribute), tlv(4, b"value"))))


def search(dice, number):
    attributes = [tlv(4, a.encode()) for a in dice.sample(ATTRIBUTES, dice.randint(0, 3))]
    limits = [tlv(10, bytes([dice.randint(0, 2)])), tlv(10, bytes([dice.randint(0, 3)])), tlv(2, bytes([dice.randint(0, 20)])),
              tlv(2, bytes([dice.randint(0, 20)])), tlv(1, dice.choice((b"\0", b"\xff")))]
    return answerer.message(number, tlv(0x63, tlv(4, dice.choice(NAMES).encode()), *limits, a_filter(dice, dice.randint(1, 6)), tlv(0x30, *attributes)))


def ping(dice, number):
    """What a datagram may ask."""
    tail = [tlv(10, b"\0"), tlv(10, b"\0"), tlv(2, b"\0"), tlv(2, bytes([dice.randint(0, 9)])), tlv(1, b"\0"), tlv(0x87, b"objectClass")]
    return answerer.message(number, tlv(0x63, tlv(4), *tail, tlv(0x30)))


def request(dice):
    """One lawful request of an anonymous client."""
    number, name = dice.choice((1, 2, 3, 7, 100, 300)), tlv(4, dice.choice(NAMES[1:]).encode())
    attribute = dice.choice(ATTRIBUTES[:3]).encode()
    value = tlv(0x30, tlv(4, attribute), tlv(0x31, tlv(4, b"value")))
    changes = [tlv(0x30, tlv(10, b"\0"), value) for _ in range(dice.randint(1, 4))]
    some = {
        "bind": tlv(0x60, tlv(2, b"\3"), tlv(4), tlv(0x80)),
        "simple": tlv(0x60, tlv(2, b"\3"), name, tlv(0x80, b"secret")),
        "sasl": tlv(0x60, tlv(2, b"\3"), tlv(4), tlv(0xA3, tlv(4, b"EXTERNAL"))),
        "unbind": tlv(0x42),
        "modify": tlv(0x66, name, tlv(0x30, *changes)),
        "add": tlv(0x68, name, tlv(0x30, value)),
        "del": tlv(0x4A, name[2:]),
        "moddn": tlv(0x6C, name, tlv(4, dice.choice((b"cn=b", b"cn=c"))), tlv(1, b"\xff")),
        "compare": tlv(0x6E, name, tlv(0x30, tlv(4, attribute), tlv(4, b"value"))),
        "abandon": tlv(0x50, bytes([dice.randint(1, 9)])),
        "extended": tlv(0x77, tlv(0x80, b"1.3.6.1.4.1.4203.1.11.3")),
    }
    kind = dice.choice(("search", "search", "search", *some))
    return search(dice, number) if kind == "search" else answerer.message(number, some[kind])
