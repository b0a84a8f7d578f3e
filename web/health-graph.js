/* health-graph.js: the pipeline as a graph: nodes that can be chosen, links whose colour and dashes say how they are. */
import { h, svg, setText } from './dom.js';
import { layout } from './graph-layout.js';
import { linkKey, STATES } from './metrics.js';
import { duration, rate } from './format.js';

const NODE = { width: 178, height: 66, gap: 30, layerGap: 170 };
const NODE_DOWN = { width: 124, height: 62, gap: 14, layerGap: 58, down: true };
const GAP_MIN_PX = 126, SCALE_MIN = 0.7;

/* Nodes that only accounts know, copies of a node (`replicas`) and a dashboard's viewers, belong to the node they are of. */
export function nodeOf(name, names) {
    if (names.has(name))
        return name;
    const base = name.replace(/(-\d+|-order|\.\d+|\.gone)$/, '');
    return names.has(base) ? base : null;
}

/* The links of an account between the nodes of the graph: Map of linkKey of the graph's link -> metrics of the link. */
export function matchLinks(graph, metrics) {
    const names = new Set(graph.nodes.map(n => n.name)), found = new Map();
    for (const known of metrics.links.values()) {
        const from = nodeOf(known.now.from, names), to = nodeOf(known.now.to, names);
        if (from && to && from !== to && !found.has(`${from} ${to}`))
            found.set(`${from} ${to}`, known);
    }
    return found;
}

export class HealthGraph {
    #nodes = new Map();
    #links = new Map();
    #graph = null;
    #last = null;              // what update was told, for when it is laid out anew

    constructor(choose) {
        this.choose = choose;
        this.lines = svg('svg', { class: 'graph-lines', 'aria-hidden': 'true' });
        this.field = h('div', { class: 'graph-field' }, this.lines);
        this.element = h('div', { class: 'graph', role: 'group', 'aria-label': 'The pipeline as a graph', tabindex: '-1' },
            this.frame = h('div', { class: 'graph-frame' }, this.field));
        new ResizeObserver(() => this.#graph && this.#room() !== this.room && this.set(this.#graph)).observe(this.element);
    }

    #room() {
        const { paddingLeft, paddingRight } = getComputedStyle(this.element);
        return this.element.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    }

    /* Layers as far apart as the room lets them, then all of it smaller, then it scrolls. */
    #fit(graph) {
        const size = this.isDown ? NODE_DOWN : NODE;
        let places = layout(graph, size);
        if (!this.isDown && places.width > this.room) {
            const layers = 1 + Math.max(0, ...[...places.nodes.values()].map(n => n.layer));
            places = layout(graph, { ...size, layerGap: Math.max(GAP_MIN_PX, (this.room - 8 - layers * size.width) / Math.max(1, layers - 1)) });
        }
        const scale = Math.min(1, Math.max(SCALE_MIN, this.room / (places.width + 8)));
        this.field.style.transform = scale < 1 ? `scale(${scale})` : '';
        this.frame.style.width = `${(places.width + 8) * scale}px`;
        this.frame.style.height = `${(places.height + 8) * scale}px`;
        return { places, size };
    }

    #down() {
        return this.element.clientWidth > 0 && this.element.clientWidth < 620;
    }

    set(graph) {
        this.#graph = graph;
        this.isDown = this.#down();
        this.room = this.#room();
        this.element.classList.toggle('is-down', this.isDown);
        const { places, size } = this.#fit(graph);
        this.field.replaceChildren(this.lines);
        this.lines.replaceChildren();
        this.lines.setAttribute('viewBox', `-4 -4 ${places.width + 8} ${places.height + 8}`);
        this.field.style.width = `${places.width + 8}px`;
        this.field.style.height = `${places.height + 8}px`;
        this.#links.clear();
        for (const { link, path, label } of places.links)
            this.#addLink(link, path, label);
        this.#nodes.clear();
        for (const node of graph.nodes)
            this.#addNode(node, places.nodes.get(node.name), size);
        if (this.#last)
            this.update(...this.#last);
    }

    #addLink(link, path, label) {
        const line = svg('path', { d: path, class: 'link-line' }), flow = svg('path', { d: path, class: 'link-flow' });
        this.lines.append(line, flow);
        const text = h('button', { type: 'button', class: 'link-label', onclick: () => this.choose('link', linkKey(link)) });
        text.style.left = `${label.x + 4}px`;
        text.style.top = `${label.y + 4}px`;
        this.field.append(text);
        this.#links.set(linkKey(link), { link, line, flow, text });
    }

    #addNode(node, place, size) {
        const state = h('span', { class: 'node-state' }), numbers = h('span', { class: 'node-numbers' });
        const button = h('button', { type: 'button', class: 'node', onclick: () => this.choose('node', node.name) },
            h('span', { class: 'node-name' }, node.name), h('span', { class: 'node-kind' }, node.component === node.name ? node.runner : `${node.component} · ${node.runner}`),
            numbers, state);
        Object.assign(button.style, { left: `${place.x + 4}px`, top: `${place.y + 4}px`, width: `${size.width}px`, height: `${size.height}px` });
        this.field.append(button);
        this.#nodes.set(node.name, { button, state, numbers });
    }

    update(metrics, chosen) {
        this.#last = [metrics, chosen];
        const known = this.#graph ? matchLinks(this.#graph, metrics) : new Map();
        for (const [key, { link, line, flow, text }] of this.#links) {
            const now = known.get(`${link.from} ${link.to}`), state = now?.state ?? 'idle';
            for (const part of [line, flow, text])
                part.dataset.state = state;
            text.classList.toggle('is-chosen', chosen === `link ${key}`);
            const age = now?.now.age_ms?.count ? duration(now.now.age_ms.p50) : '';
            setText(text, this.isDown ? '' : [`${rate(now?.out_s)} /s`, age].filter(Boolean).join(' · '));
            text.setAttribute('aria-label', `link from ${link.from} to ${link.to}, ${link.take}: ${STATES[state]}, ${rate(now?.out_s)} frames a second`);
        }
        for (const [name, { button, state, numbers }] of this.#nodes) {
            const node = metrics.nodes.get(name), kind = nodeState(node, metrics.summary);
            button.dataset.state = kind;
            button.classList.toggle('is-chosen', chosen === `node ${name}`);
            setText(state, kind === 'ok' ? '' : kind === 'unknown' ? '' : node.now.state === 'running' ? `${node.now.restarts} restarts` : node.now.state);
            const per_s = node ? (node.in_s || node.out_s) : null;
            setText(numbers, node ? `${rate(per_s)} /s` : '');
        }
    }
}

/* 'ok', 'failed', 'restarted' (lately), 'off' (done), 'unknown'. */
export function nodeState(node, summary) {
    if (!node)
        return 'unknown';
    if (['failed', 'stuck'].includes(node.now.state))
        return 'failed';
    if (node.now.error || (node.restartedAt && summary && node.series.t.at(-1) * 1000 - node.restartedAt < 60000))
        return 'restarted';
    return node.now.state === 'done' ? 'off' : 'ok';
}
