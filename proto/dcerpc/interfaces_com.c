/* Interfaces of the endpoint mapper, of DCOM and of WMI, with the arguments by which objects are activated. */
/*
 * Spec: C706 appendix O and Q, MS-DCOM 3.1.2.5, MS-WMI 3.1.4.
 * Input from: the client.
 * Limits: 259 characters of a path, NDR_HOST_MAX of the host in it; an interface pointer of 64 KiB.
 * Not done: the endpoint mapper's arguments: dcerpc reads them itself.
 */
#include "proto/dcerpc/interface_int.h"

enum { PATH = 259, POINTER = 65536, PROTSEQS = 64, INTERFACES = 256, EXTENSIONS = 256, EXTENSION = 65536 };

/* MS-DCOM 2.2.13.3 and 2.2.21. Elements of the array of extents are pointers; the data stands last in its structure. */
#define EXTENT  NDR_CONFORMANT_STRUCT(NULL, 4, NDR_GUID("id"), NDR_U32("size"), NDR_SIZED("data", NDR_U8(NULL), EXTENSION, 0))
#define EXTENTS \
	NDR_STRUCT(NULL, 4, NDR_U32("size"), NDR_U32("reserved"), \
		   NDR_UNIQUE("extent", NDR_SIZED(NULL, NDR_UNIQUE(NULL, EXTENT), EXTENSIONS, 0)))
#define ORPC_THIS \
	NDR_STRUCT("orpcthis", 4, NDR_OCTETS("version", 4, 2), NDR_U32("flags"), NDR_U32("reserved1"), NDR_GUID("cid"), \
		   NDR_UNIQUE("extensions", EXTENTS))
#define INTERFACE_POINTER(n) \
	NDR_UNIQUE(n, NDR_CONFORMANT_STRUCT(NULL, 4, NDR_SAVED("ulCntData", 4, POINTER, 7), NDR_SIZED("abData", NDR_U8(NULL), POINTER, 7)))

/* Where ISystemActivator has its names (2.2.22): the worms of MS03-026 came this way. */
#define PROPERTIES \
	NDR_UNIQUE("pActProperties", \
		   NDR_CONFORMANT_STRUCT(NULL, 4, NDR_SAVED("ulCntData", 4, POINTER, 7), NDR_ACTIVATION("abData", POINTER, 7, R_RPC_DCOM_PROPERTIES)))

static const struct ndr_type *const remote_activation[] = {
	ORPC_THIS,
	NDR_GUID("Clsid"),
	NDR_UNIQUE("pwszObjectName", NDR_WSTRING_CHECK(NULL, PATH, R_RPC_DCOM_PATH, NDR_CHECK_HOST, R_RPC_DCOM_HOST)),
	INTERFACE_POINTER("pObjectStorage"),
	NDR_U32("ClientImpLevel"),
	NDR_U32("Mode"),
	NDR_SAVED("Interfaces", 4, INTERFACES, 1),
	NDR_UNIQUE("pIIDs", NDR_SIZED(NULL, NDR_GUID(NULL), INTERFACES, 1)),
	NDR_SAVED("cRequestedProtseqs", 2, PROTSEQS, 2),
	NDR_SIZED("RequestedProtseqs", NDR_U16(NULL), PROTSEQS, 2),
	NULL,
};

static const struct ndr_type *const class_object[] = {ORPC_THIS, PROPERTIES, NULL};
static const struct ndr_type *const create_instance[] = {ORPC_THIS, INTERFACE_POINTER("pUnkOuter"), PROPERTIES, NULL};

static const struct rpc_operation wbem_login_ops[] = {
	OP(3, "EstablishPosition"),
	OP(4, "RequestChallenge"),
	OP(5, "WBEMLogin"),
	OP(6, "NTLMLogin"),
};

static const struct rpc_operation wbem_services_ops[] = {
	OP(3, "OpenNamespace"),
	OP(4, "CancelAsyncCall"),
	OP(5, "QueryObjectSink"),
	OP(6, "GetObject"),
	OP(7, "GetObjectAsync"),
	OP(8, "PutClass"),
	OP(9, "PutClassAsync"),
	OP(10, "DeleteClass"),
	OP(11, "DeleteClassAsync"),
	OP(12, "CreateClassEnum"),
	OP(13, "CreateClassEnumAsync"),
	OP(14, "PutInstance"),
	OP(15, "PutInstanceAsync"),
	OP(16, "DeleteInstance"),
	OP(17, "DeleteInstanceAsync"),
	OP(18, "CreateInstanceEnum"),
	OP(19, "CreateInstanceEnumAsync"),
	OP(20, "ExecQuery"),
	OP(21, "ExecQueryAsync"),
	OP(22, "ExecNotificationQuery"),
	OP(23, "ExecNotificationQueryAsync"),
	OP(24, "ExecMethod"),
	OP(25, "ExecMethodAsync"),
};

