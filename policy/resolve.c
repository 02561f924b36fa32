/* Ties names to what they name: zones flattened, hosts, protocols and policies found, doubles and unused ones reported. */
#include <string.h>

#include "policy/ast_int.h"

static struct zone *zone_find(struct policy_build *b, const char *name)
{
	for (struct zone *z = b->zones; z; z = z->next)
		if (strcmp(z->name.text, name) == 0)
			return z;
	return NULL;
}

static struct host *host_find(struct policy_build *b, const char *name)
{
	for (struct host *h = b->hosts; h; h = h->next)
		if (strcmp(h->name.text, name) == 0)
			return h;
	return NULL;
}

static void unknown(struct policy_build *b, const struct word *word, const char *what, bool zones, bool hosts)
{
	struct nearest near = nearest_to(b, word->text);

	for (struct zone *z = zones ? b->zones : NULL; z; z = z->next)
		nearest_try(&near, z->name.text);
	for (struct host *h = hosts ? b->hosts : NULL; h; h = h->next)
		nearest_try(&near, h->name.text);
	if (!near.best) {
		build_error(b, word->at, "there is no %s \"%s\"", what, word->text);
		return;
	}
	build_error(b, word->at, "there is no %s \"%s\"; did you mean \"%s\"?", what, word->text, near.best);
	/* What was probably meant is not unused. */
	if (zones && zone_find(b, near.best))
		zone_find(b, near.best)->used = true;
	if (hosts && host_find(b, near.best))
		host_find(b, near.best)->used = true;
}

static void range_add(struct policy_build *b, struct vec *ranges, const struct range *range)
{
	*(struct range *)vec_add(&b->pool, ranges, sizeof(struct range)) = *range;
}

static void set_add(struct policy_build *b, struct vec *ranges, const struct address_set *set)
{
	for (uint32_t i = 0; i < set->count && ranges->count <= POLICY_PREFIXES_MAX; i++)
		range_add(b, ranges, &set->range[i]);
}

/* A zone's addresses with those of the zones it names. Depth: the number of zones, capped. */
static void zone_flatten(struct policy_build *b, struct zone *zone, unsigned depth)
{
	struct vec ranges = {0};

	zone->mark = 1;
	for (struct zone_item *item = zone->item; item; item = item->next) {
		if (item->bad)
			continue;
		if (item->range.family) {
			range_add(b, &ranges, &item->range);
			continue;
		}
		item->zone = zone_find(b, item->word.text);
		if (!item->zone) {
			unknown(b, &item->word, "zone", true, false);
			continue;
		}
		item->zone->used = true;
		if (item->zone->mark == 1 || depth == 64) {
			build_error(b, item->word.at, item->zone->mark == 1 ? "%s would contain itself" : "%s is more than 64 zones deep", item->word.text);
			continue;
		}
		if (!item->zone->mark)
			zone_flatten(b, item->zone, depth + 1);
		set_add(b, &ranges, &item->zone->set);
	}
	zone->set = set_make(b, &ranges, zone->name.at);
	zone->mark = 2;
}

static void zones(struct policy_build *b)
{
	for (struct zone *z = b->zones; z; z = z->next) {
		struct zone *first = zone_find(b, z->name.text);
		struct host *host = host_find(b, z->name.text);

		if (strcmp(z->name.text, "any") == 0)
			build_error(b, z->name.at, "\"any\" is every address and cannot be defined");
		if (first != z) {
			build_error(b, z->name.at, "the zone %s is defined twice", z->name.text);
			build_note(b, first->name.at, "here first");
		} else if (host) {
			build_error(b, z->name.at, "a zone and a host cannot share the name %s", z->name.text);
			build_note(b, host->name.at, "the host");
		}
		if (!z->item && !z->broken)
			build_error(b, z->name.at, "the zone %s is empty", z->name.text);
		if (!z->mark)
			zone_flatten(b, z, 0);
	}
}

static void host_os(struct policy_build *b, struct host *h)
{
	struct nearest near = nearest_to(b, h->os.text);

	if (os_parse(h->os.text, &h->system))
		return;
	for (size_t i = 0; os_name(i); i++)
		nearest_try(&near, os_name(i));
	if (near.best)
		build_error(b, h->os.at, "no operating system is called \"%s\"; did you mean \"%s\"?", h->os.text, near.best);
	else
		build_error(b, h->os.at, "no operating system is called \"%s\"; an appliance is a \"device\"", h->os.text);
	h->has_os = false;
}

