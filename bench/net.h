/* What the load and the backend of the bench share: sockets on loopback, time, and the LDAP they speak. */
#ifndef SALLYPORT_BENCH_NET_H
#define SALLYPORT_BENCH_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* A bench that cannot measure says why and ends: nothing here returns a failure. */
_Noreturn void die(const char *what);

uint64_t now_ns(void);
/* A whole number in [least, most], or die. */
uint64_t number(const char *text, uint64_t least, uint64_t most);
/* A connection to 127.0.0.1, without Nagle's delay. */
int net_connect(uint16_t port);
/* A non-blocking listener on 127.0.0.1. */
int net_listen(uint16_t port);
/* All of it, on a socket with room: the messages here are far smaller than any socket buffer. */
void net_send(int fd, const void *bytes, size_t n);

/* Every message this bench writes: 30 len 02 02 hi lo, with hi never zero, so that the id is minimal. */
enum { LDAP_ID = 4, LDAP_OP = 6, LDAP_ID_FIRST = 0x0100, LDAP_ID_LAST = 0x7fff };
enum { OP_UNBIND = 0x42, OP_SEARCH = 0x63, OP_ENTRY = 0x64, OP_DONE = 0x65 };

/* The whole length of the message at `p`, 0 while its header is not all there. Its operation goes to *op_at. */
size_t ldap_frame(const uint8_t *p, size_t n, size_t *op_at);

#endif
