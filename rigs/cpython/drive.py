"""Runs CPython's own tests and says, a JSON object a line, how each went and what crossed the bridge.

drive.py PATH VARIANT MODULE…: PATH is where the host's threads connect. VARIANT "cpython" is CPython itself, and
says which tests call _socket. Lines go to descriptor 3.
"""
import faulthandler
import json
import os
import signal
import sys
import time
import unittest

path, variant, *modules = sys.argv[1:]
output = os.fdopen(3, "w", buffering=1)
os.set_inheritable(3, False)
left_out = set(json.loads(os.environ.get("SOCKEYE_LEFT_OUT", "[]")))
only = os.environ.get("SOCKEYE_ONLY", "")
library = os.environ.get("SOCKEYE_TEST_LIBRARY")
named = json.loads(os.environ.get("SOCKEYE_TESTS", "null"))
crossed = []

if variant == "cpython":
    import _socket

    def profile(frame, event, called):
        if event == "c_call":
            owner = getattr(called, "__self__", None)
            if isinstance(owner, _socket.socket) or getattr(called, "__module__", None) == "_socket":
                crossed.append(called.__name__)
else:
    profile = None
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import bridge
    bridge.install(path)
    if variant == "full":
        import full
        full.install()
    crossed = bridge.crossed

# Where a test hangs.
faulthandler.register(signal.SIGUSR2)

if library is not None:
    import test
    test.__path__.insert(0, library)

from test import support  # noqa: E402

# As regrtest has it: nothing that needs a resource unless told so (its -u), and more time where things take more, which is its --timeout.
support.use_resources = json.loads(os.environ.get("SOCKEYE_USE", "[]"))
if "SOCKEYE_RIG" in os.environ:
    support.LOOPBACK_TIMEOUT, support.SHORT_TIMEOUT = 60.0, 180.0
    # More than any buffer of a socket holds: those are smaller there, see inside.ts.
    support.SOCK_MAX_SIZE = 2 * 1024 * 1024 + 1


def say(**what):
    output.write(json.dumps(what) + "\n")


class Result(unittest.TestResult):
    # 3.12.1 stops tests that it skips without having started them.
    how, why, began = "passed", "", time.monotonic()

    def startTest(self, test):
        super().startTest(test)
        say(begin=test.id())
        self.began = time.monotonic()
        del crossed[:]
        sys.setprofile(profile)

    def stopTest(self, test):
        sys.setprofile(None)
        calls = {}
        for name in crossed:
            calls[name] = calls.get(name, 0) + 1
        say(test=test.id(), how=self.how, why=self.why, calls=calls, seconds=round(time.monotonic() - self.began, 3))
        self.how, self.why = "passed", ""
        super().stopTest(test)

    def note(self, how, why):
        if self.failfast and how != "passed":
            self.stop()
        if self.how != "failed":
            self.how, self.why = how, why

    def addSkip(self, test, reason):
        if isinstance(test, unittest.TestCase):
            self.note("skipped", reason)
        else:
            say(test=test.id(), how="skipped", why=reason, calls={})

    def addFailure(self, test, err):
        self.addError(test, err)

    def addError(self, test, err):
        why = self._exc_info_to_string(err, test)
        if isinstance(test, unittest.TestCase):
            self.note("failed", why)
        else:
            say(test=test.id(), how="failed", why=why, calls={})

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.addError(test, err)

    def addExpectedFailure(self, test, err):
        pass

    def addUnexpectedSuccess(self, test):
        self.note("failed", "unexpected success")


def each(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from each(test)
        else:
            yield test


suite = unittest.TestSuite()
for module in modules:
    tests = list(each(unittest.defaultTestLoader.loadTestsFromName("test." + module)))
    suite.addTests(test for test in tests if test.id() not in left_out and only in test.id()
                   and (named is None or test.id() in named))
say(python=sys.version.split()[0], kernel=os.uname().release, tests=[test.id() for test in each(suite)])
result = Result()
result.failfast = os.environ.get("SOCKEYE_BROKEN", "") != ""
suite.run(result)
say(done=True)
output.flush()
os._exit(0)
