/* results.js: the results of one stream, by the number of the frame that they belong to. Pure.
 *
 * From one node results come in the order of display, so one that came says that none will come for a frame before it:
 * such a frame is *decided*, with a result of its own or without. When a source is opened again its own time may start
 * anew: then an *era* begins, at the number of its first packet. Eras are compared before times are.
 */
const TRAIL_MS = 3000;
const FRAMES_MAX = 12000;      // with results; the history usually forgets them far earlier

export class Results {
    #byFrame = new Map();      // number -> Map of node -> result
    #byNode = new Map();       // node -> results, in the order they came
    #eras = [-Infinity];       // first numbers, rising

    add(result) {
        const { frame, from } = result;
        if (!this.#byFrame.has(frame))
            this.#byFrame.set(frame, new Map());
        this.#byFrame.get(frame).set(from, result);
        if (!this.#byNode.has(from))
            this.#byNode.set(from, []);
        this.#byNode.get(from).push(result);
        if (this.#byFrame.size > FRAMES_MAX)
            this.forgetBefore([...this.#byFrame.keys()][FRAMES_MAX / 2]);
    }

    startEra(number) {
        if (number > this.#eras.at(-1))
            this.#eras.push(number);
    }

    era(number) {
        let era = this.#eras.length - 1;
        while (era > 0 && this.#eras[era] > number)
            era--;
        return era;
    }

    newest(node) {
        return this.#byNode.get(node)?.at(-1) ?? null;
    }

    /* Can a result of that node still come for this frame? */
    decidedBy(node, number, pts) {
        if (this.#byFrame.get(number)?.has(node))
            return true;
        const last = this.newest(node);
        if (!last)
            return false;
        const theirs = this.era(last.frame), ours = this.era(number);
        if (theirs !== ours)
            return theirs > ours;
        return pts === null || last.pts_ms === null ? last.frame >= number : last.pts_ms >= pts;
    }

    undecided(nodes, number, pts) {
        return nodes.filter(node => !this.decidedBy(node, number, pts));
    }

    /* The results that belong to exactly this frame. */
    of(number, nodes) {
        const found = this.#byFrame.get(number);
        return found ? nodes.filter(node => found.has(node)).map(node => found.get(node)) : [];
    }

    /* Where a track was, up to this frame: centres, oldest first; only as far back as it moved, and did not jump. */
    trail(node, number, track) {
        const list = this.#byNode.get(node) ?? [];
        const points = [];
        let at = list.length - 1;
        while (at >= 0 && list[at].frame !== number)
            at--;
        const end = list[at]?.captured_ms;
        for (; at >= 0 && list[at].captured_ms > end - TRAIL_MS; at--) {
            const box = list[at].boxes.find(b => b.track === track);
            if (!box)
                continue;
            const x = box.x + box.w / 2, y = box.y + box.h / 2, next = points[0];
            if (next && Math.hypot(next[0] - x, next[1] - y) > 2 * Math.max(box.w, box.h))
                break;
            points.unshift([x, y]);
        }
        return points;
    }

    /* Every result from that frame on, in the order they came. */
    *since(number) {
        for (const list of this.#byNode.values())
            for (const result of list)
                if (result.frame >= number)
                    yield result;
    }

    forgetBefore(number) {
        for (const frame of this.#byFrame.keys())
            if (frame < number)
                this.#byFrame.delete(frame);
        for (const list of this.#byNode.values()) {
            let gone = 0;
            while (gone < list.length - 1 && list[gone].frame < number)
                gone++;
            list.splice(0, gone);
        }
        while (this.#eras.length > 1 && this.#eras[1] <= number)
            this.#eras.shift();
    }

    get size() {
        return this.#byFrame.size;
    }

    clear() {
        this.#byFrame.clear();
        this.#byNode.clear();
        this.#eras = [-Infinity];
    }
}
