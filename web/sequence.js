/* sequence.js: the frames of one stream between their arrival and the screen. Pure: it is told the time, and told what
 * the decoder gave; it says what to decode next and what to show.
 *
 * Frames enter encoded, in coding order, by push; they wait until they are *ready* (their results are decided, or they
 * waited long enough, or the viewer wants the newest), are handed to the decoder by nextToDecode, come back as images by
 * decoded, and leave by take when they are due. A frame that is overtaken is dropped, and its image closed. Where the
 * decoder cannot keep up, whole groups are dropped.
 *
 * At the start, and again after a restart, everything that is there is decoded at once; the first picture is shown as
 * soon as it is there, and then the newest, so that one who joins sees a picture, without results that are not its own.
 */
import { Playout } from './playout.js';

const IMAGES_MAX = 6;          // decoded and not yet shown
const LEAD_MAX = 16;           // packets that a decoder may want beyond the one whose picture it gives
const STUCK_MS = 60;
const START_MS = 600;          // no longer than that, even if the decoder never gives all it has
const SILENT_MS = 20;          // a decoder that has all and says nothing for so long wants to see more
const BEHIND_MS = 1500;        // a frame that was ready so long ago and is not decoded: the decoder cannot keep up
const DECODING_MAX_MS = 120;
const FRAMES_MAX = 3000;

export class Sequence {
    #frames = [];              // in coding order
    #fed = 0;                  // how many of #frames are with the decoder, or back
    #lead = 0;
    #fedAt = 0;
    #decoding_ms = 10;         // from the decoder's taking a packet to its picture
    #starting = true;
    #startedAt = null;         // when the first picture was there
    #needKey = true;
    #close;
    playout = new Playout();
    shownTime = -Infinity;
    skipped = 0;               // frames that were dropped because the decoder could not keep up

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

    push(frame, now) {
        if (frame.gap && !frame.key)
            this.#needKey = true;
        if (this.#needKey && !frame.key)
            return;
        this.#needKey = false;
        if (this.#frames.length >= FRAMES_MAX)
            this.restart();
        if (frame.key)
            this.#skipBehind(now);
        this.#frames.push({ ...frame, image: null, readyAt: null, overtaken: false });
    }

    #skipBehind(now) {
        const next = this.#frames[this.#fed];
        if (!next || next.readyAt === null || now - next.readyAt < BEHIND_MS)
            return;
        this.skipped += this.#frames.length - this.#fed;
        this.#frames.length = this.#fed;
    }

    /* Nothing that was pushed counts any more; the next key frame begins anew. */
    restart() {
        this.#frames.forEach(frame => this.#drop(frame));
        this.#frames = [];
        this.#fed = 0;
        this.#starting = true;
        this.#startedAt = null;
        this.#needKey = true;
        this.playout.reset();
        this.shownTime = -Infinity;
    }

    forgetLead() {
        this.#lead = 0;
    }

    /* Looks which frames have become ready: from then on, and when they are decoded, they could be shown. */
    look(now) {
        if (this.#starting)
            return;
        for (const frame of this.#frames) {
            if (frame.readyAt !== null || !this.isReady(frame, now))
                continue;
            frame.readyAt = now;
            if (!frame.overtaken)
                this.playout.ready(frame.time, now + this.#decoding_ms);
        }
    }

    /* The next frame for the decoder, or null. `busy`: how many it has not begun yet. */
    nextToDecode(now, busy) {
        const next = this.#frames[this.#fed];
        if (!next || busy > 2 || this.#images() >= IMAGES_MAX || !this.#wants(now))
            return null;
        this.#fed++;
        this.#fedAt = next.fedAt = now;
        return next;
    }

    #wants(now) {
        if (this.#starting)
            return true;
        const last = this.#frames.findLastIndex(f => f.readyAt !== null);
        if (this.#fed <= last + this.#lead)
            return last >= 0;
        // All that is ready was handed over, and a picture is missing: this decoder wants to see more first.
        const missing = this.#frames.some((f, i) => i <= last && !f.image && !f.overtaken && f.time > this.shownTime);
        if (!missing || now - this.#fedAt <= STUCK_MS)
            return false;
        this.#lead = Math.min(LEAD_MAX, this.#lead + 1);
        return true;
    }

    /* An image came out of the decoder. */
    decoded(number, image, now) {
        const frame = this.#frames.find(f => f.number === number);
        if (!frame || frame.overtaken || frame.time <= this.shownTime) {
            this.#close(image);
            return;
        }
        frame.image = image;
        this.#decoding_ms += (Math.min(DECODING_MAX_MS, now - frame.fedAt) - this.#decoding_ms) / 10;
        if (this.#starting)
            this.#frames.filter(f => f.image && f.time < frame.time).forEach(f => this.#drop(f));
        else if (this.#lead > 0 && frame.readyAt === null)
            this.#lead--;
    }

    /* The frame to show now, with its image, or null. The caller closes the image. `eager`: whatever is there, at once. */
    take(now, eager = false) {
        this.look(now);
        this.playout.tick(now);
        const frame = this.#starting
            ? this.#takeAtStart(now)
            : this.#newest(f => f.image && f.readyAt !== null && (eager || this.playout.due(f.time, now)));
        return frame && this.#leave(frame);
    }

    #takeAtStart(now) {
        const newest = this.#newest(f => f.image);
        if (!newest)
            return null;
        this.#startedAt ??= now;
        const rest = this.#frames.some((f, i) => i >= this.#fed || (!f.image && !f.overtaken && f.time > newest.time));
        const silent = this.#fed === this.#frames.length && now - this.#fedAt > SILENT_MS;
        if (!rest || silent || now - this.#startedAt > START_MS)
            this.#starting = false;
        return !this.#starting || this.shownTime === -Infinity ? newest : null;
    }

    #newest(wanted) {
        let found = null;
        for (const frame of this.#frames)
            if (wanted(frame) && (!found || frame.time > found.time))
                found = frame;
        return found;
    }

    /* The frame is shown: those before it on the screen are overtaken, and what the decoder is done with is forgotten. With
     * B-frames it may have to stay here itself; its image is the caller's all the same. */
    #leave(shown) {
        const given = { ...shown };
        shown.image = null;
        shown.overtaken = true;
        this.shownTime = shown.time;
        this.#frames.filter(f => f.time < shown.time).forEach(f => this.#drop(f));
        let done = 0;
        while (done < this.#fed && this.#frames[done].time <= shown.time)
            done++;
        this.#frames.splice(0, done);
        this.#fed -= done;
        return given;
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