static void hosts(struct policy_build *b)
{
	for (struct host *h = b->hosts; h; h = h->next) {
		struct host *first = host_find(b, h->name.text);

		if (first != h) {
			build_error(b, h->name.at, "the host %s is defined twice", h->name.text);
			build_note(b, first->name.at, "here first");
		}
		if (!h->address && !h->names && !h->broken)
			build_error(b, h->name.at, "the host %s has neither an address nor a name", h->name.text);
		if (h->has_os)
			host_os(b, h);
	}
}

static struct policy_text_ast *policy_find(struct policy_build *b, const char *name)
{
	for (struct policy_text_ast *p = b->policies; p; p = p->next)
		if (strcmp(p->name.text, name) == 0)
			return p;
	return NULL;
}

static void service_policy(struct policy_build *b, struct service *s)
{
	struct nearest near;

	if (!s->policy_name.text) {
		if (!s->broken)
			build_error(b, s->name.at, "the service %s names no policy", s->name.text);
		return;
	}
	s->policy = policy_find(b, s->policy_name.text);
	if (s->policy) {
		s->policy->used = true;
		s->policy->protocols |= s->protocols;
		return;
	}
	near = nearest_to(b, s->policy_name.text);
	for (struct policy_text_ast *p = b->policies; p; p = p->next)
		nearest_try(&near, p->name.text);
	if (near.best) {
		build_error(b, s->policy_name.at, "there is no policy \"%s\"; did you mean \"%s\"?", s->policy_name.text, near.best);
		policy_find(b, near.best)->used = true;
		policy_find(b, near.best)->protocols |= s->protocols;
	} else
		build_error(b, s->policy_name.at, "there is no policy \"%s\"", s->policy_name.text);
}

static int protocol_find(struct policy_build *b, const char *name)
{
	for (unsigned i = 0; i < b->recognisers; i++)
		if (strcmp(b->registry[i]->name, name) == 0)
			return (int)i;
	return -1;
}

/* What a protocol is called over datagrams when it has another recogniser there. */
static const char *const datagram_names[][2] = {{"ldap", "cldap"}, {"dcerpc", "dcerpc-cl"}};

static void protocol_unknown(struct policy_build *b, const struct word *word)
{
	struct nearest near = nearest_to(b, word->text);
	char           all[200];
	struct str     list = str_over(all, sizeof(all));

	for (unsigned i = 0; i < b->recognisers; i++) {
		nearest_try(&near, b->registry[i]->name);
		str_fmt(&list, "%s%s", i ? ", " : "", b->registry[i]->name);
	}
	if (near.best)
		build_error(b, word->at, "there is no protocol \"%s\"; did you mean \"%s\"?", word->text, near.best);
	else
		build_error(b, word->at, "there is no protocol \"%s\"; this build has: %s", word->text, all);
}

/* The recogniser of a service for one transport; -1 = none. */
static int protocol_over(struct policy_build *b, const struct service *s, bool datagram)
{
	for (const struct words *w = s->protocol; w; w = w->next) {
		int i = protocol_find(b, w->word.text);

		if (i >= 0 && b->registry[i]->datagram == datagram)
			return i;
	}
	for (const struct words *w = datagram ? s->protocol : NULL; w; w = w->next)
		for (size_t k = 0; k < sizeof(datagram_names) / sizeof(datagram_names[0]); k++)
			if (strcmp(w->word.text, datagram_names[k][0]) == 0 && protocol_find(b, datagram_names[k][1]) >= 0)
				return protocol_find(b, datagram_names[k][1]);
	return -1;
}

static void service_protocols(struct policy_build *b, struct service *s)
{
	bool known = true;

	if (!s->protocol) {
		if (!s->broken)
			build_error(b, s->name.at, "the service %s names no protocol", s->name.text);
		return;
	}
	for (const struct words *w = s->protocol; w; w = w->next) {
		int i = protocol_find(b, w->word.text);

		if (i >= 0)
			s->protocols |= 1ull << i;
		else
			protocol_unknown(b, &w->word);
		known = known && i >= 0;
	}
	for (struct listen *l = s->listen; l && known; l = l->next) {
		int i = protocol_over(b, s, l->transport == POLICY_UDP);

		if (i < 0)
			build_error(b, l->at, "none of this service's protocols is spoken over %s", l->transport == POLICY_UDP ? "udp" : "tcp");
		else
			s->protocols |= 1ull << (l->protocol = (uint32_t)i);
	}
}

static void service_to(struct policy_build *b, struct service *s)
{
	if (!s->to && !s->broken)
		build_error(b, s->name.at, "the service %s leads to no host", s->name.text);
	for (struct words *w = s->to; w; w = w->next) {
		w->host = host_find(b, w->word.text);
		if (w->host)
			w->host->used = true;
		else
			unknown(b, &w->word, "host", false, true);
		for (struct words *v = s->to; v != w; v = v->next)
			if (w->host && v->host == w->host)
				build_error(b, w->word.at, "the host %s is said twice", w->word.text);
	}
}

