// The dashboard's server from outside: every route and what it needs, hostile clients, slow ones, many. TAP.
// usage: node server_test.mjs WEIR CLIP DEPS
// WEIR_TEST_SOCKETS (60): how many stalled WebSockets; WEIR_TEST_REQUESTS (200): how many slow requests.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { Wrong, ask, connect, equal, expect, folder, residentKiB, runTests, start, stop, test, watch, workerOf } from './real-server.mjs';

const stalledSockets = Number(process.env.WEIR_TEST_SOCKETS ?? 60);
const slowRequests = Number(process.env.WEIR_TEST_REQUESTS ?? 200);

// --- what there is ---

test('every route says what it should, and carries the headers', async () => {
    const run = await start('listen=127.0.0.1:0');
    for (const began = Date.now(); (await ask(run, '/api/state')).status === 503 && Date.now() < began + 20000;); // until the engine has told it
    for (const [route, type] of [['/', 'text/html'], ['/main.js', 'text/javascript'], ['/style.css', 'text/css'], ['/api/graph', 'application/json'],
        ['/api/state', 'application/json'], ['/api/streams', 'application/json'], ['/api/openapi.json', 'application/json'], ['/metrics', 'text/plain'], ['/healthz', 'text/plain']]) {
        const { status, headers, body } = await ask(run, route);
        equal(`${route}: status`, status, 200);
        expect(`${route}: type`, headers['content-type'].startsWith(type), headers['content-type']);
        for (const header of ['content-security-policy', 'x-content-type-options', 'referrer-policy', 'x-frame-options', 'cache-control'])
            expect(`${route}: ${header}`, headers[header], headers);
        expect(`${route}: no script but our own`, !headers['content-security-policy'].includes('unsafe'), headers);
        if (type === 'application/json') JSON.parse(body);
    }
    for (const route of ['/nothing', '/../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/api/streams/x/picture.jpg', '/api/streams/camera/../../x', '//etc/passwd'])
        expect(`${route} is not there`, [400, 403, 404].includes((await ask(run, route)).status), route);
    for (const method of ['POST', 'PUT', 'DELETE'])
        expect(`${method} /api/state is refused`, (await ask(run, '/api/state', { method, headers: { 'content-length': 0 } }).then((a) => a.status, () => 400)) >= 400, method);
    const documented = Object.keys(JSON.parse((await ask(run, '/api/openapi.json')).body).paths);
    for (const route of documented.filter((r) => !r.includes('{') && r !== '/api/events'))
        equal(`${route} as documented`, (await ask(run, route)).status, 200);
    equal('exit', (await stop(run)).code, 0);
});

test('foreign names and origins are refused', async () => {
    const run = await start('listen=127.0.0.1:0');
    const { port } = run.address;
    for (const host of ['evil.example', `evil.example:${port}`, `127.0.0.1.evil.example:${port}`, '127.0.0.1:1'])
        equal(`Host ${host}`, (await ask(run, '/', { headers: { host } })).status, 421);
    for (const origin of ['http://evil.example', `https://127.0.0.1:${port}`, 'null', 'http://127.0.0.1:1'])
        await connect(run, { origin }).opened.then(() => { throw new Wrong(`a socket from ${origin} was let in`); }, (why) => expect(`Origin ${origin}`, !(why instanceof Wrong) || why.status === 403 || /socket hang up/.test(why.message), why.message));
    for (const at of ['/', '/wss', '/ws/', '/api/events'])
        await connect(run, { at }).opened.then(() => { throw new Wrong(`there is a socket at ${at}`); }, (why) => expect(`a socket at ${at}`, !(why instanceof Wrong) || why.status >= 400, why.message));
    const socket = connect(run, { at: '/ws?a=b' });
    await socket.opened;
    socket.close();
    await stop(run);
});

