// The dashboard's server under thousands of broken requests, handshakes and frames, over plain TCP, while a viewer watches: it
// goes on, the viewer loses nothing, and what was taken is given back. TAP.
// usage: node server_fuzz.mjs WEIR CLIP DEPS
// WEIR_FUZZ_SEED (1), WEIR_FUZZ_COUNT (3000): the same ones again, or others, or more.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { Attacks } from './attacks.mjs';
import { Wrong, ask, connect, equal, expect, folder, residentKiB, runTests, start, stop, test, watch, workerOf } from './real-server.mjs';

const seed = Number(process.env.WEIR_FUZZ_SEED ?? 1), count = Number(process.env.WEIR_FUZZ_COUNT ?? 3000);
const AT_A_TIME = 24, LEAVING_MS = 500, GROWTH_KIB = 768;
const sanitized = !!process.env.WEIR_SANITIZED;

const descriptors = (pid) => fs.readdirSync(`/proc/${pid}/fd`).length;

/* One attack: its pieces are written, each when the server has answered the one before it or would not. Gives what it said. */
function strike(port, { pieces, ending, patience }) {
    return new Promise((done) => {
        const heard = [], socket = net.connect(port, '127.0.0.1');
        let next = 0, clock = null;
        const step = () => {
            clearTimeout(clock);
            if (next < pieces.length) {
                socket.write(pieces[next++]);
                clock = setTimeout(step, patience);
            } else if (ending === 'reset') socket.resetAndDestroy();
            else leave();
        };
        const leave = () => {
            socket.end();
            clock = setTimeout(() => socket.destroy(), LEAVING_MS);
        };
        socket.on('connect', () => {
            socket.write(pieces[next++]);
            if (ending === 'at once' && next === pieces.length) leave();
            else clock = setTimeout(step, patience);
        });
        socket.on('data', (data) => {
            heard.push(data);
            if (!socket.writableEnded) step();
        });
        socket.on('error', () => {});
        socket.on('close', () => {
            clearTimeout(clock);
            done(Buffer.concat(heard));
        });
    });
}

/* So many attacks, some at a time. */
async function storm(port, attacks, many, answered = () => {}) {
    let left = many;
    await Promise.all(Array.from({ length: AT_A_TIME }, async () => {
        while (left-- > 0) {
            const attack = attacks.next();
            answered(await strike(port, attack), attack);
        }
    }));
}

/* A viewer who watches until the end. */
async function watcher(run, headers = {}) {
    const socket = connect(run, { headers });
    await socket.until('the streams', (s) => s.texts.find((t) => t.type === 'hello' && t.streams.length === 2 && t.streams[0].packets && t.streams[1].pictures));
    socket.closed = false;
    socket.on('close', () => (socket.closed = true));
    watch(socket, [{ id: 0, as: 'packets' }]);
    await socket.until('packets', (s) => s.packets.length > 10);
    return socket;
}

function lostNothing(viewer) {
    expect('the good viewer is still there', !viewer.closed, 'it was let go');
    for (let i = 1; i < viewer.packets.length; i++) equal('none is missing', viewer.packets[i].number, viewer.packets[i - 1].number + 1n);
}

/* Looks with each packet that comes, until that is so. */
const settled = (viewer, what, seen) => viewer.until(what, seen, 20000).catch((why) => { throw new Wrong(`${why.message}: ${seen.last?.()}`); });

const pipeline = { more: ' ; test-source name=plain size=320x240 rate=10 ! @page' };

test('broken requests, handshakes and frames hurt nobody, and leave nothing behind', async () => {
    const run = await start('listen=127.0.0.1:0 viewers=64', pipeline);
    const { port } = run.address, worker = workerOf(run), viewer = await watcher(run), attacks = new Attacks(seed, port);
    const files = descriptors(worker);
    // What the allocator keeps, and what is made once, is there after as many as come at a time.
    await storm(port, new Attacks(seed + 1, port), count / 3);
    const stray = async () => JSON.parse((await ask(run, '/api/state')).body).summary.links.filter((l) => l.tap && !['page.gone', `page.${viewer.texts[0].viewer}`].includes(l.to)).map((l) => l.to);
    const atRest = Object.assign(() => descriptors(worker) <= files, { last: () => `${descriptors(worker)} instead of ${files}` });
    await settled(viewer, 'as many descriptors as before', atRest);
    const kib = residentKiB(worker);
    await storm(port, attacks, count);
    const some = viewer.packets.length;
    await viewer.until('packets still', (s) => s.packets.length > some + 25);
    await settled(viewer, 'as many descriptors as before', atRest);
    equal('viewers that went are gone', await stray(), []);
    equal('pages still', (await ask(run, '/')).status, 200);
    const grown = residentKiB(worker) - kib;
    expect(`memory is as it was, to ${GROWTH_KIB} KiB`, sanitized || grown < GROWTH_KIB, `grown by ${grown} KiB from ${kib}`);
    console.log(`# seed ${seed}: ${count / 3} and ${count} attacks beside ${viewer.packets.length} packets; ${files} descriptors; ${kib} KiB, then ${grown} more`);
    equal('the same process', workerOf(run), worker);
    lostNothing(viewer);
    viewer.close();
    const { summary } = await stop(run);
    equal('restarts', summary.nodes.find((node) => node.name === 'page').restarts, 0);
    equal('nothing was said', run.said.split('\n').filter((line) => line && !/page: https?:|^weir: \d+ s: /.test(line)), []);
});

test('whatever is sent, nobody learns anything without the token', async () => {
    const token = path.join(folder, 'token');
    const run = await start(`listen=0.0.0.0:0 viewers=64 token=${token}`, pipeline);
    const secret = fs.readFileSync(token, 'utf8').trim(), { port } = run.address;
    const viewer = await watcher(run, { authorization: `Bearer ${secret}` });
    const known = ['"frames_in"', 'weir_link_', '"packets"', '"openapi"', '\xff\xd8\xff', 'text/event-stream', 'set-cookie', '101 Switching', secret];
    let answers = 0;
    await storm(port, new Attacks(seed + 2, port), count / 3, (heard, attack) => {
        const said = heard.toString('latin1'), told = known.find((word) => said.includes(word));
        answers += said.length > 0;
        expect('told nobody', !told, `"${told}" after ${JSON.stringify(attack.pieces.map((piece) => piece.toString('latin1').slice(0, 500)))}`);
    });
    expect('many were answered', answers > count / 20, answers);
    lostNothing(viewer);
    viewer.close();
    const { summary } = await stop(run);
    equal('restarts', summary.nodes.find((node) => node.name === 'page').restarts, 0);
});

await runTests();
