/* Interfaces of file servers and workstations, with the arguments that reach their path routines and logs. */
/*
 * Spec: MS-DSSP 3.2.5, MS-SRVS 3.1.4, MS-WKST 3.2.4, MS-DFSNM 3.1.4, MS-BRWSA 3.1.4, MS-FSRVP, MS-SWN, MS-EFSR 3.1.4.2, MS-WSP's mdssvc.
 * Input from: the client.
 * Limits: paths of 259 characters (MAX_PATH with its terminator), names of 259, distinguished names of 512.
 * Not done: shares and sessions (NetrShareAdd and its like): no flaw is known to live in their arguments.
 */
#include "proto/dcerpc/interface_int.h"

enum { PATH = 259, NAME = 259, ROOM = 64000, DN = 512 };

#define SERVER    NDR_UNIQUE("ServerName", NDR_WSTRING(NULL, PATH, R_RPC_PATH))
#define ANY_PATH(n) NDR_WSTRING_CHECK(n, PATH, R_RPC_PATH, NDR_CHECK_CANONICAL, R_RPC_PATH_ABOVE)
#define ANY_NAME(n) NDR_WSTRING(n, PATH, R_RPC_PATH)

static const struct ndr_type *const dssetup_information[] = {
	NDR_ENUM("InfoLevel", 1, 3, R_RPC_DSSETUP_LEVEL),
	NULL,
};

static const struct ndr_type *const path_type[] = {SERVER, ANY_PATH("PathName"), NDR_U32("Flags"), NULL};

/* Operations on files, whose paths are made canonical too: BasePath, and the name below a share. */
static const struct ndr_type *const file_enum[] = {
	SERVER, NDR_UNIQUE("BasePath", NDR_WSTRING_CHECK(NULL, PATH, R_RPC_PATH, NDR_CHECK_CANONICAL, R_RPC_PATH_ABOVE)), NDR_REST, NULL,
};

static const struct ndr_type *const file_security[] = {
	SERVER, NDR_UNIQUE("ShareName", NDR_WSTRING(NULL, PATH, R_RPC_PATH)), ANY_PATH("lpFileName"), NDR_REST, NULL,
};

static const struct ndr_type *const path_canonicalize[] = {
	SERVER, ANY_PATH("PathName"), NDR_RANGE("OutbufLen", 0, ROOM, R_RPC_PATH_ROOM), ANY_PATH("Prefix"), NDR_U32("PathType"), NDR_U32("Flags"),
	NULL,
};

static const struct ndr_type *const path_compare[] = {
	SERVER, ANY_PATH("PathName1"), ANY_PATH("PathName2"), NDR_U32("PathType"), NDR_U32("Flags"), NULL,
};

static const struct ndr_type *const name_validate[] = {SERVER, ANY_NAME("Name"), NDR_U32("NameType"), NDR_U32("Flags"), NULL};

static const struct ndr_type *const name_canonicalize[] = {
	SERVER, ANY_NAME("Name"), NDR_RANGE("OutbufLen", 0, ROOM, R_RPC_PATH_ROOM), NDR_U32("NameType"), NDR_U32("Flags"), NULL,
};

static const struct ndr_type *const name_compare[] = {
	SERVER, ANY_NAME("Name1"), ANY_NAME("Name2"), NDR_U32("NameType"), NDR_U32("Flags"), NULL,
};

/* MS-WKST 2.2.5.18: JOINPR_ENCRYPTED_USER_PASSWORD is 524 octets, sealed. */
#define STATION       NDR_UNIQUE("ServerName", NDR_WSTRING(NULL, NAME, R_RPC_WKSSVC_NAME))
#define STATION_TEXT(n, most) NDR_UNIQUE(n, NDR_WSTRING(NULL, most, R_RPC_WKSSVC_NAME))
#define SEALED        NDR_UNIQUE("Password", NDR_OCTETS(NULL, 524, 1))

static const struct ndr_type *const join_domain[] = {
	STATION, NDR_WSTRING("DomainNameParam", NAME, R_RPC_WKSSVC_NAME), STATION_TEXT("MachineAccountOU", DN), STATION_TEXT("AccountName", NAME),
	SEALED, NDR_U32("Options"), NULL,
};

static const struct ndr_type *const unjoin_domain[] = {STATION, STATION_TEXT("AccountName", NAME), SEALED, NDR_U32("Options"), NULL};

static const struct ndr_type *const rename_machine[] = {
	STATION, STATION_TEXT("MachineName", NAME), STATION_TEXT("AccountName", NAME), SEALED, NDR_U32("Options"), NULL,
};

static const struct ndr_type *const validate_name[] = {
	STATION, NDR_WSTRING("NameToValidate", NAME, R_RPC_WKSSVC_NAME), STATION_TEXT("AccountName", NAME), SEALED, NDR_U16("NameType"), NULL,
};

