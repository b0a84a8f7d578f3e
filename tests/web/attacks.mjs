/* attacks.mjs: broken requests, WebSocket handshakes and frames, each from the seed before it: the same ones for the same seed.
 *
 * An attack: {pieces: [Buffer], ending: 'at once' | 'answered' | 'reset', patience}.
 */
const JSONS = ['{"type":"watch","streams":[{"id":0,"as":"packets"},{"id":1,"as":"jpeg","width":640}]}', '{"type":"state","every_ms":200}',
    '{"type":"watch","streams":[{"id":1,"as":"results"}]}', '{"type":"watch","streams":[]}', '{"type":"watch","streams":{}}',
    '{"type":"watch","streams":[{"id":-1},{"id":1e99},{"id":4294967296,"as":"packets"}]}', '{"type":"state","every_ms":-5e300}',
    '{"type":"watch","type":"state"}', '[]', '{', '"', 'null', `{"type":"${'x'.repeat(3000)}"}`, '['.repeat(3000), '{"type":"state\\u0000"}'];
const PATHS = ['/', '/main.js', '/style.css', '/api/graph', '/api/state', '/api/streams', '/api/streams/camera/picture.jpg', '/api/streams/plain/picture.jpg?width=320',
    '/api/streams/plain/picture.jpg?width=-1&width=99999999999999999999', '/api/streams/nobody/picture.jpg', '/api/events', '/api/openapi.json', '/metrics',
    '/healthz', '/login', '/ws', '/nothing', '*', 'http://127.0.0.1/', '//', '/?', '/#', '/healthz?a=b&&=&c'];
