/* harness.mjs: a browser, pages that are watched for errors, TAP, and a reader of what is on a stream's canvas. */
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const { chromium } = createRequire(join(here, '../../deps/browser/'))('playwright-core');
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'];

export class Harness {
    #number = 0;
    #failed = 0;
    #only;

    constructor(folder, only) {
        this.folder = folder;
        this.#only = only;
        mkdirSync(folder, { recursive: true });
    }

    async start() {
        this.browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
    }

    async finish() {
        await this.browser.close();
        console.log(`1..${this.#number}`);
        return this.#failed === 0 ? 0 : 1;
    }

    skip(name, why) {
        console.log(`ok ${++this.#number} - ${name} # SKIP ${why}`);
    }

    async test(name, body) {
        if (this.#only && !name.includes(this.#only))
            return;
        const began = Date.now(), page = { list: [] };
        try {
            const said = await body(options => this.open(options, page.list));
            for (const { errors } of page.list)
                if (errors.length)
                    throw new Error(`the page said: ${errors.join('; ')}`);
            console.log(`ok ${++this.#number} - ${name}${said ? `: ${said}` : ''} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
        } catch (error) {
            this.#failed++;
            console.log(`not ok ${++this.#number} - ${name}\n  ---\n  ${String(error.stack ?? error).replaceAll('\n', '\n  ')}\n  ...`);
            await page.list.at(-1)?.screenshot({ path: join(this.folder, `failed-${this.#number}.png`) }).catch(() => {});
        }
        for (const opened of page.list)
            await opened.context().close().catch(() => {});
    }

    /* A page of its own. What it complains of is collected in page.errors. */
    async open({ url, width = 1280, height = 800, scheme = 'dark', touch = false, before = null, expect401 = false }, list) {
        const context = await this.browser.newContext({ viewport: { width, height }, colorScheme: scheme, hasTouch: touch,
            isMobile: touch, deviceScaleFactor: touch ? 2 : 1 });
        const page = await context.newPage(), origin = new URL(url).origin;
        page.errors = [];
        list.push(page);
        page.on('console', message => message.type() === 'error' && !this.#isMeant(message.text(), page, expect401) && page.errors.push(message.text()));
        page.on('pageerror', error => page.errors.push(error.message));
        page.on('request', request => !/^(blob|data):/.test(request.url()) && new URL(request.url()).origin !== origin
            && page.errors.push(`request to ${request.url()}`));
        await page.addInitScript(() => addEventListener('securitypolicyviolation', event => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`)));
        if (before)
            await page.addInitScript(before);
        await page.goto(url);
        await page.evaluate(readerSource());
        return page;
    }

    /* What a browser writes itself when a server is away or wants a token. */
    #isMeant(text, page, expect401) {
        return (page.serverGoes && /ERR_|WebSocket|Failed to load/.test(text)) || (expect401 && /401|WebSocket/.test(text));
    }

    shot(page, name) {
        return page.screenshot({ path: join(this.folder, `${name}.png`) });
    }
}

/* Defines in the page: check(name, {count, offset, modulo, box}), which looks at each frame that is drawn, right then. */
function readerSource() {
    const code = readFileSync(join(here, 'code.mjs'), 'utf8').replace(/export /g, '');
    return `(() => { ${code}
        ${nearColour}
        ${checkFrames}
        globalThis.readNumber = name => { const p = weir.pixels(name); return readCode(p.image, p.picture, p.width); };
        globalThis.checkFrames = checkFrames;
        globalThis.nearColour = nearColour;
    })()`;
}

/* Is there a pixel of that colour within 3 pixels of the point, across? */
function nearColour(image, x, y, [r, g, b]) {
    for (let dx = -3; dx <= 3; dx++) {
        const at = (Math.round(y) * image.width + Math.round(x) + dx) * 4;
        if (Math.abs(image.data[at] - r) + Math.abs(image.data[at + 1] - g) + Math.abs(image.data[at + 2] - b) < 90)
            return true;
    }
    return false;
}

/* Looks at each frame of the streams as it is drawn, until `count` were seen in all, `overlays` of them with one. Compares
 * the number in the pixels with the record's, the overlay's with the picture's, and the place of the drawn box with that
 * which belongs to the number. */
function checkFrames(names, { count, overlays = 0, offset = 0, modulo = 0, box = null, timeout = 240000 }) {
    return new Promise((resolve, reject) => {
        const seen = { frames: 0, overlays: 0, placed: 0, wrong: [], perStream: {} }, ends = [];
        const timer = setTimeout(() => finish(new Error(`only ${JSON.stringify(seen)} in time`)), timeout);
        const finish = error => {
            clearTimeout(timer);
            ends.forEach(end => end());
            error ? reject(error) : resolve(seen);
        };
        const look = (name, entry) => {
            const p = weir.pixels(name), read = readCode(p.image, p.picture, p.width);
            const number = entry.number + offset, expected = modulo ? number % modulo : number;
            const wrong = [];
            if (read !== expected || p.number !== entry.number)
                wrong.push(`picture ${read}, record ${expected}`);
            if (entry.overlayNumber !== null) {
                seen.overlays++;
                if (entry.mode === 'exact' && entry.overlayNumber !== entry.number)
                    wrong.push(`overlay ${entry.overlayNumber} on ${entry.number}`);
                if (box && entry.boxes) {
                    const scale = p.picture.width / p.width, step = (entry.overlayNumber % modulo) % 60;
                    const x = p.picture.x + Math.round(p.width * 0.1 + step * p.width * 0.0125) * scale;
                    const y = p.picture.y + (Math.round(p.height * 0.45) + 60) * scale;
                    if (nearColour(p.image, x, y, box))
                        seen.placed++;
                    else
                        wrong.push(`the box of ${entry.overlayNumber} is not at its place`);
                }
            }
            if (wrong.length)
                seen.wrong.push(`${name}: ${wrong.join(', ')}`);
            seen.perStream[name] = (seen.perStream[name] ?? 0) + 1;
            if (++seen.frames >= count && seen.overlays >= overlays)
                finish();
        };
        for (const name of names)
            ends.push(weir.onShown(name, entry => look(name, entry)));
    });
}