static const struct rpc_operation wbem_enum_ops[] = {
	OP(3, "Reset"),
	OP(4, "Next"),
	OP(5, "NextAsync"),
	OP(6, "Clone"),
	OP(7, "Skip"),
};

static const struct rpc_operation epmapper_ops[] = {
	OP(0, "ept_insert"),
	OP(1, "ept_delete"),
	OP(2, "ept_lookup"),
	OP(3, "ept_map"),
	OP(4, "ept_lookup_handle_free"),
	OP(5, "ept_inq_object"),
	OP(6, "ept_mgmt_delete"),
	OP(7, "ept_map_auth"),
	OP(8, "ept_map_auth_async"),
};

static const struct rpc_operation mgmt_ops[] = {
	OP(0, "inq_if_ids"),
	OP(1, "inq_stats"),
	OP(2, "is_server_listening"),
	OP(3, "stop_server_listening"),
	OP(4, "inq_princ_name"),
};

static const struct rpc_operation oxid_resolver_ops[] = {
	OP(0, "ResolveOxid"),
	OP(1, "SimplePing"),
	OP(2, "ComplexPing"),
	OP(3, "ServerAlive"),
	OP(4, "ResolveOxid2"),
	OP(5, "ServerAlive2"),
};

static const struct rpc_operation remote_activation_ops[] = {
	OP_IN(0, "RemoteActivation", remote_activation),
};

static const struct rpc_operation system_activator_ops[] = {
	OP_IN(3, "RemoteGetClassObject", class_object),
	OP_IN(4, "RemoteCreateInstance", create_instance),
};

static const struct rpc_operation rem_unknown_ops[] = {
	OP(3, "RemQueryInterface"),
	OP(4, "RemAddRef"),
	OP(5, "RemRelease"),
};

static const struct rpc_operation rem_unknown2_ops[] = {
	OP(3, "RemQueryInterface"),
	OP(4, "RemAddRef"),
	OP(5, "RemRelease"),
	OP(6, "RemQueryInterface2"),
};

