/* session.js: the connection and the players behind it: who is watched and how, and what the server says of the pipeline.
 *
 * Events: streams (which there are changed), status (of the connection), state (a new summary is in `metrics`), beat (four
 * times a second), unauthorised.
 */
import { Connection } from './connection.js';
import { ServerClock, watchMessage, stateMessage } from './protocol.js';
import { Player } from './player.js';
import { wayOf, jpegWidth } from './codec.js';
import { Metrics } from './metrics.js';
import { settings } from './settings.js';

const UNSEEN_MS = 10000;       // what is out of sight for so long is not watched any more
const KEEP_MAX = 16;           // so many streams are watched even out of sight, for their last minute
const HISTORY_BYTES = 768 << 20;

export class Session extends EventTarget {
    players = new Map();       // name -> Player
    clock = new ServerClock();
    metrics = new Metrics();
    pipeline = '';
    weir = '';
    viewer = null;
    run = null;                // which run of the pipeline it is
    status = { kind: 'connecting' };

    #connection = new Connection();
    #byId = new Map();
    #sent = '';
    #unseen = new Map();       // player -> since when
    #away = null;              // since when the page is hidden
    #beaten = 0;
    #fresh = false;            // connected, and no hello yet

    start() {
        const on = (type, react) => this.#connection.addEventListener(type, event => react(event.detail));
        on('open', () => this.#opened());
        on('closed', detail => this.#setStatus({ kind: 'offline', since: performance.now(), ...detail }));
        on('unauthorised', () => this.#emit('unauthorised'));
        on('message', message => this.#message(message));
        on('frame', frame => this.#byId.get(frame.stream)?.push(frame));
        document.addEventListener('visibilitychange', () => this.#looked());
        settings.addEventListener('change', () => this.players.forEach(player => player.redraw()));
        setInterval(() => this.#beat(), 250);
        const frame = now => {
            requestAnimationFrame(frame);
            for (const player of this.players.values())
                player.tick(now);
        };
        requestAnimationFrame(frame);
        this.open();
    }

    open() {
        this.#setStatus({ kind: 'connecting' });
        this.#connection.open();
    }

    get connected() {
        return this.status.kind === 'live';
    }

    #emit(type) {
        this.dispatchEvent(new Event(type));
    }

    #setStatus(status) {
        if (status.kind === 'offline' && this.status.kind === 'offline')
            status.since = this.status.since;
        this.status = status;
        this.#emit('status');
    }

    #opened() {
        this.clock.forget();
        this.#sent = '';
        this.#fresh = true;
        this.#connection.send(stateMessage(1000));
    }

    #message(message) {
        const player = this.#byId.get(message.stream);
        if (message.now_ms)
            this.clock.note(message.now_ms, Date.now());
        switch (message.type) {
        case 'hello': return this.#hello(message);
        case 'codec': return player?.setCodec(message);
        case 'results': return player?.addResult(message);
        case 'gone': return player?.gone(message.reason);
        case 'state':
            this.metrics.add(message.summary, message.now_ms);
            return this.#emit('state');
        }
    }

    #hello({ streams, pipeline, weir, viewer, run }) {
        if (this.run !== null && run !== this.run)
            this.#forget();
        Object.assign(this, { pipeline, weir, viewer, run });
        const names = new Set(streams.map(s => s.name));
        for (const [name, player] of this.players)
            if (!names.has(name))
                player.gone('it is no part of the pipeline any more');
        this.#byId.clear();
        for (const info of streams) {
            let player = this.players.get(info.name);
            if (!player) {
                player = new Player(info.name, settings, this.clock);
                player.addEventListener('change', () => this.updateWatch());
                this.players.set(info.name, player);
            }
            this.#byId.set(info.id, player);
            player.hello(info);
            if (this.#fresh)
                player.rejoin();
        }
        for (const player of this.players.values())
            player.history.limit = Math.min(64 << 20, HISTORY_BYTES / this.players.size);
        this.#fresh = false;
        this.#setStatus({ kind: 'live' });
        this.#emit('streams');
        this.updateWatch();
    }

    /* weir was started anew: its frames are counted from 1 again, and nothing joins them to those that are held. */
    #forget() {
        this.players.forEach(player => player.forget());
        this.metrics.forget();
    }

    // ---- what is watched

    /* Is this stream in sight? Called by the views. */
    setVisible(player, visible) {
        player.setVisible(visible);
        if (visible) {
            const long = this.#unseen.has(player) && performance.now() - this.#unseen.get(player) > UNSEEN_MS;
            this.#unseen.delete(player);
            if (long && this.players.size > KEEP_MAX)
                player.rejoin();
        } else if (!this.#unseen.has(player)) {
            this.#unseen.set(player, performance.now());
        }
        this.updateWatch();
    }

    #looked() {
        const now = performance.now();
        if (document.hidden) {
            this.#away = now;
            return;
        }
        const long = this.#away !== null && now - this.#away > UNSEEN_MS;
        this.#away = null;
        for (const player of this.players.values())
            if (!player.past.on)
                long ? player.rejoin() : player.resync();
        this.updateWatch();
    }

    updateWatch() {
        if (this.status.kind !== 'live')
            return;
        const now = performance.now(), list = [];
        const away = this.#away !== null && now - this.#away > UNSEEN_MS;
        for (const [id, player] of this.#byId) {
            const unseen = this.#unseen.get(player);
            const keeps = player.past.on || this.players.size <= KEEP_MAX;
            if (away || (unseen !== undefined && now - unseen > UNSEEN_MS && !keeps))
                continue;
            const as = wayOf(player.info, player.packetsFail);
            player.way = as;
            if (as === 'jpeg')
                list.push({ id, as, width: this.#width(player) });
            else if (as)
                list.push({ id, as });
        }
        const text = JSON.stringify(list);
        if (text === this.#sent)
            return;
        this.#sent = text;
        this.#connection.send(watchMessage(list));
    }

    #width(player) {
        return jpegWidth(player.canvas?.clientWidth || 640, globalThis.devicePixelRatio || 1);
    }

    #beat() {
        this.updateWatch();
        this.#emit('beat');
    }
}
