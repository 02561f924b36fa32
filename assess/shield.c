/* Writes shields: for each host the services its open flaws travel over, with the flaws, their reasons and their costs as comments. */
#include "assess/shield.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "assess/shield_int.h"
#include "proto/protocols.h"

enum { REASONS_SHOWN = 6, PLACEHOLDERS_MAX = 254, ADDRESS = 48, TITLE = 160, LINE = 160, LINE_FULL = 100 };

struct shielding {
	const struct report      *report;
	const struct shield_wish *wish;
	FILE                     *file;
	struct known_alsos       *alsos;
	char                    (*names)[SHIELD_NAME]; /* of the hosts so far */
	size_t                    name_n, shielded_hosts;
	struct shield_done       *done;
};

/* What is known of the flaw, whatever it is called; NULL: no reason names it. */
static const struct flaw *flaw_of(const struct shielding *sh, const char *cve)
{
	size_t             count;
	const struct flaw *flaws = flaws_all(&count);

	for (size_t i = 0; i < count; i++)
		if (known_same_id(flaws[i].id, strlen(flaws[i].id), cve, strlen(cve)))
			return &flaws[i];
	for (size_t i = 0; i < sh->alsos->count; i++)
		if (known_same_id(sh->alsos->row[i].id, strlen(sh->alsos->row[i].id), cve, strlen(cve)))
			return &sh->alsos->row[i].flaw;
	return NULL;
}

static bool is_open(const struct report_finding *f)
{
	return f->verdict == VERDICT_MISSING || f->verdict == VERDICT_CANNOT_TELL;
}

/* The flaw's messages are refused over some protocol, and nothing says that it is not worth anything. */
static bool shieldable(const struct shielding *sh, const struct report_finding *f, struct shield *out)
{
	const struct flaw *flaw = flaw_of(sh, f->cve);

	if (!flaw || (f->flaw && (f->flaw->local_only || f->flaw->not_shieldable)))
		return false;
	*out = known_shield(flaw);
	return out->status == SHIELD_FULL || out->status == SHIELD_PART;
}

static void port_add(struct shield_ports *ports, const char *protocol, uint16_t number, bool udp)
{
	struct shield_port *port;
	size_t              i = 0;

	if (!protocol_by_name(protocol))
		return;
	while (i < ports->count && ports->ports[i].port != number)
		i++;
	if (i == SHIELD_PORTS_MAX)
		return;
	port = &ports->ports[i];
	if (i == ports->count) {
		ports->count++;
		*port = (struct shield_port){.port = number};
	}
	port->tcp = port->tcp || !udp;
	port->udp = port->udp || udp;
	for (i = 0; i < port->protocol_n; i++)
		if (strcmp(port->protocols[i], protocol) == 0)
			return;
	if (port->protocol_n < SHIELD_PROTOCOLS_MAX)
		port->protocols[port->protocol_n++] = protocol;
}

/* Where Windows servers speak the protocols that flaws travel over, for flaws without a reviewed row. */
static void usual_ports(struct shield_ports *ports, const struct shield *known)
{
	static const struct {
		const char *carrier, *protocol;
		uint16_t    port;
		bool        udp;
	} usual[] = {
		{"smb", "smb", 445, false}, {"smb", "smb", 139, false}, {"smb1", "smb", 445, false}, {"smb1", "smb", 139, false}, {"smb2", "smb", 445, false},
		{"ldap", "ldap", 389, false}, {"ldap", "ldap", 3268, false}, {"cldap", "cldap", 389, true}, {"dcerpc", "dcerpc", 135, false}, {"dcerpc-cl", "dcerpc-cl", 135, true},
		{"krb5", "krb5", 88, false}, {"krb5", "krb5-udp", 88, true}, {"krb5-udp", "krb5-udp", 88, true},
	};

	for (size_t c = 0; c < known->covered.count; c++)
		for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
			if (strcmp(usual[i].carrier, known->covered.name[c]) == 0)
				port_add(ports, usual[i].protocol, usual[i].port, usual[i].udp);
}

static void flaw_ports(struct shield_ports *ports, const struct report_finding *f, const struct shield *known)
{
	if (!f->flaw || !f->flaw->shields[0].protocol) {
		usual_ports(ports, known);
		return;
	}
	for (size_t i = 0; i < SHIELDS_MAX && f->flaw->shields[i].protocol; i++)
		port_add(ports, f->flaw->shields[i].protocol, f->flaw->shields[i].port, f->flaw->shields[i].udp);
}

