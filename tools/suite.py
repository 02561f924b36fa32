"""Builds twice, runs every test there is, prints what failed, and counts: N passed, N failed, N skipped."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
PLAIN, ASAN = ROOT / "build", ROOT / "build-asan"
STRICT = ["-Dwerror=true"]
PRODUCT = STRICT + ["-Db_lto=true"]  # as `make` builds it
SANITIZED = STRICT + ["-Dchecked=true", "-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dc_args=-fno-sanitize-recover=all"]
JOBS = str(os.cpu_count() or 1)
TAP_LINE = re.compile(r"^(not )?ok\b[^#\n]*(# (?:SKIP|TODO)\b.*)?", re.M | re.I)
TAP_EMPTY = re.compile(r"^1\.\.0(?:\s+# SKIP\s*(.*))?", re.M | re.I)


class Suite:
    def __init__(self, scratch):
        self.passed = self.failed = self.skipped = 0
        self.scratch = scratch
        self.broken = False

    def count(self, passed=0, failed=0, skipped=0):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped

    def run(self, command, **more):
        """(exit code, output), with temporary files where the suite cleans up."""
        environment = dict(os.environ, TMPDIR=str(self.scratch), UBSAN_OPTIONS="print_stacktrace=1", **more)
        done = subprocess.run(
            [str(c) for c in command], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        return done.returncode, done.stdout.decode(errors="replace")

    def must(self, title, command, **more):
        """One step that either works or not."""
        code, output = self.run(command, **more)
        self.count(passed=code == 0, failed=code != 0)
        if code:
            print(f"FAILED {title}\n{output}")
        return code == 0

    def tap(self, title, command, **more):
        """A test that speaks TAP."""
        code, output = self.run(command, **more)
        lines = TAP_LINE.findall(output)
        failed = sum(1 for bad, note in lines if bad and not note)
        skipped = sum(1 for _, note in lines if note)
        if code and not failed:
            failed += 1
        if not lines and not code:
            empty = TAP_EMPTY.search(output)
            skipped, failed = (1, 0) if empty else (0, 1)
            print(f"skipped {title}: {(empty.group(1) or '').strip()}" if empty else f"FAILED {title}: it said nothing")
        self.count(len([1 for bad, note in lines if not bad and not note]), failed, skipped)
        for line in (skip.group(0) for skip in TAP_LINE.finditer(output) if skip.group(2)):
            print(f"skipped {title}: {line}")
        if failed:
            print(f"FAILED {title} (exit {code})\n{output}")
        return output


def configure(build, compiler, options):
    """The meson call that makes or changes a build directory."""
    if (build / "build.ninja").exists():
        return {}, ["meson", "configure", build, *options]
    return {"CC": compiler}, ["meson", "setup", build, *options]


def compile_into(suite, build, compiler, options):
    environment, command = configure(build, compiler, options)
    if suite.must(f"configuring {build.name}", command, **environment):
        if suite.must(f"building {build.name} with {compiler}, warnings are errors", ["ninja", "-C", build, "-j", JOBS]):
            return
    suite.broken = True


def stage_gcc(suite):
    compile_into(suite, PLAIN, "gcc", PRODUCT)


def stage_clang(suite):
    compile_into(suite, ASAN, "clang", SANITIZED)


def count_junit(suite, file):
    for case in ElementTree.parse(file).getroot().iter("testcase"):
        skipped = case.find("skipped") is not None
        failed = case.find("failure") is not None or case.find("error") is not None
        suite.count(not skipped and not failed, failed, skipped)
        if failed or skipped:
            print(f"{'FAILED' if failed else 'skipped'} {case.get('classname', '')} {case.get('name')}")


def stage_unit(suite):
    code, output = suite.run(["meson", "test", "-C", ASAN, "--no-rebuild", "--num-processes", JOBS, "-t", "5", "--print-errorlogs"])
    results = ASAN / "meson-logs" / "testlog.junit.xml"
    before = suite.failed
    if "No tests defined" in output or not results.exists():
        suite.count(failed=1)
        print(f"FAILED unit tests: there are none\n{output}")
        return
    count_junit(suite, results)
    if code and suite.failed == before:
        suite.count(failed=1)
    if code:
        print(f"FAILED unit tests (exit {code})\n{output}")


def stage_check(suite):
    output = suite.tap("tools/check", ["tools/check"])
    print("\n".join(line[4:] for line in output.splitlines() if re.match(r"#   (\||UNSAFE marks)", line)))


def script(path, **environment):
    """A stage that runs one Python test on the gcc build."""

    def stage(suite):
        if not (ROOT / path).exists():
            suite.count(failed=1)
            print(f"FAILED {path} is not there")
            return
        output = suite.tap(path, [sys.executable, path], **environment)
        print("\n".join(line[2:] for line in output.splitlines() if line.startswith("# ") and not line.startswith("# SKIP")))

    return stage


def scripts(*paths, **environment):
    """One stage that runs several of them."""
    stages = [script(path, **environment) for path in paths]

    def stage(suite):
        for one in stages:
            one(suite)

    return stage


def stage_fuzz(suite):
    if not (ROOT / "fuzz" / "run").exists():
        suite.count(failed=1)
        print("FAILED fuzz/run is not there")
        return
    suite.must("fuzz smoke run", ["fuzz/run"], FUZZ_SMOKE="1")


GATE = ["test/gate_run.py", "test/gate_limits.py", "test/gate_explain.py", "test/gate_regressions.py", "test/gate_probe.py",
        "test/gate_processes.py", "test/gate_pinhole.py", "test/gate_opaque.py", "test/gate_shield.py", "test/gate_operation.py"]

# Also on the build with sanitizers. Leaks are not looked for: inside its sandbox a process cannot look at itself.
GATE_SANITIZED = ["test/gate_vectors.py", "test/gate_hardship.py", "test/gate_regressions.py", "test/gate_operation.py"]

STAGES = {
    "gcc": stage_gcc,
    "clang": stage_clang,
    "unit": stage_unit,
    "check": stage_check,
    "corpus": script("test/corpus.py"),
    "differential": script("test/differential.py"),
    "lab": script("test/lab.py"),
    "lab-run": script("test/lab_run.py"),
    "gate-lab": script("test/gate_lab.py"),
    "gate-vectors": script("test/gate_vectors.py"),
    "gate-hardship": script("test/gate_hardship.py"),
    "gate-smb": script("test/gate_smb.py"),
    "gate-carried": script("test/gate_carried.py"),
    "torture": script("test/smbtorture.py"),
    "gate": scripts(*GATE),
    "gate-asan": scripts(*GATE_SANITIZED, SALLYPORT=str(ASAN / "sallyport"), ASAN_OPTIONS="detect_leaks=0"),
    "fuzz": stage_fuzz,
}
NEEDS_NO_BUILD = {"gcc", "clang", "check"}


def main():
    wanted = sys.argv[1:] or list(STAGES)
    unknown = [name for name in wanted if name not in STAGES]
    if unknown:
        print(f"no such stage: {', '.join(unknown)}; there are: {', '.join(STAGES)}", file=sys.stderr)
        return 2
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="sp-"))
    suite = Suite(scratch)
    try:
        for name in wanted:
            began = time.monotonic()
            if suite.broken and name not in NEEDS_NO_BUILD:
                suite.count(failed=1)
                print(f"FAILED {name}: not run, the build is broken")
            else:
                STAGES[name](suite)
            print(f"stage {name}: {time.monotonic() - began:.1f} s", flush=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"{suite.passed} passed, {suite.failed} failed, {suite.skipped} skipped")
    return 1 if suite.failed or not suite.passed else 0


if __name__ == "__main__":
    sys.exit(main())
