/* Inside the reader of Windows trees: finding things without letter case, and the walk. */
#ifndef SALLYPORT_ASSESS_TREE_INT_H
#define SALLYPORT_ASSESS_TREE_INT_H

#include <sys/stat.h>

#include "assess/evidence.h"

enum { TREE_DEPTH_MAX = 32, TREE_ENTRIES_MAX = 1 << 21, TREE_PATH_MAX = 1023, TREE_NAME_MAX = 255 };

/* Opens `name`, which has no slash, right below the folder; no link is followed. -1 with errno. `folder` wanted: ENOTDIR for others. */
int tree_open(int parent, const char *name, bool folder);
/* The same without letter case, part by part ("system32/config/system"); the last part is a folder or a plain file as `folder` says. */
int tree_open_path(int parent, const char *path, bool folder);
/* Calls for each entry but "." and ".."; false from it ends the walk early. False: the folder cannot be read, errno says why. */
bool tree_each(int folder, bool (*one)(void *data, const char *name), void *data);
/* The Windows folder at or right below this one, and its name in the tree ("" when it is this one). -1: there is none. */
int tree_windows(int folder, char name[TREE_NAME_MAX + 1]);

/* Attributes of DOS, from the file system that says them, or from the mode where `modes` says that it can. False: not known. */
bool tree_attributes(int fd, const struct stat *st, bool modes, unsigned *out);

#endif
