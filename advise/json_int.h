/* What the two writers of documents share. */
#ifndef SALLYPORT_ADVISE_JSON_INT_H
#define SALLYPORT_ADVISE_JSON_INT_H

#include <jansson.h>

#include "advise/bulletin.h"

/* "2004-04-14" */
const char *json_day(uint32_t day, char out[16]);
/* Nothing is set for an empty text. */
void json_set_text(json_t *object, const char *name, const char *text);

#endif
