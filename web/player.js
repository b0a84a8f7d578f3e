/* player.js: one stream: takes in packets, pictures and results, keeps the last minute, and shows records on a canvas,
 * live or from the past. Events: change (what it says about itself changed), shown (a record was drawn).
 */
import { Results } from './results.js';
import { History } from './history.js';
import { Sequence } from './sequence.js';
import { Intake } from './intake.js';
import { Signal } from './signal.js';
import { Past } from './past.js';
import { PacketDecoder, PictureDecoder } from './decoder.js';
import { decoderConfig, canDecode } from './codec.js';
import { makeRecord, addOverlay, noteOf } from './record.js';
import { drawRecord } from './draw.js';
import { WHOLE } from './zoom.js';

const LOG_MAX = 2000;
const SILENT_NODE_MS = 8000;   // a node that says nothing for so long is not waited for
const FAILURES_MAX = 3, FAILURES_MS = 15000;

function sameCodec(message) {
    return message && `${message.codec} ${message.description ?? ''}`;
}

export class Player extends EventTarget {
    info = null;               // the stream, as in hello
    codec = null;              // the codec message in force
    packetsFail = false;       // this browser does not decode them
    ended = false;
    reason = '';               // why it ended
    record = null;             // what is on the canvas
    log = [];                  // what was shown, for those who want to check it
    labels = new Map();        // label -> how often it was found lately
    picture = null;            // the picture's place on the canvas
    view = WHOLE;
    signal = new Signal();
    results = new Results();

    #settings;
    #clock;
    #intake = new Intake();
    #decoder = null;
    #config = null;            // the object that frames of the present decoder carry
    #canvas = null;
    #dirty = false;
    #visible = true;
    #failures = [];
    #refused = null;           // what this browser said to decode and then did not
    #heardOf = new Map();      // node -> when its last result came
    #shownAt = [];

