/* Lists of an association's contexts and calls through the tables of its carrier. */
#include "proto/dcerpc/rpc_int.h"

static struct rpc_link *neighbour(const struct rpc_assoc *a, uint8_t table, bool has, uint32_t id, struct cx *cx)
{
	return has ? table_edit(cx, table, rpc_key(a, id)) : NULL;
}

void *rpc_list_add(const struct rpc_assoc *a, struct rpc_list *list, uint8_t table, uint32_t id, struct cx *cx)
{
	struct rpc_link *link = table_add(cx, table, rpc_key(a, id));
	struct rpc_link *before = neighbour(a, table, list->any, list->newest, cx);

	*link = (struct rpc_link){.older = list->newest, .has_older = list->any};
	if (before) {
		before->newer = id;
		before->has_newer = true;
	}
	*list = (struct rpc_list){.newest = id, .any = true};
	return link;
}

void rpc_list_del(const struct rpc_assoc *a, struct rpc_list *list, uint8_t table, uint32_t id, struct cx *cx)
{
	const struct rpc_link *link = table_get(cx, table, rpc_key(a, id));
	struct rpc_link       *older, *newer;

	if (!link)
		return;
	older = neighbour(a, table, link->has_older, link->older, cx);
	newer = neighbour(a, table, link->has_newer, link->newer, cx);
	if (older) {
		older->newer = link->newer;
		older->has_newer = link->has_newer;
	}
	if (newer) {
		newer->older = link->older;
		newer->has_older = link->has_older;
	} else {
		*list = (struct rpc_list){.newest = link->older, .any = link->has_older};
	}
	table_del(cx, table, rpc_key(a, id));
}
