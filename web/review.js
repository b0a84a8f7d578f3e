/* review.js: any picture of the last minute again, decoded from the key frame before it. One seek at a time: a new one
 * ends the one before. Pictures near the last ones are kept, so that stepping back does not decode a group each time.
 */
import { PacketDecoder, PictureDecoder } from './decoder.js';

const KEPT = 12, KEPT_BYTES = 128 << 20;
const STUCK_MS = 60;
const AHEAD_MAX = 20;          // packets beyond the one whose picture is wanted, for decoders that want to see more
const NEAR = 4;                // pictures before and behind the wanted one that are kept

export class Review {
    #history;
    #kept = new Map();         // number -> ImageBitmap, those used last at the end
    #decoder = null;
    #config = null;
    #position = -1;            // number that was fed last
    #inside = new Set();       // numbers that were fed and did not come out yet
    #ahead = 0;                // how many packets more this decoder was found to want
    #wanted = null;            // {frame, resolve, near}
    #busy = Promise.resolve();
    #ticket = 0;

    constructor(history) {
        this.#history = history;
    }

    /* The image of that frame, which stays ours; null if it is not there any more or another was asked for meanwhile. */
    seek(number) {
        const ticket = ++this.#ticket;
        this.#wanted?.resolve(null);
        this.#busy = this.#busy.then(() => ticket === this.#ticket ? this.#find(number, ticket) : null).catch(() => null);
        return this.#busy;
    }

    async #find(number, ticket) {
        const kept = this.#kept.get(number);
        if (kept) {
            this.#kept.delete(number);
            this.#kept.set(number, kept);
            return kept;
        }
        const index = this.#history.index(number), key = this.#history.keyBefore(index);
        if (key < 0)
            return null;
        const frame = this.#history.at(index);
        const from = this.#start(frame, key, index);
        return new Promise(resolve => {
            this.#wanted = { frame, resolve: image => {
                this.#wanted = null;
                resolve(image);
            } };
            this.#feed(from, index, ticket);
        });
    }

    /* Makes the decoder ready; the index to feed from: behind what it had, or the key frame. */
    #start(frame, key, index) {
        const at = this.#history.index(this.#position);
        const goesOn = this.#decoder && this.#config === frame.config && at >= key && (at < index || this.#inside.has(frame.number));
        if (goesOn)
            return at + 1;
        this.#inside.clear();
        if (this.#config !== frame.config || !this.#decoder) {
            this.#decoder?.close();
            const Kind = frame.kind === 'packet' ? PacketDecoder : PictureDecoder;
            this.#decoder = new Kind((number, image) => this.#image(number, image), () => this.#failed());
            this.#config = frame.config;
            this.#ahead = 0;
            this.#decoder.configure(frame.config);
        } else {
            this.#decoder.reset();
        }
        return key;
    }

    async #feed(from, index, ticket) {
        const going = () => this.#wanted && ticket === this.#ticket;
        let next = from;
        const feed = () => {
            const frame = this.#history.at(next);
            if (frame?.config !== this.#config)
                return false;
            next++;
            this.#position = frame.number;
            this.#inside.add(frame.number);
            this.#decoder.decode(frame);
            return true;
        };
        while (next <= index + this.#ahead && feed());
        while (await this.#waits(going)) {
            if (next > index + AHEAD_MAX || !feed()) {
                await this.#flush();
                if (going())
                    setTimeout(() => going() && this.#wanted.resolve(null), 200);
                return;
            }
            this.#ahead = Math.max(this.#ahead, next - 1 - index);
        }
    }

    /* Everything comes out; then the decoder has to begin at a key frame again. */
    async #flush() {
        this.#position = -1;
        await this.#decoder.flush().catch(() => {});
    }

    /* True when the decoder has been given all there is and yet is silent; false when the picture came. */
    async #waits(going) {
        let idle = 0;
        while (going() && idle < STUCK_MS) {
            await new Promise(resolve => setTimeout(resolve, 10));
            idle = this.#decoder?.busy ? 0 : idle + 10;
        }
        return going();
    }

    #image(number, image) {
        this.#inside.delete(number);
        const middle = this.#wanted?.frame.number ?? this.holds;
        if (middle === null || Math.abs(number - middle) > NEAR + this.#ahead)
            return image.close();
        createImageBitmap(image).then(bitmap => {
            image.close();
            if (!this.#decoder || this.#kept.has(number))
                return bitmap.close();
            this.#keep(number, bitmap);
            if (this.#wanted?.frame.number === number)
                this.#wanted.resolve(bitmap);
        }, () => image.close());
    }

    #keep(number, bitmap) {
        const most = Math.max(3, Math.min(KEPT, Math.floor(KEPT_BYTES / (bitmap.width * bitmap.height * 4))));
        this.#kept.set(number, bitmap);
        for (const [old, image] of this.#kept) {
            if (this.#kept.size <= most)
                break;
            if (old === this.holds || old === this.#wanted?.frame.number)
                continue;
            this.#kept.delete(old);
            image.close();
        }
    }

    #failed() {
        this.#position = -1;
        this.#config = null;
        this.#wanted?.resolve(null);
    }

    /* The number whose image is on the screen: it is not closed. */
    holds = null;

    /* Ends it; the image that is on the screen becomes the caller's. */
    close() {
        this.#ticket++;
        this.#wanted?.resolve(null);
        this.#decoder?.close();
        this.#decoder = null;
        for (const [number, image] of this.#kept)
            if (number !== this.holds)
                image.close();
        this.#kept.clear();
    }
}
