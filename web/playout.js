/* playout.js: when a frame is shown. Pure.
 *
 * Frames are due at their time plus a delay. The delay rises at once when a frame could only be had later than due,
 * and falls slowly when the last seconds say that it need not be so long; so pictures run smoothly, and no later than
 * the results that they wait for.
 */
const WINDOW_MS = 4000;
const FALL_MS_PER_S = 20;      // at least
const FALL_PART_PER_S = 0.15;  // of what is too much

export class Playout {
    #needs = [];               // {at, delay}, delays falling: what the last seconds needed
    #ticked = null;
    delay = null;

    reset() {
        this.#needs = [];
        this.#ticked = null;
        this.delay = null;
    }

    /* A frame of that time could be shown from `now` on, not before. */
    ready(time, now) {
        const delay = now - time;
        while (this.#needs.length && this.#needs.at(-1).delay <= delay)
            this.#needs.pop();
        this.#needs.push({ at: now, delay });
        if (this.delay === null || delay > this.delay)
            this.delay = delay;
    }

    /* Lets the delay fall towards what is needed. Call it once for each picture of the screen. */
    tick(now) {
        while (this.#needs.length > 1 && this.#needs[0].at < now - WINDOW_MS)
            this.#needs.shift();
        const seconds = this.#ticked === null ? 0 : Math.min(1, (now - this.#ticked) / 1000);
        this.#ticked = now;
        if (!this.#needs.length || this.delay === null)
            return;
        const excess = this.delay - this.#needs[0].delay;
        if (excess > 0)
            this.delay -= Math.min(excess, (FALL_MS_PER_S + FALL_PART_PER_S * excess) * seconds);
    }

    due(time, now) {
        return this.delay !== null && time + this.delay <= now + 1;
    }
}
