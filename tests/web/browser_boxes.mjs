/* browser_boxes.mjs: boxes are drawn where the results say, to the pixel: on a film in which weir's own detector finds something,
 * in a tile, large, and on the full screen, with bars beside the picture, and zoomed.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openStream } from './browser_exactness.mjs';
import { root } from './mock-server.mjs';
import { runWeir } from './weir-run.mjs';

const FILM = join(root, 'deps/clips/crops.mp4'), MODEL = join(root, 'deps/models/coco.onnx'), WIDTH = 1280, HEIGHT = 720;
const SIDES = 300, BAR_PX = 10;

/* Keeps what the server says was found, before the page has seen it. */
function keepRows() {
    const Real = WebSocket;
    globalThis.rows = new Map();
    globalThis.WebSocket = class extends Real {
        constructor(...args) {
            super(...args);
            this.addEventListener('message', ({ data }) => {
                const message = typeof data === 'string' ? JSON.parse(data) : {};
                if (message.type === 'results')
                    globalThis.rows.set(message.frame, message.boxes);
            });
        }
    };
}

/* Looks at each frame with boxes as it is drawn, until so many sides of boxes were looked at: {sides, frames, left, top, wrong}. */
async function checkBoxes({ name, width, height, sides, timeout = 120000 }) {
    const { labelColour, parseColour } = await import('/colours.js');
    const seen = { sides: 0, frames: 0, left: 0, top: 0, wrong: [] };
    const near = ({ data, width }, x, y, [r, g, b]) => {
        const at = (y * width + x) * 4;
        return Math.abs(data[at] - r) + Math.abs(data[at + 1] - g) + Math.abs(data[at + 2] - b) < 100;
    };
    /* How far from `at` a line of that colour lies across; null where there is none, NaN where the picture itself is like that. */
    const offBy = (image, at, along, upright, colour) => {
        const hits = [];
        for (let d = -7; d <= 7; d++) {
            const across = Math.floor(at) + d, [x, y] = upright ? [across, Math.round(along)] : [Math.round(along), across];
            if (near(image, x, y, colour))
                hits.push(across + 0.5 - at);
        }
        if (hits.length && hits.at(-1) - hits[0] > 3)
            return NaN;
        return hits.length ? hits.reduce((a, b) => a + b) / hits.length : null;
    };
    const look = entry => {
        const boxes = rows.get(entry.number), { image, picture } = weir.pixels(name), { view } = weir.about(name);
        const scale = Math.min(image.width / width, image.height / height) * view.scale;
        const left = image.width / 2 - view.x * width * scale, top = image.height / 2 - view.y * height * scale;
        if (entry.overlayNumber !== entry.number || !boxes?.length)
            return;
        Object.assign(seen, { frames: seen.frames + 1, left, top });
        if (Math.abs(picture.x - left) > 0.5 || Math.abs(picture.y - top) > 0.5)
            seen.wrong.push(`the picture of ${entry.number} is at ${picture.x}, ${picture.y}, not ${left}, ${top}`);
        const placed = boxes.map(({ label, x, y, w, h }) => ({ label, x: left + x * scale, y: top + y * scale, w: w * scale, h: h * scale }));
        const free = (box, x, y) => x > 9 && y > 9 && x < image.width - 9 && y < image.height - 9 && placed.every(other => other === box
            || x < other.x - 10 || x > other.x + other.w + 10 || y < other.y - 10 || y > other.y + other.h + 10
            || (x > other.x + 10 && x < other.x + other.w - 10 && y > other.y + 10 && y < other.y + other.h - 10));
        for (const box of placed) {
            const colour = parseColour(labelColour(box.label));
            for (const [upright, at] of [[true, box.x], [true, box.x + box.w], [false, box.y], [false, box.y + box.h]]) {
                const points = [0.3, 0.5, 0.7].map(part => upright ? box.y + box.h * part : box.x + box.w * part)
                    .filter(along => upright ? free(box, at, along) : free(box, along, at));
                const off = points.map(along => offBy(image, at, along, upright, colour)).filter(by => !Number.isNaN(by));
                if (off.length < 2 || box.w < 30 || box.h < 30)
                    continue;
                seen.sides++;
                if (off.filter(by => by !== null && Math.abs(by) <= 1).length < 2)
                    seen.wrong.push(`${box.label} of ${entry.number}: ${upright ? 'x' : 'y'} ${at.toFixed(1)} is off by ${off.map(by => by?.toFixed(1) ?? 'missing')}`);
            }
        }
    };
    return new Promise((resolve, reject) => {
        const end = weir.onShown(name, entry => {
            look(entry);
            if (seen.sides >= sides)
                finish();
        });
        const timer = setTimeout(() => finish(new Error(`only ${JSON.stringify(seen)} in time`)), timeout);
        const finish = error => {
            clearTimeout(timer);
            end();
            error ? reject(error) : resolve(seen);
        };
    });
}

export async function boxes({ harness, weir }) {
    if (!weir)
        return;
    if (!existsSync(FILM) || !existsSync(MODEL)) {
        harness.skip('boxes lie where the results say', 'the film or the model is missing');
        return;
    }
    const square = name => `test-source name=${name} size=320x320 rate=2 ! @page`;
    const run = await runWeir(weir, ['dashboard name=page listen=127.0.0.1:0', `video name=cam url=${FILM} pace=live loop=true ! @page`,
        '@cam ! detect name=found take=latest ! @page', square('left'), square('right')].join(' ; '));
    const looked = async (page, bar) => {
        const seen = await page.evaluate(checkBoxes, { name: 'cam', width: WIDTH, height: HEIGHT, sides: SIDES });
        // What is in the picture can look like a line; a displacement is wrong on half of all sides.
        if (seen.wrong.length > seen.sides / 50)
            throw new Error(`${seen.wrong.length} of ${seen.sides}: ${seen.wrong.slice(0, 5).join('; ')}`);
        if (bar && Math.max(seen.left, seen.top) < BAR_PX)
            throw new Error(`there are no bars: ${JSON.stringify(seen)}`);
        return `${seen.sides} sides on ${seen.frames} frames, the picture at ${seen.left.toFixed()}, ${seen.top.toFixed()}`;
    };
    await harness.test('boxes lie where the results say: tile, large, full screen, zoomed', async open => {
        const page = await open({ url: run.url, width: 900, height: 1000, before: keepRows }), said = [];
        await page.waitForFunction(() => globalThis.weir?.streams().length === 3 && weir.streams().every(s => weir.shown(s).length > 2), null, { timeout: 60000 });
        for (const layer of ['2', '3', '4', '5', '6'])
            await page.keyboard.press(layer);
        said.push(await looked(page, true));
        await openStream(page, run.url, 'cam');
        said.push(await looked(page, false));
        await page.keyboard.press('f');
        await page.waitForFunction(() => document.fullscreenElement && weir.pixels('cam').image.width === document.querySelector('.stage-picture').clientWidth);
        said.push(await looked(page, true));
        for (const key of ['+', 'd', 's'])
            await page.keyboard.press(key);
        await page.waitForFunction(() => weir.about('cam').view.scale > 1.3 && weir.about('cam').view.x > 0.5);
        said.push(await looked(page, false));
        return said.join('; ');
    });
    await run.stop();
}
