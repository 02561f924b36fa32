/* Interfaces of domain controllers, with the arguments by which machines log on, zones are named and users are written. */
/*
 * Spec: MS-LSAD, MS-LSAT, MS-SAMR 2.2.6 and 3.1.5.6.4, MS-NRPC 3.5.4.4, MS-DRSR 4.1, MS-DNSP 3.1.4, MS-BKRP, MS-FRS1, MS-FRS2.
 * Input from: the client.
 * Limits: paths of user objects 256, names 256, texts 1024 characters; names of zones and nodes 255.
 * Not done: records and properties in updates of DNS servers (behind the names); SAM levels that hold secrets only.
 */
#include "proto/dcerpc/interface_int.h"

enum { PATH = 256, NAME = 256, TEXT = 1024, ZONE = 255, WORKSTATIONS = 1024, HOURS = 1260, DESCRIPTOR = 65535, BLOB = 32767 };

/* Netlogon. A credential is eight octets; so is a challenge (MS-NRPC 2.2.1.3.4). */
#define PRIMARY      NDR_UNIQUE("PrimaryName", NDR_WSTRING(NULL, 0, 0))
#define CREDENTIAL   NDR_SECRET("ClientCredential", 8, NDR_CHECK_NOT_ZERO, R_RPC_LOGON_CREDENTIAL)
#define ACCOUNT      NDR_WSTRING("AccountName", 0, 0), NDR_U16("SecureChannelType"), NDR_WSTRING("ComputerName", 0, 0)
#define AUTHENTICATOR \
	NDR_STRUCT("Authenticator", 4, NDR_SECRET("Credential", 8, NDR_CHECK_NOT_ZERO, R_RPC_LOGON_CREDENTIAL), NDR_U32("Timestamp"))

static const struct ndr_type *const challenge[] = {
	PRIMARY, NDR_WSTRING("ComputerName", 0, 0), NDR_SECRET("ClientChallenge", 8, NDR_CHECK_NOT_SAME, R_RPC_LOGON_ZERO), NULL,
};

static const struct ndr_type *const authenticate[] = {PRIMARY, ACCOUNT, CREDENTIAL, NULL};
static const struct ndr_type *const authenticate2[] = {PRIMARY, ACCOUNT, CREDENTIAL, NDR_U32("NegotiateFlags"), NULL};
static const struct ndr_type *const password_set[] = {PRIMARY, ACCOUNT, AUTHENTICATOR, NDR_OCTETS("UasNewPassword", 16, 1), NULL};
static const struct ndr_type *const password_set2[] = {PRIMARY, ACCOUNT, AUTHENTICATOR, NDR_OCTETS("ClearNewPassword", 516, 4), NULL};

/* DNS servers. Names are UTF-8 with escapes; MS07-029 unescapes them into a buffer for 255. */
#define DNS_SERVER  NDR_UNIQUE("pwszServerName", NDR_WSTRING(NULL, 0, 0))
#define DNS_NAME(n) NDR_UNIQUE(n, NDR_STRING(NULL, ZONE, R_RPC_DNS_NAME))
#define DNS_VERSION NDR_U32("dwClientVersion"), NDR_U32("dwSettingFlags")

