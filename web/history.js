/* history.js: the last minute of one stream, as it came: encoded, in coding order, bounded in time and bytes. Pure.
 *
 * Whole groups go out at the front, so that the first packet is always one that a decoder can begin with. While a frame
 * is pinned (the viewer has paused there), what is near it stays; when the bound is reached, what is newest is not kept,
 * and after unpinning the history goes on behind a gap.
 */
export class History {
    #frames = [];
    #bytes = 0;
    #pinned = null;
    #full = false;

    constructor({ span_ms = 60000, bytes = 64 << 20 } = {}) {
        this.span_ms = span_ms;
        this.limit = bytes;
    }

    get bytes() {
        return this.#bytes;
    }

    get length() {
        return this.#frames.length;
    }

    get first() {
        return this.#frames[0] ?? null;
    }

    get last() {
        return this.#frames.at(-1) ?? null;
    }

    /* Keeps a frame; false if it was not wanted: a repetition, or no room while pinned. */
    push(frame) {
        const last = this.last;
        if (last && frame.number <= last.number)
            return false;
        if (this.#full || (!last && !frame.key))
            return false;
        if (this.#pinned !== null && this.#wouldOverflow(frame)) {
            this.#full = true;
            return false;
        }
        this.#frames.push(frame);
        this.#bytes += frame.data.length;
        if (this.#pinned === null)
            this.#trim(frame.time);
        return true;
    }

    #wouldOverflow(frame) {
        return this.#bytes + frame.data.length > this.limit || frame.time - this.first.time > 2 * this.span_ms;
    }

    #trim(now) {
        while (this.#bytes > this.limit || now - this.#frames[0].time > this.span_ms) {
            const next = this.#nextKey(0);
            if (next < 0) {
                // One group larger than all: it goes as a whole, since its rest could not be decoded.
                if (this.#bytes > this.limit)
                    this.clear();
                return;
            }
            if (this.#bytes <= this.limit && now - this.#frames[next].time < this.span_ms)
                return;
            for (const gone of this.#frames.splice(0, next))
                this.#bytes -= gone.data.length;
        }
    }

    #nextKey(from) {
        for (let i = from + 1; i < this.#frames.length; i++)
            if (this.#frames[i].key)
                return i;
        return -1;
    }

    pin(number) {
        this.#pinned = number;
    }

    /* Back to live. If frames were left out meanwhile the past is cut off, for nothing joins it to what comes. */
    unpin() {
        this.#pinned = null;
        if (this.#full)
            this.clear();
        else if (this.last)
            this.#trim(this.last.time);
    }

    index(number) {
        let low = 0, high = this.#frames.length - 1;
        while (low <= high) {
            const middle = (low + high) >> 1, at = this.#frames[middle].number;
            if (at === number)
                return middle;
            if (at < number)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return -1;
    }

    get(number) {
        return this.#frames[this.index(number)] ?? null;
    }

    at(index) {
        return this.#frames[index] ?? null;
    }

    /* Where decoding has to begin for this frame to come out: the index of the key frame before it, or -1. */
    keyBefore(index) {
        while (index >= 0 && !this.#frames[index].key)
            index--;
        return index;
    }

    /* The frame shown next (step 1) or before (step -1), which with B-frames is not the neighbour in coding order. */
    neighbour(number, step) {
        const index = this.index(number);
        if (index < 0)
            return null;
        const time = this.#frames[index].time;
        let best = null;
        for (let i = Math.max(0, index - 40); i < Math.min(this.#frames.length, index + 41); i++) {
            const frame = this.#frames[i], ahead = (frame.time - time) * step;
            if (ahead > 0 && (!best || (frame.time - best.time) * step < 0))
                best = frame;
        }
        return best;
    }

    /* The frame that was on show at that time: the last one not after it, or the first of all. */
    atTime(time) {
        let best = null;
        for (const frame of this.#frames)
            if (frame.time <= time && (!best || frame.time > best.time))
                best = frame;
        return best ?? this.first;
    }

    /* What a decoder needs to show the newest frame: everything from the last key frame on. */
    sinceLastKey() {
        const from = this.keyBefore(this.#frames.length - 1);
        return from < 0 ? [] : this.#frames.slice(from);
    }

    [Symbol.iterator]() {
        return this.#frames[Symbol.iterator]();
    }

    clear() {
        this.#frames = [];
        this.#bytes = 0;
        this.#full = false;
    }
}
