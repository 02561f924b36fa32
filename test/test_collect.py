#!/usr/bin/env python3
"""contrib/collect.vbs under the script host of wine, WMI and what wine's VBScript lacks stood in for; its inventory is read and right."""
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from pe_made import pe_file
from tap import Tap, skip_all

PROGRAM = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else HERE.parent / "build") / "sallyport"
SCRIPT = HERE.parent / "contrib" / "collect.vbs"
TAP = Tap()
ODD = "日本\u00e9\U0001d11e\ufffd"
NT = "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
UNINSTALL = "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall"
PACKAGES = "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages"
PCT = "SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\PCT 1.0\\Server"
SERVICES = "SYSTEM\\CurrentControlSet\\Services"

# What wine's VBScript has not, and a WMI that has what `REGISTRY` says. A value is a number or a text; a list is one of texts.
PRELUDE = '''
Dim oddText, oddCodes, keysBelow, valuesOf
Set keysBelow = CreateObject("Scripting.Dictionary")
Set valuesOf = CreateObject("Scripting.Dictionary")
keysBelow.CompareMode = 1
valuesOf.CompareMode = 1
oddText = CreateObject("WScript.Shell").RegRead("HKLM\\Software\\SallyportTest\\Odd")
oddCodes = Array(%(codes)s)
Function AscW(c)
	AscW = Asc(c)
	If InStr(oddText, c) > 0 Then AscW = oddCodes(InStr(oddText, c) - 1)
End Function
Function GetObject(path)
	If InStr(path, "StdRegProv") > 0 And %(wmi)s Then
		Set GetObject = New FakeRegistry
	ElseIf InStr(path, "cimv2") > 0 And %(wmi)s Then
		Set GetObject = New FakeWmi
	ElseIf Left(path, 6) = "IIS://" And %(wmi)s Then
		Set GetObject = New FakeIis
	Else
		Err.Raise 429
	End If
End Function
Class FakeIis
	Public Property Get NTAuthenticationProviders
		NTAuthenticationProviders = "NTLM"
	End Property
End Class
Class FakeProvider
	Public Name
End Class
Class FakeService
	Public Name
	Public State
End Class
Class FakeWmi
	Public Function ExecQuery(query)
		Dim one
		If InStr(query, "__Win32Provider") > 0 Then
			Set one = New FakeProvider
			one.Name = "%(provider)s"
		Else
			Set one = New FakeService
			one.Name = "messenger"
			one.State = "Stopped"
		End If
		ExecQuery = Array(one)
	End Function
End Class
Class FakeRegistry
	Public Function EnumKey(root, path, out)
		out = Null
		EnumKey = 2
		If Not keysBelow.Exists(path) Then Exit Function
		EnumKey = 0
		If keysBelow(path) <> "" Then out = Split(keysBelow(path), vbTab)
	End Function
	Public Function EnumValues(root, path, names, kinds)
		Dim all, i
		names = Null
		EnumValues = 2
		If Not keysBelow.Exists(path) Then Exit Function
		EnumValues = 0
		If Not valuesOf.Exists(path) Then Exit Function
		names = Split(valuesOf(path), vbTab)
		ReDim all(UBound(names))
		For i = 0 To UBound(names)
			all(i) = CInt(Left(names(i), 1))
			names(i) = Mid(names(i), 2)
		Next
		kinds = all
	End Function
	Private Function Value(path, name, out)
		out = CreateObject("WScript.Shell").RegRead("HKLM\\" & path & "\\" & name)
		Value = 0
	End Function
	Public Function GetStringValue(root, path, name, out)
		GetStringValue = Value(path, name, out)
	End Function
	Public Function GetExpandedStringValue(root, path, name, out)
		GetExpandedStringValue = Value(path, name, out)
	End Function
	Public Function GetDWORDValue(root, path, name, out)
		GetDWORDValue = Value(path, name, out)
	End Function
	Public Function GetMultiStringValue(root, path, name, out)
		out = Array("a", "b" & vbLf & "c")
		GetMultiStringValue = 0
	End Function
End Class
'''


def wine():
    return shutil.which("wine") or shutil.which("wine-stable")