static const struct ndr_type *const dns_operation[] = {
	DNS_SERVER, DNS_NAME("pszZone"), NDR_U32("dwContext"), DNS_NAME("pszOperation"), NDR_REST, NULL,
};
static const struct ndr_type *const dns_complex[] = {DNS_SERVER, DNS_NAME("pszZone"), DNS_NAME("pszOperation"), NDR_REST, NULL};
static const struct ndr_type *const dns_query[] = {DNS_SERVER, DNS_NAME("pszZone"), DNS_NAME("pszOperation"), NULL};
static const struct ndr_type *const dns_records[] = {
	DNS_SERVER, DNS_NAME("pszZone"), DNS_NAME("pszNodeName"), DNS_NAME("pszStartChild"), NDR_U16("wRecordType"), NDR_U32("fSelectFlag"),
	DNS_NAME("pszFilterStart"), DNS_NAME("pszFilterStop"), NULL,
};
static const struct ndr_type *const dns_update[] = {DNS_SERVER, DNS_NAME("pszZone"), DNS_NAME("pszNodeName"), NDR_REST, NULL};
static const struct ndr_type *const dns_operation2[] = {
	DNS_VERSION, DNS_SERVER, DNS_NAME("pszZone"), NDR_U32("dwContext"), DNS_NAME("pszOperation"), NDR_REST, NULL,
};
static const struct ndr_type *const dns_complex2[] = {DNS_VERSION, DNS_SERVER, DNS_NAME("pszZone"), DNS_NAME("pszOperation"), NDR_REST, NULL};
static const struct ndr_type *const dns_query2[] = {DNS_VERSION, DNS_SERVER, DNS_NAME("pszZone"), DNS_NAME("pszOperation"), NULL};
static const struct ndr_type *const dns_records2[] = {
	DNS_VERSION, DNS_SERVER, DNS_NAME("pszZone"), DNS_NAME("pszNodeName"), DNS_NAME("pszStartChild"), NDR_U16("wRecordType"),
	NDR_U32("fSelectFlag"), DNS_NAME("pszFilterStart"), DNS_NAME("pszFilterStop"), NULL,
};
static const struct ndr_type *const dns_update2[] = {
	DNS_VERSION, DNS_SERVER, DNS_NAME("pszZone"), NDR_STRING("pszNodeName", ZONE, R_RPC_DNS_NAME), NDR_REST, NULL, /* [ref] here alone */
};

/* SAM: what MS-SAMR 2.2.6 lets a client write into a user. */
#define USER_PATH(n)  NDR_COUNTED(n, PATH, R_RPC_USER_PATH)
#define USER_NAME(n)  NDR_COUNTED(n, NAME, R_RPC_USER_NAME)
#define USER_TEXT(n)  NDR_COUNTED(n, TEXT, R_RPC_USER_TEXT)
#define USER_DRIVE    NDR_COUNTED_CHECK("HomeDirectoryDrive", PATH, R_RPC_USER_PATH, NDR_CHECK_DRIVE, R_RPC_USER_DRIVE)
#define USER_HOSTS    NDR_COUNTED("WorkStations", WORKSTATIONS, R_RPC_USER_TEXT)
#define USER_BLOB(n)  NDR_COUNTED_BINARY(n, BLOB)
#define USER_HOURS \
	NDR_STRUCT("LogonHours", 4, NDR_U16("UnitsPerWeek"), NDR_UNIQUE("LogonHours", NDR_SIZED_VARYING(NULL, NDR_U8(NULL), HOURS, 0, 0)))
#define DESCRIPTOR_OF NDR_STRUCT("SecurityDescriptor", 4, NDR_SAVED("Length", 4, DESCRIPTOR, 1), \
				 NDR_UNIQUE("SecurityDescriptor", NDR_SIZED(NULL, NDR_U8(NULL), DESCRIPTOR, 1)))

static const struct ndr_type *const user_all_members[] = {
	NDR_OCTETS("times", 48, 4), USER_NAME("UserName"), USER_NAME("FullName"), USER_PATH("HomeDirectory"), USER_DRIVE, USER_PATH("ScriptPath"),
	USER_PATH("ProfilePath"), USER_TEXT("AdminComment"), USER_HOSTS, USER_TEXT("UserComment"), USER_BLOB("Parameters"),
	USER_BLOB("LmOwfPassword"), USER_BLOB("NtOwfPassword"), USER_BLOB("PrivateData"), DESCRIPTOR_OF, NDR_U32("UserId"),
	NDR_U32("PrimaryGroupId"), NDR_U32("UserAccountControl"), NDR_U32("WhichFields"), USER_HOURS, NDR_U16("BadPasswordCount"),
	NDR_U16("LogonCount"), NDR_U16("CountryCode"), NDR_U16("CodePage"), NDR_OCTETS("flags", 4, 1), NULL,
};
static const struct ndr_type user_all = {.kind = NDR_KIND_STRUCT, .align = 4, .member = user_all_members, .name = "All"};

