/* unit_test.mjs: what the page thinks with, without a browser: protocol, results, playout, sequence, history, codec choice,
 * layout, metrics, colours. `node FILE` runs it.
 */
import { test } from 'node:test';
import { deepEqual, equal, ok } from 'node:assert/strict';
import { readFrame, readMessage, fromBase64, ServerClock } from '../../web/protocol.js';
import { Results } from '../../web/results.js';
import { Playout } from '../../web/playout.js';
import { Sequence } from '../../web/sequence.js';
import { History } from '../../web/history.js';
import { Intake } from '../../web/intake.js';
import { Signal } from '../../web/signal.js';
import { makeRecord, addOverlay } from '../../web/record.js';
import { decoderConfig, canDecode, wayOf, jpegWidth } from '../../web/codec.js';
import { layers, layout } from '../../web/graph-layout.js';
import { Metrics, linkKey } from '../../web/metrics.js';
import { labelColour, inkOn, contrast } from '../../web/colours.js';
import { lanes } from '../../web/marks.js';
import { columns, tileWidth } from '../../web/grid.js';
import { fit, apply, applyBox, zoomAt, pan, WHOLE } from '../../web/zoom.js';
import { duration, count, rate } from '../../web/format.js';
import { matchLinks, nodeOf } from '../../web/health-graph.js';

const result = (frame, pts_ms, from = 'detect', boxes = []) => ({ frame, pts_ms, from, boxes, captured_ms: pts_ms, age_ms: 1 });
const image = number => ({ number, closed: false, close() { this.closed = true; } });
/* A frame in coding order; its time is its place on the screen. */
const frame = (number, time = number * 40, key = number % 25 === 0) => ({ number, pts: time, time, captured: time, key, gap: false, data: new Uint8Array(100) });

// ---- protocol

function packet({ kind = 1, flags = 0, stream = 3, number = 5n, pts = 200, captured = 1000, data = [1, 2, 3] }) {
    const view = new DataView(new ArrayBuffer(32 + data.length));
    view.setUint8(0, kind);
    view.setUint8(1, flags);
    view.setUint16(2, stream, true);
    view.setUint32(4, data.length, true);
    view.setBigInt64(8, number, true);
    view.setFloat64(16, pts, true);
    view.setFloat64(24, captured, true);
    new Uint8Array(view.buffer, 32).set(data);
    return view.buffer;
}

test('a packet is read, flags and all', () => {
    const read = readFrame(packet({ flags: 1 | 2 | 8, number: 2n ** 40n }));
    deepEqual({ ...read, data: [...read.data] }, { kind: 'packet', stream: 3, number: 2 ** 40, pts: 200, captured: 1000, gap: true, key: true,
        discardable: false, flush: true, data: [1, 2, 3] });
    equal(readFrame(packet({ pts: NaN })).pts, null);
    equal(readFrame(packet({ kind: 2 })).key, true);
});

test('what is cut off or unknown is no packet', () => {
    equal(readFrame(packet({}).slice(0, 34)), null);
    equal(readFrame(new ArrayBuffer(8)), null);
    equal(readFrame(packet({ kind: 9 })), null);
    equal(readMessage('{"no":"type"}'), null);
    equal(readMessage('not JSON'), null);
    equal(readMessage('{"type":"gone","stream":1}').stream, 1);
    deepEqual([...fromBase64('AWQA')], [1, 100, 0]);
});

test('the clock believes the message that was on its way the shortest', () => {
    const clock = new ServerClock();
    clock.note(1000, 900);
    clock.note(2000, 1990);
    clock.note(3000, 2899);
    equal(clock.now(5000), 5101);
});

// ---- results

test('a frame is decided when a result for it or a later one came', () => {
    const results = new Results();
    results.add(result(1, 40));
    results.add(result(5, 200));
    ok(results.decidedBy('detect', 5, 200));
    ok(results.decidedBy('detect', 3, 120));
    ok(!results.decidedBy('detect', 6, 240));
    ok(!results.decidedBy('other', 1, 40));
    deepEqual(results.undecided(['detect', 'other'], 3, 120), ['other']);
    deepEqual(results.of(5, ['detect']).map(r => r.frame), [5]);
    deepEqual(results.of(3, ['detect']), []);
});

