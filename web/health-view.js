/* health-view.js: how the pipeline is: its graph, details of what was chosen, and all links as a table. */
import { h, svg, setText } from './dom.js';
import { HealthGraph, matchLinks } from './health-graph.js';
import { Details } from './health-details.js';
import { linkKey, STATES } from './metrics.js';
import { count, duration, rate } from './format.js';

const SPARK = { width: 110, height: 26, samples: 60 };

export class HealthView {
    #graph = null;
    #choice = null;
    #rows = new Map();
    #shown = false;

    constructor(element, session) {
        this.element = element;
        this.session = session;
        this.graph = new HealthGraph((kind, name) => this.#choose(kind, name));
        this.details = new Details();
        this.body = h('tbody');
        const head = ['', 'Link', 'Takes', 'In /s', 'Out /s', 'Age', '99 %', 'Waiting', 'Let go', 'Last minute'];
        const legend = h('ul', { class: 'legend', 'aria-label': 'What colours mean' }, ['ok', 'policy', 'losing', 'stalled', 'idle'].map(state =>
            h('li', { 'data-state': state }, h('span', { class: 'legend-line', 'aria-hidden': 'true' }), STATES[state])));
        this.note = h('p', { class: 'empty' });
        this.layout = h('div', { class: 'health-layout' },
            h('div', { class: 'health-main' }, h('div', { class: 'card graph-card' }, this.graph.element, legend),
                h('div', { class: 'card table-card', tabindex: '0', role: 'region', 'aria-label': 'All links' },
                    h('table', { class: 'links' }, h('thead', {}, h('tr', {}, head.map(text => h('th', { scope: 'col' }, text)))), this.body))),
            h('div', { class: 'card details-card' }, this.details.element));
        element.append(this.note, this.layout);
        session.addEventListener('state', () => this.#update());
        session.addEventListener('streams', () => this.#load());
        element.addEventListener('keydown', event => {
            if (event.key === 'Escape' && this.#choice)
                this.#choose(null);
        });
    }

    show() {
        this.#shown = true;
        this.element.hidden = false;
        this.#load();
    }

    hide() {
        this.#shown = false;
        this.element.hidden = true;
    }

    async #load() {
        if (!this.#shown)
            return;
        const answer = await fetch('api/graph', { cache: 'no-store' }).catch(() => null);
        const text = answer?.ok ? await answer.text() : null;
        if (text && text !== this.text) {
            this.text = text;
            this.#graph = JSON.parse(text);
            this.graph.set(this.#graph);
            this.#fillTable();
        }
        this.#update();
    }

    #choose(kind, name) {
        const same = this.#choice?.kind === kind && this.#choice?.name === name;
        this.#choice = kind && !same ? { kind, name } : null;
        this.#update();
        if (this.#choice && this.details.element.getBoundingClientRect().top > innerHeight)
            this.details.element.scrollIntoView({ block: 'start', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
    }

    #fillTable() {
        this.#rows.clear();
        this.body.replaceChildren(...this.#graph.links.map(link => {
            const key = linkKey(link), cell = name => h('td', { class: name });
            const cells = Object.fromEntries(['in', 'out', 'age', 'p99', 'waiting', 'drop'].map(n => [n, cell('number')]));
            const spark = svg('svg', { class: 'spark', viewBox: `0 0 ${SPARK.width} ${SPARK.height}`, 'aria-hidden': 'true' });
            const state = h('span', { class: 'visually-hidden' });
            const row = h('tr', {}, h('td', {}, h('span', { class: 'state-dot', 'aria-hidden': 'true' }), state),
                h('th', { scope: 'row' }, h('button', { type: 'button', class: 'row-button', onclick: () => this.#choose('link', key) }, `${link.from} → ${link.to}`)),
                h('td', {}, h('code', {}, link.take)), ...Object.values(cells), h('td', {}, spark));
            this.#rows.set(key, { row, cells, spark, state, link });
            return row;
        }));
    }

    #update() {
        if (!this.#shown)
            return;
        const { metrics } = this.session;
        this.note.hidden = !!(this.#graph && metrics.summary);
        this.layout.hidden = !this.note.hidden;
        setText(this.note, this.session.connected ? 'Asking how the pipeline is' : 'No word from the server yet');
        if (!this.#graph || !metrics.summary)
            return;
        this.graph.update(metrics, this.#choice ? `${this.#choice.kind} ${this.#choice.name}` : '');
        const known = matchLinks(this.#graph, metrics);
        for (const [key, row] of this.#rows)
            this.#updateRow(row, known.get(`${row.link.from} ${row.link.to}`), this.#choice?.kind === 'link' && this.#choice.name === key);
        this.details.update(this.#choice, this.#graph, metrics);
    }

    #updateRow({ row, cells, spark, state }, known, chosen) {
        row.dataset.state = known?.state ?? 'idle';
        row.classList.toggle('is-chosen', chosen);
        if (!known)
            return;
        const { now } = known, dropped = Object.entries(now.dropped).filter(([, n]) => n > 0);
        setText(state, STATES[known.state]);
        setText(cells.in, rate(known.in_s));
        setText(cells.out, rate(known.out_s));
        setText(cells.age, now.age_ms.count ? duration(now.age_ms.p50) : '–');
        setText(cells.p99, now.age_ms.count ? duration(now.age_ms.p99) : '–');
        setText(cells.waiting, String(now.waiting));
        setText(cells.drop, dropped.map(([reason, n]) => `${count(n)} ${reason}`).join(', ') || '0');
        drawSpark(spark, known.series);
    }
}

/* Frames taken a second as a line; what was let go as bars from below. */
function drawSpark(spark, series) {
    const out = series.out.slice(-SPARK.samples), drop = series.drop.slice(-SPARK.samples);
    const most = Math.max(1, ...out, ...drop.map((d, i) => (d ?? 0) + (out[i] ?? 0)));
    const x = i => SPARK.width - (out.length - 1 - i) * SPARK.width / (SPARK.samples - 1), y = v => SPARK.height - 2 - v / most * (SPARK.height - 5);
    const points = out.map((v, i) => v === null ? null : `${x(i).toFixed(1)},${y(v).toFixed(1)}`).filter(Boolean).join(' ');
    const bars = drop.map((v, i) => v ? `M${x(i).toFixed(1)} ${SPARK.height}V${y(v).toFixed(1)}` : '').join('');
    spark.replaceChildren(svg('path', { d: bars, class: 'spark-drop' }), svg('polyline', { points, class: 'spark-line' }));
}
