"""What members of a domain ask their controller: over UDP, in the clear, signed and sealed; the same however they reach it."""
import re

import samba_dc as dc
from exchange import Operation

URI = f"ldap://{dc.NAME}"
PEOPLE = f"OU=people,{dc.SUFFIX}"
CROWD = f"CN=crowd,{PEOPLE}"
RANGES = ("member;range=0-1499", "member;range=1500-2999", "member;range=3000-*")
NEW = f"""dn: CN=newcomer,{PEOPLE}
objectClass: contact
description: {'A' * 700}
"""
CHANGED = f"""dn: CN=newcomer,{PEOPLE}
changetype: modify
replace: description
description: short
-
add: telephoneNumber
telephoneNumber: +1 555 0100
"""

# What two runs of one client may differ in, each by its name; everything else is compared byte for byte.
RULES = {
    "the address asked": (re.compile(rf"\b{re.escape(dc.FRONT)}\b"), dc.SERVER),
    "the server's clock": (re.compile(r"^((?:Server time|currentTime): ).*$|(?<=Server time offset: )-?\d+", re.M), r"\1"),
    "the server's count of changes": (re.compile(r"^(highestCommittedUSN|uSNChanged|uSNCreated): \d+$", re.M), r"\1:"),
    "who was last there, and how often": (re.compile(r"^(lastLogon|lastLogonTimestamp|logonCount|badPwdCount|badPasswordTime): \d+$", re.M), r"\1:"),
    "when an entry was made": (re.compile(r"^(whenCreated|whenChanged): .*$", re.M), r"\1:"),
}


def normalised(text):
    for pattern, put in RULES.values():
        text = pattern.sub(put, text)
    return text


def ldb(domain, wrapping, kerberos, *words, program="ldbsearch"):
    how = ["--use-kerberos=required"] if kerberos else ["--use-kerberos=off"]
    config = ["--configfile", domain.client_config(wrapping)]
    return [program, *config, "-H", URI, "-U", f"{dc.USER}%{dc.PASSWORD}", *how, *words]


def administrator(domain, program, *words):
    config = ["--configfile", domain.client_config("plain")]
    return [program, *config, "-H", URI, "-U", f"Administrator%{dc.ADMIN_PASSWORD}", "--use-kerberos=off", *words]


def net(domain, *words, user=None):
    return ["net", "ads", *words, "-S", dc.NAME, "--configfile", domain.client_config("seal"), *(["-U", user] if user else [])]


def datagrams(domain):
    """CLDAP, which asks over UDP port 389."""
    return [Operation("net ads lookup", net(domain, "lookup")), Operation("net ads info", net(domain, "info"))]


def clear(domain):
    """What the gate can read."""
    simple = ["ldapsearch", "-LLL", "-x", "-H", URI, "-D", f"{dc.USER}@lab.example", "-w", dc.PASSWORD]
    plain = [dc.SUFFIX, "(objectClass=user)", "cn", "sAMAccountName"]
    return [
        Operation("the root of the directory", ["ldapsearch", "-LLL", "-x", "-H", URI, "-s", "base", "-b", "", "*", "+"]),
        Operation("everybody, by a simple bind", [*simple, "-b", PEOPLE, "(objectClass=user)"]),
        Operation("pages of seven", [*simple, "-E", "pr=7/noprompt", "-b", PEOPLE, "(cn=*)", "cn"]),
        *(Operation(f"a group's {name}", [*simple, "-b", CROWD, "-s", "base", name]) for name in RANGES),
        Operation("a group of thousands", [*simple, "-b", CROWD, "-s", "base", "member"]),
        Operation("a wrong password", [*simple[:-1], "wrong", "-b", PEOPLE], code=49),
        Operation("NTLM, not signed", ldb(domain, "plain", False, "-b", *plain)),
        Operation("Kerberos, not signed", ldb(domain, "plain", True, "-b", *plain)),
        Operation("ldbsearch in pages", ldb(domain, "plain", False, "--paged", "-b", dc.SUFFIX, "(cn=*)", "cn")),
        *(Operation(f"ldbsearch of {name}", ldb(domain, "plain", False, "-b", CROWD, "-s", "base", "(cn=*)", name)) for name in RANGES),
        Operation("adding", administrator(domain, "ldbadd"), NEW),
        Operation("modifying", administrator(domain, "ldbmodify"), CHANGED),
        Operation("reading it", ldb(domain, "plain", False, "-b", f"CN=newcomer,{PEOPLE}", "-s", "base", "(cn=*)", "description", "telephoneNumber")),
        Operation("renaming", administrator(domain, "ldbrename", f"CN=newcomer,{PEOPLE}", f"CN=oldcomer,{PEOPLE}")),
        Operation("deleting", administrator(domain, "ldbdel", f"CN=oldcomer,{PEOPLE}")),
    ]


def sealed(domain):
    """What it cannot read: policy must allow it by name."""
    found = []
    for kerberos, name in ((False, "NTLM"), (True, "Kerberos")):
        for wrapping, done in (("sign", "signed"), ("seal", "sealed")):
            words = ["-b", CROWD, "-s", "base", "(cn=*)", "member"]
            found.append(Operation(f"{name}, {done}", ldb(domain, wrapping, kerberos, *words)))
            words = ["--paged", "-b", dc.SUFFIX, "(cn=*)", "cn"]
            found.append(Operation(f"{name}, {done}, in pages", ldb(domain, wrapping, kerberos, *words)))
    found.append(Operation("net ads search", net(domain, "search", "(cn=crowd)", "cn", "member", user=f"{dc.USER}%{dc.PASSWORD}")))
    found.append(Operation("net ads user", net(domain, "user", user=f"{dc.USER}%{dc.PASSWORD}")))
    return found


def encrypted(domain):
    return [Operation("StartTLS", ["ldapsearch", "-LLL", "-x", "-ZZ", "-H", URI, "-D", f"{dc.USER}@lab.example", "-w", dc.PASSWORD,
                                   "-b", PEOPLE, "(cn=*)", "cn"])]