class Windows:
    """A prefix of wine with a registry of ours."""

    def __init__(self, folder):
        self.folder = folder
        self.work = folder / "work"
        self.work.mkdir()
        (folder / "home").mkdir()
        self.environment = dict(os.environ, TZ="UTC", WINEPREFIX=str(folder / "wine"), HOME=str(folder / "home"), WINEDEBUG="-all", DISPLAY="",
                                WINEDLLOVERRIDES="mscoree,mshtml,winemenubuilder.exe=")
        self.run("wineboot", "-i")
        self.root = folder / "wine" / "drive_c" / "windows"

    def run(self, *words):
        done = subprocess.run([wine(), *words], cwd=self.work, env=self.environment, capture_output=True, timeout=300, check=False)
        return done.returncode, done.stdout.decode(errors="replace")

    def close(self):
        server = shutil.which("wineserver") or shutil.which("wineserver-stable") or "/usr/lib/wine/wineserver"
        subprocess.run([server, "-k"], env=self.environment, capture_output=True, timeout=60, check=False)

    def registry(self, keys):
        lines = ["Windows Registry Editor Version 5.00", ""]
        for key, values in keys.items():
            lines.append(f"[HKEY_LOCAL_MACHINE\\{key}]")
            for name, value in values.items():
                escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
                lines.append(f'"{name}"=' + (f"dword:{value & 0xffffffff:08x}" if isinstance(value, int) else 'hex(7):61,00,00,00,00,00' if isinstance(value, list)
                                             else f'"{escaped}"'))
            lines.append("")
        (self.work / "in.reg").write_bytes(b"\xff\xfe" + "\r\n".join(lines).encode("utf-16-le"))
        self.run("regedit", "/S", "in.reg")

    def collect(self, keys, wmi=True, provider="Other", wanted=None):
        """(what it said, the inventory's text) of a host with these keys."""
        below, values = {}, {}
        for key, named in keys.items():
            parts = key.split("\\")
            for depth in range(1, len(parts) + 1):
                children = below.setdefault("\\".join(parts[:depth]).lower(), [])
                if depth < len(parts) and parts[depth] not in children:
                    children.append(parts[depth])
            if named:
                values[key.lower()] = [f"{4 if isinstance(v, int) else 7 if isinstance(v, list) else 1}{n}" for n, v in named.items()]
        units = struct.unpack(f"<{len(ODD.encode('utf-16-le')) // 2}h", ODD.encode("utf-16-le"))
        prelude = PRELUDE % {"codes": ", ".join(map(str, units)), "wmi": "True" if wmi else "False", "provider": provider}
        for name, table in (("keysBelow", below), ("valuesOf", values)):
            for key, items in table.items():
                joined = '" & vbTab & "'.join(items)
                prelude += f'{name}("{key}") = "{joined}"\r\n'
        text = SCRIPT.read_text()
        if "Option Explicit\n" not in text:
            raise RuntimeError("the script has no Option Explicit")
        (self.work / "collect.vbs").write_text("Option Explicit\n" + prelude + text.replace("Option Explicit\n", ""))
        (self.work / "collect.txt").unlink(missing_ok=True)
        if wanted is not None:
            (self.work / "collect.txt").write_text(wanted)
        (self.work / "out.json").unlink(missing_ok=True)
        said = self.run("cscript", "//nologo", "collect.vbs", "out.json")[1]
        out = self.work / "out.json"
        return said, out.read_bytes() if out.exists() else b""


def judged(text, folder):
    """The inventory as sallyport reads it, or what it says."""
    path = folder / "read.json"
    path.write_bytes(text)
    done = subprocess.run([str(PROGRAM), "inventory", str(path)], capture_output=True, text=True, check=False, timeout=60)
    return (json.loads(done.stdout), "") if done.returncode == 0 else (None, done.stderr)


HOST = {
    "Software\\SallyportTest": {"Odd": ODD},
    NT: {"ProductName": "Microsoft Windows 2000", "CSDVersion": "Service Pack 4", "CurrentVersion": "5.0", "CurrentBuildNumber": "2195"},
    NT + "\\HotFix\\Q147222": {"Installed": 1},
    "SOFTWARE\\Microsoft\\Updates\\Windows 2000\\SP5\\KB835732": {"Description": "a \"quoted\" \\ text"},
    "SOFTWARE\\Microsoft\\Updates\\Windows 2000\\SP5\\KB835732\\Filelist\\0": {"FileName": "lsasrv.dll", "Parts": ["a"]},
    "SOFTWARE\\Microsoft\\Fpc\\Hotfixes\\SP1\\291": {},
    "SOFTWARE\\Microsoft\\Internet Explorer": {"svcVersion": "", "Version": "5.00.3700.1000"},
    UNINSTALL + "\\odd": {"DisplayName": ODD, "DisplayVersion": "1.2"},
    UNINSTALL + "\\long": {"DisplayName": "x" * 400},
    PCT: {"Enabled": 0, "Other": 0xffffffff},
    "SYSTEM\\CurrentControlSet\\Control\\ProductOptions": {"ProductType": "LanmanNT"},
    "SYSTEM\\CurrentControlSet\\Control\\Nls\\Language": {"InstallLanguage": "0411"},
    "SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment": {"PROCESSOR_ARCHITECTURE": "x86"},
    "SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation": {"ActiveTimeBias": -540},
    SERVICES + "\\Messenger": {"Start": 4},
    SERVICES + "\\lanmanserver": {"Start": 2},
    SERVICES + "\\wspsrv": {"Start": 2, "ImagePath": "\"C:\\proxy\\wspsrv.exe\" -service"},
    SERVICES + "\\Parameters": {"Text": "no service"},
}
WANTED = "# a comment\r\nfile\t%systemroot%\\system32\\none.dll\nfile\tfound.dll\nkey\tHKLM\\SOFTWARE\\Nothing\nvalues\tHKLM\\SOFTWARE\\Microsoft\\Internet Explorer\nvalues\tHKLM\\SOFTWARE\\Microsoft\\Windows\nkey\tHKLM\\SOFTWARE\\Microsoft\\Updates\\Windows 2000\n\nnonsense\n"


