#!/usr/bin/python3
"""Talks to the lab's directory with python3-ldap3, a client that shares no code with OpenLDAP. Usage: PORT CERTIFICATE"""
import ssl
import sys

try:
    import ldap3
except ImportError:
    print("python3-ldap3 is not installed")
    sys.exit(77)

import slapd


def work(server, user):
    """Searches, changes and an abandoned request on one connection."""
    with ldap3.Connection(server, user, slapd.USER_PASSWORD, auto_bind=True) as c:
        assert c.extend.standard.who_am_i() == f"dn:{user}"
        base = f"ou=people,{slapd.SUFFIX}"
        found = list(c.extend.standard.paged_search(base, "(&(objectClass=inetOrgPerson)(|(uid=user*)(cn=*Example)))", paged_size=7))
        assert len(found) == slapd.PEOPLE + 1, len(found)
        assert c.compare(user, "sn", "Example")
        c.search(base, "(!(mail=nobody@example.org))", attributes=["uid", "mail"], size_limit=3)
        assert len(c.response) == 3
    with ldap3.Connection(server, user, slapd.USER_PASSWORD, client_strategy=ldap3.ASYNC, auto_bind=True) as c:
        number = c.search(slapd.SUFFIX, "(objectClass=*)", attributes=["*"])
        c.abandon(number)
        last = c.search(slapd.SUFFIX, "(objectClass=*)", ldap3.BASE)
        assert c.get_response(last, timeout=10)[1]["result"] == 0


def administrate(server):
    with ldap3.Connection(server, slapd.ADMIN, slapd.ADMIN_PASSWORD, auto_bind=True) as c:
        dn = f"uid=bob,ou=people,{slapd.SUFFIX}"
        assert c.add(dn, "inetOrgPerson", {"cn": "Bob", "sn": "Builder", "description": "ü" * 200})
        assert c.modify(dn, {"description": [(ldap3.MODIFY_REPLACE, ["short"])], "mail": [(ldap3.MODIFY_ADD, ["bob@example.org"])]})
        assert c.modify_dn(dn, "uid=rob")
        assert c.delete(f"uid=rob,ou=people,{slapd.SUFFIX}")


def encrypted(port, certificate, user):
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=certificate, valid_names=["localhost"])
    server = ldap3.Server("127.0.0.1", port, tls=tls, get_info=ldap3.NONE)
    with ldap3.Connection(server, user, slapd.USER_PASSWORD, auto_bind=ldap3.AUTO_BIND_TLS_BEFORE_BIND) as c:
        assert c.extend.standard.who_am_i() == f"dn:{user}"


def main():
    port, certificate = int(sys.argv[1]), sys.argv[2]
    user = f"uid={slapd.USER},ou=people,{slapd.SUFFIX}"
    server = ldap3.Server("127.0.0.1", port, get_info=ldap3.ALL)
    work(server, user)
    administrate(server)
    encrypted(port, certificate, user)
    return 0


if __name__ == "__main__":
    sys.exit(main())
