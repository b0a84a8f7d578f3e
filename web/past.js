/* past.js: a player's way through the last minute: pause, step, seek, play from there, and back to live. While it is on, the
 * player shows what is found here, exact as ever, and goes on collecting what comes.
 */
import { Review } from './review.js';

export class Past {
    #player;
    #review = null;
    #playing = null;           // {wall, time, seeking}
    #seeking = null;           // the last seek that was begun
    #target = null;            // where steps lead that are not done yet

    constructor(player) {
        this.#player = player;
    }

    get on() {
        return this.#review !== null;
    }

    get paused() {
        return this.on && !this.#playing;
    }

    pause() {
        const player = this.#player;
        if (!player.record)
            return;
        this.#playing = null;
        if (!this.#review) {
            this.#review = new Review(player.history);
            player.sequence.restart();
            player.record.age_ms = null;
            player.redraw();
        }
        player.history.pin(player.record.number);
        player.changed();
    }

    /* From here on, at its own pace, until it is live again. */
    async play() {
        await this.#seeking;
        if (!this.on)
            return;
        this.#playing = { wall: performance.now(), time: this.#player.record.time, seeking: false };
        this.#player.changed();
    }

    /* Back to live. */
    leave() {
        const player = this.#player;
        if (!this.#review)
            return;
        this.#review.close();
        if (player.record)
            player.record.owned = true;
        this.#review = null;
        this.#playing = null;
        player.history.unpin();
        player.resync();
        player.changed();
    }

    seek(number) {
        if (!this.on)
            this.pause();
        return this.#seeking = this.#seek(number).catch(() => false);
    }

    async #seek(number) {
        const review = this.#review, { history } = this.#player, frame = history.get(number);
        if (!review || !frame)
            return false;
        const image = await review.seek(number);
        if (!image || this.#review !== review)
            return false;
        review.holds = number;
        this.#player.show(frame, image, false);
        history.pin(number);
        return true;
    }

    seekTime(time) {
        const frame = this.#player.history.atTime(time);
        return frame ? this.seek(frame.number) : Promise.resolve(false);
    }

    async step(by) {
        const { record, history } = this.#player;
        if (!record)
            return;
        if (!this.paused)
            this.pause();
        const next = history.neighbour(this.#target ?? record.number, by);
        if (!next)
            return;
        this.#target = next.number;
        await this.seek(next.number);
        if (this.#target === next.number)
            this.#target = null;
    }

    /* Once for each picture of the screen. */
    tick(now) {
        const playing = this.#playing, { record, history } = this.#player;
        if (!playing || playing.seeking)
            return;
        const frame = history.atTime(playing.time + now - playing.wall);
        if (!frame || frame.time <= record.time) {
            if (record.time >= (history.last?.time ?? 0) - 1)
                this.leave();
            return;
        }
        playing.seeking = true;
        this.seek(frame.number).then(() => playing.seeking = false);
    }
}
