/* mock-stream.mjs: a pretended camera: sends a film in a circle, at its pace, and the results of a pretended detector that
 * takes as long as it is told and always the newest picture.
 */
import { annexB, objectOf, readPictures } from './clips.mjs';

const GAP = 1, KEY = 2, FLUSH = 8;

function message(kind, flags, stream, number, pts, captured, data) {
    const header = Buffer.alloc(32);
    header.writeUInt8(kind, 0);
    header.writeUInt8(flags, 1);
    header.writeUInt16LE(stream, 2);
    header.writeUInt32LE(data.length, 4);
    header.writeBigInt64LE(BigInt(number), 8);
    header.writeDoubleLE(pts, 16);
    header.writeDoubleLE(captured, 24);
    return Buffer.concat([header, data]);
}

export class MockStream {
    alive = true;
    dropping = false;              // packets are let go until a key frame that comes after it was unset
    detect_ms = 60;                // 0: no detector
    joinBurst = true;              // viewers get the packets since the last key frame
    boxesOf = null;                // index in the film -> boxes; else the object that is painted in coded films

    #number = 0;                   // of the next packet: goes on through circles and deaths
    #group = [];                   // messages since the last key frame
    #gapNext = false;
    #flushNext = true;
    #seen = [];                    // what can be analysed: {number, index, pts, captured, order}
    #detecting = false;
    #timer = 0;
    #viewers = new Map();          // send -> {as, needKey}

    constructor(id, name, film, { packets = true, pictures = true, annexb = false, file = null, jpegWidth = 320 } = {}) {
        Object.assign(this, { id, name, film, packets, pictures, annexb });
        this.jpegs = pictures && file ? readPictures(file, jpegWidth) : null;
        this.offset = 0;
    }

    get info() {
        return { id: this.id, name: this.name, packets: this.packets, pictures: this.jpegs !== null, results: this.detect_ms ? ['detect'] : [] };
    }

    get codec() {
        const { width, height, codec, description } = this.film;
        const named = this.packets ? { codec, format: this.annexb ? 'annexb' : 'avcc' } : { codec: '', format: 'annexb' };
        return { type: 'codec', stream: this.id, width, height, rotation: 0, ...named,
            ...(named.format === 'avcc' ? { description: description.toString('base64') } : {}) };
    }

    start(now = Date.now()) {
        this.#circle = { began: now, index: 0, base: 0 };
        this.#next();
    }

    stop() {
        clearTimeout(this.#timer);
        this.alive = false;
    }

    end(reason) {
        this.kill();
        for (const send of this.#viewers.keys())
            send(JSON.stringify({ type: 'gone', stream: this.id, reason }));
    }

    kill() {
        this.alive = false;
        clearTimeout(this.#timer);
    }

    /* Opened again: numbers go on, the media's own time begins anew. */
    revive() {
        if (this.alive)
            return;
        this.alive = true;
        this.#flushNext = true;
        this.#group = [];
        this.#seen = [];
        while (this.#number % this.film.packets.length !== 0)
            this.#number++;
        this.start();
    }

    #circle = null;

    #next() {
        const { packets, fps } = this.film, circle = this.#circle, interval = 1000 / fps;
        const length = packets.length * interval;
        const due = circle.began + circle.base + circle.index * interval;
        this.#timer = setTimeout(() => {
            this.#send(packets[circle.index], circle.index, due, circle.base + packets[circle.index].pts);
            if (++circle.index === packets.length) {
                circle.index = 0;
                circle.base += length;
            }
            this.#next();
        }, Math.max(0, due - Date.now()));
    }

    #send(packet, index, captured, pts) {
        const number = this.#number++;
        this.#analyse({ number, index, pts, captured, order: packet.order });
        if (this.dropping || (this.#gapNext && !packet.key)) {
            this.#gapNext = true;
            return;
        }
        let flags = packet.key ? KEY : 0;
        if (this.#gapNext)
            flags |= GAP;
        if (this.#flushNext)
            flags |= FLUSH;
        this.#gapNext = this.#flushNext = false;
        const data = this.annexb ? annexB(packet, this.film.description) : packet.data;
        const whole = this.packets ? message(1, flags, this.id, number, pts, captured, data) : null;
        const small = this.jpegs ? message(2, flags & ~KEY, this.id, number, pts, captured, this.jpegs[packet.order]) : null;
        if (packet.key)
            this.#group = [];
        this.#group.push({ whole, small });
        for (const [send, viewer] of this.#viewers)
            this.#give(send, viewer, whole, small, packet.key);
    }

    #give(send, viewer, whole, small, key) {
        if (viewer.as === 'jpeg') {
            if (small)
                send(small);
        } else if (whole && (!viewer.needKey || key)) {
            viewer.needKey = false;
            send(whole);
        }
    }

    watch(send, as) {
        if (this.#viewers.get(send)?.as === as)
            return;
        const viewer = { as, needKey: true };
        this.#viewers.set(send, viewer);
        send(JSON.stringify(this.codec));
        if (as === 'packets' && this.joinBurst && this.#group.length)
            for (const { whole, small } of this.#group)
                this.#give(send, viewer, whole, small, whole === this.#group[0].whole);
        else if (this.#group.at(-1)?.small)
            send(this.#group.at(-1).small);
    }

    unwatch(send) {
        this.#viewers.delete(send);
    }

    #analyse(frame) {
        this.#seen.push(frame);
        if (this.#seen.length > 4)
            this.#seen.shift();
        this.#detect();
    }

    async #detect() {
        // With B-frames a picture comes out when the next ones are in: what is oldest by display of the last three.
        const reorder = this.film.packets.some((p, i) => p.order !== i) ? 3 : 1;
        if (this.#detecting || !this.detect_ms || this.#seen.length < reorder)
            return;
        const frame = [...this.#seen].slice(-reorder).sort((a, b) => a.pts - b.pts)[0];
        if (frame.pts <= this.#analysed)
            if (frame.pts > this.#analysed - 3000)
                return;
        this.#analysed = frame.pts;
        this.#detecting = true;
        await new Promise(resolve => setTimeout(resolve, this.detect_ms));
        this.#detecting = false;
        const result = JSON.stringify({
            type: 'results', stream: this.id, from: 'detect', frame: frame.number, order: frame.order, pts_ms: frame.pts,
            captured_ms: frame.captured, age_ms: Date.now() - frame.captured, boxes: this.#boxes(frame),
        });
        if (this.detect_ms)
            for (const send of this.#viewers.keys())
                send(result);
        if (this.alive)
            this.#detect();
    }

    #analysed = -Infinity;

    #boxes({ index, order }) {
        if (this.boxesOf)
            return this.boxesOf(order);
        const { width, height } = this.film, object = objectOf(index, width, height);
        return [
            { label: 'car', score: 0.91, ...object, track: 7 },
            { label: 'person', score: 0.55, x: width * 0.8, y: height * 0.3, w: 40, h: 90,
                points: [[width * 0.83, height * 0.34, 0.9], [width * 0.83, height * 0.44, 0.8]] },
        ];
    }
}