static void reasons_comment(const struct shielding *sh, const char *cve)
{
	size_t               count, n = 0;
	const struct reason *rows = reasons_all(&count);
	char                 text[512];
	struct str           s = str_over(text, sizeof(text));

	for (size_t i = 0; i < count; i++)
		if (known_listed(rows[i].flaws, cve) && n++ < REASONS_SHOWN)
			str_fmt(&s, "%s%s", s.len ? ", " : "", rows[i].id);
	if (n > REASONS_SHOWN)
		str_fmt(&s, " and %zu more (sallyport shields %s)", n - REASONS_SHOWN, cve);
	if (n)
		shield_comment(sh->file, "  refused by: ", "%s", text);
}

/* The workarounds that the bulletin itself gives for the flaw. */
static void bulletin_works(const struct shielding *sh, const struct report_finding *f)
{
	const struct bulletin *b = f->entry->readings[0];

	for (uint32_t i = 0; i < b->workaround_n; i++) {
		const struct workaround *w = &b->workarounds[i];

		if (w->cve && w->cve[0] && !known_same_id(w->cve, strlen(w->cve), f->cve, strlen(f->cve)))
			continue;
		shield_comment(sh->file, "  workaround: ", "%.*s%s (%s line %u)", utf8_cut(w->title, TITLE), w->title, strlen(w->title) > TITLE ? "..." : "", b->id, w->from.line);
		if (w->effect && w->effect[0])
			shield_comment(sh->file, "    its side effect: ", "%.*s%s", utf8_cut(w->effect, TITLE * 2), w->effect, strlen(w->effect) > TITLE * 2 ? "..." : "");
	}
}

/* Some workarounds of reviewed rows are for other systems or service packs. */
static bool work_fits(const struct report_host *host, const struct flaw_workaround *work)
{
	return (!work->families || (work->families >> host->target.family & 1)) && (!work->packs || !host->target.packs || (work->packs & host->target.packs));
}

/* Each once, though rows for several service packs may have one title. */
static void reviewed_works(const struct shielding *sh, const struct report_host *host, const struct flaw_rule *flaw)
{
	for (size_t i = 0; i < WORKAROUNDS_MAX && flaw->workarounds[i].title; i++) {
		const struct flaw_workaround *work = &flaw->workarounds[i];
		bool                          told = false;

		for (size_t k = 0; k < i; k++)
			told = told || (work_fits(host, &flaw->workarounds[k]) && strcmp(flaw->workarounds[k].title, work->title) == 0);
		if (!told && work_fits(host, work))
			shield_comment(sh->file, "  workaround: ", "%s", work->title);
	}
}

/* When the shield may go: the only thing that says so is another assessment. */
static void end_comment(const struct shielding *sh, const struct report_finding *f)
{
	uint32_t kb = report_article(f);
	char     article[32] = "";

	if (kb)
		snprintf(article, sizeof(article), " (KB%u)", kb);
	shield_comment(sh->file, "  until: ", "the update of %s%s, or one that replaces it, is installed and sallyport assess says fixed", f->entry->id, article);
}

static void flaw_comment(const struct shielding *sh, const struct report_host *host, const struct report_finding *f)
{
	struct shield      known;
	char               text[640];
	struct str         s = str_over(text, sizeof(text));
	bool               good = shieldable(sh, f, &known);
	const struct flaw *flaw = flaw_of(sh, f->cve);

	shield_comment(sh->file, "", "%s (%s, %s) %s: %s", f->cve, f->entry->id, report_severity(f->severity), verdict_name(f->verdict), f->sentence);
	if (good) {
		shield_text(&s, flaw, &known);
		shield_comment(sh->file, "  ", "%s", text);
		reasons_comment(sh, f->cve);
	} else if (f->flaw && f->flaw->local_only) {
		shield_comment(sh->file, "  not shieldable: ", "local only: %s", f->flaw->not_shieldable ? f->flaw->not_shieldable : "it needs a logon at the machine");
	} else if (f->flaw && f->flaw->not_shieldable) {
		shield_comment(sh->file, "  not shieldable: ", "%s", f->flaw->not_shieldable);
	} else {
		shield_comment(sh->file, "  not shieldable: ", "no reason of this build names it: install the update or use a workaround");
	}
	if (f->flaw)
		reviewed_works(sh, host, f->flaw);
	if (f->flaw && f->flaw->side_effect)
		shield_comment(sh->file, "  side effect: ", "%s", f->flaw->side_effect);
	if (!f->flaw)
		bulletin_works(sh, f);
	end_comment(sh, f);
}

