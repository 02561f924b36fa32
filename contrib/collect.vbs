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

Dim shell, fso, registry, wmi, outFile, first, keyCount, systemRoot
Dim wantedFiles, wantedKeys, wantedServices, notes, lookedAt

Set shell = CreateObject("WScript.Shell")
Set fso = CreateObject("Scripting.FileSystemObject")
Set wantedFiles = CreateObject("Scripting.Dictionary")
Set wantedKeys = CreateObject("Scripting.Dictionary")
Set wantedServices = CreateObject("Scripting.Dictionary")
Set notes = CreateObject("Scripting.Dictionary")
Set lookedAt = CreateObject("Scripting.Dictionary")
wantedFiles.CompareMode = 1
wantedKeys.CompareMode = 1
wantedServices.CompareMode = 1
systemRoot = shell.ExpandEnvironmentStrings("%SystemRoot%")

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
	If Err.Number <> 0 Or HostName = "" Then HostName = shell.ExpandEnvironmentStrings("%COMPUTERNAME%")
End Function

' What is looked for on every host.
Sub OwnList
	Dim word
	For Each word In Array("lsasrv.dll", "schannel.dll", "ntdsa.dll", "msgina.dll", "winlogon.exe", "gdi32.dll", "mf3216.dll", "h323.tsp", "h323msp.dll", _
		"callcont.dll", "nmcom.dll", "ipnathlp.dll", "msasn1.dll", "ntoskrnl.exe", "umandlg.dll", "utilman.exe", "evtgprov.dll", "rpcrt4.dll", "rpcss.dll", _
		"ole32.dll", "netapi32.dll", "kernel32.dll", "ntdll.dll", "user32.dll", "mshtml.dll", "shdocvw.dll", "urlmon.dll", "wininet.dll", "browseui.dll", _
		"msxml3.dll", "win32k.sys", "drivers\srv.sys", "drivers\mrxsmb.sys", "drivers\tcpip.sys", "dns.exe", "wins.exe", "inetsrv\inetinfo.exe", _
		"inetsrv\asp.dll", "wbem\evtgprov.dll", "windows media\server\nsum.exe")
		wantedFiles("%systemroot%\system32\" & word) = True
	Next
	wantedFiles("%systemroot%\debug\dcpromo.log") = True
	wantedFiles("%systemroot%\pchealth\helpctr\binaries\helpctr.exe") = True
	For Each word In Array("wspsrv.exe", "w3proxy.exe", "mspadmin.exe", "h323fltr.dll", "h323asn1.dll", "gksvc.dll")
		wantedFiles(shell.ExpandEnvironmentStrings("%ProgramFiles%") & "\Microsoft ISA Server\" & word) = True
	Next
	For Each word In Array("HKLM\SOFTWARE\Microsoft\Updates", "HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\HotFix", "HKLM\SOFTWARE\Microsoft\Fpc\Hotfixes", _
		"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols", "HKCR\HCP", "HKLM\SOFTWARE\Microsoft\Internet Explorer\Version Vector")
		wantedKeys(word) = True
	Next
End Sub

' file, key or service, a tab, and its name.
Sub ReadList
	Dim path, file, parts, line
	path = fso.BuildPath(fso.GetParentFolderName(WScript.ScriptFullName), "collect.txt")
	If Not fso.FileExists(path) Then Exit Sub
	Set file = fso.OpenTextFile(path, 1)
	Do Until file.AtEndOfStream
		line = file.ReadLine
		parts = Split(line, vbTab)
		If Left(line, 1) <> "#" And UBound(parts) = 1 Then
			Select Case LCase(parts(0))
				Case "file" : wantedFiles(parts(1)) = True
				Case "key" : wantedKeys(parts(1)) = True
				Case "service" : wantedServices(parts(1)) = True
				Case Else : notes("collect.list") = "A line of collect.txt is not understood: " & Left(line, 80)
			End Select
		End If
	Loop
	file.Close
End Sub

' --- JSON: ASCII alone, whatever the code page of this host is.
Function Quoted(ByVal text)
	Dim i, code, out
	text = Left(text, 1000)
	For i = 1 To Len(text)
		code = AscW(Mid(text, i, 1))
		If code < 0 Then code = code + 65536
		If code = 34 Or code = 92 Then
			out = out & "\" & ChrW(code)
		ElseIf code = 0 Then
			out = out & " "
		ElseIf code < 32 Or code > 126 Then
			out = out & "\u" & Right("0000" & Hex(code), 4)
		Else
			out = out & ChrW(code)
		End If
	Next
	Quoted = """" & out & """"
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

Function Day(when_)
	Day = Right("0000" & Year(when_), 4) & "-" & Right("00" & Month(when_), 2) & "-" & Right("00" & DatePart("d", when_), 2)
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
			If Err.Number = 0 And code = 0 And Not IsNull(data) Then ValueText = Member("type", Quoted("text")) & ", " & Member("data", Quoted(data))
		Case 2
			code = registry.GetExpandedStringValue(root, rest, name, data)
			If Err.Number = 0 And code = 0 And Not IsNull(data) Then ValueText = Member("type", Quoted("text")) & ", " & Member("data", Quoted(data))
		Case 4
			code = registry.GetDWORDValue(root, rest, name, data)
			If Err.Number = 0 And code = 0 And Not IsNull(data) Then
				If data < 0 Then data = data + 4294967296
				ValueText = Member("type", Quoted("number")) & ", " & Member("data", FormatNumber(data, 0, True, False, False))
			End If
		Case 7
			code = registry.GetMultiStringValue(root, rest, name, data)
			If Err.Number = 0 And code = 0 And IsArray(data) Then
				For Each one In data
					If out <> "" Then out = out & ", "
					out = out & Quoted(Replace(Replace(one, vbCr, " "), vbLf, " "))
				Next
				ValueText = Member("type", Quoted("texts")) & ", " & Member("data", "[" & out & "]")
			End If
	End Select
End Function

' The key and all below it. False: not all of it could be read.
Function WriteKey(path, depth)
	Dim rest, root, names, kinds, subkeys, i, values, code, name
	WriteKey = False
	root = Hive(path, rest)
	keyCount = keyCount + 1
	If depth > MAX_DEPTH Or keyCount > MAX_KEYS Then Exit Function
	On Error Resume Next
	code = registry.EnumValues(root, rest, names, kinds)
	If Err.Number <> 0 Or code <> 0 Then Exit Function
	On Error Goto 0
	If IsArray(names) Then
		For i = LBound(names) To UBound(names)
			If values <> "" Then values = values & ", "
			values = values & "{" & Member("name", Quoted(names(i))) & ", " & ValueText(root, rest, names(i), kinds(i)) & "}"
		Next
	End If
	' Windows 2000 leaves the default value out of its list when it is the only one: no list is complete.
	Item Member("path", Quoted(path)) & ", " & Member("values", "[" & values & "]")
	On Error Resume Next
	code = registry.EnumKey(root, rest, subkeys)
	If Err.Number <> 0 Or code <> 0 Then Exit Function
	On Error Goto 0
	WriteKey = True
	If IsArray(subkeys) Then
		For Each name In subkeys
			If Not WriteKey(path & "\" & name, depth + 1) Then WriteKey = False
		Next
	End If
End Function

Sub WriteKeys
	Dim path, state
	BeginList "keys"
	For Each path In wantedKeys.Keys
		state = KeyState(path)
		If state = 0 Then
			If WriteKey(path, 0) Then lookedAt("keys" & vbTab & path) = True
		ElseIf state = 2 Then
			Item Member("path", Quoted(path)) & ", " & Member("absent", "true")
		End If
	Next
	EndList
End Sub

' --- The system.
Function RoleOf
	Select Case LCase(ValueOf("HKLM\SYSTEM\CurrentControlSet\Control\ProductOptions\ProductType"))
		Case "winnt" : RoleOf = "workstation"
		Case "servernt" : RoleOf = "server"
		Case "lanmannt" : RoleOf = "domain-controller"
		Case Else : RoleOf = "unknown"
	End Select
End Function

Sub WriteSystem
	Const NT = "HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\"
	Dim text, pack, arch, language, build
	text = Member("product", Quoted(Trim(ValueOf(NT & "ProductName")))) & ", " & Member("role", Quoted(RoleOf()))
	pack = ValueOf(NT & "CSDVersion")
	If pack = "" Then
		text = text & ", " & Member("service_pack", "0")
	ElseIf Left(pack, 13) = "Service Pack " And IsNumeric(Mid(pack, 14, 1)) Then
		text = text & ", " & Member("service_pack", Mid(pack, 14, 1))
	End If
	Select Case UCase(ValueOf("HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment\PROCESSOR_ARCHITECTURE"))
		Case "X86" : arch = "x86"
		Case "AMD64" : arch = "x64"
		Case "IA64" : arch = "ia64"
		Case "ALPHA" : arch = "alpha"
	End Select
	If arch <> "" Then text = text & ", " & Member("architecture", Quoted(arch))
	Select Case LCase(Right("0000" & ValueOf("HKLM\SYSTEM\CurrentControlSet\Control\Nls\Language\InstallLanguage"), 4))
		Case "0409" : language = "en"
		Case "0411" : language = "ja"
		Case "0407" : language = "de"
		Case "040c" : language = "fr"
		Case "0c0a", "040a" : language = "es"
		Case "0410" : language = "it"
		Case "0412" : language = "ko"
		Case "0404" : language = "zh-tw"
		Case "0804" : language = "zh-cn"
		Case "0416" : language = "pt-br"
		Case "0419" : language = "ru"
		Case "0413" : language = "nl"
		Case "041d" : language = "sv"
		Case "0415" : language = "pl"
		Case "0405" : language = "cs"
	End Select
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

Sub WriteUpdates
	Dim whole
	BeginList "updates"
	If Not registry Is Nothing Then
		whole = UpdatesBelow("SOFTWARE\Microsoft\Updates", "", 0)
		If UpdatesBelow("SOFTWARE\Microsoft\Windows NT\CurrentVersion\HotFix", "", 0) And whole Then lookedAt("updates") = True
	End If
	EndList
End Sub

' --- Files that are asked for by name.
Function Expanded(path)
	Expanded = path
	If LCase(Left(path, 12)) = "%systemroot%" Then Expanded = systemRoot & Mid(path, 13)
End Function

Sub WriteFiles
	Dim path, real, file, text, version, bits
	BeginList "files"
	For Each path In wantedFiles.Keys
		real = Expanded(path)
		If fso.FileExists(real) Then
			text = Member("path", Quoted(path))
			On Error Resume Next
			version = ""
			version = fso.GetFileVersion(real)
			Set file = fso.GetFile(real)
			If Err.Number = 0 Then
				bits = ""
				If file.Attributes And 1 Then bits = """read-only"""
				If file.Attributes And 2 Then bits = Joined(bits, """hidden""")
				If file.Attributes And 4 Then bits = Joined(bits, """system""")
				text = text & ", " & Member("size", FormatNumber(file.Size, 0, True, False, False)) & ", " & Member("date", Quoted(Day(file.DateLastModified))) & ", " & _
					Member("attributes", "[" & bits & "]")
			End If
			Err.Clear
			On Error Goto 0
			If InStr(version, ".") > 0 And IsNumeric(Left(version, 1)) Then text = text & ", " & Member("version", Quoted(version))
			Item text
		ElseIf fso.FolderExists(systemRoot) And LCase(Left(path, 12)) = "%systemroot%" Then
			Item Member("path", Quoted(path)) & ", " & Member("absent", "true")
		End If
	Next
	EndList
End Sub

Function Joined(list, word)
	Joined = word
	If list <> "" Then Joined = list & ", " & word
End Function

' --- Services: all of them where the registry can be listed, otherwise those that are asked for.
Function StartWord(start)
	StartWord = "unknown"
	If IsNumeric(start) Then
		If start >= 0 And start <= 4 Then StartWord = Array("boot", "system", "auto", "manual", "disabled")(start)
	End If
End Function

Sub WriteServices
	Const BASE = "HKLM\SYSTEM\CurrentControlSet\Services\"
	Dim names, name, code, start, whole
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
		If IsNumeric(start) And start <> "" Then Item Member("name", Quoted(name)) & ", " & Member("start", Quoted(StartWord(start))) & StateOf(name)
	Next
	EndList
	If whole Then lookedAt("services") = True
End Sub

Function StateOf(name)
	Dim service
	StateOf = ""
	If wmi Is Nothing Or InStr(name, "'") > 0 Or InStr(name, "\") > 0 Then Exit Function
	On Error Resume Next
	Set service = wmi.Get("Win32_Service.Name='" & name & "'")
	If Err.Number <> 0 Then Exit Function
	If service.State = "Running" Then StateOf = ", " & Member("state", Quoted("running"))
	If service.State = "Stopped" Then StateOf = ", " & Member("state", Quoted("stopped"))
End Function

' --- Programs.
Sub WriteSoftware
	Const LIST = "SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
	Dim names, name, title, version, code
	BeginList "software"
	version = ValueOf("HKLM\SOFTWARE\Microsoft\Internet Explorer\Version")
	If version <> "" Then Item Member("name", Quoted("Internet Explorer " & Left(version, 1))) & ", " & Member("version", Quoted(version))
	If KeyState("HKLM\SOFTWARE\Microsoft\Fpc") = 0 Then Item Member("name", Quoted("Microsoft ISA Server 2000"))
	If Not registry Is Nothing Then
		On Error Resume Next
		code = registry.EnumKey(HKLM, LIST, names)
		If Err.Number <> 0 Or code <> 0 Or Not IsArray(names) Then names = Array()
		On Error Goto 0
		For Each name In names
			title = ValueOf("HKLM\" & LIST & "\" & name & "\DisplayName")
			If title <> "" Then Item Member("name", Quoted(title)) & ", " & Member("version", Quoted(ValueOf("HKLM\" & LIST & "\" & name & "\DisplayVersion")))
		Next
	End If
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