    constructor(name, settings, clock) {
        super();
        this.name = name;
        this.#settings = settings;
        this.#clock = clock;
        this.history = new History();
        this.past = new Past(this);
        this.sequence = new Sequence((frame, now) => this.#isReady(frame, now), image => image.close());
    }

    // ---- what comes in

    hello(info) {
        this.info = info;
        this.ended = false;
        for (const node of info.results)
            if (!this.#heardOf.has(node))
                this.#heardOf.set(node, performance.now());
        this.changed();
    }

    async setCodec(message) {
        this.codec = message;
        const config = decoderConfig(message);
        this.#close();
        this.sequence.restart();
        this.sequence.forgetLead();
        this.#config = config ? Object.freeze({ ...config }) : null;
        const able = await canDecode(config);
        const fails = !able || this.#refused === sameCodec(message);
        if (this.codec === message && this.packetsFail !== fails) {
            this.packetsFail = fails;
            this.changed();
        }
    }

    push(frame) {
        const now = performance.now(), kind = this.#intake.place(frame);
        frame.arrived = now;
        frame.config = frame.kind === 'packet' ? this.#config : PictureDecoder;
        if (frame.kind === 'packet' && (!this.#config || this.packetsFail))
            return;
        if (kind === 'run')
            this.#clear();
        if (kind === 'run' || kind === 'era')
            this.results.startEra(frame.number);
        this.ended = false;
        // A camera that comes back is shown at once.
        if (frame.key && this.signal.read(now).kind === 'lost')
            this.sequence.restart();
        this.signal.frame(now);
        if (this.history.push(frame))
            this.results.forgetBefore(this.history.first.number);
        if (this.#visible && !this.past.on) {
            this.#useDecoderFor(frame);
            this.sequence.push(frame, now);
            this.#pump(now);
        }
    }

    addResult(result) {
        this.#heardOf.set(result.from, performance.now());
        this.results.add(result);
        for (const box of result.boxes)
            if (!this.labels.has(box.label) || Math.random() < 0.02) {
                this.labels.set(box.label, (this.labels.get(box.label) ?? 0) + 1);
                this.dispatchEvent(new Event('label'));
            }
        if (this.#visible && !this.past.on)
            this.#pump(performance.now());
        if (this.record && (this.#mode() === 'newest' || this.record.number === result.frame))
            this.#refresh();
    }

    /* The stream is asked for anew: after a break nothing joins what is held to what comes. */
    rejoin() {
        this.signal.restart();
        this.sequence.restart();
        for (const node of this.#heardOf.keys())
            this.#heardOf.set(node, performance.now());
    }

    gone(reason = '') {
        this.ended = true;
        this.reason = reason;
        this.changed();
    }

    /* What is held is of another run of the pipeline. */
    forget() {
        this.#intake.reset();
        this.#clear();
    }

    #clear() {
        this.history.clear();
        this.results.clear();
        this.sequence.restart();
        this.past.leave();
    }

    // ---- decoding

    #useDecoderFor(frame) {
        const Kind = frame.kind === 'packet' ? PacketDecoder : PictureDecoder;
        if (this.#decoder instanceof Kind)
            return;
        this.#close();
        this.sequence.restart();
        this.#decoder = new Kind((number, image) => this.#image(number, image), () => this.#failed());
        if (frame.kind === 'packet')
            this.#decoder.configure(this.#config);
    }

    #close() {
        this.#decoder?.close();
        this.#decoder = null;
    }

    #image(number, image) {
        const now = performance.now();
        this.sequence.decoded(number, image, now);
        this.#pump(now);
    }

    /* Begin anew at the next key frame; a browser that fails again and again gets JPEG. */
    #failed() {
        const now = performance.now();
        this.#close();
        this.sequence.restart();
        this.#failures = [...this.#failures.filter(at => now - at < FAILURES_MS), now];
        if (this.#failures.length >= FAILURES_MAX && this.info?.pictures && !this.packetsFail) {
            this.#refused = sameCodec(this.codec);
            this.packetsFail = true;
            this.changed();
        }
    }

    #pump(now) {
        let frame;
        this.sequence.look(now);
        while (this.#decoder && (frame = this.sequence.nextToDecode(now, this.#decoder.busy)))
            this.#decoder.decode(frame);
    }

    // ---- what is shown

    #mode() {
        return this.past.on ? 'exact' : this.#settings.mode;
    }

    /* The nodes whose results are wanted on the picture. */
    nodes() {
        const { layers, nodesOff } = this.#settings;
        if (!this.info || !(layers.boxes || layers.labels || layers.scores || layers.tracks || layers.points))
            return [];
        return this.info.results.filter(node => !nodesOff.includes(node));
    }

    silentNodes(now) {
        return this.nodes().filter(node => now - (this.#heardOf.get(node) ?? now) > SILENT_NODE_MS);
    }

    #isReady(frame, now) {
        if (frame.decided || this.#settings.mode === 'newest')
            return true;
        const undecided = this.results.undecided(this.nodes(), frame.number, frame.pts);
        if (!undecided.length)
            return frame.decided = true;
        if (now - frame.arrived >= this.#settings.wait_ms)
            return true;
        const silent = this.silentNodes(now);
        return undecided.every(node => silent.includes(node));
    }

    attach(canvas, view = WHOLE) {
        this.#canvas = canvas;
        this.view = view;
        this.picture = null;
        this.#dirty = true;
    }

    get canvas() {
        return this.#canvas;
    }

    setView(view) {
        this.view = view;
        this.#dirty = true;
    }

    redraw() {
        this.#refresh();
    }

    /* Out of sight nothing is decoded; the last minute is kept all the same. */
    setVisible(visible) {
        if (visible === this.#visible)
            return;
        this.#visible = visible;
        if (visible && !this.past.on)
            this.resync();
        else
            this.sequence.restart();
    }

    /* Back to now, from the last key frame that is held. */
    resync() {
        this.sequence.restart();
        this.#decoder?.close();
        this.#decoder = null;
        for (const frame of this.history.sinceLastKey()) {
            if (frame.kind === 'packet' && frame.config !== this.#config)
                continue;
            this.#useDecoderFor(frame);
            this.sequence.push({ ...frame, gap: false }, performance.now());
        }
        this.#pump(performance.now());
    }

    /* Once for each picture of the screen. */
    tick(now) {
        if (this.past.on) {
            this.past.tick(now);
        } else if (this.#visible) {
            this.#pump(now);
            const frame = this.sequence.take(now, this.#settings.mode === 'newest');
            if (frame) {
                this.show(frame, frame.image);
                this.#shownAt.push(now);
            }
            this.#pump(now);
        }
        if (this.#dirty && this.record && this.#canvas?.width)
            this.#draw(false);
    }

    /* Makes a frame's image the record and draws it. `owned`: the image is ours to close. */
    show(frame, image, owned = true) {
        if (this.record?.owned && this.record.image !== image)
            this.record.image.close();
        const age_ms = this.past.on ? null : this.#clock.now(Date.now()) - frame.captured;
        this.record = makeRecord(frame, image, this.#size(image), age_ms, this.sequence.starting);
        this.record.owned = owned;
        this.#overlay();
        this.#draw(true);
    }

    #size(image) {
        const { width, height, rotation } = this.codec ?? {};
        return width && height
            ? { width, height, rotation: rotation ?? 0 }
            : { width: image.displayWidth ?? image.width, height: image.displayHeight ?? image.height, rotation: 0 };
    }

    #overlay() {
        addOverlay(this.record, this.results, this.nodes(), this.#mode());
    }

    #refresh() {
        if (this.record)
            this.#overlay();
        this.#dirty = true;
    }

    #draw(isNew) {
        this.#dirty = false;
        const { record } = this;
        if (!this.#canvas?.width)
            return;
        this.picture = drawRecord(this.#canvas, record, this.#settings, this.view, globalThis.devicePixelRatio || 1);
        const entry = noteOf(record, this.past.on);
        if (!isNew && this.log.length)
            this.log.pop();
        this.log.push(entry);
        if (this.log.length > LOG_MAX)
            this.log.shift();
        this.dispatchEvent(new CustomEvent('shown', { detail: { ...entry, isNew } }));
    }

    /* Pictures shown a second. */
    rate(now) {
        while (this.#shownAt.length && this.#shownAt[0] < now - 2000)
            this.#shownAt.shift();
        return this.#shownAt.length / 2;
    }

    changed() {
        this.dispatchEvent(new Event('change'));
    }
}