/* No reason and no reviewed row names it: there is nothing to say of it but that. */
static bool is_plain(const struct shielding *sh, const struct report_finding *f)
{
	struct shield known;

	return !shieldable(sh, f, &known) && !(f->flaw && (f->flaw->local_only || f->flaw->not_shieldable));
}

/* The place of the host's first open flaw of that bulletin which nothing names. */
static bool is_first(const struct shielding *sh, const struct report_host *host, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (host->findings[i].entry == host->findings[at].entry && is_open(&host->findings[i]) && is_plain(sh, &host->findings[i]))
			return false;
	return true;
}

/* Old hosts have hundreds of these: the names of their bulletins, where not everything of each is asked for. */
static void plain_comment(const struct shielding *sh, const struct report_host *host)
{
	char       line[LINE];
	struct str s = str_over(line, sizeof(line));
	size_t     n = 0;

	for (size_t i = 0; i < host->finding_n; i++)
		n += is_open(&host->findings[i]) && is_plain(sh, &host->findings[i]);
	if (!n)
		return;
	shield_comment(sh->file, "not shieldable: ", "%zu flaw%s that no reason of this build names, of the bulletins below: install the updates, or use the workarounds "
		"(with --all they stand here)", n, n == 1 ? "" : "s");
	for (size_t i = 0; i < host->finding_n; i++) {
		const struct report_finding *f = &host->findings[i];

		if (!is_open(f) || !is_plain(sh, f) || !is_first(sh, host, i))
			continue;
		if (s.len + strlen(f->entry->id) + 2 > LINE_FULL) {
			shield_comment(sh->file, "  ", "%s", line);
			s = str_over(line, sizeof(line));
		}
		str_fmt(&s, "%s%s", s.len ? " " : "", f->entry->id);
	}
	shield_comment(sh->file, "  ", "%s", line);
}

static const char *given(const struct shield_address *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0)
			return list[i].address;
	return NULL;
}

/* A placeholder of the ranges that documents use: nothing there answers. */
static void placeholder(char out[ADDRESS], bool listen, size_t number)
{
	if (number <= PLACEHOLDERS_MAX)
		snprintf(out, ADDRESS, "%s.%zu", listen ? "198.51.100" : "192.0.2", number);
	else
		snprintf(out, ADDRESS, "2001:db8:%d::%zx", listen, number);
}

static void service_write(struct shielding *sh, const char *name, const char *listen, const struct shield_port *port)
{
	bool six = strchr(listen, ':') != NULL;

	fprintf(sh->file, "\nservice %s-%u {\n\tlisten   %s%s%s:%u%s%s\n\tto       %s\n\tprotocol", name, port->port, six ? "[" : "", listen, six ? "]" : "", port->port,
		port->tcp ? " tcp" : "", port->udp ? " udp" : "", name);
	for (size_t i = 0; i < port->protocol_n; i++)
		fprintf(sh->file, " %s", port->protocols[i]);
	fprintf(sh->file, "\n\tpolicy   %s-%u\n}\n\n", name, port->port);
	fprintf(sh->file, "policy %s-%u {\n", name, port->port);
	if (sh->wish->trial)
		fprintf(sh->file, "\twatch all until %s\n", sh->wish->trial);
	fprintf(sh->file, "\tpass  # every lawful message; better: pass from the zones that need it\n\tdefault block\n}\n");
	sh->done->services++;
}

/* What a reader has to know before the first line of the policy. */
static void head_write(const struct shielding *sh)
{
	char      moment[32] = "";
	time_t    when = (time_t)sh->report->now;
	struct tm tm;

	if (gmtime_r(&when, &tm))
		strftime(moment, sizeof(moment), "%Y-%m-%d", &tm);
	shield_comment(sh->file, "", "Shields for what was open on %s, by sallyport assess %s.", moment, sh->report->program);
	shield_comment(sh->file, "", "The recognisers refuse every message of these flaws, whatever the rules say. What is encrypted cannot be seen and is refused; "
		"\"allow opaque.sealed from ZONE\" or \"allow opaque.tls from ZONE\" lets it through without a shield.");
	if (sh->wish->trial)
		shield_comment(sh->file, "", "Until %s refusals that are not of class unsafe are only recorded: look at them (sallyport tail) before that day.", sh->wish->trial);
}

