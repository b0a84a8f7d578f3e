/* tile.js: a stream in the grid: its picture, its name, and how it is. */
import { h, setText } from './dom.js';
import { duration, rate } from './format.js';
import { whyNot } from './codec.js';

/* How a stream is, in words: {kind, title, detail}. Kinds: live, back, waiting, lost, offline, ended, blind. */
export function condition(player, session) {
    const now = performance.now(), signal = player.signal.read(now);
    const nodeError = session.metrics.nodes.get(player.name)?.now.error;
    if (session.status.kind !== 'live')
        return player.record
            ? { kind: 'offline', title: `no signal since ${duration(now - (player.signal.last ?? session.status.since ?? now))}`, detail: 'the server does not answer' }
            : { kind: 'waiting', title: 'connecting', detail: '' };
    if (player.ended)
        return { kind: 'ended', title: 'this stream has ended', detail: player.reason };
    if (player.way === null)
        return { kind: 'blind', title: 'no picture here', detail: `${whyNot(player.info, player.codec)}, and the server makes no JPEG of it` };
    if (signal.kind === 'lost')
        return { kind: 'lost', title: `no signal since ${duration(signal.ms)}`, detail: nodeError ?? '' };
    if (signal.kind === 'waiting' || !player.record)
        return { kind: 'waiting', title: 'waiting for the first picture', detail: nodeError ?? '' };
    if (signal.kind === 'back')
        return { kind: 'back', title: `camera back after ${duration(signal.ms)}`, detail: '' };
    return { kind: 'live', title: 'live', detail: '' };
}

/* A canvas as large as it looks, for a player. */
export function fitCanvas(canvas, player) {
    const ratio = globalThis.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio), height = Math.round(canvas.clientHeight * ratio);
    if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width;
        canvas.height = height;
        player.redraw();
        player.tick(performance.now());
    }
}

export class Tile {
    constructor(player, session, open) {
        this.player = player;
        this.session = session;
        this.canvas = h('canvas', { class: 'tile-picture', 'aria-hidden': 'true' });
        this.veil = h('div', { class: 'veil' }, this.title = h('strong'), this.detail = h('span'));
        this.badge = h('span', { class: 'badge' });
        this.open = h('button', { type: 'button', class: 'tile-open', onclick: () => open(player) }, this.canvas);
        this.facts = h('span', { class: 'tile-facts' });
        this.element = h('article', { class: 'tile', 'data-stream': player.name, 'data-kind': 'waiting' },
            h('div', { class: 'tile-frame' }, this.open, this.veil, this.badge),
            h('footer', { class: 'tile-caption' }, h('span', { class: 'dot', 'aria-hidden': 'true' }),
                h('h2', { class: 'tile-name' }, player.name), this.facts));
        this.resized = new ResizeObserver(() => player.canvas === this.canvas && fitCanvas(this.canvas, player));
        this.resized.observe(this.canvas);
        this.seen = new IntersectionObserver(([entry]) => session.setVisible(player, entry.isIntersecting), { rootMargin: '200px' });
    }

    /* The tile has the player's pictures from now on. */
    take() {
        this.player.attach(this.canvas);
        fitCanvas(this.canvas, this.player);
        this.seen.observe(this.element);
    }

    release() {
        this.seen.disconnect();
        this.session.setVisible(this.player, false);
    }

    remove() {
        this.release();
        this.resized.disconnect();
        this.element.remove();
    }

    beat() {
        const { player } = this, now = performance.now(), { kind, title, detail } = condition(player, this.session);
        this.element.dataset.kind = kind;
        const covered = kind !== 'live' && kind !== 'back';
        setText(this.title, covered ? title : '');
        setText(this.detail, covered ? detail : '');
        setText(this.badge, kind === 'back' ? title : '');
        const words = [];
        if (!covered) {
            words.push(`${rate(player.rate(now))} /s`);
            if (player.record?.age_ms != null)
                words.push(duration(player.record.age_ms));
            if (player.way === 'jpeg')
                words.push('JPEG');
            for (const node of player.silentNodes(now))
                words.push(`${node} is silent`);
        }
        setText(this.facts, words.join(' · '));
        this.open.setAttribute('aria-label', `${player.name}: ${title}. Open`);
    }
}

