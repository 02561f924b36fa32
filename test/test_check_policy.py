#!/usr/bin/env python3
"""`check` with a policy: which flows are whose, what rules would stop, what they only watch, and what is refused anyway."""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lab")]
import pcap
from pcap import CLIENT, SERVER
from test_cmd import (B, BIND_ASK, BIND_DONE, CLEAN, FOUND, STARTTLS, TAP, USAGE, Scratch, conversation, message, negated, present, result, run, search, tlv)

REMOVE = message(2, tlv(0x4A, b"cn=x,dc=x"))
REMOVED = message(2, result(0x6B))
GATE = ("10.0.9.9", 389)
POLICY = """
zone office { 10.0.0.0/24 }
host dc { address 10.0.0.2; os "Windows 2000 Server SP4" }
service directory { listen 10.0.9.9:389 tcp udp
	to dc
	protocol ldap cldap
	policy use }
policy use {
	%s
	pass from office
}
"""
NO_WRITES = 'block where ldap.op in { add modify del moddn } id "no-writes"%s'


def policy(rules):
    pathlib.Path("p.policy").write_text(POLICY % rules)


def removal(server=B, client=("10.0.0.1", 40000)):
    return Scratch.capture("del.pcap", conversation((CLIENT, BIND_ASK), (SERVER, BIND_DONE), (CLIENT, REMOVE), (SERVER, REMOVED), client=client, server=server))


def stats(*words):
    code, out, _ = run("check", "--json", "-c", "p.policy", *words)
    lines = [json.loads(line) for line in out.splitlines()]
    return code, lines[:-1], lines[-1]


def denied():
    policy(NO_WRITES % "")
    code, out, err = run("check", "-c", "p.policy", removal())
    line = out.splitlines()[0]
    want = 'del.pcap:6 10.0.0.1:40000 -> 10.0.0.2:389  policy.denied: policy use, rule "no-writes" (the 1st) does not allow this: ldap op del'
    TAP.ok(code == FOUND and line == want, "what a rule would stop is one line, as the gate says it", code, line, err)
    TAP.ok("1 of 1 flows went to its services\n" in out and '         1  would be stopped: policy use, rule "no-writes"' in out, "and is counted by rule", out)
    code, alerts, last = stats("del.pcap")
    own = alerts[0]["sallyport"]
    TAP.ok(code == FOUND and len(alerts) == 1 and (own["service"], own["policy"], own["rule"], own["mode"], own["reason"]) ==
           ("directory", "use", "no-writes", "check", "policy.denied"), "JSON names service, policy, rule", alerts)
    TAP.ok(last["policy"]["rules"] == [{"policy": "use", "rule": "no-writes", "number": 1, "denied": 1, "watched": 0}] and last["policy"]["flows"] == 1,
           "and sums up", last["policy"])


def whose():
    policy(NO_WRITES % "")
    TAP.ok(run("check", "-c", "p.policy", removal(server=GATE))[0] == FOUND, "a capture taken before the gate is judged by the listener's service")
    code, out, _ = run("check", "-c", "p.policy", removal(server=("10.0.0.7", 389)))
    TAP.ok(code == CLEAN and "0 of 1 flows went to its services; the others were read by the defaults (--service" in out, "another server's flow is nobody's", out)
    TAP.ok(run("check", "-c", "p.policy", "-s", "directory", "del.pcap")[0] == FOUND, "--service judges it all the same")
    code, out, _ = run("check", "-c", "p.policy", removal(client=("10.9.0.1", 40000)))
    TAP.ok(code == FOUND and "no rule of policy use allows this: ldap op bind" in out, "a client of no zone is denied by default", out)


def watched():
    policy(NO_WRITES % " watch until 2099-01-31")
    code, out, _ = run("check", "-c", "p.policy", removal())
    TAP.ok(code == CLEAN and 'rule "no-writes" (the 1st) does not allow this once it is no longer watched: ldap op del' in out and
           "1  watched, not stopped" in out, "a watched rule stops nothing and is told", code, out)
    policy("watch all until 2099-01-31")
    early = Scratch.capture("early.pcap", conversation((CLIENT, BIND_ASK), (SERVER, message(9, result(0x61)))))
    code, out, _ = run("check", "-c", "p.policy", early)
    TAP.ok(code == CLEAN and "more watched, as the policy says" in out and run("check", early)[0] == FOUND, "so does a watched reason", code, out)
    deep = Scratch.capture("deep.pcap", conversation((CLIENT, BIND_ASK), (SERVER, BIND_DONE), (CLIENT, message(2, search(negated(33, present()))))))
    TAP.ok(run("check", "-c", "p.policy", deep)[0] == FOUND, "what is unsafe is refused whatever is watched")


def limits():
    deep = Scratch.capture("deep.pcap", conversation((CLIENT, BIND_ASK), (SERVER, BIND_DONE), (CLIENT, message(2, search(negated(20, present()))))))
    policy("limit ldap.filter.depth 8")
    code, out, _ = run("check", "-c", "p.policy", deep)
    TAP.ok(code == FOUND and "ldap.filter.depth" in out and run("check", deep)[0] == CLEAN, "limits are the policy's", out)


def unseen():
    policy("")
    name = Scratch.capture("tls.pcap", conversation((CLIENT, message(1, STARTTLS)), (SERVER, message(1, result(0x78))), (CLIENT, b"\x16\x03\x01\x00\x05hello"),
                                                    (SERVER, b"\x16\x03\x01\x00\x05hello"), (CLIENT, b"\x17\x03\x01\x00\x05again")))
    code, out, _ = run("check", "-c", "p.policy", name)
    TAP.ok(code == FOUND and out.count("tls.pcap:") == 1 and "1  would be stopped" in out and "no rule of policy use allows that" in out, "what nobody can see is denied, once in a flow", code, out)
    policy("allow opaque.tls")
    TAP.ok(run("check", "-c", "p.policy", name)[0] == CLEAN, "or let through, where a rule says so")


def mistakes():
    policy("blok everything")
    code, _, err = run("check", "-c", "p.policy", removal())
    TAP.ok(code == USAGE and "p.policy:9" in err, "what is wrong with the policy is shown", code, err)
    policy("")
    for words, said in ((("-c", "none.policy"), "No such file"), (("-c", "p.policy", "-s", "x"), 'no service "x"'), (("-s", "x"), "--policy"),
                        (("-c", "p.policy", "--limit", "ldap.filter.depth=8"), "write them there")):
        code, out, err = run("check", *words, "del.pcap")
        TAP.ok(code == USAGE and said in err and not out, f"{' '.join(words)} is an error of usage", code, err)


def main():
    scratch = Scratch()
    for test in (denied, whose, watched, limits, unseen, mistakes):
        test()
    scratch.place.cleanup()
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())