static const struct ndr_type *const joinable_units[] = {
	STATION, NDR_WSTRING("DomainNameParam", NAME, R_RPC_WKSSVC_NAME), STATION_TEXT("AccountName", NAME), SEALED, NDR_U32("OUCount"), NULL,
};

/* NetrAddAlternateComputerName, NetrRemoveAlternateComputerName, NetrSetPrimaryComputerName: one form. */
static const struct ndr_type *const alternate_name[] = {
	STATION, STATION_TEXT("AlternateName", NAME), STATION_TEXT("DomainAccount", NAME), SEALED, NDR_U32("Reserved"), NULL,
};

static const struct ndr_type *const computer_names[] = {STATION, NDR_U16("NameType"), NDR_U32("Reserved"), NULL};

static const struct rpc_operation dssetup_ops[] = {
	OP_IN(0, "DsRolerGetPrimaryDomainInformation", dssetup_information),
	OP_NO(1, "DsRolerDnsNameToFlatName", R_RPC_DSSETUP, RPC_NEVER),
	OP_NO(2, "DsRolerDcAsDc", R_RPC_DSSETUP, RPC_NEVER),
	OP_NO(3, "DsRolerDcAsReplica", R_RPC_DSSETUP, RPC_NEVER),
	OP_NO(4, "DsRolerDemoteDc", R_RPC_DSSETUP, RPC_NEVER),
	OP_NO(5, "DsRolerGetDcOperationProgress", R_RPC_DSSETUP, RPC_NEVER),
	OP_NO(6, "DsRolerGetDcOperationResults", R_RPC_DSSETUP, RPC_NEVER),
	OP_NO(7, "DsRolerCancel", R_RPC_DSSETUP, RPC_NEVER),
	OP_NO(8, "DsRolerServerSaveStateForUpgrade", R_RPC_DSSETUP, RPC_NEVER),
	OP_NO(9, "DsRolerUpgradeDownlevelServer", R_RPC_DSSETUP, RPC_NEVER),
	OP_NO(10, "DsRolerAbortDownlevelServerUpgrade", R_RPC_DSSETUP, RPC_NEVER),
	OP_NO(11, "DsRolerGetDatabaseFacts", R_RPC_DSSETUP, RPC_NEVER),
};

static const struct rpc_operation srvsvc_ops[] = {
	OP(8, "NetrConnectionEnum"),
	OP_IN(9, "NetrFileEnum", file_enum),
	OP(10, "NetrFileGetInfo"),
	OP(11, "NetrFileClose"),
	OP(12, "NetrSessionEnum"),
	OP(13, "NetrSessionDel"),
	OP(14, "NetrShareAdd"),
	OP(15, "NetrShareEnum"),
	OP(16, "NetrShareGetInfo"),
	OP(17, "NetrShareSetInfo"),
	OP(18, "NetrShareDel"),
	OP(19, "NetrShareDelSticky"),
	OP(20, "NetrShareCheck"),
	OP(21, "NetrServerGetInfo"),
	OP(22, "NetrServerSetInfo"),
	OP(23, "NetrServerDiskEnum"),
	OP(24, "NetrServerStatisticsGet"),
	OP(25, "NetrServerTransportAdd"),
	OP(26, "NetrServerTransportEnum"),
	OP(27, "NetrServerTransportDel"),
	OP(28, "NetrRemoteTOD"),
	OP(29, "NetrServerSetServiceBits"),
	OP_IN(30, "NetprPathType", path_type),
	OP_IN(31, "NetprPathCanonicalize", path_canonicalize),
	OP_IN(32, "NetprPathCompare", path_compare),
	OP_IN(33, "NetprNameValidate", name_validate),
	OP_IN(34, "NetprNameCanonicalize", name_canonicalize),
	OP_IN(35, "NetprNameCompare", name_compare),
	OP(36, "NetrShareEnumSticky"),
	OP(37, "NetrShareDelStart"),
	OP(38, "NetrShareDelCommit"),
	OP_IN(39, "NetrpGetFileSecurity", file_security),
	OP_IN(40, "NetrpSetFileSecurity", file_security),
	OP(41, "NetrServerTransportAddEx"),
	OP(42, "NetrServerSetServiceBitsEx"),
	OP(43, "NetrDfsGetVersion"),
	OP(44, "NetrDfsCreateLocalPartition"),
	OP(45, "NetrDfsDeleteLocalPartition"),
	OP(46, "NetrDfsSetLocalVolumeState"),
	OP(47, "NetrDfsSetServerInfo"),
	OP(48, "NetrDfsCreateExitPoint"),
	OP(49, "NetrDfsDeleteExitPoint"),
	OP(50, "NetrDfsModifyPrefix"),
	OP(51, "NetrDfsFixLocalVolume"),
	OP(52, "NetrDfsManagerReportSiteInfo"),
	OP(53, "NetrServerTransportDelEx"),
	OP(54, "NetrServerAliasAdd"),
	OP(55, "NetrServerAliasEnum"),
	OP(56, "NetrServerAliasDel"),
	OP(57, "NetrShareDelEx"),
};

