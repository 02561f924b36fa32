/* Interfaces of print servers, with the names the spooler copies and the file it would print into. */
/*
 * Spec: MS-RPRN 3.1.4, MS-PAR 3.1.4, MS-PAN.
 * Input from: the client.
 * Limits: names of 259 characters.
 * Not done: what stands behind the names in RpcOpenPrinterEx and RpcAddPrinterEx; arguments of the asynchronous interface.
 */
#include "proto/dcerpc/interface_int.h"

enum { NAME = 259, DEVICE_MODE = 1024 * 1024 };

#define PRINTER    NDR_UNIQUE("pPrinterName", NDR_WSTRING(NULL, NAME, R_RPC_PRINT_NAME))
#define DATATYPE   NDR_UNIQUE("pDatatype", NDR_WSTRING(NULL, NAME, R_RPC_PRINT_NAME))
#define MODE \
	NDR_STRUCT("pDevModeContainer", 4, NDR_SAVED("cbBuf", 4, DEVICE_MODE, 1), \
		   NDR_UNIQUE("pDevMode", NDR_SIZED(NULL, NDR_U8(NULL), DEVICE_MODE, 1)))

static const struct ndr_type *const enum_printers[] = {
	NDR_U32("Flags"), NDR_UNIQUE("Name", NDR_WSTRING(NULL, NAME, R_RPC_PRINT_NAME)), NDR_U32("Level"), NDR_REST, NULL,
};
static const struct ndr_type *const enum_drivers[] = {
	NDR_UNIQUE("pName", NDR_WSTRING(NULL, NAME, R_RPC_PRINT_NAME)), NDR_UNIQUE("pEnvironment", NDR_WSTRING(NULL, NAME, R_RPC_PRINT_NAME)),
	NDR_U32("Level"), NDR_REST, NULL,
};
static const struct ndr_type *const open_printer[] = {PRINTER, DATATYPE, MODE, NDR_U32("AccessRequired"), NULL};
static const struct ndr_type *const open_printer_ex[] = {PRINTER, DATATYPE, MODE, NDR_U32("AccessRequired"), NDR_REST, NULL};
static const struct ndr_type *const add_printer[] = {NDR_UNIQUE("pName", NDR_WSTRING(NULL, NAME, R_RPC_PRINT_NAME)), NDR_REST, NULL};

/* A document is described (3.1.4.9.1 refuses it otherwise). One that names an output file with a path is written there by the spooler: MS10-061. */
static const struct ndr_arm documents[] = {
	{1, NDR_REF("pDocInfo1", NDR_STRUCT(NULL, 4, NDR_UNIQUE("pDocName", NDR_WSTRING(NULL, 0, 0)),
					       NDR_UNIQUE("pOutputFile", NDR_WSTRING_CHECK(NULL, NAME, R_RPC_PRINT_NAME, NDR_CHECK_NO_PATH,
											     R_RPC_PRINT_FILE)),
					       DATATYPE))},
};
static const struct ndr_type *const start_document[] = {
	NDR_HANDLE("hPrinter"),
	NDR_STRUCT("pDocInfoContainer", 4, NDR_SAVED("Level", 4, 0, 1), NDR_ARMS("DocInfo", 4, 4, 1, documents, NULL)),
	NULL,
};

