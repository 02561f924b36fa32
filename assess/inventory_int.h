/* What reading and writing of inventories share: the words for what a host's facts can be. */
#ifndef SALLYPORT_ASSESS_INVENTORY_INT_H
#define SALLYPORT_ASSESS_INVENTORY_INT_H

#include "assess/host.h"

#define INVENTORY_FORMAT "sallyport-inventory-1"

/* Each ends with NULL; a word's place is the enum's value, or of sets the bit's number. */
extern const char *const inventory_evidence[], *const inventory_roles[], *const inventory_editions[], *const inventory_archs[], *const inventory_values[],
	*const inventory_starts[], *const inventory_states[], *const inventory_attributes[], *const inventory_scopes[];

#endif