static const struct ndr_arm user_levels[] = {
	{2, NDR_STRUCT("Preferences", 4, USER_TEXT("UserComment"), USER_TEXT("Reserved1"), NDR_U16("CountryCode"), NDR_U16("CodePage"))},
	{4, USER_HOURS},
	{6, NDR_STRUCT("Name", 4, USER_NAME("UserName"), USER_NAME("FullName"))},
	{7, NDR_STRUCT("AccountName", 4, USER_NAME("UserName"))},
	{8, NDR_STRUCT("FullName", 4, USER_NAME("FullName"))},
	{9, NDR_U32("PrimaryGroupId")},
	{10, NDR_STRUCT("Home", 4, USER_PATH("HomeDirectory"), USER_DRIVE)},
	{11, NDR_STRUCT("Script", 4, USER_PATH("ScriptPath"))},
	{12, NDR_STRUCT("Profile", 4, USER_PATH("ProfilePath"))},
	{13, NDR_STRUCT("AdminComment", 4, USER_TEXT("AdminComment"))},
	{14, NDR_STRUCT("WorkStations", 4, USER_HOSTS)},
	{16, NDR_U32("UserAccountControl")},
	{17, NDR_OCTETS("AccountExpires", 8, 4)},
	{20, NDR_STRUCT("Parameters", 4, USER_BLOB("Parameters"))},
	{21, &user_all},
	{23, NDR_STRUCT("Internal4", 4, &user_all, NDR_OCTETS("UserPassword", 516, 1))},
	{25, NDR_STRUCT("Internal4New", 4, &user_all, NDR_OCTETS("UserPassword", 532, 1))},
};

static const struct ndr_type *const set_user[] = {
	NDR_HANDLE("UserHandle"), NDR_SAVED("UserInformationClass", 2, 0, 2), NDR_ARMS("Buffer", 2, 4, 2, user_levels, NDR_REST), NULL,
};