test('decided goes by display, not by number: B-frames', () => {
    const results = new Results();
    results.add(result(3, 80));
    ok(!results.decidedBy('detect', 2, 120), 'coded before, shown after');
    ok(results.decidedBy('detect', 4, 60), 'coded after, shown before');
});

test('a source that was opened again begins an era', () => {
    const results = new Results();
    results.add(result(100, 4000));
    results.startEra(101);
    ok(!results.decidedBy('detect', 101, 0), 'its time is smaller, and yet it comes later');
    results.add(result(102, 40));
    ok(results.decidedBy('detect', 101, 0));
    ok(results.decidedBy('detect', 99, 9000), 'all before the era is decided');
});

test('without media time decided goes by number', () => {
    const results = new Results();
    results.add({ ...result(4, null), captured_ms: 1 });
    ok(results.decidedBy('detect', 3, null));
    ok(!results.decidedBy('detect', 5, null));
});

test('what is too old is forgotten', () => {
    const results = new Results();
    for (let i = 0; i < 100; i++)
        results.add(result(i, i * 40));
    results.forgetBefore(90);
    equal(results.size, 10);
    equal(results.newest('detect').frame, 99);
    equal([...results.since(0)].length, 10);
});

test('results without a history are bounded too', () => {
    const results = new Results();
    for (let i = 0; i < 50000; i++)
        results.add(result(i, i * 40));
    ok(results.size <= 12000 && results.newest('detect').frame === 49999);
});

test('a trail ends where a track jumps', () => {
    const results = new Results();
    [10, 20, 300, 310, 320].forEach((x, i) => results.add(result(i, i * 40, 'detect', [{ label: 'a', x, y: 0, w: 20, h: 20, track: 1 }])));
    deepEqual(results.trail('detect', 4, 1).map(p => p[0]), [310, 320, 330]);
    deepEqual(results.trail('detect', 1, 1).map(p => p[0]), [20, 30], 'nothing later than the frame');
});

test('a record gets the overlay of its frame and of no other', () => {
    const results = new Results(), size = { width: 10, height: 10, rotation: 0 };
    results.add(result(1, 40));
    results.add(result(3, 120));
    const shown = number => {
        const record = makeRecord(frame(number), {}, size, 0, false);
        addOverlay(record, results, ['detect'], 'exact');
        return record;
    };
    equal(shown(1).overlay.number, 1);
    equal(shown(2).overlay, null);
    equal(shown(2).note, 'not analysed');
    equal(shown(4).note, 'no result yet: detect');
    const record = makeRecord(frame(9), {}, size, 0, false);
    addOverlay(record, results, ['detect'], 'newest');
    deepEqual([record.overlay.number, record.overlay.exact, record.overlay.behind_ms], [3, false, 240]);
    addOverlay(record, results, [], 'exact');
    equal(record.note, '');
});

// ---- playout

test('the delay rises at once and falls slowly', () => {
    const playout = new Playout();
    playout.ready(0, 100);
    equal(playout.delay, 100);
    playout.ready(40, 640);
    equal(playout.delay, 600);
    let now = 640;
    for (let i = 0; i < 150; i++) {
        now += 40;
        playout.ready(now - 100, now);
        playout.tick(now);
    }
    ok(playout.delay < 600 && playout.delay > 300, `after 6 s it is ${playout.delay}`);
    for (let i = 0; i < 2000; i++) {
        now += 40;
        playout.ready(now - 100, now);
        playout.tick(now);
    }
    ok(playout.delay < 101 && playout.delay >= 100, `in the end it is ${playout.delay}`);
    ok(playout.due(now - 100, now + 1) && !playout.due(now, now));
});

// ---- sequence

/* A stream that is played: decoding takes `lag` packets more than the one that comes out. */
class Played {
    shown = [];
    closed = [];
    now = 0;
    decoder = [];

    constructor(isReady, lag = 0) {
        this.lag = lag;
        this.sequence = new Sequence(isReady, i => this.closed.push(i.number));
    }

