/* mock-server.mjs: speaks the protocol of docs/notes/0006-dashboard.md, with cameras and a pipeline that are pretended.
 *
 * For tests: const server = await startMock({streams, token}); ... await server.close(). To look at the page:
 *
 *   node tests/web/mock-server.mjs [PORT] [--token TOKEN] [--film FILE --results FILE.jsonl] [--cache FOLDER]
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codedFilm, readFilm } from './clips.mjs';
import { MockStream } from './mock-stream.mjs';
import { Account, pretendedGraph } from './mock-account.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const { WebSocketServer } = createRequire(join(root, 'deps/browser/'))('ws');

const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/* Route -> {type, file}, from the list that the real server is built from. */
function pageFiles() {
    const lines = readFileSync(join(root, 'web/files.txt'), 'utf8').split('\n').filter(line => line && !line.startsWith('#'));
    return new Map(lines.map(line => line.split(/\s{2,}|\t+/)).map(([route, file, type]) => [route, { file: join(root, file), type }]));
}

class MockServer {
    #files = pageFiles();
    #viewers = new Set();
    #count = 0;
    refusing = false;              // no connection is taken
    stateStalled = false;          // no state is sent
    run = randomUUID();

    constructor(streams, { token = null, port = 0, graph = null } = {}) {
        this.streams = streams;
        this.token = token;
        this.graph = graph ?? pretendedGraph(streams);
        this.account = new Account(this.graph);
        this.port = port;
    }

