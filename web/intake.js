/* intake.js: gives each frame of a stream its time: one line for all of its life, on the server's clock. Pure.
 *
 * `time` is the media's own time plus what makes it the time of capture, so it is as even as the media's and as true as
 * the clock. Where the media's time starts anew (the source was reopened, a film began again) an era begins. Frames
 * without media time are at the time of their capture.
 */
const DRIFT_MAX_MS = 2000;

export class Intake {
    #base = null;
    #latest = -Infinity;           // the largest pts of this era
    #last = null;

    /* 'new': as expected; 'again': was here before; 'era': the first of an era; 'run': another run, nothing before counts. */
    place(frame) {
        const last = this.#last;
        let kind = 'new';
        if (last && frame.number <= last.number)
            kind = frame.captured > last.captured + 1 ? 'run' : 'again';
        if (kind === 'run')
            this.reset();
        if (kind !== 'again' && frame.pts !== null && this.#jumps(frame)) {
            this.#base = frame.captured - frame.pts;
            this.#latest = -Infinity;
            kind = kind === 'run' ? 'run' : 'era';
        }
        frame.time = frame.pts === null || this.#base === null ? frame.captured : this.#base + frame.pts;
        if (kind !== 'again') {
            this.#latest = Math.max(this.#latest, frame.pts ?? -Infinity);
            this.#last = { number: frame.number, captured: frame.captured };
        }
        return kind;
    }

    #jumps(frame) {
        if (this.#base === null || frame.flush)
            return true;
        return frame.key && (frame.pts <= this.#latest || Math.abs(frame.captured - frame.pts - this.#base) > DRIFT_MAX_MS);
    }

    reset() {
        this.#base = null;
        this.#latest = -Infinity;
        this.#last = null;
    }
}