    tick(ms = 10, eager = false) {
        this.now += ms;
        this.sequence.look(this.now);
        for (let f; (f = this.sequence.nextToDecode(this.now, 0));) {
            this.decoder.push(f);
            if (this.decoder.length > this.lag) {
                this.decoder.sort((a, b) => a.time - b.time);
                const out = this.decoder.shift();
                this.sequence.decoded(out.number, image(out.number), this.now);
            }
        }
        const got = this.sequence.take(this.now, eager);
        if (got)
            this.shown.push(got);
        return got;
    }
}

test('one who joins sees the first picture at once, then the newest', () => {
    const played = new Played(() => false);
    for (let i = 0; i < 10; i++)
        played.sequence.push(frame(i), 0);
    played.tick();
    played.tick();
    deepEqual(played.shown.map(f => f.number).at(-1), 9);
    ok(played.shown.length <= 2);
    equal(played.sequence.starting, false);
});

test('encoded frames wait until they are ready', () => {
    let decided = -1;
    const played = new Played(f => f.number <= decided);
    played.sequence.push(frame(0), 0);
    played.tick();
    for (let i = 1; i < 6; i++)
        played.sequence.push(frame(i), 0);
    for (let i = 0; i < 20; i++)
        played.tick();
    deepEqual(played.shown.map(f => f.number), [0]);
    decided = 3;
    for (let i = 0; i < 40; i++)
        played.tick();
    deepEqual(played.shown.map(f => f.number), [0, 1, 2, 3]);
    ok(played.shown.every(f => f.image.number === f.number));
});

test('B-frames are shown in the order of display, whatever the decoder wants to see first', () => {
    for (const lag of [0, 2, 4]) {
        const played = new Played(() => true, lag);
        const times = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8, 12, 10, 11, 15, 13, 14, 18, 16, 17];
        times.slice(0, 4).forEach((t, i) => played.sequence.push(frame(i, t * 40, i === 0), 0));
        for (let i = 0; i < 300; i++) {
            const next = 4 + Math.floor(i * 10 / 40);
            if (i % 4 === 0 && next < times.length)
                played.sequence.push(frame(next, times[next] * 40, false), played.now);
            played.tick();
        }
        const shown = played.shown.map(f => f.time);
        deepEqual(shown, [...shown].sort((a, b) => a - b), `lag ${lag}`);
        ok(shown.length > 8, `lag ${lag}: ${shown.length} shown`);
        ok(played.shown.every(f => f.image && !f.image.closed));
    }
});

test('an image that was given away is not closed by a restart', () => {
    const played = new Played(() => true);
    [0, 3, 1, 2].forEach((t, i) => played.sequence.push(frame(i, t * 40, i === 0), 0));
    for (let i = 0; i < 40; i++)
        played.tick();
    const given = played.shown.map(f => f.number);
    played.sequence.restart();
    deepEqual(played.closed.filter(n => given.includes(n)), []);
});

test('after a gap only a key frame goes on', () => {
    const played = new Played(() => true);
    played.sequence.push(frame(0), 0);
    played.sequence.push({ ...frame(7), gap: true }, 0);
    played.sequence.push(frame(8), 0);
    equal(played.sequence.length, 1);
    played.sequence.push({ ...frame(25), gap: true }, 0);
    played.sequence.push(frame(26), 0);
    equal(played.sequence.length, 3);
});

test('eager: what is there is shown, whatever the delay', () => {
    const played = new Played(() => true);
    played.sequence.push(frame(0), 0);
    played.tick();
    played.sequence.playout.ready(40, 5000);
    played.sequence.push(frame(1), played.now);
    equal(played.tick(10, true).number, 1);
});

test('a decoder that cannot keep up loses whole groups', () => {
    const played = new Played(() => true);
    played.sequence.push(frame(0), 0);
    played.tick();
    for (let i = 1; i < 25; i++)
        played.sequence.push(frame(i), 0);
    played.sequence.look(10);
    played.sequence.push(frame(25), 5000);
    ok(played.sequence.skipped > 0);
    played.now = 5000;
    for (let i = 0; i < 10 && !played.shown.some(f => f.number === 25); i++)
        played.tick();
    equal(played.shown.at(-1).number, 25);
});

// ---- intake, signal, history

