/* browser_real.mjs: what only weir itself can show: a camera that is killed, weir that is started anew, where boxes lie. */
import { readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { openStream } from './browser_exactness.mjs';
import { codedFilms } from './mock-server.mjs';
import { freePort, runWeir, startCamera } from './weir-run.mjs';

const NO_SIGNAL_MS = 5000;

/* A duration as the page writes it, in ms. */
function milliseconds(text) {
    const [, number, unit] = text.match(/([\d.]+) (ms|s|min)/);
    return Number(number) * { ms: 1, s: 1000, min: 60000 }[unit];
}

async function words(page, selector, wanted, timeout = 30000) {
    const found = await page.waitForFunction(([selector, wanted]) => document.querySelector(selector)?.textContent.match(new RegExp(wanted))?.[0],
        [selector, wanted], { timeout, polling: 'raf' });
    return found.jsonValue();
}

async function shownAfter(page, name, number, frames) {
    await page.waitForFunction(([n, number, frames]) => weir.shown(n).filter(e => e.number > number).length >= frames, [name, number, frames], { timeout: 30000 });
}

async function killedCamera(open, weir, port, camera, cameras) {
    const run = await runWeir(weir, `video name=cam url=${camera.url} ! dashboard name=page listen=127.0.0.1:0`);
    try {
        const page = await open({ url: run.url }), tile = '.tile[data-stream=cam]';
        await page.waitForFunction(() => globalThis.weir?.shown('cam').length > 25, null, { timeout: 60000 });
        await camera.kill();
        const said = await words(page, `${tile} .veil`, 'no signal since [\\d.]+ \\w+', 20000);
        if (milliseconds(said) > NO_SIGNAL_MS)
            throw new Error(`it said so late: ${said}`);
        const last = await page.evaluate(() => weir.shown('cam', 1)[0].number);
        cameras.push(await startCamera(port));
        const back = await words(page, `${tile} .badge`, 'camera back after [\\d.]+ \\w+', 60000);
        await page.waitForSelector(`${tile}[data-kind=back]`);
        await shownAfter(page, 'cam', last, 50);
        await page.waitForSelector(`${tile}[data-kind=live]`);
        page.serverGoes = true;
        return `${said}; ${back}`;
    } finally {
        await run.stop();
    }
}

/* Pages that cannot reach their server while globalThis.away is set. */
function awayAtWill() {
    const Real = WebSocket;
    globalThis.WebSocket = class extends Real {
        constructor(url, protocol) {
            super(globalThis.away ? `${url}-away` : url, protocol);
        }
    };
}

async function framesOf(url) {
    const answer = await fetch(`${url}api/state`).catch(() => null);
    const state = answer?.ok ? await answer.json() : null;
    return state?.summary.nodes.find(node => node.name === 'cam').frames_out ?? 0;
}

/* The oldest frame that is held: its number, and the colour of its picture, which says of which film it is. */
async function oldest(page, url) {
    await openStream(page, url, 'cam', 40);
    await page.keyboard.press('Home');
    await page.waitForFunction(() => weir.about('cam').paused && weir.shown('cam', 1)[0].past);
    return page.evaluate(() => {
        const { image, picture, number } = weir.pixels('cam');
        const at = (Math.round(picture.y + picture.height * 0.95) * image.width + Math.round(picture.x + picture.width / 2)) * 4;
        return { number, blue: image.data[at + 2] - image.data[at] };
    });
}

/* `beyond`: the page comes back when the new run counts beyond what the old one did, else at once. */
async function startedAnew(open, weir, films, beyond) {
    const { gate, dock } = await codedFilms(films), port = await freePort();
    const start = film => runWeir(weir, `video name=cam url=${film} pace=live loop=true ! dashboard name=page listen=127.0.0.1:${port}`);
    let run = await start(gate);
    try {
        const page = await open({ url: run.url, before: awayAtWill });
        // Else the new run shall count from less than what was seen: it is given that much of a start.
        await page.waitForFunction(held => globalThis.weir?.about('cam')?.held > held, beyond ? 60 : 250, { timeout: 60000 });
        page.serverGoes = true;
        await page.evaluate(away => globalThis.away = away, beyond);
        await run.stop();
        await page.waitForSelector('.connection[data-state=offline]');
        const last = await page.evaluate(() => weir.shown('cam', 1)[0].number);
        run = await start(dock);
        while (beyond && await framesOf(run.url) < last + 30);
        await page.evaluate(() => globalThis.away = false);
        await page.waitForSelector('.connection[data-state=live]', { timeout: 30000 });
        const seen = await page.evaluate(() => checkFrames(['cam'], { count: 60, offset: -1, modulo: 1500 }));
        if (seen.wrong.length)
            throw new Error(seen.wrong.join('; '));
        const first = await oldest(page, run.url);
        if (beyond !== first.number > last)
            throw new Error(`frame ${first.number} is held, and ${last} was the last of before`);
        if (first.blue > 0)
            throw new Error(`frame ${first.number} is of the film of before`);
        return `from frame ${last} to ${first.number}`;
    } finally {
        await run.stop();
    }
}

/* The address that weir says is all that is needed, once; then it is as good as any other. */
async function addressWithToken(open, weir, folder) {
    const token = resolve(folder, 'token');
    rmSync(token, { force: true });
    const run = await runWeir(weir, `test-source name=cam size=320x240 rate=10 ! dashboard name=page listen=0.0.0.0:0 token=${token}`);
    try {
        const secret = readFileSync(token, 'utf8').trim(), url = run.url.replace('0.0.0.0', '127.0.0.1');
        if (!url.endsWith(`/#token=${secret}`))
            throw new Error(`the address is ${url}`);
        const page = await open({ url });
        await page.waitForFunction(() => globalThis.weir?.shown('cam').length > 5, null, { timeout: 30000 });
        if (page.url().includes(secret) || await page.evaluate(secret => document.cookie.includes(secret) || history.length > 2, secret))
            throw new Error(`the token stays in sight: ${page.url()}`);
        await page.reload();
        await page.waitForFunction(() => globalThis.weir?.shown('cam').length > 5, null, { timeout: 30000 });
        page.serverGoes = true;
    } finally {
        await run.stop();
        rmSync(token, { force: true });
    }
}

export async function real({ harness, weir, films, folder }) {
    if (!weir)
        return;
    const port = await freePort(), cameras = [await startCamera(port)];
    if (cameras[0])
        await harness.test('a camera that is killed says so within 5 s, and plays again by itself', open => killedCamera(open, weir, port, cameras[0], cameras));
    else
        harness.skip('a camera that is killed', "GStreamer's RTSP server is not installed");
    await Promise.all(cameras.map(camera => camera?.kill()));
    await harness.test('the address that weir says holds the token, and the page takes it out', open => addressWithToken(open, weir, folder));
    await harness.test('weir is started anew: the page comes back, and holds nothing of before', open => startedAnew(open, weir, films, false));
    await harness.test('weir is started anew and counts beyond: nothing of before is held either', open => startedAnew(open, weir, films, true));
}
