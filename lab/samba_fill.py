#!/usr/bin/python3
"""Fills a new domain while no server runs: people, and a group of thousands. Usage: SMB.CONF SAM.LDB PEOPLE PASSWORD MEMBERS"""
import sys

import ldb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

ENABLED = "512"  # userAccountControl: a normal account


def people(directory, base, count, password):
    secret = f'"{password}"'.encode("utf-16-le")
    for i in range(count):
        name = f"user{i:02}"
        more = {"sn": "Example", "mail": f"{name}@lab.example", "userPrincipalName": f"{name}@lab.example"}
        account = {"sAMAccountName": name, "userAccountControl": ENABLED, "unicodePwd": secret}
        directory.add({"dn": f"CN={name},OU=people,{base}", "objectClass": "user", **account, **more})


def members(directory, base, count):
    """Objects there are already, as far as they go: making one takes 3 ms, naming one nearly nothing."""
    there = directory.search(directory.get_config_basedn(), ldb.SCOPE_SUBTREE, attrs=["dn"])
    names = sorted(str(m.dn) for m in there)[:count]
    for i in range(count - len(names)):
        dn = f"CN=contact{i:04},OU=crowd,{base}"
        directory.add({"dn": dn, "objectClass": "contact"})
        names.append(dn)
    return names


def principals(directory, base, host, realm):
    """What the server would add by itself later: the names by which clients ask for its tickets."""
    m = ldb.Message(ldb.Dn(directory, f"CN={host.upper()},OU=Domain Controllers,{base}"))
    names = [f"ldap/{host}", f"ldap/{host}.{realm.lower()}"]
    m["servicePrincipalName"] = ldb.MessageElement(names, ldb.FLAG_MOD_ADD, "servicePrincipalName")
    directory.modify(m)


def main():
    config, path, count, password, crowd = sys.argv[1:]
    settings = LoadParm()
    settings.load(config)
    directory = SamDB(url=path, lp=settings, session_info=system_session())
    base = str(directory.domain_dn())
    directory.transaction_start()
    for name in ("people", "crowd"):
        directory.add({"dn": f"OU={name},{base}", "objectClass": "organizationalUnit"})
    people(directory, base, int(count), password)
    group = {"objectClass": "group", "sAMAccountName": "crowd", "member": members(directory, base, int(crowd))}
    directory.add({"dn": f"CN=crowd,OU=people,{base}", **group})
    principals(directory, base, settings.get("netbios name"), settings.get("realm"))
    directory.transaction_commit()


if __name__ == "__main__":
    main()