static const struct rpc_operation wkssvc_ops[] = {
	OP(0, "NetrWkstaGetInfo"),
	OP(1, "NetrWkstaSetInfo"),
	OP(2, "NetrWkstaUserEnum"),
	OP(5, "NetrWkstaTransportEnum"),
	OP(6, "NetrWkstaTransportAdd"),
	OP(7, "NetrWkstaTransportDel"),
	OP(8, "NetrUseAdd"),
	OP(9, "NetrUseGetInfo"),
	OP(10, "NetrUseDel"),
	OP(11, "NetrUseEnum"),
	OP(12, "NetrMessageBufferSend"),
	OP(13, "NetrWorkstationStatisticsGet"),
	OP(14, "NetrLogonDomainNameAdd"),
	OP(15, "NetrLogonDomainNameDel"),
	OP_NO(16, "NetrJoinDomain", R_RPC_WKSSVC_OPERATION, RPC_NEVER),
	OP_NO(17, "NetrUnjoinDomain", R_RPC_WKSSVC_OPERATION, RPC_NEVER),
	OP_NO(18, "NetrRenameMachineInDomain", R_RPC_WKSSVC_OPERATION, RPC_NEVER),
	OP_NO(19, "NetrValidateName", R_RPC_WKSSVC_OPERATION, RPC_NEVER),
	OP(20, "NetrGetJoinInformation"),
	OP_NO(21, "NetrGetJoinableOUs", R_RPC_WKSSVC_OPERATION, RPC_NEVER),
	OP_IN(22, "NetrJoinDomain2", join_domain),
	OP_IN(23, "NetrUnjoinDomain2", unjoin_domain),
	OP_IN(24, "NetrRenameMachineInDomain2", rename_machine),
	OP_IN(25, "NetrValidateName2", validate_name),
	OP_IN(26, "NetrGetJoinableOUs2", joinable_units),
	OP_IN(27, "NetrAddAlternateComputerName", alternate_name),
	OP_IN(28, "NetrRemoveAlternateComputerName", alternate_name),
	OP_IN(29, "NetrSetPrimaryComputerName", alternate_name),
	OP_IN(30, "NetrEnumerateComputerNames", computer_names),
};

static const struct rpc_operation netdfs_ops[] = {
	OP(0, "NetrDfsManagerGetVersion"),
	OP(1, "NetrDfsAdd"),
	OP(2, "NetrDfsRemove"),
	OP(3, "NetrDfsSetInfo"),
	OP(4, "NetrDfsGetInfo"),
	OP(5, "NetrDfsEnum"),
	OP(6, "NetrDfsMove"),
	OP(7, "NetrDfsRename"),
	OP(8, "NetrDfsManagerGetConfigInfo"),
	OP(9, "NetrDfsManagerSendSiteInfo"),
	OP(10, "NetrDfsAddFtRoot"),
	OP(11, "NetrDfsRemoveFtRoot"),
	OP(12, "NetrDfsAddStdRoot"),
	OP(13, "NetrDfsRemoveStdRoot"),
	OP(14, "NetrDfsManagerInitialize"),
	OP(15, "NetrDfsAddStdRootForced"),
	OP(16, "NetrDfsGetDcAddress"),
	OP(17, "NetrDfsSetDcAddress"),
	OP(18, "NetrDfsFlushFtTable"),
	OP(19, "NetrDfsAdd2"),
	OP(20, "NetrDfsRemove2"),
	OP(21, "NetrDfsEnumEx"),
	OP(22, "NetrDfsSetInfo2"),
	OP(23, "NetrDfsAddRootTarget"),
	OP(24, "NetrDfsRemoveRootTarget"),
	OP(25, "NetrDfsGetSupportedNamespaceVersion"),
};

static const struct rpc_operation browser_ops[] = {
	OP(0, "I_BrowserrServerEnum"),
	OP(1, "I_BrowserrDebugCall"),
	OP(2, "I_BrowserrQueryOtherDomains"),
	OP(3, "I_BrowserrResetNetlogonState"),
	OP(4, "I_BrowserrDebugTrace"),
	OP(5, "I_BrowserrQueryStatistics"),
	OP(6, "I_BrowserrResetStatistics"),
	OP(7, "NetrBrowserStatisticsClear"),
	OP(8, "NetrBrowserStatisticsGet"),
	OP(9, "I_BrowserrSetNetlogonState"),
	OP(10, "I_BrowserrQueryEmulatedDomains"),
	OP(11, "I_BrowserrServerEnumEx"),
};

