"""One picture a benchmark: a row of bars for each case, made with matplotlib."""


COLOURS = ["#0b6e99", "#6fb1cc", "#d98e04", "#9aa1a8", "#8c5a9e"]


def pyplot_or_none():
    """Matplotlib's pyplot, set up so that the same figures give the same file; None where it is missing."""
    try:
        import matplotlib
    except ImportError:
        return None
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "weir"
    from matplotlib import pyplot
    return pyplot


def save(pyplot, figure, path):
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    return True


def tidy(axis, title):
    axis.set_title(title, fontsize=9, loc="left")
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def plot(path, title, cases):
    """`cases`: [(Case, [Result])]. False where matplotlib is missing."""
    pyplot = pyplot_or_none()
    if not pyplot:
        return False
    shown = [(case, [r for r in results if r.median(case.figures[0].key) is not None]) for case, results in cases]
    shown = [(case, results) for case, results in shown if results]
    if not shown:
        return False
    heights = [1.2 + 0.32 * len(results) for _, results in shown]
    figure, axes = pyplot.subplots(len(shown), 1, figsize=(8, sum(heights) + 0.6), squeeze=False,
                                   gridspec_kw={"height_ratios": heights}, layout="constrained")
    figure.suptitle(title)
    for (case, results), axis in zip(shown, axes[:, 0]):
        _bars(axis, case, results)
    return save(pyplot, figure, path)


def _bars(axis, case, results):
    first = case.figures[0]
    values = [r.median(first.key) * first.scale for r in results]
    low = [v - min(r.values(first.key)) * first.scale for v, r in zip(values, results)]
    high = [max(r.values(first.key)) * first.scale - v for v, r in zip(values, results)]
    colours = ["#0b6e99" if r.contender.name.startswith("weir") else "#b8bfc6" for r in results]
    drawn = axis.barh([r.contender.name for r in results], values, xerr=[low, high], color=colours, ecolor="#555555")
    axis.bar_label(drawn, [f"{v:,.{first.digits}f}" for v in values], padding=6, fontsize=8)
    axis.invert_yaxis()
    axis.margins(x=0.18)
    axis.set_xlim(left=0)
    tidy(axis, f"{case.title}: {first.label}, {'more' if first.more else 'less'} is better")
