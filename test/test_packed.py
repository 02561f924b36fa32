#!/usr/bin/env python3
"""What Samba's own bindings pack as arguments of operations is lawful, in both byte orders: our tables have what the interfaces' IDL has."""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "lab")]
from pcap import CLIENT, SERVER, Flow, Pcap
from tap import Tap, skip_all

try:
    from samba.dcerpc import dnsserver, lsa, misc, netlogon, samr, spoolss, srvsvc, wkssvc
    from samba.ndr import ndr_pack_in
except ImportError:
    skip_all("python3-samba is not installed")

PROGRAM = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build") / "sallyport"
NDR = "8a885d04-1ceb-11c9-9fe8-08002b104860"
INTERFACES = {
    srvsvc: ("4b324fc8-1670-01d3-1278-5a47bf6ee188", 3),
    wkssvc: ("6bffd098-a112-3610-9833-46c3f87e345a", 1),
    netlogon: ("12345678-1234-abcd-ef00-01234567cffb", 1),
    samr: ("12345778-1234-abcd-ef00-0123456789ac", 1),
    dnsserver: ("50abc2a4-574d-40b3-9d66-ee4fd5fba076", 5),
    spoolss: ("12345678-1234-abcd-ef00-0123456789ab", 1),
}
TAP = Tap()


def made(kind, /, **members):
    """An object of the bindings with these members."""
    out = kind()
    for name, value in members.items():
        setattr(out, name, value)
    return out


def text(value):
    return made(lsa.String, string=value)


def called(module, name, /, **arguments):
    return module, name, made(getattr(module, name), **{f"in_{key}": value for key, value in arguments.items()})


def file_calls():
    server, files = "\\\\S", made(srvsvc.NetFileInfoCtr, level=3, ctr=srvsvc.NetFileCtr3())
    yield called(srvsvc, "NetFileEnum", server_unc=server, path="C:\\a", user="u", info_ctr=files, max_buffer=4096, resume_handle=0)
    yield called(srvsvc, "NetPathType", server_unc=server, path="a\\b", pathflags=0)
    yield called(srvsvc, "NetPathCanonicalize", server_unc=server, path="a\\b", maxbuf=500, prefix="p", pathtype=0, pathflags=1)
    yield called(srvsvc, "NetPathCompare", server_unc=None, path1="a", path2="bb", pathtype=0, pathflags=1)
    yield called(srvsvc, "NetNameValidate", server_unc=server, name="abc", name_type=1, flags=0)
    yield called(srvsvc, "NetPRNameCompare", server_unc=server, name1="abc", name2="d", name_type=1, flags=0)
    yield called(srvsvc, "NetGetFileSecurity", server_unc=server, share="data", file="\\a\\b", securityinformation=7)


def station_calls():
    server = "\\\\S"
    for password in (None, wkssvc.PasswordBuffer()):
        admin = {"Account": "adm", "EncryptedPassword": password}
        yield called(wkssvc, "NetrJoinDomain2", server_name=server, domain_name="dom", account_ou="ou=a", admin_account="adm",
                     encrypted_password=password, join_flags=3)
        yield called(wkssvc, "NetrUnjoinDomain2", server_name=server, account="adm", encrypted_password=password, unjoin_flags=3)
        yield called(wkssvc, "NetrRenameMachineInDomain2", server_name=server, NewMachineName="n", RenameOptions=3, **admin)
        yield called(wkssvc, "NetrValidateName2", server_name=server, name="n", name_type=1, **admin)
        yield called(wkssvc, "NetrGetJoinableOus2", server_name=server, domain_name="n", num_ous=1, **admin)
        yield called(wkssvc, "NetrAddAlternateComputerName", server_name=server, NewAlternateMachineName="n", Reserved=0, **admin)
        yield called(wkssvc, "NetrRemoveAlternateComputerName", server_name=server, AlternateMachineNameToRemove="n", Reserved=0, **admin)
        yield called(wkssvc, "NetrSetPrimaryComputername", server_name=server, primary_name="n", Reserved=0, **admin)
    yield called(wkssvc, "NetrEnumerateComputerNames", server_name=server, name_type=1, Reserved=0)


def logon_calls():
    proof = made(netlogon.netr_Credential, data=[1, 2, 3, 4, 5, 6, 7, 8])
    who = {"server_name": "\\\\S", "computer_name": "C"}
    machine = {**who, "account_name": "C$", "secure_channel_type": 2}
    authenticator = made(netlogon.netr_Authenticator, cred=proof, timestamp=5)
    yield called(netlogon, "netr_ServerReqChallenge", credentials=proof, **who)
    yield called(netlogon, "netr_ServerAuthenticate", credentials=proof, **machine)
    yield called(netlogon, "netr_ServerAuthenticate2", credentials=proof, negotiate_flags=0x1FF, **machine)
    yield called(netlogon, "netr_ServerAuthenticate3", credentials=proof, negotiate_flags=0x1FF, **machine)
    yield called(netlogon, "netr_ServerPasswordSet", credential=authenticator, new_password=samr.Password(), **machine)
    yield called(netlogon, "netr_ServerPasswordSet2", credential=authenticator, new_password=netlogon.netr_CryptPassword(), **machine)