test('frames have a time on the server\'s clock; eras and runs are told apart', () => {
    const intake = new Intake(), at = (number, pts, captured, more = {}) => {
        const f = { number, pts, captured, key: false, flush: false, ...more };
        return [intake.place(f), f.time];
    };
    deepEqual(at(0, 0, 1000, { key: true }), ['era', 1000]);
    deepEqual(at(1, 40, 1047), ['new', 1040]);
    deepEqual(at(1, 40, 1047), ['again', 1040]);
    deepEqual(at(2, 0, 5000, { key: true, flush: true }), ['era', 5000]);
    deepEqual(at(3, null, 5100), ['new', 5100]);
    deepEqual(at(4, 900, 6000, { key: true }), ['new', 5900], 'a small drift is borne');
    deepEqual(at(5, 940, 9000, { key: true }), ['era', 9000], 'a jump is not');
    deepEqual(at(0, 0, 90000, { key: true }), ['run', 90000]);
});

test('silence is told after a while, and that it is over', () => {
    const signal = new Signal();
    equal(signal.read(0).kind, 'waiting');
    for (let t = 0; t <= 2000; t += 40)
        signal.frame(t);
    equal(signal.read(2100).kind, 'live');
    deepEqual(signal.read(5000), { kind: 'lost', ms: 3000 });
    signal.frame(9000);
    deepEqual(signal.read(9100), { kind: 'back', ms: 7000 });
    signal.frame(13000);
    equal(signal.read(14100).kind, 'live');
});

test('a slow camera is not a dead one', () => {
    const signal = new Signal();
    for (let t = 0; t <= 20000; t += 2000)
        signal.frame(t);
    equal(signal.read(25000).kind, 'live');
    equal(signal.read(29000).kind, 'lost');
});

test('the history is bounded, and begins with a key frame', () => {
    const history = new History({ span_ms: 4000, bytes: 5000 });
    for (let i = 0; i < 1000; i++)
        history.push(frame(i));
    ok(history.first.key && history.bytes <= 5000 && history.last.number === 999);
    ok(history.last.time - history.first.time <= 5000);
    equal(history.push(frame(999)), false, 'a repetition is not kept');
});

test('neighbours go by display', () => {
    const history = new History();
    [0, 3, 1, 2, 6, 4, 5].forEach((t, i) => history.push(frame(i, t * 40, i === 0)));
    equal(history.neighbour(0, 1).time, 40);
    equal(history.neighbour(1, 1).time, 160);
    equal(history.neighbour(1, -1).time, 80);
    equal(history.neighbour(0, -1), null);
    equal(history.atTime(100).time, 80);
    equal(history.atTime(-Infinity).time, 0);
    equal(history.keyBefore(6), 0);
});

test('what is paused at stays, and what cannot be kept is left out', () => {
    const history = new History({ span_ms: 4000, bytes: 20000 });
    for (let i = 0; i < 100; i++)
        history.push(frame(i));
    history.pin(50);
    for (let i = 100; i < 1000; i++)
        history.push(frame(i));
    ok(history.get(50) && history.bytes <= 20000);
    history.unpin();
    equal(history.length, 0, 'nothing joins the past to what comes');
    ok(history.push(frame(1000)));
});

// ---- codec

test('packets where the browser can, JPEG where there is some, else nothing', async () => {
    const Decoder = class { static isConfigSupported = async c => ({ supported: c.codec.startsWith('avc1') }); };
    const config = decoderConfig({ codec: 'avc1.64001f', width: 2, height: 2, format: 'avcc', description: 'AWQA' });
    equal(config.description.length, 3);
    equal(await canDecode(config, Decoder), true);
    equal(await canDecode(decoderConfig({ codec: 'hvc1.1', format: 'annexb' }), Decoder), false);
    equal(await canDecode(config, undefined), false);
    equal(decoderConfig({ codec: '' }), null);
    const unsized = decoderConfig({ codec: 'avc1.64001f', width: 0, height: 0, format: 'annexb' });
    equal('codedWidth' in unsized || 'codedHeight' in unsized, false);
    equal(wayOf({ packets: true, pictures: true }, false, Decoder), 'packets');
    equal(wayOf({ packets: true, pictures: true }, true, Decoder), 'jpeg');
    equal(wayOf({ packets: true, pictures: true }, false, null), 'jpeg');
    equal(wayOf({ packets: true, pictures: false }, true, Decoder), null);
    equal(wayOf({ packets: false, pictures: true }, false, Decoder), 'jpeg');
    deepEqual([jpegWidth(300, 1), jpegWidth(640, 2), jpegWidth(5000, 1)], [320, 1280, 1920]);
});