static const struct rpc_operation lsarpc_ops[] = {
	OP(0, "LsarClose"),
	OP(1, "LsarDelete"),
	OP(2, "LsarEnumeratePrivileges"),
	OP(3, "LsarQuerySecurityObject"),
	OP(4, "LsarSetSecurityObject"),
	OP(6, "LsarOpenPolicy"),
	OP(7, "LsarQueryInformationPolicy"),
	OP(8, "LsarSetInformationPolicy"),
	OP(10, "LsarCreateAccount"),
	OP(11, "LsarEnumerateAccounts"),
	OP(12, "LsarCreateTrustedDomain"),
	OP(13, "LsarEnumerateTrustedDomains"),
	OP(14, "LsarLookupNames"),
	OP(15, "LsarLookupSids"),
	OP(16, "LsarCreateSecret"),
	OP(17, "LsarOpenAccount"),
	OP(18, "LsarEnumeratePrivilegesAccount"),
	OP(19, "LsarAddPrivilegesToAccount"),
	OP(20, "LsarRemovePrivilegesFromAccount"),
	OP(21, "LsarGetQuotasForAccount"),
	OP(22, "LsarSetQuotasForAccount"),
	OP(23, "LsarGetSystemAccessAccount"),
	OP(24, "LsarSetSystemAccessAccount"),
	OP(25, "LsarOpenTrustedDomain"),
	OP(26, "LsarQueryInfoTrustedDomain"),
	OP(27, "LsarSetInformationTrustedDomain"),
	OP(28, "LsarOpenSecret"),
	OP(29, "LsarSetSecret"),
	OP(30, "LsarQuerySecret"),
	OP(31, "LsarLookupPrivilegeValue"),
	OP(32, "LsarLookupPrivilegeName"),
	OP(33, "LsarLookupPrivilegeDisplayName"),
	OP(34, "LsarDeleteObject"),
	OP(35, "LsarEnumerateAccountsWithUserRight"),
	OP(36, "LsarEnumerateAccountRights"),
	OP(37, "LsarAddAccountRights"),
	OP(38, "LsarRemoveAccountRights"),
	OP(39, "LsarQueryTrustedDomainInfo"),
	OP(40, "LsarSetTrustedDomainInfo"),
	OP(41, "LsarDeleteTrustedDomain"),
	OP(42, "LsarStorePrivateData"),
	OP(43, "LsarRetrievePrivateData"),
	OP(44, "LsarOpenPolicy2"),
	OP(45, "LsarGetUserName"),
	OP(46, "LsarQueryInformationPolicy2"),
	OP(47, "LsarSetInformationPolicy2"),
	OP(48, "LsarQueryTrustedDomainInfoByName"),
	OP(49, "LsarSetTrustedDomainInfoByName"),
	OP(50, "LsarEnumerateTrustedDomainsEx"),
	OP(51, "LsarCreateTrustedDomainEx"),
	OP(53, "LsarQueryDomainInformationPolicy"),
	OP(54, "LsarSetDomainInformationPolicy"),
	OP(55, "LsarOpenTrustedDomainByName"),
	OP(57, "LsarLookupSids2"),
	OP(58, "LsarLookupNames2"),
	OP(59, "LsarCreateTrustedDomainEx2"),
	OP(68, "LsarLookupNames3"),
	OP(73, "LsarQueryForestTrustInformation"),
	OP(74, "LsarSetForestTrustInformation"),
	OP(76, "LsarLookupSids3"),
	OP(77, "LsarLookupNames4"),
	OP(129, "LsarCreateTrustedDomainEx3"),
	OP(130, "LsarOpenPolicyWithCreds"),
	OP(131, "LsarQueryForestTrustInformation2"),
	OP(132, "LsarSetForestTrustInformation2"),
};

static const struct rpc_operation samr_ops[] = {
	OP(0, "SamrConnect"),
	OP(1, "SamrCloseHandle"),
	OP(2, "SamrSetSecurityObject"),
	OP(3, "SamrQuerySecurityObject"),
	OP(4, "SamrShutdownSamServer"),
	OP(5, "SamrLookupDomainInSamServer"),
	OP(6, "SamrEnumerateDomainsInSamServer"),
	OP(7, "SamrOpenDomain"),
	OP(8, "SamrQueryInformationDomain"),
	OP(9, "SamrSetInformationDomain"),
	OP(10, "SamrCreateGroupInDomain"),
	OP(11, "SamrEnumerateGroupsInDomain"),
	OP(12, "SamrCreateUserInDomain"),
	OP(13, "SamrEnumerateUsersInDomain"),
	OP(14, "SamrCreateAliasInDomain"),
	OP(15, "SamrEnumerateAliasesInDomain"),
	OP(16, "SamrGetAliasMembership"),
	OP(17, "SamrLookupNamesInDomain"),
	OP(18, "SamrLookupIdsInDomain"),
	OP(19, "SamrOpenGroup"),
	OP(20, "SamrQueryInformationGroup"),
	OP(21, "SamrSetInformationGroup"),
	OP(22, "SamrAddMemberToGroup"),
	OP(23, "SamrDeleteGroup"),
	OP(24, "SamrRemoveMemberFromGroup"),
	OP(25, "SamrGetMembersInGroup"),
	OP(26, "SamrSetMemberAttributesOfGroup"),
	OP(27, "SamrOpenAlias"),
	OP(28, "SamrQueryInformationAlias"),
	OP(29, "SamrSetInformationAlias"),
	OP(30, "SamrDeleteAlias"),
	OP(31, "SamrAddMemberToAlias"),
	OP(32, "SamrRemoveMemberFromAlias"),
	OP(33, "SamrGetMembersInAlias"),
	OP(34, "SamrOpenUser"),
	OP(35, "SamrDeleteUser"),
	OP(36, "SamrQueryInformationUser"),
	OP_IN(37, "SamrSetInformationUser", set_user),
	OP(38, "SamrChangePasswordUser"),
	OP(39, "SamrGetGroupsForUser"),
	OP(40, "SamrQueryDisplayInformation"),
	OP(41, "SamrGetDisplayEnumerationIndex"),
	OP(44, "SamrGetUserDomainPasswordInformation"),
	OP(45, "SamrRemoveMemberFromForeignDomain"),
	OP(46, "SamrQueryInformationDomain2"),
	OP(47, "SamrQueryInformationUser2"),
	OP(48, "SamrQueryDisplayInformation2"),
	OP(49, "SamrGetDisplayEnumerationIndex2"),
	OP(50, "SamrCreateUser2InDomain"),
	OP(51, "SamrQueryDisplayInformation3"),
	OP(52, "SamrAddMultipleMembersToAlias"),
	OP(53, "SamrRemoveMultipleMembersFromAlias"),
	OP(54, "SamrOemChangePasswordUser2"),
	OP(55, "SamrUnicodeChangePasswordUser2"),
	OP(56, "SamrGetDomainPasswordInformation"),
	OP(57, "SamrConnect2"),
	OP_IN(58, "SamrSetInformationUser2", set_user),
	OP(61, "SamrConnect3"),
	OP(62, "SamrConnect4"),
	OP(63, "SamrUnicodeChangePasswordUser3"),
	OP(64, "SamrConnect5"),
	OP(65, "SamrRidToSid"),
	OP(66, "SamrSetDSRMPassword"),
	OP(67, "SamrValidatePassword"),
	OP(73, "SamrUnicodeChangePasswordUser4"),
	OP(74, "SamrValidateComputerAccountReuseAttempt"),
};

