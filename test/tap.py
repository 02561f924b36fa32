"""TAP for tests in Python: ok lines, notes, skips, and the plan last."""
import sys


class Tap:
    """Counts checks; `sys.exit(tap.done())` ends the test."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def ok(self, good, title, *notes):
        """One check. The notes are printed when it failed."""
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {title}", flush=True)
        for note in () if good else notes:
            self.note(note)
        return bool(good)

    def skip(self, title, why):
        self.count += 1
        print(f"ok {self.count} - {title} # SKIP {why}", flush=True)

    @staticmethod
    def note(text):
        for line in str(text).rstrip().splitlines():
            print(f"# {line}", flush=True)

    def done(self):
        print(f"1..{self.count}", flush=True)
        return 1 if self.failed else 0


def skip_all(why):
    """The whole test does not apply here."""
    print(f"1..0 # SKIP {why}", flush=True)
    sys.exit(0)
