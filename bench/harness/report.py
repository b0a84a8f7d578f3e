"""Tables, bars and JSON of what was measured."""
from harness.measure import paired_ratio


def _number(value, figure):
    return "-" if value is None else f"{value * figure.scale:,.{figure.digits}f}"


def _spread(result, figure):
    values = result.values(figure.key)
    return "" if len(values) < 2 else f"{_number(min(values), figure)}–{_number(max(values), figure)}"


def _base(case, results):
    return next((r for r in results if r.contender.name == case.base and r.rounds), None)


def _row(case, result, base):
    row = [result.contender.name]
    for number, figure in enumerate(case.figures):
        row.append(_number(result.median(figure.key), figure))
        if number == 0:
            row.append(_spread(result, figure))
            ratio = paired_ratio(result, base, figure.key) if base else None
            row.append("" if ratio is None else f"{ratio:.2f}")
    return row


def table(case, results):
    """The lines of one case: medians, the spread of the first figure (least to most), its ratio to the base."""
    head = ["", case.figures[0].label, "least–most", f"× {case.base}"] + [f.label for f in case.figures[1:]]
    base = _base(case, results)
    rows = [head] + [_row(case, r, base) for r in results if r.rounds]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = [f"{case.title} (median of {max((len(r.rounds) for r in results), default=0)})"]
    for row in rows:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append("  " + "  ".join(cells).rstrip())
    lines += [f"  {r.contender.name}: not measured: {r.failed}" for r in results if r.failed]
    return "\n".join(lines)


def _within(bar, value):
    return (bar.at_least is None or value >= bar.at_least) and (bar.at_most is None or value <= bar.at_most)


def judge(bar, results):
    """(holds or None, what was found, in words)."""
    by_name = {r.contender.name: r for r in results if r.case.name == bar.case and r.rounds}
    of, over = by_name.get(bar.of), by_name.get(bar.over)
    if not of or (bar.over and not over):
        return None, "not measured"
    if bar.plus is not None:
        pairs = sorted(a[bar.figure] - b[bar.figure] for a, b in zip(of.rounds, over.rounds))
        more = pairs[len(pairs) // 2]
        return more <= bar.plus, f"{more:+.3g}"
    value = paired_ratio(of, over, bar.figure) if bar.over else of.median(bar.figure)
    if value is None:
        return None, "not measured"
    judged = of.values(bar.figure) if bar.always else [value]
    return all(_within(bar, one) for one in judged), ", ".join(f"{one:.3g}" for one in sorted(set(judged)))


def bars(declared, results):
    """Lines of all bars; and whether none was missed (one that was not measured is not missed)."""
    lines, good = [], True
    for bar in declared:
        holds, found = judge(bar, results)
        word = {True: "holds", False: "MISSED", None: "-"}[holds]
        good &= holds is not False
        lines.append(f"  {word:7} {bar.says}: {found}")
    return lines, good


def as_json(results):
    return [{"case": r.case.name, "contender": r.contender.name, "failed": r.failed,
             "median": {f.key: r.median(f.key) for f in r.case.figures}, "rounds": r.rounds} for r in results]