test('other addresses ask for the token', async () => {
    const token = path.join(folder, 'token');
    const run = await start(`listen=0.0.0.0:0 token=${token}`);
    const secret = fs.readFileSync(token, 'utf8').trim();
    equal('its file', (fs.statSync(token).mode & 0o777).toString(8), '600');
    expect('shown once, behind #', run.said.includes(`http://0.0.0.0:${run.address.port}/#token=${secret} `), run.said);
    for (const route of ['/api/graph', '/api/state', '/api/streams', '/api/openapi.json', '/metrics', '/api/events', '/api/streams/camera/picture.jpg']) {
        equal(`${route} without`, (await ask(run, route)).status, 401);
        equal(`${route} with another`, (await ask(run, route, { headers: { authorization: `Bearer ${'0'.repeat(64)}` } })).status, 401);
    }
    equal('healthz needs none', (await ask(run, '/healthz')).status, 200);
    equal('with it', (await ask(run, '/api/streams', { headers: { authorization: `Bearer ${secret}` } })).status, 200);
    await connect(run).opened.then(() => { throw new Wrong('a socket without the token was let in'); }, () => {});
    const own = `http://127.0.0.1:${run.address.port}`;
    const logIn = (origin, token, body = '') => ask(run, '/login', { method: 'POST', headers: { origin, authorization: `Bearer ${token}`, 'content-length': body.length }, body });
    equal('login from elsewhere', (await logIn('http://evil.example', secret)).status, 403);
    equal('login with another', (await logIn(own, 'no')).status, 401);
    expect('no body is taken', [413, 'closed'].includes(await logIn(own, secret, 'x').then((answer) => answer.status, () => 'closed')), 'it was');
    const login = await logIn(own, secret);
    equal('login', login.status, 204);
    const cookie = login.headers['set-cookie'][0];
    expect('the cookie', /HttpOnly/.test(cookie) && /SameSite=Strict/.test(cookie), cookie);
    const socket = connect(run, { headers: { cookie: cookie.split(';')[0] } });
    await socket.until('hello', (s) => s.texts[0]);
    socket.close();
    const { summary } = await stop(run);
    expect('no secret in the account', !JSON.stringify(summary).includes(secret), 'it is there');
    const again = await start(`listen=0.0.0.0:0 token=${token}`);
    expect('and not shown again', !again.said.includes(secret), again.said);
    await stop(again);
});

test('TLS', async () => {
    const [key, certificate] = ['key', 'certificate'].map((name) => path.join(folder, `${name}.pem`));
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    const run = await start(`listen=127.0.0.1:0 certificate=${certificate} key=${key}`);
    equal('scheme', run.address.scheme, 'https');
    equal('page', (await ask(run, '/')).status, 200);
    const socket = connect(run);
    await socket.until('hello', (s) => s.texts[0]);
    watch(socket, [{ id: 0, as: 'packets' }]);
    await socket.until('packets', (s) => s.packets.length > 20);
    socket.close();
    await stop(run);
});

// --- what a viewer gets ---

test('a viewer gets the codec, then packets from a key frame on, each once and in order', async () => {
    const run = await start('listen=127.0.0.1:0');
    const socket = connect(run);
    await socket.until('the stream', (s) => s.texts.find((t) => t.type === 'hello' && t.streams[0]?.packets));
    watch(socket, [{ id: 0, as: 'packets' }]);
    await socket.until('packets', (s) => s.packets.length >= 60);
    const codec = socket.texts.find((t) => t.type === 'codec');
    expect('codec', /^avc1\./.test(codec.codec) && codec.format === 'avcc' && codec.description, codec);
    const seen = socket.packets;
    expect('begins with a key frame', seen[0].flags & 2, seen[0]);
    for (let i = 1; i < seen.length; i++) equal('the next', seen[i].number, seen[i - 1].number + 1n);
    for (const packet of seen) equal('bytes', packet.bytes + 32, packet.length);
    socket.send(JSON.stringify({ type: 'state', every_ms: 200 }));
    const told = await socket.until('state', (s) => s.texts.find((t) => t.type === 'state'));
    expect('pages are told of the links between nodes, not of all the viewers', told.summary.links.length === 1 && told.summary.links[0].to === 'page', told.summary.links);
    const state = JSON.parse((await ask(run, '/api/state')).body);
    const tap = state.summary.links.find((link) => link.tap && link.to === `page.${socket.texts[0].viewer}`);
    expect('its link is one like others', tap && tap.offered === tap.taken + tap.waiting + Object.values(tap.dropped).reduce((a, b) => a + b), state.summary.links);
    socket.close();
    const { summary } = await stop(run);
    const gone = summary.links.find((link) => link.to === 'page.gone');
    expect('and is counted when it is gone', gone && gone.taken >= 60, summary.links);
});

test('pictures: as JPEG at a width, over the socket and as an answer', async () => {
    const run = await start('listen=127.0.0.1:0', { line: 'test-source name=camera size=1280x720 rate=10 ! dashboard name=page' });
    await connect(run).until('the stream', (s) => s.texts.find((t) => t.type === 'hello' && t.streams[0]?.pictures));
    const answer = await ask(run, '/api/streams/camera/picture.jpg?width=320');
    equal('status', answer.status, 200);
    equal('type', answer.headers['content-type'], 'image/jpeg');
    expect('JPEG', answer.body[0] === 0xff && answer.body[1] === 0xd8, answer.body.length);
    const socket = connect(run);
    await socket.opened;
    watch(socket, [{ id: 0, as: 'jpeg', width: 640 }]);
    await socket.until('pictures', (s) => s.packets.filter((p) => p.type === 2).length >= 5);
    socket.close();
    await stop(run);
});