// ---- the graph

const link = (from, to, more = {}) => ({ from, to, take: 'every', ...more });

test('nodes lie behind their last producer; circles do not matter', () => {
    const found = layers(['a', 'b', 'c', 'd'], [link('a', 'b'), link('b', 'c'), link('a', 'c'), link('c', 'd'), link('d', 'b')]);
    deepEqual(Object.fromEntries(found), { a: 0, b: 1, c: 2, d: 3 });
});

test('nothing overlaps, and links have paths and labels', () => {
    const names = ['cam1', 'cam2', 'cam3', 'detect', 'rec', 'page', 'events'];
    const graph = { nodes: names.map(name => ({ name })), links: [link('cam1', 'detect'), link('cam2', 'detect'), link('cam3', 'detect'), link('cam1', 'rec'),
        link('detect', 'page'), link('detect', 'events'), link('cam1', 'page'), link('cam2', 'page'), link('cam3', 'page')] };
    for (const down of [false, true]) {
        const size = { width: 100, height: 50, gap: 10, layerGap: 60, down }, places = layout(graph, size), all = [...places.nodes.values()];
        for (const [i, a] of all.entries())
            for (const b of all.slice(i + 1))
                ok(a.x + size.width <= b.x + 0.1 || b.x + size.width <= a.x + 0.1 || a.y + size.height <= b.y + 0.1 || b.y + size.height <= a.y + 0.1,
                    'two nodes overlap');
        ok(all.every(n => n.x >= -0.1 && n.y >= -0.1 && n.x + size.width <= places.width + 0.1 && n.y + size.height <= places.height + 0.1));
        equal(places.links.length, 9);
        ok(places.links.every(l => /^M[\d. -]+C/.test(l.path) && Number.isFinite(l.label.x)));
    }
    equal(layout({ nodes: [], links: [] }).links.length, 0);
});

// ---- metrics

const NONE = { superseded: 0, overflow: 0, expired: 0, undecodable: 0, lost: 0 };
const summary = (at, links, nodes = []) => ({ pipeline: 'p', duration_s: at, links, nodes });
const counted = (offered, taken, more = {}) => ({ ...link('a', 'b'), from_port: 0, to_port: 0, offered, taken, waiting: 0, dropped: NONE,
    age_ms: { count: 1, p50: 1, p99: 2 }, ...more });

function stateOf(...samples) {
    const metrics = new Metrics();
    samples.forEach((l, i) => metrics.add(summary(i, [l]), i * 1000));
    return metrics.links.get(linkKey(samples[0]));
}

test('rates come from differences', () => {
    const found = stateOf(counted(100, 90), counted(125, 112));
    deepEqual([found.in_s, found.out_s, found.state], [25, 22, 'ok']);
});

test('a link says how it is', () => {
    const three = l => [counted(0, 0, { take: l.take ?? 'every' }), l, { ...l, offered: l.offered + 1 }];
    equal(stateOf(...three(counted(10, 5, { take: 'latest', dropped: { ...NONE, superseded: 5 } }))).state, 'policy');
    equal(stateOf(...three(counted(10, 5, { take: 'oldest=4', dropped: { ...NONE, overflow: 5 } }))).state, 'policy');
    equal(stateOf(...three(counted(10, 5, { dropped: { ...NONE, overflow: 5 } }))).state, 'losing');
    equal(stateOf(...three(counted(10, 9, { take: 'latest', dropped: { ...NONE, lost: 1 } }))).state, 'losing');
    equal(stateOf(...three(counted(10, 0, { waiting: 10 }))).state, 'stalled');
    equal(stateOf(counted(10, 10), counted(10, 10)).state, 'idle');
});

