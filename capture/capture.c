/* Reads a capture file through libpcap and hands each frame to the link layer.
 *
 * Input from: a file anybody may have made. libpcap owns the file formats; its limits (262,144 bytes per packet and 16 MiB per
 * block of the link types read here, 128 MiB of D-Bus) bound the memory of reading. Limits: struct capture_options.
 */
#include "capture/capture_int.h"

#include <limits.h>
#include <stdio_ext.h>
#include <stdlib.h>

static void default_size(size_t *value, size_t standard)
{
	if (!*value)
		*value = standard;
}

static void default_us(uint64_t *value, uint64_t standard)
{
	if (!*value)
		*value = standard;
}

static void options_fill(struct capture_options *o)
{
	default_size(&o->max_flows, 1000000);
	default_size(&o->max_held_flow, 4u << 20);
	default_size(&o->max_held_total, 256u << 20);
	default_size(&o->max_history, 64u << 10);
	default_size(&o->max_history_total, 64u << 20);
	default_size(&o->max_datagrams, 1024);
	default_size(&o->max_fragment_bytes, 16u << 20);
	default_us(&o->fragment_us, 30000000);
	default_us(&o->tcp_idle_us, 3600000000u);
	default_us(&o->udp_idle_us, 120000000);
	default_us(&o->patience_us, 1000000);
	if (!o->patience_packets)
		o->patience_packets = 128;
}

/* libpcap over the file; NULL after saying why in err. */
static pcap_t *pcap_over(struct source *source, FILE *through, char *err, size_t errsize)
{
	char    text[PCAP_ERRBUF_SIZE] = "";
	uint8_t first;
	pcap_t *pcap;

	/* Only this thread uses the file: no lock per read. */
	__fsetlocking(through, FSETLOCKING_BYCALLER);
	pcap = pcap_fopen_offline_with_tstamp_precision(through, PCAP_TSTAMP_PRECISION_MICRO, text);
	if (pcap)
		return pcap;
	first = source_first(source);
	if (!source_passed(source) && !ferror(through))
		snprintf(err, errsize, "it is empty");
	else
		snprintf(err, errsize, "not a readable capture: %s%s", text,
			 first == 0x1f || first == 0x28 ? " (it seems to be compressed: unpack it first)" : "");
	fclose(through);
	return NULL;
}

struct capture *capture_open(FILE *file, const struct capture_options *options, const struct capture_sink *sink, char *err,
			     size_t errsize)
{
	struct capture *c = calloc(1, sizeof(*c));
	FILE           *through;

	if (c)
		c->source = source_open(file, &through);
	if (!c || !c->source) {
		snprintf(err, errsize, "no memory to read a capture");
		free(c);
		return NULL;
	}
	c->pcap = pcap_over(c->source, through, err, errsize);
	if (!c->pcap) {
		source_close(&c->source, false);
		free(c);
		return NULL;
	}
	if (options)
		c->options = *options;
	options_fill(&c->options);
	c->sink = *sink;
	c->link = pcap_datalink(c->pcap);
	c->secret = hash_key_random();
	return c;
}

/* Called by libpcap for each packet. */
static void on_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
	struct capture *c = (struct capture *)(void *)user;
	struct view     frame = {.p = bytes, .n = header->caplen, .cut = source_cut(c->source)};
	int             link;

	/* A time that 32 bits cannot hold, or with too many microseconds, is still a number; nothing here depends on more. */
	c->now.ts_us = (uint64_t)(uint32_t)header->ts.tv_sec * 1000000u + (uint32_t)header->ts.tv_usec;
	c->now.number++;
	c->counts.packets++;
	c->counts.bytes += header->caplen;
	if (header->len > header->caplen)
		frame.cut = header->len - header->caplen;
	c->counts.cut += frame.cut > 0;
	if (c->now.ts_us > c->clock_us)
		c->clock_us = c->now.ts_us;
	if (c->clock_us >= c->flows.next_sweep_us) {
		c->flows.next_sweep_us = c->clock_us + CAPTURE_TICK_US;
		flow_sweep(c);
		frag_expire(c, false);
	}
	link = source_link(c->source);
	link_packet(c, frame, link < 0 ? c->link : link);
}

/* The file gives no more: say why, feed what waits. */
static enum capture_end at_end(struct capture *c, bool failed)
{
	c->end = CAPTURE_WHOLE;
	if (failed) {
		const char *text = pcap_geterr(c->pcap);

		c->end = strstr(text, "truncated") ? CAPTURE_CUT : CAPTURE_DAMAGED;
		snprintf(c->note, sizeof(c->note), c->end == CAPTURE_CUT ? "the file was cut short after packet %llu" :
			 "the file cannot be read after packet %llu: %s", (unsigned long long)c->now.number, text);
	}
	frag_expire(c, true);
	flow_end_all(c, false);
	return c->end;
}

enum capture_end capture_run(struct capture *c, uint64_t max_packets)
{
	int want = max_packets > INT_MAX ? INT_MAX : (int)max_packets;
	int got;

	if (c->end != CAPTURE_MORE)
		return c->end;
	got = pcap_dispatch(c->pcap, want > 0 ? want : 1, on_packet, (u_char *)(void *)c);
	return got > 0 ? CAPTURE_MORE : at_end(c, got < 0);
}

const char *capture_note(const struct capture *c)
{
	return c->note;
}

const struct capture_counts *capture_counts_of(const struct capture *c)
{
	return &c->counts;
}

uint64_t capture_bytes_read(const struct capture *c)
{
	return source_passed(c->source);
}

const char *capture_link_name(const struct capture *c)
{
	const char *name = pcap_datalink_val_to_name(c->link);

	return name ? name : "unknown";
}

void capture_close(struct capture **c)
{
	struct capture *old = *c;

	*c = NULL;
	if (!old)
		return;
	flow_end_all(old, true);
	frag_free(old);
	history_free(old);
	pcap_close(old->pcap);
	source_close(&old->source, true);
	free(old);
}