static const struct rpc_operation netlogon_ops[] = {
	OP(0, "NetrLogonUasLogon"),
	OP(1, "NetrLogonUasLogoff"),
	OP(2, "NetrLogonSamLogon"),
	OP(3, "NetrLogonSamLogoff"),
	OP_IN(4, "NetrServerReqChallenge", challenge),
	OP_IN(5, "NetrServerAuthenticate", authenticate),
	OP_IN(6, "NetrServerPasswordSet", password_set),
	OP(7, "NetrDatabaseDeltas"),
	OP(8, "NetrDatabaseSync"),
	OP(9, "NetrAccountDeltas"),
	OP(10, "NetrAccountSync"),
	OP(11, "NetrGetDCName"),
	OP(12, "NetrLogonControl"),
	OP(13, "NetrGetAnyDCName"),
	OP(14, "NetrLogonControl2"),
	OP_IN(15, "NetrServerAuthenticate2", authenticate2),
	OP(16, "NetrDatabaseSync2"),
	OP(17, "NetrDatabaseRedo"),
	OP(18, "NetrLogonControl2Ex"),
	OP(19, "NetrEnumerateTrustedDomains"),
	OP(20, "DsrGetDcName"),
	OP(21, "NetrLogonGetCapabilities"),
	OP(22, "NetrLogonSetServiceBits"),
	OP(23, "NetrLogonGetTrustRid"),
	OP(24, "NetrLogonComputeServerDigest"),
	OP(25, "NetrLogonComputeClientDigest"),
	OP_IN(26, "NetrServerAuthenticate3", authenticate2),
	OP(27, "DsrGetDcNameEx"),
	OP(28, "DsrGetSiteName"),
	OP(29, "NetrLogonGetDomainInfo"),
	OP_IN(30, "NetrServerPasswordSet2", password_set2),
	OP(31, "NetrServerPasswordGet"),
	OP(32, "NetrLogonSendToSam"),
	OP(33, "DsrAddressToSiteNamesW"),
	OP(34, "DsrGetDcNameEx2"),
	OP(35, "NetrLogonGetTimeServiceParentDomain"),
	OP(36, "NetrEnumerateTrustedDomainsEx"),
	OP(37, "DsrAddressToSiteNamesExW"),
	OP(38, "DsrGetDcSiteCoverageW"),
	OP(39, "NetrLogonSamLogonEx"),
	OP(40, "DsrEnumerateDomainTrusts"),
	OP(41, "DsrDeregisterDnsHostRecords"),
	OP(42, "NetrServerTrustPasswordsGet"),
	OP(43, "DsrGetForestTrustInformation"),
	OP(44, "NetrGetForestTrustInformation"),
	OP(45, "NetrLogonSamLogonWithFlags"),
	OP(46, "NetrServerGetTrustInfo"),
	OP(48, "DsrUpdateReadOnlyServerDnsRecords"),
	OP(49, "NetrChainSetClientAttributes"),
};

