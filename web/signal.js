/* signal.js: does a stream still come? Pure: it is told of frames and of the time. */
const SILENCE_MS = 2500, BACK_MS = 5000;

export class Signal {
    #last = null;
    #interval = 0;
    #since = null;                 // when it was found to be silent: the last frame's arrival
    #back = null;

    frame(now) {
        if (this.#last !== null && this.#since === null) {
            const gap = now - this.#last;
            this.#interval = this.#interval === 0 ? gap : this.#interval + (Math.min(gap, 8 * this.#interval + 50) - this.#interval) / 12;
        }
        if (this.#since !== null)
            this.#back = { at: now, after_ms: now - this.#since };
        this.#since = null;
        this.#last = now;
    }

    /* The stream was asked for anew: what was silent until now does not count. */
    restart() {
        this.#last = null;
        this.#since = null;
        this.#back = null;
    }

    get last() {
        return this.#last;
    }

    /* {kind: 'waiting' | 'live' | 'lost' | 'back', ms}: since when, or how long it was away. */
    read(now) {
        if (this.#last === null)
            return { kind: 'waiting', ms: 0 };
        const silent = now - this.#last;
        if (silent > Math.max(SILENCE_MS, 4 * this.#interval)) {
            this.#since = this.#last;
            return { kind: 'lost', ms: silent };
        }
        if (this.#back && now - this.#back.at < BACK_MS)
            return { kind: 'back', ms: this.#back.after_ms };
        return { kind: 'live', ms: 0 };
    }
}
