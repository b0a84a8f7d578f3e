/* sequence.js: the frames of one stream between their arrival and the screen. Pure: it is told the time, and told what
 * the decoder gave; it says what to decode next and what to show.
 *
 * Frames enter encoded, in coding order, by push; they wait until they are *ready* (their results are decided, or they
 * waited long enough, or the viewer wants the newest), are handed to the decoder by nextToDecode, come back as images by
 * decoded, and leave by take when they are due. A frame that is overtaken is dropped, and its image closed.
 *
 * At the start, and again after a restart, everything that is there is decoded at once; the first picture is shown as
 * soon as it is there, and then the newest, so that one who joins sees a picture, without results that are not its own.
 */
import { Playout } from './playout.js';

const IMAGES_MAX = 6;          // decoded and not yet shown
const LEAD_MAX = 16;           // packets that a decoder may want beyond the one whose picture it gives
const STUCK_MS = 60;
const START_MS = 600;          // no longer than that, even if the decoder never gives all it has
const FRAMES_MAX = 1500;

export class Sequence {
    #frames = [];              // in coding order; the front ones are fed, or shown and overtaken
    #fed = 0;                  // how many of #frames are with the decoder, or back
    #lead = 0;
    #fedAt = 0;
    #starting = true;
    #startedAt = null;         // when the first picture was there
    #needKey = true;
    #close;
    playout = new Playout();
    shownTime = -Infinity;

    /* isReady(frame, now): may it be shown? close(image) frees an image that nobody will see. */
    constructor(isReady, close) {
        this.isReady = isReady;
        this.#close = close;
    }

    get starting() {
        return this.#starting;
    }

    get length() {
        return this.#frames.length;
    }

    push(frame) {
        if (frame.gap && !frame.key)
            this.#needKey = true;
        if (this.#needKey && !frame.key)
            return;
        this.#needKey = false;
        if (this.#frames.length >= FRAMES_MAX)
            this.restart();
        this.#frames.push({ ...frame, image: null });
    }

    /* Nothing that was pushed counts any more; the next key frame begins anew. */
    restart() {
        for (const frame of this.#frames)
            this.#drop(frame);
        this.#frames = [];
        this.#fed = 0;
        this.#starting = true;
        this.#startedAt = null;
        this.#needKey = true;
        this.shownTime = -Infinity;
    }

    forgetLead() {
        this.#lead = 0;
    }

    /* The next frame for the decoder, or null. `busy`: how many it has not begun yet. */
    nextToDecode(now, busy) {
        const next = this.#frames[this.#fed];
        if (!next || busy > 2 || this.#images() >= IMAGES_MAX)
            return null;
        if (!this.#wants(next, now))
            return null;
        this.#fed++;
        this.#fedAt = now;
        return next;
    }

    #wants(next, now) {
        if (this.#starting)
            return true;
        let last = -1;
        for (let i = this.#frames.length - 1; i >= 0 && last < 0; i--)
            if (this.isReady(this.#frames[i], now))
                last = i;
        if (this.#fed <= last + this.#lead)
            return last >= 0;
        // All that is ready was handed over, and a picture is missing: this decoder wants to see more first.
        const missing = this.#frames.some((f, i) => i <= last && i < this.#fed && !f.image && f.time > this.shownTime);
        if (missing && now - this.#fedAt > STUCK_MS) {
            this.#lead = Math.min(LEAD_MAX, this.#lead + 1);
            return true;
        }
        return false;
    }

    /* An image came out of the decoder. */
    decoded(number, image, now) {
        const frame = this.#frames.find(f => f.number === number);
        if (!frame || frame.time <= this.shownTime) {
            this.#close(image);
            return;
        }
        frame.image = image;
        frame.readyAt = null;
        if (this.#starting)
            for (const older of this.#frames)
                if (older.image && older.time < frame.time)
                    this.#drop(older);
        if (!this.#starting && this.#lead > 0 && !this.isReady(frame, now))
            this.#lead--;
    }

    /* The frame to show now, with its image, or null. The caller closes the image. */
    take(now) {
        this.playout.tick(now);
        const frame = this.#starting ? this.#takeAtStart(now) : this.#takeDue(now);
        if (frame)
            this.#leave(frame);
        return frame;
    }

    #takeAtStart(now) {
        const newest = this.#newest(f => f.image);
        if (!newest)
            return null;
        this.#startedAt ??= now;
        const rest = this.#frames.some((f, i) => i >= this.#fed || (!f.image && !f.overtaken && f.time > newest.time));
        if (!rest || now - this.#startedAt > START_MS) {
            this.#starting = false;
            this.playout.reset();
            this.playout.ready(newest.time, now);
            return newest;
        }
        return this.shownTime === -Infinity ? newest : null;
    }

    #takeDue(now) {
        for (const frame of this.#frames)
            if (frame.image && frame.readyAt === null && this.isReady(frame, now)) {
                frame.readyAt = now;
                this.playout.ready(frame.time, now);
            }
        return this.#newest(f => f.image && f.readyAt !== null && this.playout.due(f.time, now));
    }

    #newest(wanted) {
        let found = null;
        for (const frame of this.#frames)
            if (wanted(frame) && (!found || frame.time > found.time))
                found = frame;
        return found;
    }

    #leave(shown) {
        const image = shown.image;
        shown.image = null;
        this.shownTime = shown.time;
        for (const frame of this.#frames)
            if (frame.time < shown.time)
                this.#drop(frame);
        // The front ones are done with; one that the decoder still has stays, so that its image is known when it comes.
        let done = 0;
        while (done < this.#fed && this.#frames[done].time <= shown.time)
            done++;
        this.#frames.splice(0, done);
        this.#fed -= done;
        shown.image = image;
    }

    #drop(frame) {
        if (frame.image)
            this.#close(frame.image);
        frame.image = null;
        frame.overtaken = true;
    }

    #images() {
        return this.#frames.reduce((sum, f) => sum + (f.image ? 1 : 0), 0);
    }
}