static const struct rpc_interface rows[] = {
	{INTERFACE(WBEM_LOGIN, "IWbemLevel1Login", UUID(0xf309ad18, 0xd86a, 0x11d0, 0xa0, 0x75, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20), 0, 0), .operations = 7, ROWS(wbem_login_ops)},
	{INTERFACE(WBEM_SERVICES, "IWbemServices", UUID(0x9556dc99, 0x828c, 0x11cf, 0xa3, 0x7e, 0x00, 0xaa, 0x00, 0x32, 0x40, 0xc7), 0, 0), .operations = 26, ROWS(wbem_services_ops)},
	{INTERFACE(WBEM_ENUM, "IEnumWbemClassObject", UUID(0x027947e1, 0xd731, 0x11ce, 0xa3, 0x57, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01), 0, 0), .operations = 8, ROWS(wbem_enum_ops)},
	{INTERFACE(WBEM_CLASS, "IWbemClassObject", UUID(0xdc12a681, 0x737f, 0x11cf, 0x88, 0x4d, 0x00, 0xaa, 0x00, 0x4b, 0x2e, 0x24), 0, 0)},
	{INTERFACE(WBEM_CONTEXT, "IWbemContext", UUID(0x44aca674, 0xe8fc, 0x11d0, 0xa0, 0x7c, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20), 0, 0)},
	{INTERFACE(WBEM_RESULT, "IWbemCallResult", UUID(0x44aca675, 0xe8fc, 0x11d0, 0xa0, 0x7c, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20), 0, 0)},
	{INTERFACE(WBEM_SINK, "IWbemObjectSink", UUID(0x7c857801, 0x7381, 0x11cf, 0x88, 0x4d, 0x00, 0xaa, 0x00, 0x4b, 0x2e, 0x24), 0, 0)},
	{INTERFACE(WBEM_LOGIN_ID, "IWbemLoginClientID", UUID(0xd4781cd6, 0xe5d3, 0x44df, 0xad, 0x94, 0x93, 0x0e, 0xfe, 0x48, 0xa8, 0x87), 0, 0)},
	{INTERFACE(WBEM_HELPER, "IWbemLoginHelper", UUID(0x541679ab, 0x2e5f, 0x11d3, 0xb3, 0x4e, 0x00, 0x10, 0x4b, 0xcc, 0x4b, 0x4a), 0, 0)},
	{INTERFACE(WBEM_FETCH_ENUM, "IWbemFetchSmartEnum", UUID(0x1c1c45ee, 0x4395, 0x11d2, 0xb6, 0x0b, 0x00, 0x10, 0x4b, 0x70, 0x3e, 0xfd), 0, 0)},
	{INTERFACE(WBEM_SMART_ENUM, "IWbemWCOSmartEnum", UUID(0x423ec01e, 0x2e35, 0x11d2, 0xb6, 0x04, 0x00, 0x10, 0x4b, 0x70, 0x3e, 0xfd), 0, 0)},
	{INTERFACE(WBEM_SHUTDOWN, "IWbemShutdown", UUID(0xb7b31df9, 0xd515, 0x11d3, 0xa1, 0x1c, 0x00, 0x10, 0x5a, 0x1f, 0x51, 0x5a), 0, 0)},
	{INTERFACE(WBEM_BACKUP, "IWbemBackupRestore", UUID(0xc49e32c7, 0xbc8b, 0x11d2, 0x85, 0xd4, 0x00, 0x10, 0x5a, 0x1f, 0x83, 0x04), 0, 0)},
	{INTERFACE(WBEM_BACKUP_EX, "IWbemBackupRestoreEx", UUID(0xa359dec5, 0xe813, 0x4834, 0x8a, 0x2a, 0xba, 0x7f, 0x1d, 0x77, 0x7d, 0x76), 0, 0)},
	{INTERFACE(WBEM_REFRESH, "IWbemRefreshingServices", UUID(0x2c9273e0, 0x1dc3, 0x11d3, 0xb3, 0x64, 0x00, 0x10, 0x5a, 0x1f, 0x81, 0x77), 0, 0)},
	{INTERFACE(WBEM_REMOTE_REFRESH, "IWbemRemoteRefresher", UUID(0xf1e9c5b2, 0xf59b, 0x11d2, 0xb3, 0x62, 0x00, 0x10, 0x5a, 0x1f, 0x81, 0x77), 0, 0)},
	{INTERFACE(EPMAPPER, "epmapper", UUID(0xe1af8308, 0x5d1f, 0x11c9, 0x91, 0xa4, 0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa), 3, 0), ROWS(epmapper_ops)},
	{INTERFACE(MGMT, "mgmt", UUID(0xafa8bd80, 0x7d8a, 0x11c9, 0xbe, 0xf4, 0x08, 0x00, 0x2b, 0x10, 0x29, 0x89), 1, 0), .operations = 5, ROWS(mgmt_ops)},
	{INTERFACE(OXID_RESOLVER, "IOXIDResolver", UUID(0x99fcfec4, 0x5260, 0x101b, 0xbb, 0xcb, 0x00, 0xaa, 0x00, 0x21, 0x34, 0x7a), 0, 0), .operations = 6, ROWS(oxid_resolver_ops)},
	{INTERFACE(REMOTE_ACTIVATION, "IRemoteActivation", UUID(0x4d9f4ab8, 0x7d1c, 0x11cf, 0x86, 0x1e, 0x00, 0x20, 0xaf, 0x6e, 0x7c, 0x57), 0, 0), .operations = 1, ROWS(remote_activation_ops)},
	{INTERFACE(SYSTEM_ACTIVATOR, "ISystemActivator", UUID(0x000001a0, 0x0000, 0x0000, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46), 0, 0), .operations = 5, ROWS(system_activator_ops)},
	{INTERFACE(REM_UNKNOWN, "IRemUnknown", UUID(0x00000131, 0x0000, 0x0000, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46), 0, 0), .operations = 6, ROWS(rem_unknown_ops)},
	{INTERFACE(REM_UNKNOWN2, "IRemUnknown2", UUID(0x00000143, 0x0000, 0x0000, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46), 0, 0), .operations = 7, ROWS(rem_unknown2_ops)},
	{INTERFACE(RUNDOWN, "IRundown", UUID(0x00000134, 0x0000, 0x0000, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46), 0, 0)},
	{INTERFACE(UNKNOWN_COM, "IUnknown", UUID(0x00000000, 0x0000, 0x0000, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46), 0, 0)},
	{INTERFACE(CLASS_FACTORY, "IClassFactory", UUID(0x00000001, 0x0000, 0x0000, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46), 0, 0)},
	{INTERFACE(DISPATCH, "IDispatch", UUID(0x00020400, 0x0000, 0x0000, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46), 0, 0)},
	{INTERFACE(TYPE_INFO, "ITypeInfo", UUID(0x00020401, 0x0000, 0x0000, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46), 0, 0)},
	{INTERFACE(REMOTE_SHELL_WINDOWS, "IShellWindows", UUID(0x85cb6900, 0x4d95, 0x11cf, 0x96, 0x0c, 0x00, 0x80, 0xc7, 0xf4, 0xee, 0x85), 0, 0)},
};

const struct rpc_interface_set rpc_interfaces_com = {rows, sizeof(rows) / sizeof(rows[0])};