static const struct rpc_operation drsuapi_ops[] = {
	OP(0, "IDL_DRSBind"),
	OP(1, "IDL_DRSUnbind"),
	OP(2, "IDL_DRSReplicaSync"),
	OP(3, "IDL_DRSGetNCChanges"),
	OP(4, "IDL_DRSUpdateRefs"),
	OP(5, "IDL_DRSReplicaAdd"),
	OP(6, "IDL_DRSReplicaDel"),
	OP(7, "IDL_DRSReplicaModify"),
	OP(8, "IDL_DRSVerifyNames"),
	OP(9, "IDL_DRSGetMemberships"),
	OP(10, "IDL_DRSInterDomainMove"),
	OP(11, "IDL_DRSGetNT4ChangeLog"),
	OP(12, "IDL_DRSCrackNames"),
	OP(13, "IDL_DRSWriteSPN"),
	OP(14, "IDL_DRSRemoveDsServer"),
	OP(15, "IDL_DRSRemoveDsDomain"),
	OP(16, "IDL_DRSDomainControllerInfo"),
	OP(17, "IDL_DRSAddEntry"),
	OP(18, "IDL_DRSExecuteKCC"),
	OP(19, "IDL_DRSGetReplInfo"),
	OP(20, "IDL_DRSAddSidHistory"),
	OP(21, "IDL_DRSGetMemberships2"),
	OP(22, "IDL_DRSReplicaVerifyObjects"),
	OP(23, "IDL_DRSGetObjectExistence"),
	OP(24, "IDL_DRSQuerySitesByCost"),
	OP(25, "IDL_DRSInitDemotion"),
	OP(26, "IDL_DRSReplicaDemotion"),
	OP(27, "IDL_DRSFinishDemotion"),
	OP(28, "IDL_DRSAddCloneDC"),
	OP(29, "IDL_DRSWriteNgcKey"),
	OP(30, "IDL_DRSReadNgcKey"),
};

static const struct rpc_operation backupkey_ops[] = {
	OP(0, "BackuprKey"),
};

static const struct rpc_operation dnsserver_ops[] = {
	OP_IN(0, "R_DnssrvOperation", dns_operation),
	OP_IN(1, "R_DnssrvQuery", dns_query),
	OP_IN(2, "R_DnssrvComplexOperation", dns_complex),
	OP_IN(3, "R_DnssrvEnumRecords", dns_records),
	OP_IN(4, "R_DnssrvUpdateRecord", dns_update),
	OP_IN(5, "R_DnssrvOperation2", dns_operation2),
	OP_IN(6, "R_DnssrvQuery2", dns_query2),
	OP_IN(7, "R_DnssrvComplexOperation2", dns_complex2),
	OP_IN(8, "R_DnssrvEnumRecords2", dns_records2),
	OP_IN(9, "R_DnssrvUpdateRecord2", dns_update2),
};

static const struct rpc_operation unixinfo_ops[] = {
	OP(0, "SidToUid"),
	OP(1, "UidToSid"),
	OP(2, "SidToGid"),
	OP(3, "GidToSid"),
	OP(4, "GetPWUid"),
};

