/* Addresses as sockets have them and as the rest of the program does. */
#ifndef SALLYPORT_GATE_SOCKET_H
#define SALLYPORT_GATE_SOCKET_H

#include <stdbool.h>
#include <sys/socket.h>

#include "proto/proto.h"

/* IPv4 written in IPv6 comes out as IPv4. Family 0 for anything but IP. */
struct address address_of(const struct sockaddr_storage *from);
/* The length of what was written. */
socklen_t address_to(const struct address *a, struct sockaddr_storage *out);
/* Whatever their ports. */
bool address_same_host(const struct address *a, const struct address *b);

#endif