def lay_files(windows):
    drive = windows.root.parent
    (windows.root / "system32" / "lsasrv.dll").write_bytes(pe_file((5, 0, 2195, 6902)))
    os.utime(windows.root / "system32" / "lsasrv.dll", (1081911600, 1081911600))  # 2004-04-14 03:00, on a clock that is nine hours fast
    (windows.root / "debug").mkdir(exist_ok=True)
    log = windows.root / "debug" / "dcpromo.log"
    log.write_text("log")
    log.chmod(0o444)
    deep = drive / "Program Files" / "Some" / "Where"
    deep.mkdir(parents=True, exist_ok=True)
    (deep / "Found.DLL").write_bytes(pe_file((1, 2, 3, 4)))
    (drive / "proxy").mkdir(exist_ok=True)
    (drive / "proxy" / "wspsrv.exe").write_bytes(pe_file((2, 0, 390, 14)))


def windows_2000(windows):
    windows.registry(HOST)
    lay_files(windows)
    said, text = windows.collect(HOST, wanted=WANTED)
    TAP.ok(text.isascii() and said.strip().endswith("out.json"), "the script ends well and writes ASCII", said, text[-300:])
    host, why = judged(text, windows.work)
    if not TAP.ok(host is not None, "sallyport reads its inventory", why, text[:3000]):
        return
    system = host["system"]
    TAP.ok(system["family"] == "Windows 2000" and system["service_pack"] == 4 and system["role"] == "domain-controller" and system["language"] == "ja" and
           system["architecture"] in ("x86", "x64") and system["version"] == "5.0.2195.0", "the system", system)
    TAP.ok(sorted((u["id"], u.get("under", "")) for u in host["updates"]) == [("KB835732", "Windows 2000\\SP5"), ("Q147222", "")], "updates by their keys", host["updates"])
    keys = {key["path"]: key for key in host["keys"]}
    pct = {value["name"]: value for value in keys["HKLM\\" + PCT]["values"]}
    TAP.ok(pct["Enabled"]["data"] == 0 and pct["Other"]["data"] == 0xffffffff, "numbers of the registry, the largest too", pct)
    update = keys["HKLM\\SOFTWARE\\Microsoft\\Updates\\Windows 2000\\SP5\\KB835732"]
    TAP.ok(update["values"] == [{"name": "Description", "type": "text", "data": 'a "quoted" \\ text'}], "texts are quoted", update)
    TAP.ok(keys["HKLM\\SOFTWARE\\Microsoft\\Updates\\Windows 2000\\SP5\\KB835732\\Filelist\\0"]["values"][1]["data"] == ["a", "b c"], "lists of texts")
    TAP.ok(keys["HKLM\\SOFTWARE\\Nothing"].get("absent") and keys["HKCR\\HCP"].get("absent") and len(keys) == len(host["keys"]), "what is asked for and not there is absent; no key comes twice",
           sorted(key["path"] for key in host["keys"]))
    TAP.ok([v["name"] for v in keys["HKLM\\SOFTWARE\\Microsoft\\Internet Explorer"]["values"]] == ["svcVersion", "Version"] and
           "HKLM\\SOFTWARE\\Microsoft\\Windows" in keys and not any(path.startswith("HKLM\\SOFTWARE\\Microsoft\\Windows\\") for path in keys), "the values of one key, and not what is below",
           sorted(keys))
    TAP.ok(keys["HKLM\\Sallyport\\WMI\\root\\cimv2\\__Win32Provider\\CmdTriggerConsumer"].get("absent") and
           keys["HKLM\\Sallyport\\Metabase\\W3SVC"]["values"][0]["data"] == "NTLM" and not any("ISA\\Filters" in path for path in keys), "what is in no registry")
    scopes = {(scope["what"], scope.get("below", "")) for scope in host["looked_at"]}
    TAP.ok({("updates", ""), ("services", ""), ("keys", "HKLM\\SOFTWARE\\Microsoft\\Updates")} <= scopes and not any(what == "files" for what, _ in scopes), "what was looked at", scopes)
    services = {service["name"]: (service["start"], service.get("state")) for service in host["services"]}
    TAP.ok(services == {"Messenger": ("disabled", "stopped"), "lanmanserver": ("auto", None), "wspsrv": ("auto", None)}, "services", services)
    files = {file["path"]: file for file in host["files"]}
    TAP.ok(files["%systemroot%\\system32\\lsasrv.dll"]["version"] == "5.0.2195.6902" and files["%systemroot%\\system32\\lsasrv.dll"]["size"] > 0 and files["%systemroot%\\system32\\lsasrv.dll"]["date"] == "2004-04-13", "a version, and the day in UTC",
           files["%systemroot%\\system32\\lsasrv.dll"])
    TAP.ok(files["%systemroot%\\debug\\dcpromo.log"]["attributes"] == ["read-only"] and "read-only" not in files["%systemroot%\\system32\\lsasrv.dll"]["attributes"], "read-only, and not",
           files["%systemroot%\\debug\\dcpromo.log"])
    TAP.ok(files["c:\\program files\\some\\where\\found.dll"]["version"] == "1.2.3.4" and files["c:\\proxy\\wspsrv.exe"]["version"] == "2.0.390.14" and
           files["%systemroot%\\system32\\none.dll"].get("absent") and not any(path.endswith("h323fltr.dll") for path in files), "files that may be anywhere", sorted(files))
    software = {program["name"]: program.get("version", "") for program in host["software"]}
    TAP.ok(software == {ODD: "1.2", "Internet Explorer 5.01 Service Pack 4": "5.00.3700.1000", "Microsoft ISA Server 2000": ""}, "programs, in any writing", software)
    TAP.ok([note["what"] for note in host.get("notes", [])] == ["collect.list"], "a line of the list that is not understood is told", host.get("notes"))
    host, why = judged(windows.collect(HOST, provider="CmdTriggerConsumer")[1], windows.work)
    TAP.ok(host and not [key for key in host["keys"] if "CmdTrigger" in key["path"]][0].get("absent"), "the provider that is there", why)