static const struct rpc_interface rows[] = {
	{INTERFACE(LSARPC, "lsarpc", UUID(0x12345778, 0x1234, 0xabcd, 0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab), 0, 0), ROWS(lsarpc_ops)},
	{INTERFACE(SAMR, "samr", UUID(0x12345778, 0x1234, 0xabcd, 0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0x89, 0xac), 1, 0), ROWS(samr_ops)},
	{INTERFACE(NETLOGON, "netlogon", UUID(0x12345678, 0x1234, 0xabcd, 0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0xcf, 0xfb), 1, 0), ROWS(netlogon_ops)},
	{INTERFACE(DRSUAPI, "drsuapi", UUID(0xe3514235, 0x4b06, 0x11d1, 0xab, 0x04, 0x00, 0xc0, 0x4f, 0xc2, 0xdc, 0xd2), 4, 0), ROWS(drsuapi_ops)},
	{INTERFACE(DSAOP, "dsaop", UUID(0x7c44d7d4, 0x31d5, 0x424c, 0xbd, 0x5e, 0x2b, 0x3e, 0x1f, 0x32, 0x3d, 0x22), 1, 0)},
	{INTERFACE(BACKUPKEY, "backupkey", UUID(0x3dde7c30, 0x165d, 0x11d1, 0xab, 0x8f, 0x00, 0x80, 0x5f, 0x14, 0xdb, 0x40), 1, 0), .operations = 1, ROWS(backupkey_ops)},
	{INTERFACE(NTFRS, "ntfrs", UUID(0xf5cc59b4, 0x4264, 0x101a, 0x8c, 0x59, 0x08, 0x00, 0x2b, 0x2f, 0x84, 0x26), 1, 1)},
	{INTERFACE(NTFRSAPI, "ntfrsapi", UUID(0xd049b186, 0x814f, 0x11d1, 0x9a, 0x3c, 0x00, 0xc0, 0x4f, 0xc9, 0xb2, 0x32), 1, 1)},
	{INTERFACE(FRSTRANS, "frstrans", UUID(0x897e2e5f, 0x93f3, 0x4376, 0x9c, 0x9c, 0xfd, 0x22, 0x77, 0x49, 0x5c, 0x27), 1, 0)},
	{INTERFACE(DNSSERVER, "dnsserver", UUID(0x50abc2a4, 0x574d, 0x40b3, 0x9d, 0x66, 0xee, 0x4f, 0xd5, 0xfb, 0xa0, 0x76), 5, 0), ROWS(dnsserver_ops)},
	{INTERFACE(UNIXINFO, "unixinfo", UUID(0x9c54e310, 0xa955, 0x4885, 0xbd, 0x31, 0x78, 0x78, 0x71, 0x47, 0xdf, 0xa6), 0, 0), ROWS(unixinfo_ops)},
	{INTERFACE(ICLAIMS, "claims", UUID(0xbba9cb76, 0xeb0c, 0x462c, 0xaa, 0x1b, 0x5d, 0x8c, 0x34, 0x41, 0x57, 0x01), 1, 0)},
	{INTERFACE(CAPR, "capr", UUID(0xafc07e2e, 0x311c, 0x4435, 0x80, 0x8c, 0xc4, 0x83, 0xff, 0xee, 0xc7, 0xc9), 1, 0)},
	{INTERFACE(GKDI, "gkdi", UUID(0xb9785960, 0x524f, 0x11df, 0x8b, 0x6d, 0x83, 0xdc, 0xde, 0xd7, 0x20, 0x85), 1, 0)},
	{INTERFACE(RAA, "raa", UUID(0x0b1c2170, 0x5732, 0x4e0e, 0x8c, 0xd3, 0xd9, 0xb1, 0x6f, 0x3b, 0x84, 0xd7), 0, 0)},
	{INTERFACE(W32TIME, "w32time", UUID(0x8fb6d884, 0x2388, 0x11d0, 0x8c, 0x35, 0x00, 0xc0, 0x4f, 0xda, 0x27, 0x95), 4, 1)},
};

const struct rpc_interface_set rpc_interfaces_domain = {rows, sizeof(rows) / sizeof(rows[0])};