    async start() {
        this.http = createServer((request, response) => this.#answer(request, response));
        this.ws = new WebSocketServer({ noServer: true, handleProtocols: set => set.has('weir.1') ? 'weir.1' : false });
        this.http.on('upgrade', (request, socket, head) => {
            if (this.refusing || !this.#allowed(request)) {
                socket.end(this.refusing ? '' : 'HTTP/1.1 401 Unauthorized\r\n\r\n');
                return;
            }
            this.ws.handleUpgrade(request, socket, head, socket => this.#join(socket));
        });
        this.seconds = setInterval(() => this.account.second(), 1000);
        this.streams.forEach(stream => stream.start());
        await new Promise(resolve => this.http.listen(this.port, '127.0.0.1', resolve));
        this.port = this.http.address().port;
        this.url = `http://127.0.0.1:${this.port}/`;
        return this;
    }

    async close() {
        clearInterval(this.seconds);
        this.streams.forEach(stream => stream.stop());
        this.disconnect();
        this.http.closeAllConnections();
        await new Promise(resolve => this.http.close(resolve));
    }

    disconnect() {
        for (const viewer of this.#viewers)
            viewer.socket.terminate();
    }

    stream(name) {
        return this.streams.find(stream => stream.name === name);
    }

    hello(viewer) {
        return { type: 'hello', weir: '0.1.0', run: this.run, pipeline: this.graph.pipeline, now_ms: Date.now(), viewer, streams: this.streams.map(s => s.info) };
    }

    #allowed(request) {
        const { authorization, cookie } = request.headers;
        return !this.token || authorization === `Bearer ${this.token}` || cookie?.includes(`weir=${this.token}`);
    }

    #answer(request, response) {
        if (this.refusing)
            return request.socket.destroy();
        const { pathname } = new URL(request.url, 'http://x');
        const send = (status, type, body, more = {}) => response.writeHead(status, { 'Content-Type': type, 'Content-Security-Policy': CSP,
            'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', ...more }).end(body);
        const json = object => send(200, 'application/json', JSON.stringify(object));
        const page = this.#files.get(pathname);
        if (page)
            return send(200, page.type, readFileSync(page.file));
        if (pathname === '/login' && request.method === 'POST')
            return this.#login(request, send);
        if (!this.#allowed(request))
            return send(401, 'text/plain', 'a token is needed');
        if (pathname === '/api/graph')
            return json(this.graph);
        if (pathname === '/api/state')
            return json(this.account.summary());
        if (pathname === '/api/streams')
            return json(this.streams.map(s => s.info));
        return send(404, 'text/plain', 'there is nothing here');
    }

    #login(request, send) {
        if (request.headers.authorization !== `Bearer ${this.token}`)
            return send(401, 'text/plain', 'that is not the token');
        send(204, 'text/plain', '', { 'Set-Cookie': `weir=${this.token}; HttpOnly; SameSite=Strict; Path=/` });
    }

    #join(socket) {
        const viewer = { socket, send: data => socket.readyState === 1 && socket.send(data) };
        this.#viewers.add(viewer);
        let timer = 0;
        viewer.send(JSON.stringify(this.hello(++this.#count)));
        socket.on('message', data => {
            const message = JSON.parse(data);
            if (message.type === 'watch')
                this.#watch(viewer, message.streams);
            if (message.type === 'state') {
                clearInterval(timer);
                const state = () => this.stateStalled
                    || viewer.send(JSON.stringify({ type: 'state', now_ms: Date.now(), summary: this.account.summary() }));
                timer = setInterval(state, message.every_ms);
                state();
            }
        });
        socket.on('close', () => {
            clearInterval(timer);
            this.streams.forEach(stream => stream.unwatch(viewer.send));
            this.#viewers.delete(viewer);
        });
    }

    #watch(viewer, wanted) {
        viewer.watched = wanted;
        for (const stream of this.streams) {
            const want = wanted.find(w => w.id === stream.id);
            if (want)
                stream.watch(viewer.send, want.as);
            else
                stream.unwatch(viewer.send);
        }
    }

    /* What viewers watch now: for tests. */
    get watched() {
        return [...this.#viewers].map(viewer => viewer.watched ?? []);
    }
}

/* Films without and with B-frames, with long groups, and one more: name -> file. */
export async function codedFilms(cache) {
    return {
        gate: await codedFilm(cache, 'gate', { tone: 40, cb: 140, cr: 118 }),
        yard: await codedFilm(cache, 'yard', { tone: 60, cb: 120, cr: 124, bframes: 2, gop: 30 }),
        dock: await codedFilm(cache, 'dock', { tone: 50, cb: 128, cr: 138, gop: 50 }),
        mast: await codedFilm(cache, 'mast', { tone: 70, cb: 112, cr: 132 }),
    };
}

/* Four cameras: with and without JPEG, with start codes in place of lengths, and one that only has JPEG. */
export async function fourStreams(cache) {
    const films = await codedFilms(cache);
    return [
        new MockStream(0, 'gate', readFilm(films.gate), { file: films.gate }),
        new MockStream(1, 'yard', readFilm(films.yard), { pictures: false }),
        new MockStream(2, 'dock', readFilm(films.dock), { annexb: true, pictures: false }),
        new MockStream(3, 'mast', readFilm(films.mast), { packets: false, file: films.mast, jpegWidth: 640 }),
    ];
}

export function startMock(streams, options) {
    return new MockServer(streams, options).start();
}

/* A real film with results that weir found in it, as `weir run '... ! detect ! jsonl path=FILE'` writes them. */
function realStreams(film, results) {
    const boxes = new Map(readFileSync(results, 'utf8').trim().split('\n').map(line => JSON.parse(line)).map(r => [r.order - 1, r.boxes]));
    return ['north-gate', 'crossing', 'station-east', 'plaza'].map((name, id) => {
        const read = readFilm(film);
        read.packets.length = Math.min(read.packets.length, Math.floor(boxes.size / 10) * 10);
        const shift = Math.floor(read.packets.length / 4 / 10) * 10 * id;
        read.packets = [...read.packets.slice(shift), ...read.packets.slice(0, shift)]
            .map((p, i) => ({ ...p, pts: i * 1000 / read.fps, order: i }));
        const stream = new MockStream(id, name, read, { pictures: false });
        stream.boxesOf = order => boxes.get((order + shift) % read.packets.length) ?? [];
        stream.detect_ms = 90;
        return stream;
    });
}

async function main(args) {
    const option = name => args.includes(name) ? args[args.indexOf(name) + 1] : null;
    const film = option('--film');
    const streams = film ? realStreams(film, option('--results')) : await fourStreams(option('--cache') ?? join(root, 'build/web-films'));
    const server = await startMock(streams, { token: option('--token'), port: Number(args[0]) || 8080 });
    console.log(`the page is at ${server.url}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
    await main(process.argv.slice(2));