static void host_write(struct shielding *sh, const struct report_host *host, const struct shield_ports *ports)
{
	const char *address = given(sh->wish->addresses, sh->wish->address_n, host->name), *listen = given(sh->wish->listens, sh->wish->listen_n, host->name);
	char       *name = sh->names[sh->name_n], at[ADDRESS], on[ADDRESS], os[96];

	shield_name(host->name, (const char(*)[SHIELD_NAME])sh->names, sh->name_n, name);
	sh->name_n++;
	sh->done->hosts++;
	if (!address) {
		placeholder(at, false, sh->done->hosts);
		shield_comment(sh->file, "REPLACE ", "%s: the host's address is not known (--address %s=ADDRESS).", at, host->name);
	}
	if (!listen && sh->shielded_hosts > 1) {
		placeholder(on, true, sh->done->hosts);
		shield_comment(sh->file, "REPLACE ", "%s: where the gate listens for this host alone (--listen %s=ADDRESS).", on, host->name);
	}
	fprintf(sh->file, "host %s { address %s", name, address ? address : at);
	if (target_os_name(&host->target, os, sizeof(os)))
		fprintf(sh->file, "; os \"%s\"", os);
	fprintf(sh->file, " }\n");
	for (size_t i = 0; i < ports->count; i++)
		service_write(sh, name, listen ? listen : sh->shielded_hosts > 1 ? on : "0.0.0.0", &ports->ports[i]);
}

/* The ports of a host's open flaws; counts say how many flaws they shield. */
static size_t ports_of(const struct shielding *sh, const struct report_host *host, struct shield_ports *ports, struct shield_done *done)
{
	size_t open = 0;

	*ports = (struct shield_ports){0};
	for (size_t i = 0; i < host->finding_n; i++) {
		const struct report_finding *f = &host->findings[i];
		struct shield                known;

		if (!is_open(f))
			continue;
		open++;
		if (!shieldable(sh, f, &known)) {
			done->not_shielded++;
			continue;
		}
		done->shielded += known.status == SHIELD_FULL;
		done->partly += known.status == SHIELD_PART;
		flaw_ports(ports, f, &known);
	}
	return open;
}

static void shield_host(struct shielding *sh, const struct report_host *host)
{
	struct shield_ports ports;
	size_t              open = ports_of(sh, host, &ports, sh->done);
	char                system[128];

	if (!open)
		return;
	report_system(host, system, sizeof(system));
	fprintf(sh->file, "\n");
	shield_comment(sh->file, "", "%s (%s): %zu open flaw%s", host->name, system, open, open == 1 ? "" : "s");
	fprintf(sh->file, "#\n");
	for (size_t i = 0; i < host->finding_n; i++)
		if (is_open(&host->findings[i]) && (sh->wish->all || !is_plain(sh, &host->findings[i])))
			flaw_comment(sh, host, &host->findings[i]);
	if (!sh->wish->all)
		plain_comment(sh, host);
	if (ports.count)
		host_write(sh, host, &ports);
	else
		shield_comment(sh->file, "", "No policy helps here: none of these flaws can be shielded.");
}

bool shield_write(const struct report *report, const struct shield_wish *wish, FILE *file, struct shield_done *out)
{
	struct shielding sh = {.report = report, .wish = wish, .file = file, .done = out};
	bool             good;

	*out = (struct shield_done){0};
	sh.alsos = calloc(1, sizeof(*sh.alsos));
	sh.names = calloc(report->host_n + 1, sizeof(*sh.names));
	good = sh.alsos && sh.names;
	if (good) {
		known_also_collect(sh.alsos);
		for (size_t i = 0; i < report->host_n; i++) {
			struct shield_ports ports;
			struct shield_done  ignored = {0};

			ports_of(&sh, &report->hosts[i], &ports, &ignored);
			sh.shielded_hosts += ports.count != 0;
		}
		head_write(&sh);
		for (size_t i = 0; i < report->host_n; i++)
			shield_host(&sh, &report->hosts[i]);
	}
	free(sh.alsos);
	free(sh.names);
	return good && fflush(file) == 0 && !ferror(file);
}
