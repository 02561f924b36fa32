' Collects what verdicts need from this Windows host, and writes it as an inventory (doc/inventory.md). Nothing is changed, nothing is sent.
'
' cscript //nologo collect.vbs [OUT.json]      without OUT.json: HOSTNAME.json in the current folder
'
' Needs what Windows 2000 has: Windows Script Host 5.1, FileSystemObject with GetFileVersion, and the registry provider of WMI; where WMI
' does not answer, keys are still asked for by name through WScript.Shell, and what cannot be told that way is left out: never said to be absent.
' A list of further files, keys and services is read from collect.txt beside this script (sallyport inventory --wanted).
Option Explicit

Const FORMAT_NAME = "sallyport-inventory-1"
Const HKLM = &H80000002
Const HKCR = &H80000000
Const MAX_KEYS = 20000
Const MAX_DEPTH = 12
Const MAX_FOLDERS = 20000
Const MAX_NAME = 340     ' characters; an inventory has names of 1,023 octets, and a character may take three
Const MAX_DATA = 20000

Dim shell, fso, registry, wmi, outFile, first, keyCount, folderCount, systemRoot, programFiles, minutesToUtc
Dim wantedFiles, wantedNames, wantedKeys, wantedValues, wantedServices, writtenFiles, notes, lookedAt

Set shell = CreateObject("WScript.Shell")
Set fso = CreateObject("Scripting.FileSystemObject")
Set wantedFiles = CreateObject("Scripting.Dictionary")
Set wantedValues = CreateObject("Scripting.Dictionary")
Set wantedNames = CreateObject("Scripting.Dictionary")
Set writtenFiles = CreateObject("Scripting.Dictionary")
Set wantedKeys = CreateObject("Scripting.Dictionary")
Set wantedServices = CreateObject("Scripting.Dictionary")
Set notes = CreateObject("Scripting.Dictionary")
Set lookedAt = CreateObject("Scripting.Dictionary")
wantedFiles.CompareMode = 1
wantedNames.CompareMode = 1
wantedValues.CompareMode = 1
writtenFiles.CompareMode = 1
wantedKeys.CompareMode = 1
wantedServices.CompareMode = 1
systemRoot = Environment("SystemRoot")
programFiles = Environment("ProgramFiles")

Main

Sub Main
	Dim name, path
	name = HostName()
	If WScript.Arguments.Count > 1 Then
		WScript.Echo "usage: cscript //nologo collect.vbs [OUT.json]"
		WScript.Quit 2
	End If
	path = name & ".json"
	If WScript.Arguments.Count = 1 Then path = WScript.Arguments(0)
	ConnectWmi
	minutesToUtc = ValueOf("HKLM\SYSTEM\CurrentControlSet\Control\TimeZoneInformation\ActiveTimeBias")
	If Not IsNumeric(minutesToUtc) Or minutesToUtc = "" Then minutesToUtc = 0
	OwnList
	ReadList
	On Error Resume Next
	Set outFile = fso.CreateTextFile(path & ".part", True, False)
	If Err.Number <> 0 Then
		WScript.Echo "collect: " & path & ": " & Err.Description
		WScript.Quit 2
	End If
	On Error Goto 0
	outFile.Write "{" & Member("format", Quoted(FORMAT_NAME)) & "," & vbCrLf & Member("name", Quoted(name)) & "," & vbCrLf
	WriteSystem
	WriteUpdates
	WriteFiles
	WriteKeys
	WriteServices
	WriteSoftware
	WriteRest
	outFile.Write "}" & vbCrLf
	outFile.Close
	On Error Resume Next
	If fso.FileExists(path) Then fso.DeleteFile path
	Err.Clear
	fso.MoveFile path & ".part", path
	If Err.Number <> 0 Then
		WScript.Echo "collect: " & path & ": " & Err.Description
		WScript.Quit 2
	End If
	WScript.Echo "collect: " & path
End Sub

