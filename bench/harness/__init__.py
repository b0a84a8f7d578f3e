"""The harness of the benchmarks: what they declare (declare), how it is run (measure), how it is shown (report, plot)."""
