/* marks.js: where in the last minute something was found: a lane for each label, in it spans of time. Pure. */
const JOIN_MS = 1200;

/* entries: iterable of {time, labels: [label, ...]} in any order. Gives [{label, spans: [[from, to], ...], count}], the most
 * frequent first, at most `most` lanes. */
export function lanes(entries, most = 4) {
    const found = new Map();
    for (const { time, labels } of [...entries].sort((a, b) => a.time - b.time))
        for (const label of new Set(labels)) {
            const lane = found.get(label) ?? { label, spans: [], count: 0 };
            const last = lane.spans.at(-1);
            if (last && time - last[1] <= JOIN_MS)
                last[1] = time;
            else
                lane.spans.push([time, time]);
            lane.count++;
            found.set(label, lane);
        }
    return [...found.values()].sort((a, b) => b.count - a.count || (a.label < b.label ? -1 : 1)).slice(0, most);
}

/* What was found, and when, from the results and the packets that are held. */
export function* entriesOf(player, shows) {
    const first = player.history.first;
    if (!first)
        return;
    for (const result of player.results.since(first.number)) {
        const frame = player.history.get(result.frame);
        const labels = frame ? result.boxes.filter(shows).map(box => box.label) : [];
        if (labels.length)
            yield { time: frame.time, labels, number: frame.number };
    }
}
