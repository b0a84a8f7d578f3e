// Weir with a dashboard, as tests of its server use it: started, asked, watched, stopped; and a runner of tests that prints TAP.
// The arguments of the test are: WEIR CLIP DEPS. WEIR_TEST_ONLY: tests with that in their name.
import { execFileSync, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';

const [, , weir, clip, deps] = process.argv;
const { WebSocket } = createRequire(path.resolve(deps, 'browser') + '/')('./node_modules/ws');
const tests = [], running = new Set();
export const test = (name, run) => tests.push([name, run]);
export const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'weir-dashboard-'));

export class Wrong extends Error {}
export function expect(what, good, ...found) {
    if (!good) throw new Wrong(`${what}: ${found.map((f) => (typeof f === 'string' ? f : JSON.stringify(f))).join(' ')}`);
}
const text = (value) => (typeof value === 'bigint' ? String(value) : JSON.stringify(value));
export const equal = (what, found, wanted) => expect(what, text(found) === text(wanted), 'found', text(found), 'wanted', text(wanted));

// --- a pipeline with a dashboard ---

export async function start(options, { line = `video name=camera url=${clip} pace=live loop=true ! dashboard name=page`, more = '' } = {}) {
    const summary = path.join(folder, `${Math.random()}.json`);
    const child = spawn(weir, ['run', '--summary', summary, '--duration', '300s', `${line} ${options}${more}`]);
    const run = { child, summary, said: '', ended: new Promise((end) => child.on('exit', (code) => end(code))) };
    running.add(run);
    run.ended.then(() => running.delete(run));
    child.stderr.on('data', (data) => (run.said += data));
    run.address = await new Promise((found, failed) => {
        child.stderr.on('data', () => {
            const match = run.said.match(/page: (https?):\/\/(.+?):(\d+)\//);
            if (match) found({ scheme: match[1], host: match[2] === '0.0.0.0' ? '127.0.0.1' : match[2], port: Number(match[3]) });
        });
        child.on('exit', () => failed(new Wrong(`weir ended: ${run.said}`)));
    });
    return run;
}

export async function stop(run) {
    run.child.kill('SIGINT');
    const code = await run.ended;
    return { code, summary: JSON.parse(fs.readFileSync(run.summary, 'utf8')) };
}

export function ask(run, path, { method = 'GET', headers = {}, body, timeout = 8000 } = {}) {
    const { scheme, host, port } = run.address;
    return new Promise((answer, failed) => {
        const request = (scheme === 'https' ? https : http).request({ host, port, path, method, headers, agent: false, timeout, rejectUnauthorized: false }, (response) => {
            const parts = [];
            response.on('data', (part) => parts.push(part));
            response.on('end', () => answer({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }));
            response.on('error', failed);
        });
        request.on('timeout', () => request.destroy(new Wrong(`${path}: no answer within ${timeout} ms`)));
        request.on('error', failed);
        request.end(body);
    });
}

export function connect(run, { origin, headers = {}, protocol = 'weir.1', at = '/ws' } = {}) {
    const { scheme, host, port } = run.address;
    const socket = new WebSocket(`${scheme === 'https' ? 'wss' : 'ws'}://${host}:${port}${at}`, protocol, {
        headers: { Origin: origin ?? `${scheme}://${host}:${port}`, ...headers }, rejectUnauthorized: false });
    socket.texts = [];
    socket.packets = [];
    socket.on('message', (data, binary) => {
        if (binary) socket.packets.push({ type: data[0], flags: data[1], stream: data.readUInt16LE(2), bytes: data.readUInt32LE(4), number: data.readBigInt64LE(8), length: data.length });
        else socket.texts.push(JSON.parse(data));
        socket.emit('news');
    });
    socket.opened = new Promise((yes, no) => {
        socket.on('open', yes);
        socket.on('unexpected-response', (_, response) => no(Object.assign(new Wrong(`refused with ${response.statusCode}`), { status: response.statusCode })));
        socket.on('error', no);
    });
    socket.opened.catch(() => {});
    socket.until = (what, seen, ms = 15000) => new Promise((yes, no) => {
        const clock = setTimeout(() => {
            socket.off('news', look);
            no(new Wrong(`${what} did not come within ${ms} ms`));
        }, ms);
        const look = () => {
            const found = seen(socket);
            if (!found) return;
            clearTimeout(clock);
            socket.off('news', look);
            yes(found);
        };
        socket.on('news', look);
        look();
    });
    return socket;
}

export const watch = (socket, streams) => socket.send(JSON.stringify({ type: 'watch', streams }));

export const workerOf = (run) => execFileSync('pgrep', ['-P', String(run.child.pid), '-f', ' page$']).toString().trim().split('\n').map(Number)[0];
export const residentKiB = (pid) => Number(fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]);

export async function runTests() {
    console.log(`1..${tests.length}`);
    for (const [i, [name, run]] of tests.entries()) {
        if (process.env.WEIR_TEST_ONLY && !name.includes(process.env.WEIR_TEST_ONLY)) {
            console.log(`ok ${i + 1} - ${name} # SKIP`);
            continue;
        }
        try {
            await run();
            console.log(`ok ${i + 1} - ${name}`);
        } catch (why) {
            const said = [...running].map((r) => r.said).join('');
            console.log(`not ok ${i + 1} - ${name}\n# ${String(why.stack ?? why).replaceAll('\n', '\n# ')}\n# weir said: ${said.replaceAll('\n', '\n# ')}`);
            running.forEach((r) => r.child.kill());
        }
    }
    fs.rmSync(folder, { recursive: true, force: true });
    process.exit(0);
}
