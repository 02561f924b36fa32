/* Folding of product names. */
#ifndef SALLYPORT_ASSESS_PRODUCT_FOLD_INT_H
#define SALLYPORT_ASSESS_PRODUCT_FOLD_INT_H

#include <stddef.h>

/* As much of it as there is room for, terminated. */
void product_fold(const char *name, char *out, size_t size);

#endif