static bool same_port(const struct listen *a, const struct listen *b)
{
	static const uint8_t zero[16];
	size_t               n = a->address.family == 4 ? 4 : 16;

	/* An address that could not be read has no family. */
	if (!a->address.family || a->transport != b->transport || a->address.port != b->address.port || a->address.family != b->address.family)
		return false;
	return memcmp(a->address.ip, b->address.ip, n) == 0 || memcmp(a->address.ip, zero, n) == 0 ||
	       memcmp(b->address.ip, zero, n) == 0;
}

/* Two listeners for one place: the first one that stands before `l`. */
static void listen_once(struct policy_build *b, const struct listen *l)
{
	for (const struct service *s = b->services; s; s = s->next)
		for (const struct listen *other = s->listen; other; other = other->next) {
			if (other == l)
				return;
			if (same_port(l, other)) {
				build_error(b, l->at, "this port is listened on already");
				build_note(b, other->at, "by the service %s", s->name.text);
				return;
			}
		}
}

static void services(struct policy_build *b)
{
	for (struct service *s = b->services; s; s = s->next) {
		for (const struct service *first = b->services; first != s; first = first->next)
			if (strcmp(first->name.text, s->name.text) == 0) {
				build_error(b, s->name.at, "the service %s is defined twice", s->name.text);
				build_note(b, first->name.at, "here first");
				break;
			}
		if (!s->listen && !s->broken)
			build_error(b, s->name.at, "the service %s listens nowhere", s->name.text);
		for (const struct listen *l = s->listen; l; l = l->next)
			listen_once(b, l);
		service_to(b, s);
		service_protocols(b, s);
		service_policy(b, s);
	}
}

/* The addresses a rule's `from` or `to` names; `hosts_too` for `to`. */
static void place_resolve(struct policy_build *b, struct place_list *list, bool hosts_too)
{
	struct vec ranges = {0};

	list->set.any = !list->names;
	for (struct words *w = list->names; w; w = w->next) {
		struct zone *zone = zone_find(b, w->word.text);
		struct host *host = hosts_too && !zone ? host_find(b, w->word.text) : NULL;

		if (zone) {
			zone->used = true;
			if (list->names->next)
				set_add(b, &ranges, &zone->set);
		} else if (host) {
			host->used = true;
			for (struct words *a = host->address; a; a = a->next)
				range_add(b, &ranges, &a->range);
			if (!host->address)
				build_error(b, w->word.at, "the host %s has no address to compare with", w->word.text);
		} else if (strcmp(w->word.text, "any") == 0) {
			build_error(b, w->word.at, "\"any\" stands alone");
			list->broken = true;
		} else {
			unknown(b, &w->word, hosts_too ? "host or zone" : "zone", true, hosts_too);
			list->broken = true;
		}
	}
	/* One zone, the usual case, lends its own set: large zones stand in many rules. */
	if (list->names && !list->names->next && zone_find(b, list->names->word.text))
		list->set = zone_find(b, list->names->word.text)->set;
	else if (list->names)
		list->set = set_make(b, &ranges, list->at);
}

static void policies(struct policy_build *b)
{
	for (struct policy_text_ast *p = b->policies; p; p = p->next) {
		struct policy_text_ast *first = policy_find(b, p->name.text);

		if (first != p) {
			build_error(b, p->name.at, "the policy %s is defined twice", p->name.text);
			build_note(b, first->name.at, "here first");
		}
		for (struct sentence *s = p->sentence; s; s = s->next) {
			place_resolve(b, &s->from, false);
			place_resolve(b, &s->to, true);
		}
	}
}

static void unused(struct policy_build *b)
{
	for (const struct zone *z = b->zones; z; z = z->next)
		if (!z->used)
			build_error(b, z->name.at, "the zone %s is never used", z->name.text);
	for (const struct host *h = b->hosts; h; h = h->next)
		if (!h->used)
			build_error(b, h->name.at, "the host %s is never used", h->name.text);
	for (const struct policy_text_ast *p = b->policies; p; p = p->next)
		if (!p->used && policy_find(b, p->name.text) == p)
			build_error(b, p->name.at, "the policy %s is never used", p->name.text);
}

void resolve(struct policy_build *b)
{
	zones(b);
	hosts(b);
	services(b);
	policies(b);
	if (!b->syntax_errors)
		unused(b);
	if (!b->services && !b->errors)
		build_error(b, (struct span){0}, "this policy has no service: nothing would be let in");
}