const CLIMBS = ['../', '..%2f', '%2e%2e/', '%2e%2e%2f', '..\\', '..%5c', '%252e%252e%252f', '.%00./', '..;/', '%c0%ae%c0%ae/', '%uff0e%uff0e/', '....//', './/../'];
const ESCAPES = ['%', '%%', '%0', '%zz', '%00', '%0d%0aX-A:%20b', '%ff%fe', '%u0041', '%c3%28', '%e2%82', '%f0%9f%98', '%'.repeat(500)];
const METHODS = ['GET', 'GET', 'GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE', 'PATCH', 'PRI', 'get', 'G\0T', '', 'X'.repeat(300)];
const VERSIONS = ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/9.9', 'HTTP/', '', 'HTTP/1.1 HTTP/1.1', 'ICY'];
const LENGTHS = ['0', '5', '512', '513', '-1', '4294967296', '99999999999999999999', '1e3', '0x10', '', ' ', '5, 5', '7\0'];
const HEADERS = ['Host', 'Origin', 'Cookie', 'Authorization', 'Connection', 'Upgrade', 'Content-Length', 'Transfer-Encoding', 'Accept-Encoding', 'Range', 'Expect',
    'If-None-Match', 'Sec-WebSocket-Key', 'Sec-WebSocket-Protocol', 'Sec-WebSocket-Extensions', 'X-Forwarded-Host', 'HTTP2-Settings', ':authority', ':path', 'X'];
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export class Attacks {
    #state;
    #port;

    constructor(seed, port) {
        this.#state = seed >>> 0;
        this.#port = port;
        this.kinds = [() => this.#request(), () => this.#mutant(), () => this.#flood(), () => this.#pipelined(), () => this.#body(),
            () => this.#handshake(), () => this.#talk(), () => this.#talk(), () => this.#talk(), () => this.#noise()];
    }

    next() {
        const attack = this.#pick(this.kinds)();
        return { ending: this.#pick(['at once', 'answered', 'answered', 'reset']), patience: 20 + this.#below(100), ...attack };
    }

    // ---- chance

    /* mulberry32 */
    #chance() {
        let t = this.#state = (this.#state + 0x6d2b79f5) >>> 0;
        t = Math.imul(t ^ (t >>> 15), t | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    }

    #below(n) {
        return Math.floor(this.#chance() * n);
    }

    #pick(list) {
        return list[this.#below(list.length)];
    }

    #maybe(part) {
        return this.#chance() < part;
    }

    #bytes(n) {
        return Buffer.from(Array.from({ length: n }, () => this.#below(256)));
    }

    /* Bytes changed, lost, doubled, put in; pieces of it moved. */
    #mutate(text, times = 1 + this.#below(6)) {
        let data = Buffer.from(text, 'latin1');
        for (let i = 0; i < times && data.length; i++) {
            const at = this.#below(data.length), to = Math.min(data.length, at + 1 + this.#below(this.#maybe(0.2) ? 200 : 8));
            const [before, piece, after] = [data.subarray(0, at), data.subarray(at, to), data.subarray(to)];
            data = Buffer.concat(this.#pick([
                () => [before, this.#bytes(piece.length), after], () => [before, after], () => [before, piece, piece, after], () => [before, piece, this.#bytes(3), after],
                () => [piece, before, after], () => [before, Buffer.from(this.#pick(['\r\n', '\n', '\r', '\0', ':', ' ', '\t', '%', '\r\n\r\n', '\r\n ', '\xff']), 'latin1'), after]])());
        }
        return data;
    }

    #cut(data) {
        if (!this.#maybe(0.3) || data.length < 2)
            return [data];
        const at = 1 + this.#below(data.length - 1);
        return [data.subarray(0, at), data.subarray(at)];
    }

    // ---- requests

    get #here() {
        return `127.0.0.1:${this.#port}`;
    }

    #path() {
        const path = this.#pick(PATHS);
        if (this.#maybe(0.2))
            return `/${Array.from({ length: 1 + this.#below(12) }, () => this.#pick(CLIMBS)).join('')}etc/passwd`;
        if (this.#maybe(0.2))
            return `${path}${this.#pick(ESCAPES)}${this.#maybe(0.5) ? this.#pick(PATHS) : ''}`;
        if (this.#maybe(0.1))
            return `${path}?${'a=b&'.repeat(this.#below(900))}`;
        return this.#maybe(0.05) ? `/${'a'.repeat(this.#below(9000))}` : path;
    }

    #lines({ method = 'GET', path = this.#path(), headers = [], host = this.#here, version = 'HTTP/1.1' } = {}) {
        return [`${method} ${path} ${version}`, ...(host === null ? [] : [`Host: ${host}`]), ...headers, '', ''].join('\r\n');
    }

    #request() {
        const headers = Array.from({ length: this.#below(4) }, () => `${this.#pick(HEADERS)}: ${this.#maybe(0.5) ? this.#bytes(this.#below(40)).toString('latin1') : this.#pick([...LENGTHS, this.#here, 'Bearer x', 'chunked', 'upgrade, h2c', 'weir_token=x'])}`);
        const text = this.#lines({ method: this.#pick(METHODS), version: this.#pick(VERSIONS), headers, host: this.#pick([this.#here, this.#here, this.#here, null, 'evil.example', '[::1', '', 'x'.repeat(500)]) });
        return { pieces: this.#cut(Buffer.from(text, 'latin1')) };
    }

    #mutant() {
        return { pieces: this.#cut(this.#mutate(this.#lines({ path: this.#pick(PATHS), headers: ['Connection: keep-alive', 'Accept: */*', `Origin: http://${this.#here}`, 'Cookie: a=b; weir_token=x'] }))) };
    }

    #flood() {
        const many = this.#below(this.#maybe(0.3) ? 2000 : 60), long = this.#below(this.#maybe(0.2) ? 8000 : 100);
        const headers = Array.from({ length: many }, (_, i) => `${this.#maybe(0.5) ? `X-${i}` : this.#pick(HEADERS)}: ${'v'.repeat(Math.min(long, Math.floor(60000 / (many + 1))))}`);
        return { pieces: this.#cut(Buffer.from(this.#lines({ headers }), 'latin1')) };
    }

    #pipelined() {
        const many = Array.from({ length: 2 + this.#below(20) }, () => this.#maybe(0.8) ? Buffer.from(this.#lines({ path: this.#pick(PATHS), method: this.#pick(['GET', 'GET', 'GET', 'HEAD', 'POST']) })) : this.#mutate(this.#lines()));
        return { pieces: this.#cut(Buffer.concat(many)) };
    }

    #body() {
        const chunked = this.#maybe(0.4), body = this.#maybe(0.5) ? `token=${this.#bytes(this.#below(700)).toString('latin1')}` : 'token='.padEnd(this.#below(1200), '0');
        const sent = chunked ? `${this.#pick([body.length.toString(16), 'fffffffffffffffff', '-1', 'zz', ''])}\r\n${body}\r\n${this.#pick(['0\r\n\r\n', '0\r\nX: y\r\n\r\n', '', '0'])}` : body;
        const headers = [chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${this.#maybe(0.5) ? body.length : this.#pick(LENGTHS)}`,
            `Content-Type: ${this.#pick(['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'multipart/form-data', 'x'])}`,
            `Origin: http://${this.#maybe(0.8) ? this.#here : 'evil.example'}`, `Authorization: Bearer ${this.#pick(['', 'x', '0'.repeat(64), '0'.repeat(300)])}`, ...(this.#maybe(0.2) ? ['Expect: 100-continue'] : [])];
        const text = this.#lines({ method: this.#pick(['POST', 'POST', 'PUT', 'GET', 'DELETE']), path: this.#pick(['/login', '/login', '/login', '/api/state', '/', '/ws']), headers });
        const pieces = [Buffer.from(text, 'latin1'), Buffer.from(sent, 'latin1')];
        if (this.#maybe(0.3))
            pieces.push(Buffer.from(this.#lines({ path: '/healthz' })));
        if (this.#maybe(0.3))
            pieces.unshift(Buffer.from(this.#lines({ path: '/healthz' })));
        return { pieces: this.#maybe(0.5) ? [Buffer.concat(pieces)] : pieces };
    }

    #noise() {
        const data = this.#pick([() => this.#bytes(1 + this.#below(600)), () => Buffer.concat([Buffer.from(PREFACE), this.#bytes(this.#below(200))]),
            () => Buffer.concat([Buffer.from(PREFACE), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]), this.#h2frame(), this.#h2frame()]),
            () => Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]), () => Buffer.from('\r\n'.repeat(1 + this.#below(3000)))])();
        return { pieces: this.#cut(data) };
    }

    #h2frame() {
        const payload = this.#bytes(this.#below(60));
        return Buffer.concat([Buffer.from([0, 0, this.#maybe(0.8) ? payload.length : this.#below(256), this.#below(12), this.#below(256), 0, 0, 0, this.#below(8)]), payload]);
    }

    // ---- WebSockets

    #upgrade(change = {}) {
        const lines = { Origin: `http://${this.#here}`, Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Protocol': 'weir.1', ...change };
        return this.#lines({ path: '/ws', headers: Object.entries(lines).filter(([, value]) => value !== null).map(([name, value]) => `${name}: ${value}`) });
    }

    #handshake() {
        if (this.#maybe(0.15))
            return { pieces: [Buffer.from(this.#lines({ path: this.#path(), headers: ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'] })), Buffer.from(PREFACE), this.#h2frame(), this.#h2frame()] };
        const odd = { Origin: [null, 'null', 'http://evil.example', ''], Upgrade: [null, 'h2c', 'websocket, h2c', 'WEBSOCKET'], Connection: [null, 'keep-alive', 'keep-alive, Upgrade', ','],
            'Sec-WebSocket-Key': [null, 'x', '', 'A'.repeat(3000)], 'Sec-WebSocket-Version': [null, '12', '-1', '13, 8', '99999999999'],
            'Sec-WebSocket-Protocol': [null, 'http', 'weir.2', 'weir.1, weir.1', ','.repeat(900), 'x'.repeat(400)],
            'Sec-WebSocket-Extensions': ['permessage-deflate', 'permessage-deflate; client_max_window_bits=0; server_max_window_bits=99', 'x; y=z', ';'.repeat(300), `x; ${'a=b;'.repeat(300)}`] };
        const change = {};
        for (let i = this.#below(3); i >= 0; i--) {
            const name = this.#pick(Object.keys(odd));
            change[name] = this.#pick(odd[name]);
        }
        const text = this.#maybe(0.3) ? this.#mutate(this.#upgrade()) : Buffer.from(this.#upgrade(change), 'latin1');
        return { pieces: this.#maybe(0.5) ? [...this.#cut(text), this.#frame()] : this.#cut(text) };
    }

    /* A frame, with what makes it a wrong one. */
    #frame({ payload = this.#payload(), opcode = this.#pick([1, 1, 1, 1, 2, 0, 8, 9, 10, 3, 7, 11, 15]), fin = this.#maybe(0.85), masked = this.#maybe(0.9) } = {}) {
        const length = this.#maybe(0.8) ? payload.length : this.#pick([0, 1, 125, 126, 65535, 65536, 2 ** 31, 2 ** 40, 2 ** 53 - 1]);
        const form = this.#maybe(0.9) ? (length < 126 ? 0 : length < 65536 ? 2 : 8) : this.#pick([2, 8]), head = Buffer.alloc(2 + form);
        head[0] = (fin ? 128 : 0) | (this.#maybe(0.05) ? this.#below(8) << 4 : 0) | opcode;
        head[1] = (masked ? 128 : 0) | (form === 0 ? length : form === 2 ? 126 : 127);
        if (form === 2)
            head.writeUInt16BE(length % 65536, 2);
        else if (form === 8)
            head.writeBigUInt64BE(BigInt(length) + (this.#maybe(0.2) ? 1n << 63n : 0n), 2);
        const mask = this.#bytes(4);
        return masked ? Buffer.concat([head, mask, payload.map((byte, i) => byte ^ mask[i & 3])]) : Buffer.concat([head, payload]);
    }

    #payload() {
        return this.#pick([() => Buffer.from(this.#pick(JSONS)), () => Buffer.from(this.#pick(JSONS)), () => this.#mutate(this.#pick(JSONS)), () => this.#bytes(this.#below(300)),
            () => Buffer.from([0xc3, 0x28, 0xe2, 0x82, 0xf0, 0x9f, 0xed, 0xa0, 0x80]), () => Buffer.alloc(this.#below(20000), 'a'), () => Buffer.from([3, this.#below(256), ...this.#bytes(this.#below(130))]),
            () => Buffer.alloc(0), () => Buffer.from([7])])();
    }

    #talk() {
        const right = () => this.#frame({ payload: Buffer.from(this.#pick(JSONS.slice(0, 4))), opcode: 1, fin: true, masked: true });
        const frames = Array.from({ length: 1 + this.#below(8) }, () => this.#maybe(0.4) ? right() : this.#frame());
        const said = this.#maybe(0.3) ? frames.flatMap((frame) => this.#cut(frame)) : frames;
        return { pieces: this.#maybe(0.25) ? [Buffer.concat([Buffer.from(this.#upgrade()), ...said])] : [Buffer.from(this.#upgrade()), ...said] };
    }
}