static const struct rpc_operation efsrpc_ops[] = {
	OP(0, "EfsRpcOpenFileRaw"),
	OP(1, "EfsRpcReadFileRaw"),
	OP(2, "EfsRpcWriteFileRaw"),
	OP(3, "EfsRpcCloseRaw"),
	OP(4, "EfsRpcEncryptFileSrv"),
	OP(5, "EfsRpcDecryptFileSrv"),
	OP(6, "EfsRpcQueryUsersOnFile"),
	OP(7, "EfsRpcQueryRecoveryAgents"),
	OP(8, "EfsRpcRemoveUsersFromFile"),
	OP(9, "EfsRpcAddUsersToFile"),
	OP(11, "EfsRpcNotSupported"),
	OP(12, "EfsRpcFileKeyInfo"),
	OP(13, "EfsRpcDuplicateEncryptionInfoFile"),
	OP(15, "EfsRpcAddUsersToFileEx"),
	OP(16, "EfsRpcFileKeyInfoEx"),
	OP(18, "EfsRpcGetEncryptedFileMetadata"),
	OP(19, "EfsRpcSetEncryptedFileMetadata"),
	OP(20, "EfsRpcFlushEfsCache"),
	OP(21, "EfsRpcEncryptFileExSrv"),
	OP(22, "EfsRpcQueryProtectors"),
};

static const struct rpc_interface rows[] = {
	{INTERFACE(DSSETUP, "dssetup", UUID(0x3919286a, 0xb10c, 0x11d0, 0x9b, 0xa8, 0x00, 0xc0, 0x4f, 0xd9, 0x2e, 0xf5), 0, 0), .operations = 12, ROWS(dssetup_ops)},
	{INTERFACE(SRVSVC, "srvsvc", UUID(0x4b324fc8, 0x1670, 0x01d3, 0x12, 0x78, 0x5a, 0x47, 0xbf, 0x6e, 0xe1, 0x88), 3, 0), .operations = 58, ROWS(srvsvc_ops)},
	{INTERFACE(WKSSVC, "wkssvc", UUID(0x6bffd098, 0xa112, 0x3610, 0x98, 0x33, 0x46, 0xc3, 0xf8, 0x7e, 0x34, 0x5a), 1, 0), .operations = 31, ROWS(wkssvc_ops)},
	{INTERFACE(NETDFS, "netdfs", UUID(0x4fc742e0, 0x4a10, 0x11cf, 0x82, 0x73, 0x00, 0xaa, 0x00, 0x4a, 0xe6, 0x73), 3, 0), ROWS(netdfs_ops)},
	{INTERFACE(BROWSER, "browser", UUID(0x6bffd098, 0xa112, 0x3610, 0x98, 0x33, 0x01, 0x28, 0x92, 0x02, 0x01, 0x62), 0, 0), .operations = 12, ROWS(browser_ops)},
	{INTERFACE(FSRVP, "FileServerVssAgent", UUID(0xa8e0653c, 0x2744, 0x4389, 0xa6, 0x1d, 0x73, 0x73, 0xdf, 0x8b, 0x22, 0x92), 1, 0)},
	{INTERFACE(WITNESS, "witness", UUID(0xccd8c074, 0xd0e5, 0x4a40, 0x92, 0xb4, 0xd0, 0x74, 0xfa, 0xa6, 0xba, 0x28), 1, 1)},
	{INTERFACE(EFSRPC, "efsrpc", UUID(0xc681d488, 0xd850, 0x11d0, 0x8c, 0x52, 0x00, 0xc0, 0x4f, 0xd9, 0x0f, 0x7e), 1, 0), ROWS(efsrpc_ops), .why = R_RPC_EFS, .tolerance = RPC_TOLERATE_EFSRPC},
	{INTERFACE(EFSRPC_LSA, "efsrpc.lsarpc", UUID(0xdf1941c5, 0xfe89, 0x4e79, 0xbf, 0x10, 0x46, 0x36, 0x57, 0xac, 0xf4, 0x4d), 1, 0), .why = R_RPC_EFS, .tolerance = RPC_TOLERATE_EFSRPC},
	{INTERFACE(MDSSVC, "mdssvc", UUID(0x885d85fb, 0xc754, 0x4062, 0xa0, 0xe7, 0x68, 0x72, 0xce, 0x00, 0x64, 0xf4), 2, 0)},
};

const struct rpc_interface_set rpc_interfaces_file = {rows, sizeof(rows) / sizeof(rows[0])};