' Both may be missing or broken on a host: each is Nothing then.
Sub ConnectWmi
	Set registry = Nothing
	Set wmi = Nothing
	On Error Resume Next
	Set registry = GetObject("winmgmts:{impersonationLevel=impersonate}!\\.\root\default:StdRegProv")
	Err.Clear
	Set wmi = GetObject("winmgmts:{impersonationLevel=impersonate}!\\.\root\cimv2")
	If registry Is Nothing Then notes("collect.no-wmi") = "The registry provider of WMI does not answer: only keys that were asked for by name are here."
End Sub

Function HostName
	On Error Resume Next
	HostName = CreateObject("WScript.Network").ComputerName
	If Err.Number <> 0 Or HostName = "" Then HostName = Environment("COMPUTERNAME")
End Function

' Not all script hosts leave the closing zero out.
Function Environment(name)
	Environment = Replace(shell.ExpandEnvironmentStrings("%" & name & "%"), Chr(0), "")
End Function

' What is looked for on every host: paths, whose absence is told too, and names of files that may be anywhere.
Sub OwnList
	Dim word
	For Each word In Array("lsasrv.dll", "schannel.dll", "ntdsa.dll", "msgina.dll", "winlogon.exe", "gdi32.dll", "mf3216.dll", "h323.tsp", "h323msp.dll", _
		"ipnathlp.dll", "msasn1.dll", "ntoskrnl.exe", "ntkrnlpa.exe", "umandlg.dll", "utilman.exe", "rpcrt4.dll", "rpcss.dll", "ole32.dll", "netapi32.dll", _
		"kernel32.dll", "ntdll.dll", "user32.dll", "mshtml.dll", "shdocvw.dll", "urlmon.dll", "wininet.dll", "browseui.dll", "msxml3.dll", "win32k.sys", _
		"drivers\srv.sys", "drivers\mrxsmb.sys", "drivers\tcpip.sys", "dns.exe", "wins.exe", "inetsrv\inetinfo.exe", "inetsrv\asp.dll", "wbem\evtgprov.dll")
		wantedFiles("%systemroot%\system32\" & word) = True
	Next
	wantedFiles("%systemroot%\debug\dcpromo.log") = True
	wantedFiles("%systemroot%\pchealth\helpctr\binaries\helpctr.exe") = True
	For Each word In Array("callcont.dll", "nmcom.dll", "conf.exe", "nsum.exe", "wspsrv.exe", "w3proxy.exe", "w3proxy.dll", "w3pcache.dll", "mspadmin.exe", _
		"h323fltr.dll", "h323asn1.dll", "gksvc.dll")
		wantedNames(word) = True
	Next
	For Each word In Array("HKLM\SOFTWARE\Microsoft\Updates", "HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\HotFix", "HKLM\SOFTWARE\Microsoft\Fpc\Hotfixes", _
		"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols", "HKCR\HCP", "HKLM\SOFTWARE\Microsoft\Internet Explorer\Version Vector")
		wantedKeys(word) = True
	Next
End Sub

' file, key, values or service, a tab, and its name; a file without a folder may be anywhere, of a key all below it is wanted.
Sub ReadList
	Dim path, file, parts, line, text
	path = fso.BuildPath(fso.GetParentFolderName(WScript.ScriptFullName), "collect.txt")
	If Not fso.FileExists(path) Then Exit Sub
	Set file = fso.OpenTextFile(path, 1)
	text = ""
	If Not file.AtEndOfStream Then text = file.ReadAll
	file.Close
	For Each line In Split(Replace(text, vbCr, ""), vbLf)
		parts = Split(line, vbTab)
		If line <> "" And Left(line, 1) <> "#" Then
			If UBound(parts) <> 1 Then
				notes("collect.list") = "A line of collect.txt is not understood: " & Left(line, 80)
			Else
				Wanted LCase(parts(0)), parts(1)
			End If
		End If
	Next
End Sub

Sub Wanted(kind, name)
	If kind = "file" And InStr(name, "\") > 0 Then
		wantedFiles(name) = True
	ElseIf kind = "file" Then
		wantedNames(name) = True
	ElseIf kind = "key" Then
		wantedKeys(name) = True
	ElseIf kind = "values" Then
		wantedValues(name) = True
	ElseIf kind = "service" Then
		wantedServices(name) = True
	Else
		notes("collect.list") = "A line of collect.txt is not understood: " & Left(kind & " " & name, 80)
	End If
End Sub

' --- JSON: ASCII alone, whatever the code page of this host is.
Function Quoted(text)
	Dim i, code, out, after
	i = 1
	Do While i <= Len(text)
		code = Unit(text, i)
		after = 0
		If i < Len(text) Then after = Unit(text, i + 1)
		If code = 34 Or code = 92 Then
			out = out & "\" & Chr(code)
		ElseIf code = 0 Then
			out = out & " "
		ElseIf code >= 32 And code <= 126 Then
			out = out & Chr(code)
		ElseIf code >= &HD800& And code <= &HDBFF& And after >= &HDC00& And after <= &HDFFF& Then
			out = out & "\u" & Hex(code) & "\u" & Hex(after)
			i = i + 1
		ElseIf code >= &HD800& And code <= &HDFFF& Then
			out = out & "\uFFFD"  ' half a character is no text
		Else
			out = out & "\u" & Right("0000" & Hex(code), 4)
		End If
		i = i + 1
	Loop
	Quoted = """" & out & """"
End Function

Function Unit(text, at)
	Unit = AscW(Mid(text, at, 1))
	If Unit < 0 Then Unit = Unit + 65536
End Function

Function Member(name, value)
	Member = """" & name & """: " & value
End Function

Sub BeginList(name)
	outFile.Write "," & vbCrLf & """" & name & """: ["
	first = True
End Sub

Sub Item(text)
	If Not first Then outFile.Write ","
	first = False
	outFile.Write vbCrLf & " {" & text & "}"
End Sub

Sub EndList
	outFile.Write "]"
End Sub

' The day in UTC.
Function UtcDay(local)
	Dim utc
	utc = DateAdd("n", minutesToUtc, local)
	UtcDay = Right("0000" & Year(utc), 4) & "-" & Right("00" & Month(utc), 2) & "-" & Right("00" & Day(utc), 2)
End Function

' --- The registry.
Function ValueOf(path)
	ValueOf = ""
	On Error Resume Next
	ValueOf = shell.RegRead(path)
	If Err.Number <> 0 Or IsArray(ValueOf) Then ValueOf = ""
End Function

Function Hive(path, rest)
	If UCase(Left(path, 5)) = "HKLM\" Then
		Hive = HKLM
	ElseIf UCase(Left(path, 5)) = "HKCR\" Then
		Hive = HKCR
	Else
		Hive = 0
	End If
	rest = Mid(path, 6)
End Function

' 0: there; 2: known not to be; another number: not known.
Function KeyState(path)
	Dim rest, root, names, code
	KeyState = -1
	root = Hive(path, rest)
	If registry Is Nothing Or root = 0 Then Exit Function
	On Error Resume Next
	code = registry.EnumKey(root, rest, names)
	If Err.Number = 0 Then KeyState = code
End Function

Function ValueText(root, rest, name, kind)
	Dim data, one, out, code
	ValueText = Member("type", Quoted("other"))
	On Error Resume Next
	Select Case kind
		Case 1
			code = registry.GetStringValue(root, rest, name, data)
			If Err.Number = 0 And code = 0 And Not IsNull(data) Then ValueText = TextValue(data)
		Case 2
			code = registry.GetExpandedStringValue(root, rest, name, data)
			If Err.Number = 0 And code = 0 And Not IsNull(data) Then ValueText = TextValue(data)
		Case 4
			code = registry.GetDWORDValue(root, rest, name, data)
			If Err.Number = 0 And code = 0 And Not IsNull(data) Then
				If data < 0 Then data = data + 4294967296
				ValueText = Member("type", Quoted("number")) & ", " & Member("data", CStr(data))
			End If
		Case 7
			code = registry.GetMultiStringValue(root, rest, name, data)
			If Err.Number = 0 And code = 0 And IsArray(data) Then
				For Each one In data
					If out <> "" Then out = out & ", "
					out = out & Quoted(Replace(Replace(one, vbCr, " "), vbLf, " "))
				Next
				If Len(out) <= MAX_DATA Then ValueText = Member("type", Quoted("texts")) & ", " & Member("data", "[" & out & "]")
			End If
	End Select
End Function

' A text that is longer than inventories have is there, and no more is said of it: half of it would be another.
Function TextValue(data)
	TextValue = Member("type", Quoted("other"))
	If Len(data) <= MAX_DATA Then TextValue = Member("type", Quoted("text")) & ", " & Member("data", Quoted(data))
End Function

' The key, and with `deep` all below it. False: not all of it could be read.
Function WriteKey(path, depth, deep)
	Dim rest, root, names, kinds, subkeys, i, values, code, name
	WriteKey = False
	root = Hive(path, rest)
	keyCount = keyCount + 1
	If depth > MAX_DEPTH Or keyCount > MAX_KEYS Or Len(path) > MAX_NAME Then Exit Function
	On Error Resume Next
	code = registry.EnumValues(root, rest, names, kinds)
	If Err.Number <> 0 Or code <> 0 Then Exit Function
	On Error Goto 0
	If IsArray(names) Then
		For i = LBound(names) To UBound(names)
			If Len(names(i)) <= MAX_NAME Then values = Joined(values, "{" & Member("name", Quoted(names(i))) & ", " & ValueText(root, rest, names(i), kinds(i)) & "}")
		Next
	End If
	' Windows 2000 leaves the default value out of its list when it is the only one: no list is complete.
	Item Member("path", Quoted(path)) & ", " & Member("values", "[" & values & "]")
	If Not deep Then Exit Function
	On Error Resume Next
	code = registry.EnumKey(root, rest, subkeys)
	If Err.Number <> 0 Or code <> 0 Then Exit Function
	On Error Goto 0
	WriteKey = True
	If IsArray(subkeys) Then
		For Each name In subkeys
			If Not WriteKey(path & "\" & name, depth + 1, True) Then WriteKey = False
		Next
	End If
End Function

' A key above it is listed with all that is below.
Function Covered(path)
	Dim other
	Covered = False
	For Each other In wantedKeys.Keys
		If Len(other) < Len(path) And StrComp(Left(path, Len(other) + 1), other & "\", 1) = 0 Then Covered = True
	Next
End Function

Sub LookAtKey(path, deep)
	Dim state
	state = KeyState(path)
	If state = 0 Then
		If WriteKey(path, 0, deep) Then lookedAt("keys" & vbTab & path) = True
	ElseIf state = 2 And Len(path) <= MAX_NAME Then
		Item Member("path", Quoted(path)) & ", " & Member("absent", "true")
	End If
End Sub

Sub WriteKeys
	Dim path
	BeginList "keys"
	For Each path In wantedKeys.Keys
		If Not Covered(path) Then LookAtKey path, True
	Next
	For Each path In wantedValues.Keys
		If Not Covered(path) And Not wantedKeys.Exists(path) Then LookAtKey path, False
	Next
	WriteOutsideRegistry
	EndList
End Sub

' What is asked for like a key and is none (doc/assess-verdicts.md). Whatever does not answer is left out.
Sub WriteOutsideRegistry
	Dim one, found, answered, providers, filter
	If Not wmi Is Nothing Then
		On Error Resume Next
		found = False
		answered = False
		For Each one In wmi.ExecQuery("SELECT * FROM __Win32Provider")
			If Err.Number = 0 Then answered = True
			If LCase(one.Name) = "cmdtriggerconsumer" Then found = True
		Next
		If Err.Number = 0 And answered Then
			If found Then
				Item Member("path", Quoted("HKLM\Sallyport\WMI\root\cimv2\__Win32Provider\CmdTriggerConsumer"))
			Else
				Item Member("path", Quoted("HKLM\Sallyport\WMI\root\cimv2\__Win32Provider\CmdTriggerConsumer")) & ", " & Member("absent", "true")
			End If
		End If
		On Error Goto 0
	End If
	On Error Resume Next
	providers = ""
	providers = GetObject("IIS://localhost/W3SVC").NTAuthenticationProviders
	If Err.Number = 0 And providers <> "" Then Item Member("path", Quoted("HKLM\Sallyport\Metabase\W3SVC")) & ", " & Member("values", "[{" & _
		Member("name", Quoted("NTAuthenticationProviders")) & ", " & TextValue(providers) & "}]")
	Err.Clear
	For Each filter In CreateObject("FPC.Root").Arrays.GetContainingArray.Extensions.ApplicationFilters
		If Err.Number <> 0 Then Exit For
		If LCase(filter.Name) = "h.323 filter" And VarType(filter.Enabled) = vbBoolean Then Item Member("path", Quoted("HKLM\Sallyport\ISA\Filters\H.323 Filter")) & ", " & _
			Member("values", "[{" & Member("name", Quoted("Enabled")) & ", " & Member("type", Quoted("number")) & ", " & Member("data", CStr(Abs(CInt(filter.Enabled)))) & "}]")
	Next
End Sub

' --- The system.
' "KEY=word KEY=word ": the word of a key, or "".
Function WordOf(pairs, key)
	Dim at
	WordOf = ""
	at = InStr(1, " " & pairs, " " & key & "=", 1)
	If at > 0 And key <> "" Then WordOf = Mid(pairs, at + Len(key) + 1, InStr(at + 1, pairs, " ") - at - Len(key) - 1)
End Function

Sub WriteSystem
	Const NT = "HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\"
	Const CONTROL = "HKLM\SYSTEM\CurrentControlSet\Control\"
	Const LANGUAGES = "0409=en 0411=ja 0407=de 040c=fr 0c0a=es 040a=es 0410=it 0412=ko 0404=zh-tw 0804=zh-cn 0416=pt-br 0816=pt 0419=ru 0413=nl 041d=sv 0415=pl 0405=cs "
	Dim text, pack, arch, language, build, role
	role = WordOf("WinNT=workstation ServerNT=server LanmanNT=domain-controller ", ValueOf(CONTROL & "ProductOptions\ProductType"))
	If role = "" Then role = "unknown"
	text = Member("product", Quoted(Trim(ValueOf(NT & "ProductName")))) & ", " & Member("role", Quoted(role))
	pack = ValueOf(NT & "CSDVersion")
	If pack = "" Then
		text = text & ", " & Member("service_pack", "0")
	ElseIf Left(pack, 13) = "Service Pack " And IsNumeric(Mid(pack, 14, 1)) Then
		text = text & ", " & Member("service_pack", Mid(pack, 14, 1))
	End If
	arch = WordOf("x86=x86 AMD64=x64 IA64=ia64 ALPHA=alpha ", ValueOf(CONTROL & "Session Manager\Environment\PROCESSOR_ARCHITECTURE"))
	If arch <> "" Then text = text & ", " & Member("architecture", Quoted(arch))
	language = WordOf(LANGUAGES, LCase(Right("0000" & ValueOf(CONTROL & "Nls\Language\InstallLanguage"), 4)))
	If language <> "" Then text = text & ", " & Member("language", Quoted(language))
	build = ValueOf(NT & "CurrentBuildNumber")
	If IsNumeric(build) And ValueOf(NT & "CurrentVersion") <> "" Then text = text & ", " & Member("version", Quoted(ValueOf(NT & "CurrentVersion") & "." & build))
	outFile.Write Member("system", "{" & text & "}")
End Sub

' --- Updates, as the registry lists them.
Function IsArticle(name)
	Dim digits
	digits = name
	If UCase(Left(digits, 2)) = "KB" Then
		digits = Mid(digits, 3)
	ElseIf UCase(Left(digits, 1)) = "Q" Then
		digits = Mid(digits, 2)
	Else
		digits = ""
	End If
	IsArticle = Len(digits) >= 5 And IsNumeric(Left(digits, 5))
End Function

Function UpdatesBelow(rest, under, depth)
	Dim names, code, name, below
	UpdatesBelow = False
	On Error Resume Next
	code = registry.EnumKey(HKLM, rest, names)
	If Err.Number <> 0 Then Exit Function
	On Error Goto 0
	UpdatesBelow = code = 0 Or code = 2
	If code <> 0 Or Not IsArray(names) Then Exit Function
	For Each name In names
		If IsArticle(name) Then
			below = Member("id", Quoted(name))
			If under <> "" Then below = below & ", " & Member("under", Quoted(under))
			Item below
		ElseIf depth < 4 Then
			below = name
			If under <> "" Then below = under & "\" & name
			If Not UpdatesBelow(rest & "\" & name, below, depth + 1) Then UpdatesBelow = False
		End If
	Next
End Function

' From Windows Vista on the system's updates are packages: "Package_2_for_KB947821~...". False: not all are known.
Function Packages
	Const LIST = "SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages"
	Dim names, code, name, at, id, state, told
	Packages = False
	On Error Resume Next
	code = registry.EnumKey(HKLM, LIST, names)
	If Err.Number <> 0 Or code <> 0 Or Not IsArray(names) Then Exit Function
	On Error Goto 0
	Packages = True
	For Each name In names
		at = InStr(1, name, "for_", 1)
		If LCase(Left(name, 8)) = "package_" And at > 0 Then
			id = Mid(name, at + 4)
			If InStr(id, "~") > 0 Then id = Left(id, InStr(id, "~") - 1)
			If InStr(id, "_") > 0 Then id = Left(id, InStr(id, "_") - 1)
			state = ValueOf("HKLM\" & LIST & "\" & name & "\CurrentState")
			If InUse(state) And IsArticle(id) And id <> told Then
				Item Member("id", Quoted(id))
				told = id
			ElseIf InUse(state) And LCase(Left(id, 9)) = "rollupfix" Then
				Packages = False
				notes("updates.nameless") = "Cumulative updates are installed whose articles the registry does not name."
			End If
		End If
	Next
End Function

' Superseded, installed, permanent.
Function InUse(state)
	InUse = False
	If IsNumeric(state) And state <> "" Then InUse = state = &H50 Or state = &H70 Or state = &H80
End Function

Sub WriteUpdates
	Dim whole, major
	BeginList "updates"
	If Not registry Is Nothing Then
		whole = UpdatesBelow("SOFTWARE\Microsoft\Updates", "", 0)
		If Not UpdatesBelow("SOFTWARE\Microsoft\Windows NT\CurrentVersion\HotFix", "", 0) Then whole = False
		major = Left(ValueOf("HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\CurrentVersion"), 1)
		If major >= "6" Then
			If Not Packages() Then whole = False
		ElseIf major = "" Then
			whole = False
		End If
		If whole Then lookedAt("updates") = True
	End If
	EndList
End Sub

' --- Files that are asked for.
Function Expanded(path)
	Expanded = path
	If LCase(Left(path, 12)) = "%systemroot%" Then Expanded = systemRoot & Mid(path, 13)
End Function

' As inventories have it.
Function FileName(real)
	FileName = LCase(real)
	If LCase(Left(real, Len(systemRoot) + 1)) = LCase(systemRoot & "\") Then FileName = "%systemroot%" & LCase(Mid(real, Len(systemRoot) + 1))
End Function

Sub WriteFile(real)
	Dim path, file, text, version, bits
	path = FileName(real)
	If writtenFiles.Exists(path) Or Len(path) > MAX_NAME Then Exit Sub
	writtenFiles(path) = True
	text = Member("path", Quoted(path))
	On Error Resume Next
	version = ""
	version = fso.GetFileVersion(real)
	Err.Clear
	Set file = fso.GetFile(real)
	bits = ""
	If file.Attributes And 1 Then bits = """read-only"""
	If file.Attributes And 2 Then bits = Joined(bits, """hidden""")
	If file.Attributes And 4 Then bits = Joined(bits, """system""")
	bits = ", " & Member("size", CStr(file.Size)) & ", " & Member("date", Quoted(UtcDay(file.DateLastModified))) & ", " & Member("attributes", "[" & bits & "]")
	If Err.Number = 0 Then text = text & bits
	On Error Goto 0
	If InStr(version, ".") > 0 And IsNumeric(Left(version, 1)) Then text = text & ", " & Member("version", Quoted(version))
	Item text
End Sub

Sub WriteFiles
	Dim path, real, folder
	BeginList "files"
	For Each path In wantedFiles.Keys
		real = Expanded(path)
		If fso.FileExists(real) Then
			WriteFile real
		ElseIf fso.FolderExists(systemRoot) And Not writtenFiles.Exists(path) Then
			writtenFiles(path) = True
			Item Member("path", Quoted(path)) & ", " & Member("absent", "true")
		End If
	Next
	For Each folder In Array("", "\system32", "\system32\drivers", "\system32\wbem", "\system32\inetsrv", "\pchealth\helpctr\binaries")
		SearchFolder systemRoot & folder, MAX_DEPTH
	Next
	SearchFolder systemRoot & "\system32\windows media", 0
	SearchFolder programFiles, 0
	SearchServices
	EndList
End Sub

' Files that may be anywhere, in the folder and (below the greatest depth) in those below it. Nothing is said of where they are not.
Sub SearchFolder(path, depth)
	Dim folder, file, below, bits
	folderCount = folderCount + 1
	If folderCount > MAX_FOLDERS Or Not fso.FolderExists(path) Then Exit Sub
	On Error Resume Next
	Set folder = fso.GetFolder(path)
	For Each file In folder.Files
		If Err.Number <> 0 Then Exit For
		If wantedNames.Exists(file.Name) Then WriteFile fso.BuildPath(path, file.Name)
	Next
	Err.Clear
	If depth >= MAX_DEPTH Then Exit Sub
	For Each below In folder.SubFolders
		If Err.Number <> 0 Then Exit For
		bits = 0
		bits = below.Attributes
		Err.Clear
		If (bits And 1024) = 0 Then SearchFolder fso.BuildPath(path, below.Name), depth + 1  ' 1024: a link
	Next
End Sub

' Programs that were installed on another disk: their services say where.
Sub SearchServices
	Dim name, image, folder
	For Each name In Array("fwsrv", "wspsrv", "w3proxy", "mspadmin", "gksvc", "nsunicast", "nsum")
		image = Replace(ValueOf("HKLM\SYSTEM\CurrentControlSet\Services\" & name & "\ImagePath"), """", "")
		If Len(image) > 3 And Len(image) < MAX_NAME And Mid(image, 2, 2) = ":\" Then
			folder = fso.GetParentFolderName(image)
			If folder <> "" Then SearchFolder folder, MAX_DEPTH - 1
		End If
	Next
End Sub

Function Joined(list, word)
	Joined = word
	If list <> "" Then Joined = list & ", " & word
End Function

' --- Services: all of them where the registry can be listed, otherwise those that are asked for.
Sub WriteServices
	Const BASE = "HKLM\SYSTEM\CurrentControlSet\Services\"
	Dim names, name, code, start, whole, running, state, word
	Set running = States()
	BeginList "services"
	whole = False
	names = wantedServices.Keys
	If Not registry Is Nothing Then
		On Error Resume Next
		code = registry.EnumKey(HKLM, "SYSTEM\CurrentControlSet\Services", names)
		whole = Err.Number = 0 And code = 0 And IsArray(names)
		On Error Goto 0
		If Not whole Then names = wantedServices.Keys
	End If
	For Each name In names
		start = ValueOf(BASE & name & "\Start")
		word = WordOf("0=boot 1=system 2=auto 3=manual 4=disabled ", CStr(start))
		If word = "" Then word = "unknown"
		state = ""
		If running.Exists(name) Then state = running(name)
		If IsNumeric(start) And start <> "" And Len(name) <= MAX_NAME Then Item Member("name", Quoted(name)) & ", " & Member("start", Quoted(word)) & state
	Next
	EndList
	If whole Then lookedAt("services") = True
End Sub

' Of all services at once; where WMI does not say, none.
Function States
	Dim service
	Set States = CreateObject("Scripting.Dictionary")
	States.CompareMode = 1
	If wmi Is Nothing Then Exit Function
	On Error Resume Next
	For Each service In wmi.ExecQuery("SELECT Name, State FROM Win32_Service")
		If Err.Number <> 0 Then Exit For
		If service.State = "Running" Or service.State = "Stopped" Then States(service.Name) = ", " & Member("state", Quoted(LCase(service.State)))
	Next
End Function

' --- Programs.
' Internet Explorer by the names that bulletins give to its versions: from each of these on, until the next.
Function ExplorerName(version)
	Dim parts, row, at
	ExplorerName = ""
	parts = Split(version & ".0.0", ".")
	If Not (IsNumeric(parts(0)) And IsNumeric(parts(1)) And IsNumeric(parts(2))) Then Exit Function
	ExplorerName = "Internet Explorer " & CLng(parts(0))
	For Each row In Array("5.0.2516|5.01", "5.0.3103|5.01 Service Pack 1", "5.0.3315|5.01 Service Pack 2", "5.0.3502|5.01 Service Pack 3", "5.0.3700|5.01 Service Pack 4", _
		"5.50.0|5.5", "5.50.4522|5.5 Service Pack 1", "5.50.4807|5.5 Service Pack 2", "6.0.2800|6 Service Pack 1", "6.0.2900|6")
		at = Split(Left(row, InStr(row, "|") - 1), ".")
		If CLng(parts(0)) = CLng(at(0)) And CLng(parts(1)) * 100000 + CLng(parts(2)) >= CLng(at(1)) * 100000 + CLng(at(2)) Then _
			ExplorerName = "Internet Explorer " & Mid(row, InStr(row, "|") + 1)
	Next
End Function

Sub WriteSoftware
	Const LIST = "SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
	Dim names, name, title, version, code, isa
	BeginList "software"
	version = ValueOf("HKLM\SOFTWARE\Microsoft\Internet Explorer\svcVersion")
	If version = "" Then version = ValueOf("HKLM\SOFTWARE\Microsoft\Internet Explorer\Version")
	If ExplorerName(version) <> "" Then Item Member("name", Quoted(ExplorerName(version))) & ", " & Member("version", Quoted(version))
	isa = KeyState("HKLM\SOFTWARE\Microsoft\Fpc") = 0
	If Not registry Is Nothing Then
		On Error Resume Next
		code = registry.EnumKey(HKLM, LIST, names)
		If Err.Number <> 0 Or code <> 0 Or Not IsArray(names) Then names = Array()
		On Error Goto 0
		For Each name In names
			title = ValueOf("HKLM\" & LIST & "\" & name & "\DisplayName")
			If InStr(1, title, "ISA Server", 1) > 0 Then isa = False  ' the list of programs knows which
			version = Left(ValueOf("HKLM\" & LIST & "\" & name & "\DisplayVersion"), 40)
			If title <> "" And Len(title) <= MAX_NAME Then Item Member("name", Quoted(title)) & ", " & Member("version", Quoted(version))
		Next
	End If
	If isa Then Item Member("name", Quoted("Microsoft ISA Server 2000"))
	EndList
End Sub

Sub WriteRest
	Dim key, parts
	BeginList "looked_at"
	For Each key In lookedAt.Keys
		parts = Split(key, vbTab)
		If UBound(parts) = 1 Then
			Item Member("what", Quoted(parts(0))) & ", " & Member("below", Quoted(parts(1)))
		Else
			Item Member("what", Quoted(key))
		End If
	Next
	EndList
	BeginList "notes"
	For Each key In notes.Keys
		Item Member("what", Quoted(key)) & ", " & Member("text", Quoted(notes(key)))
	Next
	EndList
End Sub
