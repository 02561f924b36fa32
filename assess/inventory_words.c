/* The words of inventories. */
#include "assess/inventory_int.h"

#include <stddef.h>

const char *const inventory_evidence[] = {"inventory", "systeminfo", "qfe", "hive", "tree", NULL};
const char *const inventory_roles[] = {"unknown", "workstation", "server", "domain-controller", NULL};
const char *const inventory_editions[] = {"home", "professional", "server", "advanced-server", "datacenter", "web", "small-business", "embedded", "media-center",
	"tablet", "server-core", "r2", "workstation", NULL};
const char *const inventory_archs[] = {"x86", "x64", "ia64", "alpha", "pc98", "arm", NULL};
const char *const inventory_values[] = {"other", "text", "number", "texts", NULL};
const char *const inventory_starts[] = {"unknown", "boot", "system", "auto", "manual", "disabled", NULL};
const char *const inventory_states[] = {"unknown", "running", "stopped", NULL};
const char *const inventory_attributes[] = {"read-only", "hidden", "system", NULL};
const char *const inventory_scopes[] = {"files", "keys", "services", "updates", "software", NULL};