test('a stream that ends is said to be gone after its last frame, and why', async () => {
    const run = await start('listen=127.0.0.1:0', { more: ' ; test-source name=short size=320x240 rate=20 frames=120 ! @page ; video name=dead url=rtsp://user:canary@127.0.0.1:1/x retry=false ! @page' });
    const socket = connect(run);
    const hello = await socket.until('the stream', (s) => s.texts.find((t) => t.type === 'hello' && t.streams.find((stream) => stream.name === 'short')?.pictures));
    const id = (name) => hello.streams.find((stream) => stream.name === name).id;
    expect('the run has a name', /^[0-9a-f]{16}$/.test(hello.run), hello);
    watch(socket, [{ id: id('short'), as: 'jpeg', width: 320 }]);
    const gone = (s, name) => s.texts.find((t) => t.type === 'gone' && t.stream === id(name));
    const { reason } = await socket.until('gone', (s) => gone(s, 'short'));
    equal('the last before it', socket.packets.at(-1)?.number, 120n);
    equal('why', reason, 'it came to its end');
    const dead = await socket.until('gone', (s) => gone(s, 'dead'));
    expect('why', /^failed: ./.test(dead.reason) && !dead.reason.includes('canary'), dead);
    expect('others go on', !gone(socket, 'camera'), socket.texts.at(-1));
    const late = connect(run);
    await late.until('it is told who joins', (s) => gone(s, 'short') && gone(s, 'dead'));
    equal('the same run', late.texts[0].run, hello.run);
    expect('states are in one line', !(await ask(run, '/api/state')).body.includes('\n'), 'they are not');
    await stop(run);
});

test('a run keeps its name when the process of the server is started again, and another run has another', async () => {
    const first = await start('listen=127.0.0.1:0'), { port } = first.address;
    await stop(first);
    const run = await start(`listen=127.0.0.1:${port}`);
    const name = async () => {
        for (;;) {
            const socket = connect(run), ended = new Promise((done) => socket.on('close', () => done(null)).on('error', () => done(null)));
            const hello = await Promise.race([socket.until('hello', (s) => s.texts[0]).catch(() => null), ended]);
            if (hello) return { run: hello.run, socket, ended };
        }
    };
    const before = await name();
    process.kill(workerOf(run), 'SIGKILL');
    await before.ended;
    equal('the name', (await name()).run, before.run);
    await stop(run);
    const other = await start('listen=127.0.0.1:0');
    expect('another', (await connect(other).until('hello', (s) => s.texts[0])).run !== before.run, before.run);
    await stop(other);
});

// --- hostile and slow ones ---

test('who says nonsense is let go, and nobody else', async () => {
    const run = await start('listen=127.0.0.1:0');
    const good = connect(run);
    await good.opened;
    watch(good, [{ id: 0, as: 'packets' }]);
    for (const nonsense of ['{', '[]', '{"type":"watch","streams":[{"id":-1},{"id":99999999999},{"id":0,"as":7}]}', '{"type":"watch","streams":{}}', '{"type":"x"}', '"', '{"type":"state","every_ms":-5e300}', 'x'.repeat(100000)]) {
        const socket = connect(run);
        await socket.opened;
        socket.on('error', () => {});
        socket.send(nonsense);
        socket.send(Buffer.from([1, 2, 3]));
        await new Promise((done) => { socket.on('close', done); setTimeout(done, 3000); });
        socket.terminate();
    }
    const raw = ['GET / HTTP/1.1\r\n', 'GET\r\n\r\n', `GET / HTTP/1.1\r\nHost: ${'x'.repeat(20000)}\r\n\r\n`, `GET /${'a'.repeat(30000)} HTTP/1.1\r\n\r\n`, '\0\0\0\0', `POST /login HTTP/1.1\r\nHost: 127.0.0.1:${run.address.port}\r\nContent-Length: 99999999999999999999\r\n\r\n`,
        `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${run.address.port}\r\nOrigin: http://127.0.0.1:${run.address.port}\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: weir.1\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff`];
    await Promise.all(raw.map((text) => new Promise((done) => {
        const socket = net.connect(run.address.port, '127.0.0.1', () => socket.write(text, 'latin1'));
        socket.on('error', done).on('close', done);
        setTimeout(() => { socket.destroy(); done(); }, 2000);
    })));
    const before = good.packets.length;
    await good.until('packets still', (s) => s.packets.length > before + 10);
    equal('pages still', (await ask(run, '/')).status, 200);
    good.close();
    const { summary } = await stop(run);
    equal('never restarted', summary.nodes.find((node) => node.name === 'page').restarts, 0);
});

