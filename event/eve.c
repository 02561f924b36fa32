/* Renders events as JSON lines in the shape of Suricata's EVE, which log collectors already read. */
#include <string.h>

#include "event/event.h"
#include "event/text.h"

/* Ours alone, so that signature numbers (our reason numbers) meet nobody else's. */
enum { GENERATOR_ID = 7389, SIGNATURE_REV = 1, PATH_MAX_JSON = 1024 };

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static void set_number(json_t *object, const char *key, uint64_t n)
{
	set(object, key, json_integer((json_int_t)(n > INT64_MAX ? INT64_MAX : n)));
}

json_t *eve_text(const uint8_t *bytes, size_t n, size_t most)
{
	char       buffer[4096];
	struct str s = str_over(buffer, sizeof(buffer));

	text_escape(&s, bytes, n, most);
	return json_stringn(s.text, s.len);
}

json_t *eve_name(const char *name)
{
	char       buffer[2048];
	struct str s = str_over(buffer, sizeof(buffer));

	text_escape_name(&s, name);
	return json_stringn(s.text, s.len);
}

static void set_end(json_t *object, const char *ip_key, const char *port_key, const struct address *address)
{
	char       buffer[64];
	struct str s = str_over(buffer, sizeof(buffer));

	if (!address->family)
		return;
	text_ip(&s, address);
	set(object, ip_key, json_string(s.text));
	set_number(object, port_key, address->port);
}

json_t *eve_common(const struct event_at *event, const char *type)
{
	bool       forth = event->from == SIDE_CLIENT;
	char       buffer[64], id[COMMUNITY_ID_MAX];
	struct str s = str_over(buffer, sizeof(buffer));
	json_t    *object = json_object();

	text_time(&s, event->ts_us);
	set(object, "timestamp", json_string(s.text));
	if (event->flow_id)
		set_number(object, "flow_id", event->flow_id);
	if (event->file) {
		set(object, "pcap_cnt", json_integer((json_int_t)event->packet));
		set(object, "pcap_filename", eve_name(event->file));
	}
	set(object, "event_type", json_string(type));
	set_end(object, "src_ip", "src_port", forth ? &event->client : &event->server);
	set_end(object, "dest_ip", "dest_port", forth ? &event->server : &event->client);
	if (event->ip_protocol)
		set(object, "proto", json_string(event->ip_protocol == 17 ? "UDP" : "TCP"));
	if (event->app)
		set(object, "app_proto", json_string(event->app));
	if (event->community && event->community[0])
		set(object, "community_id", json_string(event->community));
	else if (event->client.family && event->client.family == event->server.family &&
		 community_id(event->ip_protocol, &event->client, &event->server, id))
		set(object, "community_id", json_string(id));
	return object;
}

/* 1 is the worst, as Suricata counts. */
static int severity(uint8_t class)
{
	switch (class) {
	case CLASS_UNSAFE:
		return 1;
	case CLASS_OPAQUE:
	case CLASS_UNSUPPORTED:
		return 3;
	default:
		return 2;
	}
}

static json_t *alert(const struct refusal *refusal)
{
	const struct reason *reason = refusal->reason;
	json_t              *object = json_object();

	set(object, "action", json_string(strcmp(refusal->action, "drop") == 0 ? "blocked" : "allowed"));
	set_number(object, "gid", GENERATOR_ID);
	set_number(object, "signature_id", reason->number);
	set_number(object, "rev", SIGNATURE_REV);
	set(object, "signature", json_string(reason->id));
	set(object, "category", json_string(reason_class_name(reason->class)));
	set_number(object, "severity", (uint64_t)severity(reason->class));
	return object;
}

/* The ids of a blank-separated list. */
static json_t *advisories(const char *list)
{
	json_t *array = json_array();

	while (*list) {
		size_t n = strcspn(list, " ");

		if (n)
			json_array_append_new(array, json_stringn(list, n));
		list += n;
		list += strspn(list, " ");
	}
	return array;
}

json_t *eve_own(const struct decided *by)
{
	char       buffer[32];
	struct str s = str_over(buffer, sizeof(buffer));
	json_t    *object = json_object();

	/* As text: a revision has 64 bits, and readers of JSON round numbers beyond 53. */
	str_fmt(&s, "%016llx", (unsigned long long)by->policy_rev);
	set(object, "policy_rev", json_string(s.text));
	if (by->service)
		set(object, "service", json_string(by->service));
	if (by->policy)
		set(object, "policy", json_string(by->policy));
	if (by->rule)
		set(object, "rule", json_string(by->rule));
	if (by->mode)
		set(object, "mode", json_string(by->mode));
	if (by->watch_until) {
		s = str_over(buffer, sizeof(buffer));
		text_date(&s, by->watch_until);
		set(object, "watch_until", json_string(s.text));
	}
	if (by->probe)
		set(object, "probe", json_true());
	return object;
}

static json_t *own_object(const struct refusal *refusal)
{
	const struct reason *reason = refusal->reason;
	char                 buffer[PATH_MAX_JSON + 1];
	struct str           path = str_over(buffer, sizeof(buffer));
	json_t              *object = eve_own(&refusal->by);

	set(object, "reason", json_string(reason->id));
	set(object, "class", json_string(reason_class_name(reason->class)));
	set(object, "sentence", json_string(refusal->sentence));
	if (refusal->detail)
		set(object, "detail", json_string(refusal->detail));
	text_path(&path, refusal->path, PATH_MAX_JSON);
	if (path.len)
		set(object, "field", json_string(path.text));
	if (refusal->has_offset)
		set_number(object, "offset", refusal->offset);
	set_number(object, "stream_offset", refusal->stream_offset);
	if (reason->clause[0])
		set(object, "clause", json_string(reason->clause));
	if (refusal->has_numbers) {
		set(object, "expected", json_integer((json_int_t)refusal->expected));
		set(object, "got", json_integer((json_int_t)refusal->got));
	}
	set(object, "advisories", advisories(reason->flaws));
	if (refusal->consequence)
		set(object, "consequence", json_true());
	return object;
}

json_t *eve_refusal(const struct event_at *event, const struct refusal *refusal)
{
	json_t *object = eve_common(event, "alert"), *verdict = json_object();

	set(object, "direction", json_string(event->from == SIDE_CLIENT ? "to_server" : "to_client"));
	set(object, "alert", alert(refusal));
	set(verdict, "action", json_string(refusal->action));
	set(verdict, "reason", json_string(refusal->reason->id));
	set(object, "verdict", verdict);
	set(object, "sallyport", own_object(refusal));
	return object;
}

/* Forget the last member that is an object; false when there is none left. */
static bool drop_last_object(json_t *object)
{
	const char *key, *last = NULL;
	json_t     *value;

	json_object_foreach (object, key, value)
		if (json_is_object(value))
			last = key;
	return last && json_object_del(object, last) == 0;
}

size_t eve_line(json_t *object, char *out)
{
	const size_t flags = JSON_COMPACT | JSON_PRESERVE_ORDER, most = EVE_LINE_MAX - 1;
	size_t       n = object ? json_dumpb(object, out, most, flags) : 0;

	while (n >= most && drop_last_object(object)) {
		json_object_set_new(object, "truncated", json_true());
		n = json_dumpb(object, out, most, flags);
	}
	json_decref(object);
	if (!n || n >= most)
		return 0;
	out[n++] = '\n';
	return n;
}

bool eve_write(FILE *file, json_t *object)
{
	char   line[EVE_LINE_MAX];
	size_t n = eve_line(object, line);

	return n && fwrite(line, 1, n, file) == n;
}
