/* mock-account.mjs: the account of a pretended pipeline: /api/graph, and a summary that goes on counting. What its links
 * do can be set, so that every state of a link can be looked at.
 */
const node = (name, component, runner, help, options = {}) => ({ name, component, runner, help, options });
const link = (from, to, take = 'every', live = true) => ({ from, to, take, live });

export function pretendedGraph(streams) {
    const nodes = [], links = [];
    for (const { name } of streams) {
        nodes.push(node(name, 'video', 'process', 'reads a camera or a film', { url: `rtsp://viewer:***@10.0.0.7/${name}`, pace: 'live' }));
        links.push(link(name, 'detect', 'latest'), link(name, 'dashboard', 'newest=64'));
    }
    nodes.push(node('detect', 'detect', 'process', 'finds objects in pictures with an ONNX model', { model: 'coco', score: '0.5' }),
        node('events', 'jsonl', 'thread', 'writes results as lines of JSON', { path: 'events.jsonl' }),
        node('record', 'record', 'thread', 'writes packets into files, as they came', { path: 'recordings', segment: '1m' }),
        node('dashboard', 'dashboard', 'thread', 'a page to look at the pipeline with', { listen: '127.0.0.1:8080', viewers: '8' }));
    links.push(link('detect', 'events'), link('detect', 'dashboard', 'newest=64'), link(streams[0].name, 'record'));
    return { pipeline: 'street', nodes, links };
}

const NONE = () => ({ superseded: 0, overflow: 0, expired: 0, undecodable: 0, lost: 0 });

/* Counts, a second at a time, as the links' behaviour says: ok, policy, losing, stalled. */
export class Account {
    #began = Date.now();
    behaviour = new Map();
    failed = new Map();            // node -> sentence

    constructor(graph, fps = 25) {
        this.fps = fps;
        this.graph = graph;
        this.nodes = graph.nodes.map(n => ({
            name: n.name, component: n.component, runner: n.runner, state: 'running', frames_in: 0, frames_out: 0, errors: 0, restarts: 0,
            lost: 0, busy_ms: { count: 0, p50: 1.2, p99: 3.1, max: 4 }, cpu_s: 0, hidden_ms: 0,
            ...(n.runner === 'process' ? { sandbox: 'full', sandbox_holds: 'reads its model; no network; starts nothing' } : {}),
        }));
        this.links = graph.links.map(l => ({
            from: l.from, to: l.to, from_port: 0, to_port: 0, take: l.take, max_age_ms: 0, live: l.live, inline: false, cut: false,
            offered: 0, taken: 0, waiting: 0, waiting_max: 0, dropped: NONE(),
            age_ms: { count: 0, p50: 21, p99: 43, max: 61 }, wait_ms: { count: 0, p50: 8.1, p99: 30.2, max: 33 },
        }));
        for (const l of this.links)
            if (l.take === 'latest')
                this.behaviour.set(`${l.from} ${l.to}`, 'policy');
    }

    second() {
        for (const l of this.links) {
            const way = this.behaviour.get(`${l.from} ${l.to}`) ?? 'ok';
            const offered = Math.round((l.from === 'detect' ? 6 : this.fps) * (0.96 + 0.08 * Math.random()));
            l.offered += offered;
            const taken = { ok: offered, policy: Math.round(offered / 4), losing: offered - 3, stalled: 0 }[way];
            l.taken += taken;
            l.dropped.superseded += way === 'policy' ? offered - taken : 0;
            l.dropped.lost += way === 'losing' ? 3 : 0;
            if (way === 'stalled') {
                const room = Math.max(0, 64 - l.waiting);
                l.waiting += Math.min(room, offered);
                l.dropped.overflow += offered - Math.min(room, offered);
            }
            l.waiting_max = Math.max(l.waiting_max, l.waiting);
            const slow = l.to === 'detect' || l.from === 'detect' ? 62 : 9;
            l.age_ms = { count: l.taken, p50: slow * (0.92 + 0.16 * Math.random()), p99: slow * (1.6 + 0.7 * Math.random()), max: slow * 4 };
            const from = this.nodes.find(n => n.name === l.from), to = this.nodes.find(n => n.name === l.to);
            from.frames_out += offered;
            to.frames_in += taken;
            to.cpu_s += taken * (l.to === 'detect' ? 0.03 : 0.0005);
            if (l.to === 'detect')
                to.busy_ms = { count: to.frames_in, p50: 38.1 + Math.random(), p99: 51 + 4 * Math.random(), max: 60.2 };
        }
        for (const n of this.nodes) {
            n.state = this.failed.has(n.name) ? 'failed' : 'running';
            n.error = this.failed.get(n.name);
        }
    }

    summary() {
        return {
            weir: '0.1.0', pipeline: this.graph.pipeline, duration_s: (Date.now() - this.#began) / 1000, nodes: this.nodes, links: this.links,
            memory: { bound_bytes: 402653184, pool_peak_bytes: 94371840, rss_peak_bytes: 335544320 },
        };
    }
}
