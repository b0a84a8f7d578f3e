/* timeline.js: the last minute of a stream as a line to move along: what is held, what was found when, where we are. It is a
 * slider for screen readers and keys as much as for pointers.
 */
import { h } from './dom.js';
import { lanes, entriesOf } from './marks.js';
import { labelColour } from './colours.js';
import { duration } from './format.js';
import { settings } from './settings.js';

const SPAN_MS = 60000;
const LANE_PX = 9, TOP_PX = 12, EDGE_PX = 7;

export class Timeline {
    #player = null;
    #lanes = [];
    #lanesAt = 0;
    #end = 0;                  // the time at the right end
    #dragging = false;

    constructor() {
        this.canvas = h('canvas', { class: 'timeline-lanes', 'aria-hidden': 'true' });
        this.element = h('div', { class: 'timeline', role: 'slider', tabindex: '0', 'aria-label': 'the last minute',
            'aria-orientation': 'horizontal', 'aria-valuemin': '-60', 'aria-valuemax': '0', 'aria-valuenow': '0' }, this.canvas);
        this.element.addEventListener('pointerdown', event => {
            this.#dragging = true;
            this.element.setPointerCapture(event.pointerId);
            this.#seek(event);
        });
        this.element.addEventListener('pointermove', event => this.#dragging && this.#seek(event));
        this.element.addEventListener('pointerup', () => this.#dragging = false);
        new ResizeObserver(() => this.draw()).observe(this.element);
    }

    follow(player) {
        this.#player = player;
        this.#lanesAt = 0;
        this.draw();
    }

    /* The time of the newest that is held; while the viewer is in the past, it stays as far as that picture is in reach. */
    #range() {
        const { history, record } = this.#player;
        const newest = history.last?.time ?? record?.time ?? 0;
        const oldest = Math.min(history.first?.time ?? newest, record?.time ?? newest);
        this.#end = newest;
        return Math.max(SPAN_MS, newest - oldest);
    }

    #seek(event) {
        const at = this.element.getBoundingClientRect();
        const part = Math.min(1, Math.max(0, (event.clientX - at.left - EDGE_PX) / (at.width - 2 * EDGE_PX)));
        const span = this.#range();
        this.#player.past.seekTime(this.#end - span * (1 - part));
    }

    draw() {
        const player = this.#player, ratio = globalThis.devicePixelRatio || 1;
        const width = this.canvas.clientWidth, height = this.canvas.clientHeight;
        if (!player || !width)
            return;
        if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
            this.canvas.width = Math.round(width * ratio);
            this.canvas.height = Math.round(height * ratio);
        }
        const now = performance.now(), span = this.#range();
        if (now - this.#lanesAt > 400) {
            this.#lanes = lanes(entriesOf(player, box => settings.shows(box)));
            this.#lanesAt = now;
        }
        const g = this.canvas.getContext('2d'), style = getComputedStyle(this.element);
        const colour = name => style.getPropertyValue(name).trim();
        const x = time => width - EDGE_PX - (this.#end - time) / span * (width - 2 * EDGE_PX);
        g.setTransform(ratio, 0, 0, ratio, 0, 0);
        g.clearRect(0, 0, width, height);
        this.#drawScale(g, x, span, height, colour);
        this.#drawLanes(g, x);
        if (player.record)
            this.#drawPosition(g, x(player.record.time), height, colour);
        this.#speak();
    }

    #drawScale(g, x, span, height, colour) {
        const { history } = this.#player;
        if (history.first) {
            const from = Math.max(0, x(history.first.time));
            g.fillStyle = colour('--raised');
            g.beginPath();
            g.roundRect(from, TOP_PX + 2, x(history.last.time) - from, height - TOP_PX - 16, 4);
            g.fill();
        }
        g.fillStyle = colour('--faint');
        g.font = '11px system-ui, "DejaVu Sans", sans-serif';
        g.textBaseline = 'alphabetic';
        const seconds = Math.round(span / 1000), every = span > 90000 ? 20 : 10;
        for (let s = every; s < seconds; s += every) {
            const at = x(this.#end - s * 1000);
            g.fillRect(Math.round(at), height - 13, 1, 4);
            g.textAlign = 'center';
            g.fillText(`−${s} s`, at, height - 1);
        }
        g.textAlign = 'right';
        g.fillText('now', x(this.#end) - 2, height - 1);
    }

    #drawLanes(g, x) {
        this.#lanes.forEach(({ label, spans }, lane) => {
            g.fillStyle = labelColour(label);
            for (const [from, to] of spans) {
                const left = x(from);
                g.beginPath();
                g.roundRect(left - 1, TOP_PX + 6 + lane * LANE_PX, Math.max(3, x(to) - left + 2), LANE_PX - 4, 2);
                g.fill();
            }
        });
    }

    #drawPosition(g, at, height, colour) {
        const x = Math.min(this.canvas.clientWidth - EDGE_PX, Math.max(EDGE_PX, at));
        g.fillStyle = colour('--text');
        g.fillRect(x - 1, TOP_PX - 4, 2, height - TOP_PX - 8);
        g.beginPath();
        g.arc(x, TOP_PX - 5, 5, 0, 2 * Math.PI);
        g.fill();
    }

    #speak() {
        const { record, past } = this.#player, behind = record ? (this.#end - record.time) / 1000 : 0;
        this.element.setAttribute('aria-valuenow', (-behind).toFixed(1));
        this.element.setAttribute('aria-valuetext', past.on ? `${duration(behind * 1000)} ago, frame ${record.number}` : 'live');
    }

    /* The labels that have a lane, with their colours, for a legend. */
    get labels() {
        return this.#lanes.map(lane => lane.label);
    }
}
