#!/usr/bin/python3
"""A client by other people's hands (impacket): smb_impacket.py ADDRESS PORT DIALECT USER PASSWORD WHAT"""
import io
import sys

from impacket import smb, smb3structs
from impacket.dcerpc.v5 import lsad, lsat, rrp, samr, scmr, srvs, transport, wkst
from impacket.dcerpc.v5.dtypes import MAXIMUM_ALLOWED
from impacket.dcerpc.v5.rpcrt import DCERPCException
from impacket.smbconnection import SessionError, SMBConnection

DIALECTS = {
    "NT1": smb.SMB_DIALECT, "SMB2_02": smb3structs.SMB2_DIALECT_002, "SMB2_10": smb3structs.SMB2_DIALECT_21,
    "SMB3_00": smb3structs.SMB2_DIALECT_30, "SMB3_11": smb3structs.SMB2_DIALECT_311,
}


def bound(connection, pipe, uuid):
    """A bound pipe of this connection."""
    where = transport.SMBTransport(connection.getRemoteHost(), filename=pipe, smb_connection=connection)
    rpc = where.get_dce_rpc()
    rpc.connect()
    rpc.bind(uuid)
    return rpc


def files(connection):
    """Directories and files there and back, larger than one read."""
    data = bytes(range(256)) * 1000
    connection.createDirectory("data", "\\here")
    connection.putFile("data", "\\here\\file", io.BytesIO(data).read)
    out = io.BytesIO()
    connection.getFile("data", "\\here\\file", out.write)
    print("the same" if out.getvalue() == data else f"{len(out.getvalue())} bytes of {len(data)}")
    connection.rename("data", "\\here\\file", "\\here\\other")
    for entry in sorted(connection.listPath("data", "\\here\\*"), key=lambda e: e.get_longname()):
        print(entry.get_longname(), entry.get_filesize() if not entry.is_directory() else "directory")
    connection.deleteFile("data", "\\here\\other")
    connection.deleteDirectory("data", "\\here")
    try:
        connection.listPath("data", "\\here\\*")
    except SessionError as error:
        print(hex(error.getErrorCode()))


def shares(connection):
    for share in connection.listShares():
        print(share["shi1_netname"][:-1], share["shi1_type"], share["shi1_remark"][:-1])
    rpc = bound(connection, r"\srvsvc", srvs.MSRPC_UUID_SRVS)
    srvs.hNetrServerGetInfo(rpc, 101).dump()
    print(srvs.hNetrShareGetInfo(rpc, "public\0", 1)["InfoStruct"]["ShareInfo1"]["shi1_remark"])
    rpc.disconnect()


def users(connection):
    """As samrdump does."""
    rpc = bound(connection, r"\samr", samr.MSRPC_UUID_SAMR)
    server = samr.hSamrConnect(rpc)["ServerHandle"]
    for domain in samr.hSamrEnumerateDomainsInSamServer(rpc, server)["Buffer"]["Buffer"]:
        sid = samr.hSamrLookupDomainInSamServer(rpc, server, domain["Name"])["DomainId"]
        opened = samr.hSamrOpenDomain(rpc, server, domainId=sid)["DomainHandle"]
        print(domain["Name"])
        try:
            found = samr.hSamrEnumerateUsersInDomain(rpc, opened)
        except DCERPCException as error:
            found = error.get_packet()
        for user in found["Buffer"]["Buffer"] or ():
            handle = samr.hSamrOpenUser(rpc, opened, MAXIMUM_ALLOWED, user["RelativeId"])["UserHandle"]
            info = samr.hSamrQueryInformationUser2(rpc, handle, samr.USER_INFORMATION_CLASS.UserAccountInformation)["Buffer"]["Account"]
            print(" ", user["Name"], user["RelativeId"], info["PrimaryGroupId"])
            samr.hSamrCloseHandle(rpc, handle)
        samr.hSamrCloseHandle(rpc, opened)
    rpc.disconnect()


def sids(connection):
    """As lookupsid does."""
    rpc = bound(connection, r"\lsarpc", lsat.MSRPC_UUID_LSAT)
    policy = lsad.hLsarOpenPolicy2(rpc, MAXIMUM_ALLOWED | lsat.POLICY_LOOKUP_NAMES)["PolicyHandle"]
    info = lsad.hLsarQueryInformationPolicy(rpc, policy, lsad.POLICY_INFORMATION_CLASS.PolicyAccountDomainInformation)
    domain = info["PolicyInformation"]["PolicyAccountDomainInfo"]["DomainSid"].formatCanonical()
    try:
        found = lsat.hLsarLookupSids(rpc, policy, [f"{domain}-{rid}" for rid in range(500, 520)], lsat.LSAP_LOOKUP_LEVEL.LsapLookupWksta)
    except DCERPCException as error:
        found = error.get_packet()
    for number, name in enumerate(found["TranslatedNames"]["Names"]):
        if name["Use"] != lsat.SID_NAME_USE.SidTypeUnknown:
            print(500 + number, name["Name"], name["Use"])
    rpc.disconnect()


def services(connection):
    rpc = bound(connection, r"\svcctl", scmr.MSRPC_UUID_SCMR)
    try:
        manager = scmr.hROpenSCManagerW(rpc, dwDesiredAccess=scmr.SC_MANAGER_ENUMERATE_SERVICE)["lpScHandle"]
        for service in scmr.hREnumServicesStatusW(rpc, manager):
            print(service["lpServiceName"][:-1], service["lpDisplayName"][:-1])
    except DCERPCException as error:
        print(hex(error.get_error_code()))
    rpc.disconnect()


def workstation(connection):
    rpc = bound(connection, r"\wkssvc", wkst.MSRPC_UUID_WKST)
    print(wkst.hNetrWkstaGetInfo(rpc, 100)["WkstaInfo"]["WkstaInfo100"]["wki100_langroup"])
    rpc.disconnect()


def registry(connection):
    rpc = bound(connection, r"\winreg", rrp.MSRPC_UUID_RRP)
    key = rrp.hOpenLocalMachine(rpc)["phKey"]
    number = 0
    try:
        while True:
            print(rrp.hBaseRegEnumKey(rpc, key, number)["lpNameOut"])
            number += 1
    except DCERPCException as error:
        print(number, hex(error.get_error_code()))
    rrp.hBaseRegCloseKey(rpc, key)
    rpc.disconnect()


WHAT = {f.__name__: f for f in (files, shares, users, sids, services, workstation, registry)}


def main():
    address, port, dialect, user, password, what = sys.argv[1:]
    connection = SMBConnection(address, address, sess_port=int(port), preferredDialect=DIALECTS[dialect], timeout=20)
    if user:
        connection.login(user, password)
    else:
        connection.login("", "")
    WHAT[what](connection)
    connection.logoff()
    return 0


if __name__ == "__main__":
    sys.exit(main())
