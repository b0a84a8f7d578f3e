/* page.mjs: how old is a frame when its pixels are on the page's canvas?
 *
 *   node bench/dashboard/page.mjs WEIR FOLDER FRAMES
 *
 * A film whose pixels say which frame they are, made in FOLDER, is played as a camera. A browser shows it; right after each
 * drawing the clock is read, then the number out of the canvas. When that frame was due at the source is known from the
 * packets that another viewer of the same dashboard gets. Clocks are set against each other by asking the browser for its own.
 * Prints one JSON object of ms: `shown_*` from capture to the canvas, `came_*` to the other viewer; `clock_ms`, by how much
 * the clocks may be wrong; `wrong`, pictures whose number was not the record's.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { codedFilm } from '../../tests/web/clips.mjs';
import { Harness } from '../../tests/web/harness.mjs';

const { WebSocket } = createRequire(new URL('../../deps/browser/', import.meta.url))('ws');
const CODE = readFileSync(new URL('../../tests/web/code.mjs', import.meta.url), 'utf8').replaceAll('export ', '');
const FRAMES_OF_FILM = 1500, WARM_S = 6;

/* Finer than Date.now(), and the same unless somebody has set the clock since we began. */
const wall = () => performance.timeOrigin + performance.now();

function startWeir(weir, film) {
    const line = `video name=cam url="${film}" pace=live loop=true ! dashboard name=page listen=127.0.0.1:0`;
    const child = spawn(weir, ['run', line], { stdio: ['ignore', 'ignore', 'pipe'] });
    return new Promise((found, failed) => {
        let said = '';
        child.stderr.on('data', data => {
            const match = (said += data).match(/page: (http:\S+)/);
            if (match)
                found({ child, url: match[1] });
        });
        child.on('exit', code => failed(new Error(`weir ended with ${code}: ${said}`)));
    });
}

/* What another viewer gets: Map of number -> {captured, came}. */
function listen(url) {
    const packets = new Map();
    const socket = new WebSocket(`${url.replace('http', 'ws')}ws`, 'weir.1', { headers: { Origin: new URL(url).origin } });
    socket.on('open', () => socket.send(JSON.stringify({ type: 'watch', streams: [{ id: 0, as: 'packets' }] })));
    socket.on('message', (data, binary) => {
        if (binary)
            packets.set(Number(data.readBigInt64LE(8)), { captured: data.readDoubleLE(24), came: wall() });
    });
    return { packets, close: () => socket.terminate() };
}

/* How far the page's clock is ahead of ours, and how wrong that may be: half of the quickest answer's way. */
async function clockOf(page) {
    let best = { way: Infinity };
    for (let i = 0; i < 200; i++) {
        const asked = wall(), theirs = await page.evaluate(() => performance.timeOrigin + performance.now()), now = wall();
        if (now - asked < best.way)
            best = { way: now - asked, ahead: theirs - (asked + now) / 2 };
    }
    return best;
}

/* In the page: notes [number in the pixels, number of the record, when it was drawn] of so many pictures. Only the squares of
 * the code are read, so that looking costs little. */
function watchCanvas(count) {
    return new Promise(resolve => {
        const { picture, width } = weir.pixels('cam'), canvas = document.querySelector('canvas'), seen = [];
        const side = Math.ceil(picture.width / width * 16), left = Math.floor(picture.x), top = Math.floor(picture.y);
        const place = { ...picture, x: picture.x - left, y: picture.y - top };
        const end = weir.onShown('cam', ({ number, isNew }) => {
            const at = performance.timeOrigin + performance.now();
            if (!isNew)
                return;
            const pixels = canvas.getContext('2d').getImageData(left, top, 18 * side + 2, 2 * side + 2);
            seen.push([readCode(pixels, place, width), number, at]);
            if (seen.length === count) {
                end();
                resolve(seen);
            }
        });
    });
}

function spread(name, values) {
    const sorted = [...values].sort((a, b) => a - b), at = part => sorted[Math.floor(sorted.length * part)];
    return { [`${name}_p50_ms`]: at(0.5), [`${name}_p99_ms`]: at(0.99), [`${name}_max_ms`]: sorted.at(-1) };
}

async function main([weir, folder, frames]) {
    const film = await codedFilm(folder, 'coded-720p25', { width: 1280, height: 720, fps: 25, frames: FRAMES_OF_FILM });
    const { child, url } = await startWeir(weir, film);
    const harness = new Harness(folder), other = listen(url);
    await harness.start();
    const page = await harness.open({ url }, []);
    await page.evaluate(`(() => { ${CODE} globalThis.readCode = readCode; })()`);
    await page.waitForFunction(() => globalThis.weir?.streams().length > 0 && weir.shown('cam').length >= 50, null,
        { timeout: 60000 });
    await new Promise(done => setTimeout(done, WARM_S * 1000));
    const clock = await clockOf(page), seen = await page.evaluate(`(${watchCanvas})(${Number(frames)})`);
    const again = await clockOf(page);
    if (Math.abs(wall() - Date.now()) > 2)
        throw new Error('somebody set the clock meanwhile');
    // Frames of a source count from 1, those in the pixels from 0, and the film begins again.
    const wrong = seen.filter(([code, number]) => code !== (number - 1) % FRAMES_OF_FILM).length;
    const known = seen.filter(([, number]) => other.packets.has(number));
    const shown = known.map(([, number, at]) => at - clock.ahead - other.packets.get(number).captured);
    const came = [...other.packets.values()].slice(-known.length).map(p => p.came - p.captured);
    const span_s = (seen.at(-1)[2] - seen[0][2]) / 1000;
    console.log(JSON.stringify({ ...spread('shown', shown), ...spread('came', came), frames: known.length, wrong,
        shown_per_s: (seen.length - 1) / span_s, clock_ms: clock.way / 2 + Math.abs(again.ahead - clock.ahead) }));
    other.close();
    await harness.browser.close();
    child.removeAllListeners('exit').on('exit', () => process.exit(0));
    child.kill('SIGINT');
}

await main(process.argv.slice(2));
