/* Writes small captures as seeds of the capture reader's fuzz target: capture_seeds FOLDER (fuzz/seeds makes more of them). */
#include <stdio.h>
#include <string.h>

#include "capture/synth.h"

struct writer {
	FILE             *file;
	struct synth     *synth;
	struct synth_flow flow;
};

static void ordinary(struct writer *w)
{
	w->flow.mss = 16;
	synth_tcp_open(w->synth, &w->flow);
	synth_tcp_send(w->synth, &w->flow, CAPTURE_CLIENT, "a question in some segments", 27);
	synth_tcp_send(w->synth, &w->flow, CAPTURE_SERVER, "an answer", 9);
	synth_tcp_close(w->synth, &w->flow);
}

static void segment(struct writer *w, uint32_t offset, uint8_t flags, const char *text)
{
	struct synth_segment s = {CAPTURE_CLIENT, w->flow.next[0] + offset, w->flow.next[1], flags, (const uint8_t *)text, strlen(text)};

	synth_tcp_segment(w->synth, &w->flow, &s);
}

/* Late, twice, overlapping with other bytes, and never. */
static void disorder(struct writer *w)
{
	synth_tcp_open(w->synth, &w->flow);
	segment(w, 4, SYNTH_ACK, "efgh");
	segment(w, 0, SYNTH_ACK, "abcd");
	segment(w, 0, SYNTH_ACK | SYNTH_PSH, "abcd");
	segment(w, 6, SYNTH_ACK, "XYij");
	segment(w, 20, SYNTH_ACK, "gone before");
	segment(w, 31, SYNTH_ACK | SYNTH_FIN, "");
	w->flow.next[0] += 32;
	synth_tcp_ack(w->synth, &w->flow, CAPTURE_SERVER);
	synth_tcp_send(w->synth, &w->flow, CAPTURE_SERVER, "answer to all", 13);
	synth_tcp_reset(w->synth, &w->flow, CAPTURE_SERVER);
}

static void midway(struct writer *w)
{
	synth_tcp_send(w->synth, &w->flow, CAPTURE_SERVER, "started before", 14);
	synth_tcp_send(w->synth, &w->flow, CAPTURE_CLIENT, "yes", 3);
	synth_tcp_fin(w->synth, &w->flow, CAPTURE_CLIENT);
}

static void datagrams(struct writer *w)
{
	synth_udp(w->synth, &w->flow, CAPTURE_CLIENT, "ping", 4);
	synth_udp(w->synth, &w->flow, CAPTURE_SERVER, "pong", 4);
}

static bool write_one(const char *folder, const char *name, enum synth_link link, bool v6, void (*script)(struct writer *))
{
	static const uint8_t client[16] = {0xfd, [15] = 1}, server[16] = {0xfd, [15] = 2};
	char                 path[4096];
	struct writer        w = {.flow = v6 ? synth_flow6(client, 40000, server, 389) : synth_flow4(0x0a000001, 40000, 0x0a000002, 389)};

	snprintf(path, sizeof(path), "%s/%s-%d%s", folder, name, (int)link, v6 ? "-v6" : "");
	w.file = fopen(path, "wb");
	w.synth = w.file ? synth_open(w.file, link, 1000000, 1000) : NULL;
	if (!w.synth)
		return false;
	script(&w);
	return synth_close(&w.synth) && fclose(w.file) == 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*script)(struct writer *);
	} all[] = {{"ordinary", ordinary}, {"disorder", disorder}, {"midway", midway}, {"datagrams", datagrams}};

	for (unsigned i = 0; argc == 2 && i < 16; i++)
		if (!write_one(argv[1], all[i / 4].name, i & 1 ? SYNTH_RAW : SYNTH_ETHERNET, i & 2, all[i / 4].script)) {
			perror(argv[1]);
			return 1;
		}
	return argc == 2 ? 0 : 2;
}