test('a server that began anew is not counted backwards', () => {
    const metrics = new Metrics();
    metrics.add(summary(50, [counted(1000, 1000)]), 1000);
    metrics.add(summary(1, [counted(10, 10)]), 2000);
    equal(metrics.links.values().next().value.in_s, null);
});

test('the worst is told', () => {
    const metrics = new Metrics(), node = state => ({ name: 'x', state, frames_in: 0, frames_out: 0 });
    metrics.add(summary(1, [], [node('running')]), 1000);
    equal(metrics.worst(), null);
    metrics.add(summary(2, [], [node('failed')]), 2000);
    equal(metrics.worst(), 'failed');
});

test('copies of a node and viewers of a dashboard belong to their node', () => {
    const names = new Set(['detect', 'page', 'cam-1']);
    deepEqual(['detect-2', 'detect-order', 'page.3', 'page.gone', 'cam-1', 'other'].map(n => nodeOf(n, names)),
        ['detect', 'detect', 'page', 'page', 'cam-1', null]);
    const metrics = new Metrics();
    metrics.add(summary(1, [{ ...counted(1, 1), from: 'detect-order', to: 'page' }, { ...counted(1, 1), from: 'detect', to: 'detect-1' }]), 1);
    deepEqual([...matchLinks({ nodes: [...names].map(name => ({ name })) }, metrics).keys()], ['detect page']);
});

// ---- looks

test('colours of labels stay, and can be read on', () => {
    equal(labelColour('person'), labelColour('person'));
    for (const label of ['person', 'car', 'dog', 'zebra', 'sports ball', 'ein Hund', ''])
        ok(contrast(labelColour(label), inkOn(labelColour(label))) > 7, label);
    equal(Math.round(contrast('#000000', '#ffffff')), 21);
});

test('marks join what is near, the most frequent first', () => {
    const found = lanes([{ time: 0, labels: ['a', 'a'] }, { time: 500, labels: ['a'] }, { time: 9000, labels: ['a', 'b'] }]);
    deepEqual(found, [{ label: 'a', spans: [[0, 500], [9000, 9000]], count: 3 }, { label: 'b', spans: [[9000, 9000]], count: 1 }]);
    equal(lanes([{ time: 0, labels: ['a', 'b', 'c', 'd', 'e'] }], 2).length, 2);
});

test('tiles are as large as the room lets them', () => {
    equal(columns(1, 1440, 800), 1);
    equal(columns(4, 1440, 800), 2);
    equal(columns(9, 1440, 800), 3);
    equal(columns(4, 390, 700), 1);
    equal(columns(64, 1440, 800), 4);
    ok(tileWidth(4, 2, 1440, 800) * 9 / 16 * 2 < 800);
    equal(tileWidth(4, 1, 370, 700), 370);
});

test('boxes go where their picture goes, turned and zoomed', () => {
    for (const rotation of [0, 90, 180, 270]) {
        const { matrix, picture } = fit(200, 100, rotation, 400, 400), whole = applyBox(matrix, { x: 0, y: 0, w: 200, h: 100 });
        ok(Math.abs(whole.x - picture.x) < 1e-9 && Math.abs(whole.w - picture.width) < 1e-9 && Math.abs(whole.h - picture.height) < 1e-9, `${rotation}`);
    }
    const view = zoomAt(WHOLE, 0.25, 0.25, 2), at = (v, x, y) => apply(fit(100, 100, 0, 100, 100, v).matrix, x, y);
    deepEqual(at(view, 25, 25).map(Math.round), [25, 25], 'what is under the pointer stays');
    deepEqual(pan(WHOLE, 0.4, 0.4), WHOLE);
    ok(zoomAt(WHOLE, 0.5, 0.5, 1000).scale <= 16);
});

test('numbers are readable', () => {
    deepEqual([0, 0.4, 41.2, 999.9, 1234, 14000, 180000].map(duration), ['0 ms', '0.4 ms', '41 ms', '1.0 s', '1.2 s', '14 s', '3 min']);
    deepEqual([count(950), count(12400), count(13e6), rate(0), rate(6.04), rate(24.9), rate(null)], ['950', '12\u202f400', '13.0 M', '0', '6.0', '25', '–']);
});