static const struct rpc_operation spoolss_ops[] = {
	OP_IN(0, "RpcEnumPrinters", enum_printers),
	OP_IN(1, "RpcOpenPrinter", open_printer),
	OP(2, "RpcSetJob"),
	OP(3, "RpcGetJob"),
	OP(4, "RpcEnumJobs"),
	OP_IN(5, "RpcAddPrinter", add_printer),
	OP(6, "RpcDeletePrinter"),
	OP(7, "RpcSetPrinter"),
	OP(8, "RpcGetPrinter"),
	OP_NO(9, "RpcAddPrinterDriver", R_RPC_PRINT_DRIVER, RPC_TOLERATE_PRINT_DRIVER),
	OP_IN(10, "RpcEnumPrinterDrivers", enum_drivers),
	OP(11, "RpcGetPrinterDriver"),
	OP(12, "RpcGetPrinterDriverDirectory"),
	OP(13, "RpcDeletePrinterDriver"),
	OP(14, "RpcAddPrintProcessor"),
	OP(15, "RpcEnumPrintProcessors"),
	OP(16, "RpcGetPrintProcessorDirectory"),
	OP_IN(17, "RpcStartDocPrinter", start_document),
	OP(18, "RpcStartPagePrinter"),
	OP(19, "RpcWritePrinter"),
	OP(20, "RpcEndPagePrinter"),
	OP(21, "RpcAbortPrinter"),
	OP(22, "RpcReadPrinter"),
	OP(23, "RpcEndDocPrinter"),
	OP(24, "RpcAddJob"),
	OP(25, "RpcScheduleJob"),
	OP(26, "RpcGetPrinterData"),
	OP(27, "RpcSetPrinterData"),
	OP(28, "RpcWaitForPrinterChange"),
	OP(29, "RpcClosePrinter"),
	OP(30, "RpcAddForm"),
	OP(31, "RpcDeleteForm"),
	OP(32, "RpcGetForm"),
	OP(33, "RpcSetForm"),
	OP(34, "RpcEnumForms"),
	OP(35, "RpcEnumPorts"),
	OP(36, "RpcEnumMonitors"),
	OP(37, "RpcAddPort"),
	OP(38, "RpcConfigurePort"),
	OP(39, "RpcDeletePort"),
	OP(40, "RpcCreatePrinterIC"),
	OP(41, "RpcPlayGdiScriptOnPrinterIC"),
	OP(42, "RpcDeletePrinterIC"),
	OP(46, "RpcAddMonitor"),
	OP(47, "RpcDeleteMonitor"),
	OP(48, "RpcDeletePrintProcessor"),
	OP(51, "RpcEnumPrintProcessorDatatypes"),
	OP(52, "RpcResetPrinter"),
	OP(53, "RpcGetPrinterDriver2"),
	OP(56, "RpcFindClosePrinterChangeNotification"),
	OP(58, "RpcReplyOpenPrinter"),
	OP(59, "RpcRouterReplyPrinter"),
	OP(60, "RpcReplyClosePrinter"),
	OP(61, "RpcAddPortEx"),
	OP_NO(62, "RpcRemoteFindFirstPrinterChangeNotification", R_RPC_PRINT_NOTIFY, RPC_TOLERATE_PRINT_NOTIFY),
	OP_NO(65, "RpcRemoteFindFirstPrinterChangeNotificationEx", R_RPC_PRINT_NOTIFY, RPC_TOLERATE_PRINT_NOTIFY),
	OP(66, "RpcRouterReplyPrinterEx"),
	OP(67, "RpcRouterRefreshPrinterChangeNotification"),
	OP_IN(69, "RpcOpenPrinterEx", open_printer_ex),
	OP_IN(70, "RpcAddPrinterEx", add_printer),
	OP(71, "RpcSetPort"),
	OP(72, "RpcEnumPrinterData"),
	OP(73, "RpcDeletePrinterData"),
	OP(77, "RpcSetPrinterDataEx"),
	OP(78, "RpcGetPrinterDataEx"),
	OP(79, "RpcEnumPrinterDataEx"),
	OP(80, "RpcEnumPrinterKey"),
	OP(81, "RpcDeletePrinterDataEx"),
	OP(82, "RpcDeletePrinterKey"),
	OP(84, "RpcDeletePrinterDriverEx"),
	OP(85, "RpcAddPerMachineConnection"),
	OP(86, "RpcDeletePerMachineConnection"),
	OP(87, "RpcEnumPerMachineConnections"),
	OP(88, "RpcXcvData"),
	OP_NO(89, "RpcAddPrinterDriverEx", R_RPC_PRINT_DRIVER, RPC_TOLERATE_PRINT_DRIVER),
	OP(97, "RpcSendRecvBidiData"),
	OP(102, "RpcGetCorePrinterDrivers"),
	OP(104, "RpcGetPrinterDriverPackagePath"),
	OP(110, "RpcGetJobNamedPropertyValue"),
	OP(111, "RpcSetJobNamedProperty"),
	OP(112, "RpcDeleteJobNamedProperty"),
	OP(113, "RpcEnumJobNamedProperties"),
	OP(116, "RpcLogJobInfoForBranchOffice"),
};

