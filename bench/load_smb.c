/* Sends one request of SMB 2 over and over on a connection that has been prepared, each when the one before is answered, and tells how long that took. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/net.h"

/* Where things stand in a message: behind the session service's header, SMB 2's of 64 octets, and the ioctl's body of 56. */
enum { FRAME = 4, STATUS = FRAME + 8, MESSAGE_ID = FRAME + 24, CALL_ID = FRAME + 64 + 56 + 12, MESSAGE_MAX = 65536, TIMES_MAX = 2000000 };
enum { STATUS_PENDING = 0x103 };

static uint8_t  request[MESSAGE_MAX], answer[MESSAGE_MAX];
static uint32_t times[TIMES_MAX];

static void put(uint8_t *at, uint64_t value, unsigned octets)
{
	for (unsigned i = 0; i < octets; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t status_of(const uint8_t *message)
{
	return message[STATUS] | (uint32_t)message[STATUS + 1] << 8 | (uint32_t)message[STATUS + 2] << 16 | (uint32_t)message[STATUS + 3] << 24;
}

static void receive(int fd, uint8_t *to, size_t n)
{
	for (size_t got = 0; got < n;) {
		ssize_t more = recv(fd, to + got, n - got, 0);

		if (more <= 0) {
			errno = more ? errno : 0;
			die("the answer did not come");
		}
		got += (size_t)more;
	}
}

/* One whole message into `answer`; its length. */
static size_t receive_message(int fd)
{
	size_t n;

	receive(fd, answer, FRAME);
	n = (size_t)answer[1] << 16 | (size_t)answer[2] << 8 | answer[3];
	if (n < 64 || n > MESSAGE_MAX - FRAME)
		die("an answer of a strange length");
	receive(fd, answer + FRAME, n);
	return n;
}

/* The interim answer of an asynchronous request does not count. */
static void await(int fd)
{
	errno = 0;
	do
		receive_message(fd);
	while (status_of(answer) == STATUS_PENDING);
	if (status_of(answer))
		die("the answer is an error");
}

static int ascending(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* As many as the time has room for; how many. */
static uint64_t run(int fd, size_t length, uint64_t id, uint64_t until_ns)
{
	uint64_t done = 0;

	while (now_ns() < until_ns) {
		uint64_t began = now_ns();

		put(request + MESSAGE_ID, id + done, 8);
		put(request + CALL_ID, 100 + done, 4);
		net_send(fd, request, length);
		await(fd);
		if (done < TIMES_MAX)
			times[done] = (uint32_t)(now_ns() - began);
		done++;
	}
	return done;
}

int main(int argc, char **argv)
{
	uint64_t began, done, n;
	size_t   length;
	double   seconds, cpu = cpu_s();
	int      fd;

	if (argc != 4)
		die("usage: bench_load_smb FD NEXT-MESSAGE-ID MILLISECONDS <request");
	fd = (int)number(argv[1], 3, 1000);
	length = fread(request, 1, sizeof(request), stdin);
	if (length < CALL_ID + 4)
		die("no request");
	began = now_ns();
	done = run(fd, length, number(argv[2], 1, 1u << 30), began + number(argv[3], 1, 60000) * 1000000);
	seconds = (double)(now_ns() - began) / 1e9;
	n = done < TIMES_MAX ? done : TIMES_MAX;
	qsort(times, n, sizeof(*times), ascending);
	printf("{\"done\": %llu, \"seconds\": %.6f, \"cpu\": %.6f, \"p50_us\": %.2f, \"p99_us\": %.2f}\n", (unsigned long long)done, seconds,
		cpu_s() - cpu, n ? times[n / 2] / 1e3 : 0, n ? times[n * 99 / 100] / 1e3 : 0);
	return 0;
}
