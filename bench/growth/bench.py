"""How cost grows with the pipeline: 1 to 200 nodes, 1 to 1000 links, a thread each or on a pool."""
from harness.declare import Bar, Case, Contender, Figure
from harness.plot import COLOURS, pyplot_or_none, save, tidy

FIGURES = [Figure("cpu_ns_per_frame_and_link", "CPU ns/frame and link", 0, more=False), Figure("nodes", "nodes", 0),
           Figure("links", "links", 0), Figure("rss_kib_per_node_and_link", "KiB resident per node and link", 1),
           Figure("bound_kib_per_link", "KiB bound per link", 1), Figure("start_cpu_ms", "start CPU ms", 1),
           Figure("start_ms", "start ms", 1), Figure("snapshot_us", "snapshot CPU us", 0),
           Figure("rest_percent", "rest % of a core", 2)]
# What is told for each node and link stays the same as long as cost grows linearly.
UNIT_COSTS = {"cpu_ns_per_frame_and_link": "CPU ns per frame and link",
              "rss_kib_per_node_and_link": "resident KiB per node and link",
              "start_cpu_us_per_node_and_link": "CPU us of the start per node and link",
              "snapshot_us_per_node_and_link": "CPU us of a snapshot per node and link"}
SHAPES = {"fan": "one source, many sinks", "chain": "links one after the other",
          "grid": "each of many sources to each of 50 sinks"}
SIZES = {"fan": (1, 16, 64, 199), "chain": (1, 16, 64, 199), "grid": (1, 5, 20)}
RUNNERS = {"fan": ("thread", "pool"), "chain": ("thread", "pool", "inline"), "grid": ("thread", "pool")}
LARGEST = ("fan", 199)  # 200 nodes


def frames(shape, size, quick):
    """About as many frames times links for every size, so that none takes much longer than another."""
    links = size * 50 if shape == "grid" else size
    return max(100, (4000 if quick else 25000) // links)


def cases(context):
    program, missing = context.program("growth", "weir-growth")
    rest_ms = "50" if context.quick else "300"
    return [
        Case(shape, SHAPES[shape], [
            Contender(f"{runner}, {size}",
                      [program, shape, str(size), runner, str(frames(shape, size, context.quick)), rest_ms], missing)
            for runner in RUNNERS[shape] for size in SIZES[shape]
        ], FIGURES, base=f"thread, {SIZES[shape][0]}", rounds=2) for shape in SHAPES
    ]


def bars():
    shape, size = LARGEST
    rest = [Bar(f"200 nodes at rest, {runner}: at most 0.5 % of a core", shape, f"{runner}, {size}", "rest_percent", at_most=0.5)
            for runner in RUNNERS[shape]]
    accounts = [Bar(f"{case}: the accounts of {runner}, {size} are true", case, f"{runner}, {size}", "accounts_true",
                    at_least=1, always=True)
                for case in SHAPES for runner in RUNNERS[case] for size in SIZES[case]]
    return rest + accounts


BARS = bars()


def lines_of(results):
    """[(shape, runner, its results by size)] of what was measured."""
    for shape in SHAPES:
        for runner in RUNNERS[shape]:
            line = [r for r in results if r.case.name == shape and r.contender.name.startswith(runner) and r.rounds]
            if line:
                yield shape, runner, line


def notes(results):
    """Where a unit cost at the largest size is more than twice that of a middling one: worse than linear. The smallest
    size is left out, since what the process itself takes would hide the growth."""
    found = []
    for shape, runner, line in lines_of(results):
        small, large = line[min(1, len(line) - 1)], line[-1]
        for key, words in UNIT_COSTS.items():
            before, after = small.median(key), large.median(key)
            if before and after and after > 2 * before:
                found.append(f"worse than linear: {shape}, {runner}: {words}: {before:,.1f} at "
                             f"{small.median('links'):.0f} links, {after:,.1f} at {large.median('links'):.0f}")
    return found or ["nothing grows worse than linearly"]


PANELS = [("cpu_ns_per_frame_and_link", "CPU ns per frame and link"), ("rss_kib", "KiB resident"),
          ("start_cpu_ms", "CPU ms of the start"), ("snapshot_us", "CPU us of a snapshot")]
STYLES = {"thread": "-", "pool": "--", "inline": ":"}


def draw(path, title, done):
    """Each cost over the number of links, a line for each shape and runner. False where matplotlib is missing."""
    pyplot = pyplot_or_none()
    if not pyplot:
        return False
    results = [result for _, case_results in done for result in case_results]
    figure, axes = pyplot.subplots(2, 2, figsize=(9, 7), layout="constrained")
    figure.suptitle(title)
    for (key, words), axis in zip(PANELS, axes.flat):
        for shape, runner, line in lines_of(results):
            axis.plot([r.median("links") for r in line], [r.median(key) for r in line], marker="o", markersize=3,
                      linestyle=STYLES[runner], color=COLOURS[list(SHAPES).index(shape)], label=f"{shape}, {runner}")
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_xlabel("links", fontsize=8)
        tidy(axis, words)
    axes.flat[0].legend(fontsize=7)
    return save(pyplot, figure, path)