def user_calls():
    everything = {"account_name": "a", "full_name": "b", "home_directory": "h", "home_drive": "H:", "logon_script": "s", "profile_path": "p",
                  "description": "d", "workstations": "w", "comment": "c"}
    levels = {2: {"comment": "c"}, 4: {}, 6: {"account_name": "a", "full_name": "b"}, 7: {"account_name": "a"}, 8: {"full_name": "b"}, 9: {},
              10: {"home_directory": "\\\\s\\h", "home_drive": "H:"}, 11: {"logon_script": "x.bat"}, 12: {"profile_path": "\\\\s\\p"},
              13: {"description": "d"}, 14: {"workstations": "w"}, 16: {}, 17: {}, 18: {}, 20: {}, 21: everything, 23: {}, 24: {}, 25: {}, 26: {}}
    for level, texts in levels.items():
        info = made(getattr(samr, f"UserInfo{level}"), **{name: text(value) for name, value in texts.items()})
        for name in ("SetUserInfo", "SetUserInfo2"):
            yield called(samr, name, user_handle=misc.policy_handle(), level=level, info=info)


def zone_calls():
    zone, number = {"pwszServerName": "S", "pszZone": "z"}, {"dwTypeId": dnsserver.DNSSRV_TYPEID_DWORD, "pData": 5}
    for form, more in (("", {}), ("2", {"dwClientVersion": 0x70000, "dwSettingFlags": 0})):
        both = {**zone, **more}
        yield called(dnsserver, f"DnssrvOperation{form}", dwContext=0, pszOperation="op", **number, **both)
        yield called(dnsserver, f"DnssrvQuery{form}", pszOperation="op", **both)
        yield called(dnsserver, f"DnssrvComplexOperation{form}", pszOperation="op", dwTypeIn=dnsserver.DNSSRV_TYPEID_DWORD, pDataIn=5, **both)
        yield called(dnsserver, f"DnssrvEnumRecords{form}", pszNodeName="n", pszStartChild="c", wRecordType=1, fSelectFlag=2, pszFilterStart=None,
                     pszFilterStop="s", **both)
        yield called(dnsserver, f"DnssrvUpdateRecord{form}", pszNodeName="n", pAddRecord=None, pDeleteRecord=None, **both)


def print_calls():
    mode, handle = spoolss.DevmodeContainer(), misc.policy_handle()
    user = made(spoolss.UserLevelCtr, level=1, user_info=made(spoolss.UserLevel1, client="c", user="u"))
    document = made(spoolss.DocumentInfoCtr, level=1, info=made(spoolss.DocumentInfo1, document_name="d", output_file=None, datatype="RAW"))
    printer = {"printername": "\\\\S\\p", "datatype": "RAW", "devmode_ctr": mode, "access_mask": 8}
    yield called(spoolss, "EnumPrinters", flags=2, server="\\\\S", level=1, buffer=None, offered=0)
    yield called(spoolss, "OpenPrinter", **printer)
    yield called(spoolss, "OpenPrinterEx", userlevel_ctr=user, **printer)
    yield called(spoolss, "EnumPrinterDrivers", server="\\\\S", environment="x", level=1, buffer=None, offered=0)
    yield called(spoolss, "StartDocPrinter", handle=handle, info_ctr=document)


def pdu(ptype, body, call, big):
    return struct.pack(">BBBB4sHHI" if big else "<BBBB4sHHI", 5, 0, ptype, 3, b"\0\0\0\0" if big else b"\x10\0\0\0", 16 + len(body), 0, call) + body


def syntax(name, version, big):
    return (uuid.UUID(name).bytes if big else uuid.UUID(name).bytes_le) + struct.pack(">I" if big else "<I", version << 16 if big and name != NDR else version)


def conversation(flow, module, stub, opnum, big):
    order, (name, major) = ">" if big else "<", INTERFACES[module]
    bind = struct.pack(order + "HHIB3xHBx", 4280, 4280, 0, 1, 0, 1) + syntax(name, major, big) + syntax(NDR, 2, big)
    bound = struct.pack(order + "HHIH", 4280, 4280, 1, 4) + b"135\0" + b"\0\0" + b"\1\0\0\0" + struct.pack(order + "HH", 0, 0) + syntax(NDR, 2, big)
    flow.open()
    flow.send(CLIENT, pdu(11, bind, 1, big))
    flow.send(SERVER, pdu(12, bound, 1, big))
    flow.send(CLIENT, pdu(0, struct.pack(order + "IHH", len(stub), 0, opnum) + stub, 2, big))
    flow.send(SERVER, pdu(2, struct.pack(order + "IHH", 4, 0, 0) + bytes(4), 2, big))
    flow.close()


def refused(path):
    done = subprocess.run([PROGRAM, "check", "--json", "--", path], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        return [f"check ends with {done.returncode}: {done.stderr}"], 0
    events = [json.loads(line) for line in done.stdout.splitlines()]
    alerts = [event for event in events if event.get("event_type") == "alert"]
    return [f"{event.get('src_port')}: {event['sallyport']['reason']} at {event['sallyport'].get('field')}" for event in alerts], done.stderr


def main():
    calls = [*file_calls(), *station_calls(), *logon_calls(), *user_calls(), *zone_calls(), *print_calls()]
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        capture, port, names = Pcap(file), 20000, {}
        for module, name, call in calls:
            for big in (False, True):
                port += 1
                names[port] = name
                conversation(Flow(capture, ("10.0.0.1", port), ("10.0.0.2", 135)), module, ndr_pack_in(call, bigendian=big), call.opnum(), big)
        file.flush()
        wrong, said = refused(file.name)
        TAP.ok(not wrong, f"{len(calls)} calls in both byte orders are lawful", *[f"{names.get(int(w.split(':')[0]), '?')}: {w}" for w in wrong if w[0].isdigit()], *wrong[:3], said)
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())
