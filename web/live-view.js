/* live-view.js: the grid of all streams. */
import { h } from './dom.js';
import { columns, tileWidth } from './grid.js';
import { Tile } from './tile.js';

/* Width / height of a stream's upright picture, once it is known. */
function shapeOf({ record }) {
    if (!record)
        return null;
    return record.rotation % 180 ? record.height / record.width : record.width / record.height;
}

export class LiveView {
    #tiles = new Map();        // player -> Tile
    #shown = false;
    shape = 16 / 9;            // width / height of most pictures

    constructor(element, session, open) {
        this.element = element;
        this.session = session;
        this.open = open;
        this.grid = h('div', { class: 'grid', role: 'list' });
        this.empty = h('div', { class: 'empty' });
        element.append(this.grid, this.empty);
        session.addEventListener('streams', () => this.#fill());
        session.addEventListener('status', () => this.#say());
        session.addEventListener('beat', () => this.#shown && this.#beat());
        new ResizeObserver(() => this.#arrange()).observe(element);
        this.element.addEventListener('keydown', event => this.#move(event));
        this.#say();
    }

    show() {
        this.#shown = true;
        this.element.hidden = false;
        this.#arrange();
        this.#tiles.forEach(tile => {
            tile.take();
            tile.beat();
        });
    }

    hide() {
        if (!this.#shown)
            return;
        this.#shown = false;
        this.element.hidden = true;
        this.#tiles.forEach(tile => tile.release());
    }

    focus(name) {
        const tiles = [...this.#tiles.values()];
        (tiles.find(t => t.player.name === name) ?? tiles[0])?.open.focus({ preventScroll: false });
    }

    #fill() {
        for (const player of this.session.players.values()) {
            if (this.#tiles.has(player))
                continue;
            const tile = new Tile(player, this.session, this.open);
            tile.element.setAttribute('role', 'listitem');
            this.#tiles.set(player, tile);
            this.grid.append(tile.element);
            if (this.#shown) {
                this.#arrange();
                tile.take();
            }
        }
        this.#arrange();
        this.#say();
    }

    #beat() {
        this.#tiles.forEach(tile => tile.beat());
        const shapes = [...this.session.players.values()].map(shapeOf).filter(Boolean).sort((a, b) => a - b);
        const shape = Math.min(2, Math.max(0.75, shapes[shapes.length >> 1] ?? this.shape));
        if (Math.abs(shape - this.shape) > 0.01) {
            this.shape = shape;
            this.#arrange();
        }
    }

    #say() {
        this.empty.hidden = this.#tiles.size > 0;
        const words = this.session.status.kind === 'live'
            ? ['No stream leads to this dashboard', 'Link a camera to it: video url=… ! dashboard']
            : this.session.status.kind === 'offline'
                ? ['The server does not answer', 'This page tries again by itself']
                : ['Connecting', ''];
        this.empty.replaceChildren(h('strong', {}, words[0]), h('span', {}, words[1]));
    }

    #arrange() {
        const n = this.#tiles.size, { clientWidth, clientHeight } = this.element;
        if (!n || !clientWidth)
            return;
        const style = getComputedStyle(this.element);
        const width = clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
        const height = clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
        this.columns = columns(n, width, height, this.shape);
        this.grid.style.gridTemplateColumns = `repeat(${this.columns}, ${tileWidth(n, this.columns, width, height, this.shape)}px)`;
        this.grid.style.setProperty('--shape', this.shape.toFixed(4));
    }

    /* Arrow keys go from tile to tile, as they lie. */
    #move(event) {
        const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns }[event.key];
        const tiles = [...this.#tiles.values()], at = tiles.findIndex(t => t.open === document.activeElement);
        if (!by || at < 0 || event.altKey || event.ctrlKey || event.metaKey)
            return;
        event.preventDefault();
        tiles[Math.max(0, Math.min(tiles.length - 1, at + by))].open.focus();
    }
}
