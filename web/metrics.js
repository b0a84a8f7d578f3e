/* metrics.js: from summaries, which count from the start, to what goes on now: rates, and the state of each link. Pure.
 *
 * A link's state: `idle` nothing was offered lately; `ok`; `policy` frames are let go, as its policy says; `losing` frames
 * are lost that nobody said may be; `stalled` frames wait and none is taken.
 */
const KEPT = 600;              // samples, one a second
const RECENT_MS = 4500;        // what happened within is happening

export const REASONS = {
    superseded: 'a newer one took its place',
    overflow: 'no room was left',
    expired: 'older than max_age',
    undecodable: 'could not be decoded after a gap',
    lost: 'lost when a process died',
};

export const STATES = {
    ok: 'flows',
    policy: 'lets go, as its policy says',
    losing: 'loses frames',
    stalled: 'stands still',
    idle: 'nothing comes',
};

export function linkKey(link) {
    return `${link.from}${link.from_port ? `.${link.from_port}` : ''} ${link.to}${link.to_port ? `.${link.to_port}` : ''}`;
}

function sum(object) {
    return Object.values(object).reduce((a, b) => a + b, 0);
}

/* What a policy may let go: frames that are replaced or too old always; what finds no room, but with `every`. */
function isMeant(reason, take) {
    return reason === 'superseded' || reason === 'expired' || (reason === 'overflow' && take !== 'every');
}

export class Metrics {
    summary = null;
    nodes = new Map();         // name -> {now, series: {t, in, out, p50, p99, cpu}}
    links = new Map();         // key -> {now, in_s, out_s, drops_s, state, series: {t, out, drop, p50, p99, waiting}}
    #samples = [];             // the last seconds: {at, nodes, links}

    add(summary, at) {
        if (this.summary && (summary.duration_s < this.summary.duration_s || summary.pipeline !== this.summary.pipeline))
            this.forget();
        const sample = {
            at,
            nodes: new Map(summary.nodes.map(n => [n.name, n])),
            links: new Map(summary.links.map(l => [linkKey(l), l])),
        };
        const last = this.#samples.at(-1);
        if (last && at <= last.at)
            return;
        this.summary = summary;
        this.#samples.push(sample);
        while (this.#samples.length > 2 && this.#samples[1].at <= at - RECENT_MS)
            this.#samples.shift();
        for (const [key, link] of sample.links)
            this.#addLink(key, link, last?.links.get(key), sample, last);
        for (const [name, node] of sample.nodes)
            this.#addNode(name, node, last?.nodes.get(name), sample, last);
        for (const key of this.links.keys())
            if (!sample.links.has(key))
                this.links.delete(key);
    }

    forget() {
        this.nodes.clear();
        this.links.clear();
        this.#samples = [];
    }

    #addLink(key, link, before, sample, last) {
        const known = this.links.get(key) ?? { series: { t: [], out: [], drop: [], p50: [], p99: [], waiting: [] } };
        const seconds = last ? (sample.at - last.at) / 1000 : 0;
        const per_s = what => before ? Math.max(0, (what(link) - what(before)) / seconds) : null;
        known.now = link;
        known.in_s = per_s(l => l.offered);
        known.out_s = per_s(l => l.taken);
        known.drops_s = per_s(l => sum(l.dropped));
        Object.assign(known, this.#judge(key, link));
        push(known.series, { t: sample.at / 1000, out: known.out_s, drop: known.drops_s, p50: link.age_ms.p50, p99: link.age_ms.p99,
            waiting: link.waiting });
        this.links.set(key, known);
    }

    /* The state, from all that happened within RECENT_MS. */
    #judge(key, link) {
        const before = this.#samples[0].links.get(key) ?? link;
        const offered = link.offered - before.offered, taken = link.taken - before.taken;
        const recent = Object.fromEntries(Object.keys(link.dropped).map(r => [r, link.dropped[r] - (before.dropped[r] ?? 0)]));
        const bad = Object.keys(recent).some(r => recent[r] > 0 && !isMeant(r, link.take));
        let state = 'ok';
        if (taken === 0 && link.waiting > 0 && this.#samples.length > 2)
            state = 'stalled';
        else if (bad)
            state = 'losing';
        else if (sum(recent) > 0)
            state = 'policy';
        else if (offered === 0 && taken === 0)
            state = 'idle';
        return { state, recent };
    }

    #addNode(name, node, before, sample, last) {
        const known = this.nodes.get(name) ?? { series: { t: [], in: [], out: [], p50: [], p99: [], cpu: [] } };
        const seconds = last ? (sample.at - last.at) / 1000 : 0;
        const per_s = key => before ? Math.max(0, (node[key] - before[key]) / seconds) : null;
        known.now = node;
        known.in_s = per_s('frames_in');
        known.out_s = per_s('frames_out');
        known.cpu = before && node.cpu_s !== undefined ? per_s('cpu_s') : null;
        if (before && node.restarts > before.restarts)
            known.restartedAt = sample.at;
        push(known.series, { t: sample.at / 1000, in: known.in_s, out: known.out_s, p50: node.busy_ms?.p50, p99: node.busy_ms?.p99,
            cpu: known.cpu === null ? null : known.cpu * 100 });
        this.nodes.set(name, known);
    }

    /* The worst that is so now, for one mark on the page: 'failed', 'losing', 'stalled' or null. */
    worst() {
        if ([...this.nodes.values()].some(n => n.now.state === 'failed' || n.now.state === 'stuck'))
            return 'failed';
        const states = new Set([...this.links.values()].map(l => l.state));
        return ['losing', 'stalled'].find(s => states.has(s)) ?? null;
    }
}

function push(series, values) {
    for (const [key, list] of Object.entries(series)) {
        list.push(values[key] ?? null);
        if (list.length > KEPT)
            list.shift();
    }
}
