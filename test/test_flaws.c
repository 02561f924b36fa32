/* The reviewed rows of the founding flaws: complete, found by every name, and of one mind with policies. */
#include "assess/flaws.h"
#include "policy/os.h"
#include "proto/protocols.h"
#include "test/tap.h"

/* The families that policies think can have the flaw. */
static unsigned policy_families(const struct flaw_rule *rule)
{
	static const struct {
		const char *name;
		unsigned    families;
	} systems[] = {
		{"Windows NT 4.0 Server SP6", 1u << FAMILY_NT4 | 1u << FAMILY_NT4_TERMINAL}, {"Windows 2000 Server", 1u << FAMILY_2000}, {"Windows XP", 1u << FAMILY_XP},
		{"Windows Server 2003", 1u << FAMILY_2003},
	};
	unsigned families = 0;

	for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
		struct os os;

		if (os_parse(systems[i].name, &os) && os_flaw(&os, rule->cve))
			families |= systems[i].families;
	}
	return families;
}

static void flaws(void)
{
	size_t n = 0;

	for (const struct flaw_rule *rule; (rule = flaw_rule_at(n)); n++) {
		bool shields = true;

		for (size_t i = 0; i < SHIELDS_MAX && rule->shields[i].protocol; i++)
			shields = shields && protocol_by_name(rule->shields[i].protocol) && rule->shields[i].port;
		tap_ok(flaw_rule_find(rule->cve) == rule && shields && (rule->shields[0].protocol != NULL) != (rule->not_shieldable != NULL) && (!rule->local_only || rule->not_shieldable),
			"%s has shields of known protocols, or says why there is none", rule->cve);
		if (!tap_ok(rule->families == policy_families(rule), "%s: policies think of the same systems", rule->cve))
			tap_note("here %#x, there %#x", rule->families, policy_families(rule));
	}
	tap_number(n, 18, "the founding flaws");
	tap_ok(flaw_rule_find("CAN-2003-0533") == flaw_rule_find("CVE-2003-0533") && flaw_rule_find("MS00-013") == flaw_rule_find("CVE-2000-0211"), "flaws by their other names");
	tap_ok(!flaw_rule_find("CVE-2003-05333") && !flaw_rule_find("MS04-011") && !flaw_rule_find(""), "what is no reviewed flaw");
}

int main(void)
{
	flaws();
	return tap_done();
}
