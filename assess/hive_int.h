/* Inside the reader of hives: walking keys, reading values, and what is told from them. */
#ifndef SALLYPORT_ASSESS_HIVE_INT_H
#define SALLYPORT_ASSESS_HIVE_INT_H

#include <hivex.h>

#include "assess/host.h"

enum { HIVE_DEPTH_MAX = 24, HIVE_KEYS_MAX = 1 << 17, HIVE_PATH_MAX = 1023, HIVE_TEXT_MAX = 16 << 10 };

struct hive {
	hive_h       *h;
	struct host  *host;
	struct origin from;
	uint32_t      key_n; /* kept */
	bool          damaged; /* something could not be read since it was last cleared */
};

/* The key below `from`, its parts parted by backslashes, letter case aside; 0: it is not there, or `damaged`. */
hive_node_h hive_below(struct hive *hive, hive_node_h from, const char *path);
/* The names' callback for each key right below; false from it ends the walk. `one` must not keep the name. */
void hive_each(struct hive *hive, hive_node_h from, bool (*one)(struct hive *hive, hive_node_h node, const char *name, void *data), void *data);
/* Reads it into the host's store; the type is VALUE_OTHER for what has no form here. False: it cannot be read, and `damaged` is set. */
bool hive_value(struct hive *hive, hive_value_h handle, struct host_value *out);
/* A value of a key by name: its text ("" when there is none, in the host's store), or its number. */
const char *hive_text(struct hive *hive, hive_node_h node, const char *name);
bool        hive_number(struct hive *hive, hive_node_h node, const char *name, uint64_t *out);
/* The key and all below it, as `path`. */
void hive_keep(struct hive *hive, hive_node_h node, const char *path, unsigned depth);

/* What a hive of that kind tells of the system. */
void hive_system(struct hive *hive, hive_node_h control_set);
void hive_software(struct hive *hive, hive_node_h root);

#endif