test('slow requests and stalled viewers cost only themselves', async () => {
    const run = await start(`listen=127.0.0.1:0 viewers=${stalledSockets + 8}`);
    const good = connect(run);
    await good.opened;
    watch(good, [{ id: 0, as: 'packets' }]);
    await good.until('packets', (s) => s.packets.length > 20);
    const worker = workerOf(run);
    const slow = [];
    for (let i = 0; i < slowRequests; i++) {
        const socket = net.connect(run.address.port, '127.0.0.1', () => socket.write('GET / HT'));
        socket.on('error', () => {});
        slow.push(socket);
    }
    const stalled = [];
    for (let i = 0; i < stalledSockets; i++) {
        const socket = connect(run);
        await socket.opened;
        socket.on('error', () => {});
        watch(socket, [{ id: 0, as: 'packets' }]);
        socket._socket.pause();
        stalled.push(socket);
    }
    const before = good.packets.length;
    await good.until('packets beside them', (s) => s.packets.length > before + 50);
    equal('pages beside them', (await ask(run, '/healthz')).status, 200);
    for (let i = 1; i < good.packets.length; i++) equal('none is missing', good.packets[i].number, good.packets[i - 1].number + 1n);
    const kib = residentKiB(worker);
    for (const socket of [...slow, ...stalled.map((s) => s._socket)]) socket.destroy();
    await good.until('only one is left', (s) => s.packets.length > before + 100);
    console.log(`# with ${slowRequests} slow requests and ${stalledSockets} stalled viewers the server held ${(kib / 1024).toFixed(1)} MiB, then ${(residentKiB(worker) / 1024).toFixed(1)} MiB`);
    good.close();
    const { summary } = await stop(run);
    equal('never restarted', summary.nodes.find((node) => node.name === 'page').restarts, 0);
    const camera = summary.links.find((link) => link.from === 'camera' && link.to === 'page');
    equal('the pipeline lost nothing', camera.offered, camera.taken + camera.waiting);
});

test('viewers that leave with half of a picture on its way hold nobody up', async () => {
    const run = await start('listen=127.0.0.1:0', { line: 'test-source name=camera size=1280x720 rate=20 ! dashboard name=page' });
    const good = connect(run), stalled = [];
    await good.until('the stream', (s) => s.texts.find((t) => t.type === 'hello' && t.streams[0]?.pictures));
    watch(good, [{ id: 0, as: 'jpeg', width: 320 }]);
    for (let i = 0; i < 12; i++) {
        const socket = connect(run);
        await socket.opened;
        socket.on('error', () => {});
        watch(socket, [{ id: 0, as: 'jpeg', width: 1280 }]);
        socket._socket.pause();
        stalled.push(socket);
    }
    const worker = workerOf(run), more = async (what, pictures) => { const before = good.packets.length; await good.until(what, (s) => s.packets.length > before + pictures); };
    await more('pictures until their ways are full', 80);
    for (const socket of stalled) socket._socket.end(); // they take nothing, and say nothing any more
    await more('pictures after they left', 40);
    equal('pages too', (await ask(run, '/healthz')).status, 200);
    equal('the same process', workerOf(run), worker);
    for (const socket of stalled) socket._socket.destroy();
    good.close();
    await stop(run);
});

test('more viewers than may be are refused, and there is room again when one goes', async () => {
    const run = await start('listen=127.0.0.1:0 viewers=2');
    const two = [connect(run), connect(run)];
    for (const socket of two) await socket.until('hello', (s) => s.texts[0]);
    const third = connect(run);
    await new Promise((done) => third.on('close', done).on('error', done));
    expect('the third hears nothing', third.texts.length === 0, third.texts);
    two[0].close();
    await new Promise((done) => two[0].on('close', done));
    for (let tries = 0; ; tries++) {
        const next = connect(run);
        const came = await Promise.race([next.until('hello', (s) => s.texts[0], 3000).then(() => true, () => false), new Promise((done) => next.on('close', () => done(false)))]);
        if (came) break;
        expect('room again', tries < 20, tries);
    }
    await stop(run);
});

await runTests();
