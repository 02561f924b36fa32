/* The reviewed rows of the founding flaws, from the bulletins' own text: affected systems, deciding files, roles, workarounds, shields. */
#include "assess/flaws_int.h"

#define NT4    (1u << FAMILY_NT4 | 1u << FAMILY_NT4_TERMINAL)
#define W2000  (1u << FAMILY_2000)
#define XP     (1u << FAMILY_XP)
#define W2003  (1u << FAMILY_2003)
#define LATEST .fixed_pack = {[FAMILY_XP] = 2, [FAMILY_2003] = 1}

#define PCT "HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\PCT 1.0"

#define LOGON "it needs a logon or a program at the machine: no gateway sees it"
#define TLS   "the flaw is in the TLS handshake, which no recogniser takes apart yet"
#define H323  "the flaw is in H.323, which no recogniser takes apart yet"

const struct flaw_rule flaw_rules[] = {
	{
		.cve = "CVE-2000-0211", .bulletin = "MS00-013", .families = NT4 | W2000, .software = "wms", .fixed_pack = {[FAMILY_2000] = 1}, .files = {"nsum.exe"},
		.workarounds = {{.title = "the Windows Media Unicast Service is disabled", .checks = {{CHECK_SERVICE_DISABLED, .path = "nsunicast"}}}},
		.not_shieldable = "the flaw is in the MMS handshake on port 1755, which no recogniser takes apart yet",
		.side_effect = "without the service nothing is streamed to single clients",
	},
	{
		.cve = "CVE-2003-0110", .bulletin = "MS03-012", .families = NT4 | W2000 | W2003, .files = {"wspsrv.exe", "w3proxy.exe", "w3proxy.dll", "mspadmin.exe"},
		.workarounds = {
			{.title = "the Microsoft Firewall service is disabled, as in cache mode", .families = W2000 | W2003, .checks = {{CHECK_SERVICE_DISABLED, .path = "fwsrv"}}},
			{.title = "the WinSock Proxy service is disabled", .families = NT4 | W2000, .checks = {{CHECK_SERVICE_DISABLED, .path = "wspsrv"}}},
		},
		.not_shieldable = "the flaw is in the Winsock Proxy protocol on port 1745 of the internal side, which no recogniser takes apart yet",
		.side_effect = "without the service Winsock clients do not reach the outside",
	},
	{
		.cve = "CVE-2003-0345", .bulletin = "MS03-024", .families = NT4 | W2000 | XP, .fixed_pack = {[FAMILY_2000] = 4, [FAMILY_XP] = 2},
		.workarounds = {{.title = "the Server service is disabled", .checks = {{CHECK_SERVICE_DISABLED, .path = "lanmanserver"}}}},
		.shields = {{"smb", 445, false}, {"smb", 139, false}},
		.side_effect = "without the Server service nothing is shared: no files, no printers, no named pipes",
	},
	{
		.cve = "CVE-2003-0819", .bulletin = "MS04-001", .families = W2000 | W2003, .software = "isa-server", .files = {"h323fltr.dll", "h323asn1.dll", "gksvc.dll"},
		.workarounds = {
			{.title = "the H.323 filter of ISA Server is disabled", .checks = {{CHECK_VALUE_NUMBER, "HKLM\\Sallyport\\ISA\\Filters\\H.323 Filter", "Enabled", .number = 0}}},
			{.title = "the Microsoft Firewall service is disabled, as in cache mode", .checks = {{CHECK_SERVICE_DISABLED, .path = "fwsrv"}}},
		},
		.not_shieldable = H323, .side_effect = "H.323 no longer passes ISA Server: no IP telephony, no NetMeeting through it",
	},
	{
		.cve = "CVE-2003-0533", .bulletin = "MS04-011", .families = W2000 | XP | W2003, LATEST, .files = {"lsasrv.dll"},
		.workarounds = {{.title = "dcpromo.log is there and read-only", .checks = {{CHECK_FILE_READ_ONLY, .path = "%systemroot%\\debug\\dcpromo.log"}}}},
		.shields = {{"smb", 445, false}, {"smb", 139, false}, {"dcerpc", 135, false}},
		.side_effect = "while dcpromo.log is read-only a server cannot be made a domain controller",
	},
	{
		.cve = "CVE-2003-0663", .bulletin = "MS04-011", .families = W2000, .roles = 1u << ROLE_DOMAIN_CONTROLLER, .files = {"ntdsa.dll"},
		.shields = {{"ldap", 389, false}, {"ldap", 3268, false}, {"cldap", 389, true}},
		.side_effect = "where the ports are blocked, clients cannot log on to the domain",
	},
	{
		.cve = "CVE-2003-0719", .bulletin = "MS04-011", .families = NT4 | W2000 | XP | W2003, LATEST, .files = {"schannel.dll"},
		.workarounds = {
			{.title = "PCT 1.0 is off for servers", .families = NT4 | W2000 | W2003, .checks = {{CHECK_VALUE_NUMBER, PCT "\\Server", "Enabled", .number = 0}}},
			{.title = "PCT 1.0 is off for servers", .families = XP, .packs = ~1u, .checks = {{CHECK_VALUE_NUMBER, PCT "\\Server", "Enabled", .number = 0}}},
			{.title = "PCT 1.0 is off for servers and clients", .families = XP, .packs = 1,
			 .checks = {{CHECK_VALUE_NUMBER, PCT "\\Server", "Enabled", .number = 0}, {CHECK_VALUE_NUMBER, PCT "\\Client", "Enabled", .number = 0}}},
			{.title = "PCT 1.0 is off, as Windows Server 2003 comes", .families = W2003, .checks = {{CHECK_KEY_ABSENT, .path = PCT "\\Server"}}},
		},
		.not_shieldable = TLS, .side_effect = "clients that know only PCT 1.0 no longer connect",
	},
	{
		.cve = "CVE-2003-0806", .bulletin = "MS04-011", .families = NT4 | W2000 | XP, LATEST, .files = {"winlogon.exe", "msgina.dll"},
		.shields = {{"ldap", 389, false}, {"smb", 445, false}},
		.side_effect = NULL,
	},
	{
		.cve = "CVE-2003-0906", .bulletin = "MS04-011", .families = NT4 | W2000 | XP, LATEST, .files = {"gdi32.dll", "mf3216.dll"},
		.not_shieldable = "pictures travel in web pages, mail and files, which no recogniser takes apart yet",
		.side_effect = "mail read as plain text shows no pictures, fonts or animations",
	},
	{
		.cve = "CVE-2003-0907", .bulletin = "MS04-011", .families = XP | W2003, LATEST, .files = {"helpctr.exe"},
		.workarounds = {{.title = "the HCP protocol is not registered", .checks = {{CHECK_KEY_ABSENT, .path = "HKCR\\HCP"}}}},
		.not_shieldable = "the links travel in web pages and mail, which no recogniser takes apart yet",
		.side_effect = "links of the local help that use hcp:// no longer work, among them some of the Control Panel",
	},
	{
		.cve = "CVE-2003-0908", .bulletin = "MS04-011", .families = W2000, .files = {"umandlg.dll"},
		.workarounds = {
			{.title = "the Utility Manager service is disabled", .checks = {{CHECK_SERVICE_DISABLED, .path = "utilman"}}},
			{.title = "utilman.exe is not there", .checks = {{CHECK_FILE_ABSENT, .path = "%systemroot%\\system32\\utilman.exe"}}},
		},
		.local_only = true, .not_shieldable = LOGON, .side_effect = "the accessibility programs have to be started by hand",
	},
	{
		.cve = "CVE-2003-0909", .bulletin = "MS04-011", .families = XP, LATEST, .files = {"evtgprov.dll"},
		.workarounds = {{.title = "the WMI provider CmdTriggerConsumer is not registered",
			.checks = {{CHECK_KEY_ABSENT, .path = "HKLM\\Sallyport\\WMI\\root\\cimv2\\__Win32Provider\\CmdTriggerConsumer"}}}},
		.local_only = true, .not_shieldable = LOGON,
		.side_effect = "tasks with event triggers do not run; Windows may register the provider again when it repairs its repository",
	},
	{
		.cve = "CVE-2003-0910", .bulletin = "MS04-011", .families = NT4 | W2000, .files = {"ntoskrnl.exe", "ntkrnlpa.exe"}, .local_only = true, .not_shieldable = LOGON,
	},
	{
		.cve = "CVE-2004-0117", .bulletin = "MS04-011", .families = W2000 | XP | W2003, .software = "netmeeting", LATEST, .files = {"h323.tsp", "callcont.dll", "nmcom.dll", "ipnathlp.dll"},
		.not_shieldable = H323, .side_effect = "where ports 1503 and 1720 are blocked, NetMeeting reaches neither servers nor clients",
	},
	{
		.cve = "CVE-2004-0118", .bulletin = "MS04-011", .families = NT4 | W2000, .files = {"ntoskrnl.exe", "ntkrnlpa.exe"}, .local_only = true, .not_shieldable = LOGON,
	},
	{
		.cve = "CVE-2004-0119", .bulletin = "MS04-011", .families = W2000 | XP | W2003, LATEST, .files = {"lsasrv.dll"},
		.workarounds = {{.title = "IIS does not offer Negotiate (this shields IIS alone, not the other services that authenticate)",
			.checks = {{CHECK_VALUE_TEXT, "HKLM\\Sallyport\\Metabase\\W3SVC", "NTAuthenticationProviders", "NTLM", 0}}}},
		.shields = {{"smb", 445, false}, {"ldap", 389, false}, {"dcerpc", 135, false}},
		.side_effect = "web applications that need Kerberos do not work without Negotiate",
	},
	{
		.cve = "CVE-2004-0120", .bulletin = "MS04-011", .families = W2000 | XP | W2003, LATEST, .files = {"schannel.dll"}, .not_shieldable = TLS,
		.side_effect = "where ports 443 and 636 are blocked, nothing outside reaches SSL services",
	},
	{
		.cve = "CVE-2004-0123", .bulletin = "MS04-011", .families = NT4 | W2000 | XP | W2003, LATEST, .files = {"msasn1.dll"},
		.shields = {{"smb", 445, false}, {"ldap", 389, false}, {"krb5", 88, false}},
	},
};

const size_t flaw_rule_count = sizeof(flaw_rules) / sizeof(flaw_rules[0]);
