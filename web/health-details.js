/* health-details.js: what is known of one node or one link, with charts. */
import { h, setText } from './dom.js';
import { Chart } from './chart.js';
import { REASONS, STATES } from './metrics.js';
import { matchLinks, nodeOf } from './health-graph.js';
import { bytes, count, duration, rate } from './format.js';

function facts(rows) {
    return h('dl', { class: 'facts' }, rows.filter(row => row && row[1] !== null && row[1] !== undefined && row[1] !== '')
        .map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, String(value)))));
}

export class Details {
    #charts = [];
    #key = '';

    constructor(close) {
        this.close = close;
        this.title = h('h2', {});
        this.subtitle = h('p', { class: 'details-kind' });
        this.error = h('p', { class: 'details-error' });
        this.body = h('div', { class: 'details-body' });
        this.charts = h('div', { class: 'charts' });
        this.element = h('section', { class: 'details', 'aria-label': 'Details' }, this.title, this.subtitle, this.error, this.charts, this.body);
    }

    update(choice, graph, metrics) {
        if (!metrics.summary)
            return;
        const key = choice ? `${choice.kind} ${choice.name}` : '';
        if (key !== this.#key) {
            this.#charts.forEach(chart => chart.remove());
            this.#charts = [];
            this.#key = key;
        }
        setText(this.error, '');
        if (choice?.kind === 'node')
            this.#node(choice.name, graph, metrics);
        else if (choice?.kind === 'link')
            this.#link(choice.name, graph, metrics);
        else
            this.#whole(graph, metrics);
    }

    #draw(series, charts) {
        if (!this.#charts.length) {
            this.#charts = charts.map(make => new Chart(...make));
            this.charts.append(...this.#charts.map(c => c.element));
        }
        this.#charts.forEach(chart => chart.update(series));
    }

    #node(name, graph, metrics) {
        const node = graph.nodes.find(n => n.name === name), known = metrics.nodes.get(name), now = known?.now ?? {};
        setText(this.title, name);
        setText(this.subtitle, node ? `${node.component}: ${node.help ?? ''}` : '');
        setText(this.error, now.error ?? '');
        const copies = [...metrics.nodes.values()].filter(n => n.now.name !== name && nodeOf(n.now.name, new Set([name])) === name);
        this.body.replaceChildren(
            facts([
                ['state', now.state], ['frames in', count(now.frames_in)], ['frames out', count(now.frames_out)],
                ['one call takes', now.busy_ms?.count ? `${duration(now.busy_ms.p50)} half, ${duration(now.busy_ms.p99)} 99 %` : ''],
                ['processor', known?.cpu != null ? `${Math.round(known.cpu * 100)} % of a core` : ''],
                ['errors', now.errors], ['restarts', now.restarts], ['lost', now.lost], ['hidden delay', now.hidden_ms ? duration(now.hidden_ms) : ''],
                ['copies', copies.length || ''], ['runs', node?.runner], ['sandbox', now.sandbox], ['it may', now.sandbox_holds],
            ]),
            node && Object.keys(node.options ?? {}).length ? h('h3', {}, 'Options') : '',
            facts(Object.entries(node?.options ?? {})));
        if (known)
            this.#draw(known.series, [
                ['Frames a second', [now.frames_in ? { label: 'in', colour: '--accent', of: 'in' } : null,
                    now.frames_out ? { label: 'out', colour: '--ok', of: 'out' } : null].filter(Boolean), rate],
                ['One call takes', [{ label: 'half', colour: '--accent', of: 'p50' }, { label: '99 %', colour: '--policy', of: 'p99' }], duration],
            ]);
    }

    #link(key, graph, metrics) {
        const link = graph.links.find(l => `${l.from} ${l.to}` === key.replace(/\.\d+/g, '')) ?? null;
        const known = metrics.links.get(key) ?? (link && matchLinks(graph, metrics).get(`${link.from} ${link.to}`)), now = known?.now;
        setText(this.title, link ? `${link.from} → ${link.to}` : key);
        if (!now)
            return this.body.replaceChildren(h('p', { class: 'hint' }, 'Nothing is counted here yet.'));
        setText(this.subtitle, `${STATES[known.state]}; takes ${now.take}${now.max_age_ms ? `, at most ${duration(now.max_age_ms)} old` : ''}`);
        const dropped = Object.entries(now.dropped).filter(([, n]) => n > 0);
        this.body.replaceChildren(
            facts([
                ['offered', count(now.offered)], ['taken', count(now.taken)], ['waiting', `${now.waiting}, ${now.waiting_max} at most`],
                ['age when taken', now.age_ms.count ? `${duration(now.age_ms.p50)} half, ${duration(now.age_ms.p99)} 99 %, ${duration(now.age_ms.max)} at most` : ''],
                ['wait in the link', now.wait_ms?.count ? `${duration(now.wait_ms.p50)} half, ${duration(now.wait_ms.p99)} 99 %` : ''],
            ]),
            h('h3', {}, 'Let go'),
            dropped.length ? facts(dropped.map(([reason, n]) => [`${reason}: ${REASONS[reason] ?? ''}`, count(n)])) : h('p', { class: 'hint' }, 'Nothing so far.'));
        this.#draw(known.series, [
            ['Frames a second', [{ label: 'taken', colour: '--ok', of: 'out' }, { label: 'let go', colour: '--policy', of: 'drop' }], rate],
            ['Age when taken', [{ label: 'half', colour: '--accent', of: 'p50' }, { label: '99 %', colour: '--policy', of: 'p99' }], duration],
        ]);
    }

    #whole(graph, metrics) {
        const { summary } = metrics, { memory } = summary;
        const failed = summary.nodes.filter(n => n.state === 'failed' || n.state === 'stuck');
        setText(this.title, graph.pipeline || 'The pipeline');
        setText(this.subtitle, failed.length ? '' : 'Choose a node or a link to see more.');
        setText(this.error, failed.map(n => `${n.name} ${n.state}: ${n.error ?? ''}`).join('\n'));
        const known = [...metrics.nodes.values()];
        const cpu = known.reduce((s, n) => s + (n.cpu ?? 0), 0);
        this.body.replaceChildren(facts([
            ['runs for', duration(summary.duration_s * 1000)], ['nodes', summary.nodes.length], ['links', summary.links.length],
            ['restarts', summary.nodes.reduce((s, n) => s + (n.restarts ?? 0), 0)],
            ['frames lost', summary.nodes.reduce((s, n) => s + (n.lost ?? 0), 0) + summary.links.reduce((s, l) => s + (l.dropped?.lost ?? 0), 0)],
            ['processor', `${cpu.toFixed(1)} cores`],
            ['memory for frames', memory ? `${bytes(memory.pool_peak_bytes)} of ${bytes(memory.bound_bytes)} at most` : ''],
            ['memory in all', memory ? bytes(memory.rss_peak_bytes) : ''],
        ]));
    }
}