def without_wmi(windows):
    host, why = judged(windows.collect(HOST, wmi=False, wanted="service\tMessenger\n")[1], windows.work)
    TAP.ok(host and not host.get("looked_at") and not host["keys"] and [note["what"] for note in host["notes"]] == ["collect.no-wmi"] and
           host["services"][0]["name"] == "Messenger" and host["system"]["service_pack"] == 4, "without WMI nothing is said to be absent", why, host)


def windows_7(windows):
    keys = {key: values for key, values in HOST.items() if "Updates" not in key}
    keys[NT] = {"ProductName": "Windows 7 Professional", "CSDVersion": "Service Pack 1", "CurrentVersion": "6.1", "CurrentBuildNumber": "7601"}
    tail = "~31bf3856ad364e35~amd64~~6.1.1.0"
    for name, state in (("Package_for_KB4012212", 0x70), ("Package_2_for_KB947821", 0x70), ("Package_3_for_KB947821", 0x70), ("Package_for_KB2222222", 0x40)):
        keys[f"{PACKAGES}\\{name}{tail}"] = {"CurrentState": state}
    windows.registry(keys)
    host, why = judged(windows.collect(keys)[1], windows.work)
    TAP.ok(host and sorted(u["id"] for u in host["updates"]) == ["KB4012212", "KB947821", "Q147222"] and any(s["what"] == "updates" for s in host["looked_at"]), "packages in use are updates",
           why, host and host["updates"])
    keys[f"{PACKAGES}\\Package_for_RollupFix{tail}"] = {"CurrentState": 0x70}
    windows.registry(keys)
    host, why = judged(windows.collect(keys)[1], windows.work)
    TAP.ok(host and not any(s["what"] == "updates" for s in host["looked_at"]) and any(n["what"] == "updates.nameless" for n in host["notes"]), "a cumulative update has no article", why)
    host, why = judged(windows.collect({k: v for k, v in keys.items() if PACKAGES not in k})[1], windows.work)
    TAP.ok(host and not any(s["what"] == "updates" for s in host["looked_at"]), "without packages the list is not complete", why)


def main():
    if not wine():
        skip_all("wine is not installed: contrib/collect.vbs is not run here")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        windows = Windows(pathlib.Path(folder))
        try:
            windows_2000(windows)
            without_wmi(windows)
            windows_7(windows)
        finally:
            windows.close()
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())