static const struct rpc_operation print_async_ops[] = {
	OP(0, "RpcAsyncOpenPrinter"),
	OP(1, "RpcAsyncAddPrinter"),
	OP(2, "RpcAsyncSetJob"),
	OP(3, "RpcAsyncGetJob"),
	OP(4, "RpcAsyncEnumJobs"),
	OP(5, "RpcAsyncAddJob"),
	OP(6, "RpcAsyncScheduleJob"),
	OP(7, "RpcAsyncDeletePrinter"),
	OP(8, "RpcAsyncSetPrinter"),
	OP(9, "RpcAsyncGetPrinter"),
	OP(10, "RpcAsyncStartDocPrinter"),
	OP(11, "RpcAsyncStartPagePrinter"),
	OP(12, "RpcAsyncWritePrinter"),
	OP(13, "RpcAsyncEndPagePrinter"),
	OP(14, "RpcAsyncEndDocPrinter"),
	OP(15, "RpcAsyncAbortPrinter"),
	OP(16, "RpcAsyncGetPrinterData"),
	OP(17, "RpcAsyncGetPrinterDataEx"),
	OP(18, "RpcAsyncSetPrinterData"),
	OP(19, "RpcAsyncSetPrinterDataEx"),
	OP(20, "RpcAsyncClosePrinter"),
	OP(38, "RpcAsyncEnumPrinters"),
	OP_NO(39, "RpcAsyncAddPrinterDriver", R_RPC_PRINT_DRIVER, RPC_TOLERATE_PRINT_DRIVER),
	OP(40, "RpcAsyncEnumPrinterDrivers"),
	OP(41, "RpcAsyncGetPrinterDriverDirectory"),
	OP_NO(62, "RpcAsyncInstallPrinterDriverFromPackage", R_RPC_PRINT_DRIVER, RPC_TOLERATE_PRINT_DRIVER),
	OP_NO(63, "RpcAsyncUploadPrinterDriverPackage", R_RPC_PRINT_DRIVER, RPC_TOLERATE_PRINT_DRIVER),
};

static const struct rpc_interface rows[] = {
	{INTERFACE(SPOOLSS, "spoolss", UUID(0x12345678, 0x1234, 0xabcd, 0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab), 1, 0), ROWS(spoolss_ops)},
	{INTERFACE(PRINT_ASYNC, "iremotewinspool", UUID(0x76f03f96, 0xcdfd, 0x44fc, 0xa2, 0x2c, 0x64, 0x95, 0x0a, 0x00, 0x12, 0x09), 1, 0), ROWS(print_async_ops)},
	{INTERFACE(PRINT_NOTIFY, "irpcasyncnotify", UUID(0x0b6edbfa, 0x4a24, 0x4fc6, 0x8a, 0x23, 0x94, 0x2b, 0x1e, 0xca, 0x65, 0xd1), 1, 0)},
	{INTERFACE(PRINT_REMOTE, "irpcremoteobject", UUID(0xae33069b, 0xa2a8, 0x46ee, 0xa2, 0x35, 0xdd, 0xfd, 0x33, 0x9b, 0xe2, 0x81), 1, 0)},
};

const struct rpc_interface_set rpc_interfaces_print = {rows, sizeof(rows) / sizeof(rows[0])};
