"""The harness itself: ratios within a round, bars that hold and that are missed, contenders that fail."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import measure, report  # noqa: E402
from harness.declare import Bar, Case, Contender, Figure  # noqa: E402

CASE = Case("case", "a case", [], [Figure("ns", "ns")], base="weir")


def result(name, *values):
    return measure.Result(CASE, Contender(name, []), [{"ns": value} for value in values])


class Bars(unittest.TestCase):
    results = [result("weir", 10, 20, 40), result("peer", 100, 100, 100)]

    def judged(self, **bar):
        return report.judge(Bar("says", "case", "weir", "ns", **bar), self.results)

    def test_ratios_are_made_within_a_round(self):
        ratio = measure.paired_ratio(result("peer", 100, 400, 100), result("weir", 10, 20, 40), "ns")
        self.assertEqual(ratio, 10)  # of the medians it would be 5

    def test_a_bar_on_a_ratio(self):
        self.assertTrue(self.judged(over="peer", at_most=0.2)[0])
        self.assertFalse(self.judged(over="peer", at_most=0.19)[0])
        self.assertTrue(self.judged(over="peer", at_least=0.2)[0])
        self.assertFalse(self.judged(over="peer", at_least=0.21)[0])

    def test_a_bar_on_a_figure(self):
        self.assertTrue(self.judged(at_most=20)[0])
        self.assertFalse(self.judged(at_most=19)[0])

    def test_a_bar_on_a_difference(self):
        self.assertTrue(self.judged(over="peer", plus=-80)[0])
        self.assertFalse(self.judged(over="peer", plus=-81)[0])

    def test_a_bar_on_every_round(self):
        self.assertFalse(self.judged(at_most=39, always=True)[0])
        self.assertTrue(self.judged(at_most=40, always=True)[0])

    def test_what_was_not_measured_is_not_missed(self):
        self.assertIsNone(self.judged(over="nobody", at_most=1)[0])
        lines, good = report.bars([Bar("says", "case", "nobody", "ns", at_most=1)], self.results)
        self.assertTrue(good)
        self.assertIn("not measured", lines[0])

    def test_one_missed_bar_is_bad(self):
        bars = [Bar("a", "case", "weir", "ns", at_most=20), Bar("b", "case", "weir", "ns", at_most=19)]
        lines, good = report.bars(bars, self.results)
        self.assertFalse(good)
        self.assertIn("holds", lines[0])
        self.assertIn("MISSED", lines[1])


class Runs(unittest.TestCase):
    def run_once(self, script, **more):
        with tempfile.TemporaryDirectory() as scratch:
            return measure.run_once(Contender("one", [sys.executable, "-c", script], **more), scratch)

    def test_the_last_object_counts_and_use_is_added(self):
        figures, why_not = self.run_once("print('{\"ns\": 1}'); print('{\"ns\": 2}'); print('end')")
        self.assertEqual((figures["ns"], why_not), (2, ""))
        self.assertGreater(figures["cpu_s"], 0)
        self.assertGreater(figures["rss_mib"], 0)

    def test_one_that_fails_says_why(self):
        figures, why_not = self.run_once("import sys; sys.exit('no such thing')")
        self.assertIsNone(figures)
        self.assertIn("no such thing", why_not)

    def test_one_that_hangs_is_ended(self):
        figures, why_not = self.run_once("import signal; signal.pause()", timeout_s=0.3)
        self.assertIsNone(figures)
        self.assertIn("-9", why_not)

    def test_contenders_take_turns_and_the_missing_are_left_out(self):
        with tempfile.TemporaryDirectory() as scratch:
            log = os.path.join(scratch, "log")
            note = [sys.executable, "-c", "import sys; open(sys.argv[1], 'a').write(sys.argv[2]); print('{}')", log]
            case = Case("case", "a case", [Contender("a", [*note, "a"]), Contender("b", [*note, "b"]),
                                           Contender("c", [*note, "c"], missing="it is not here")], [], base="a")
            results = measure.run_case(case, scratch, 2)
            with open(log, encoding="ascii") as file:
                self.assertEqual(file.read(), "abab")
        self.assertEqual([len(one.rounds) for one in results], [2, 2, 0])
        self.assertEqual(results[2].failed, "it is not here")


unittest.main()
