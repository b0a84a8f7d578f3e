/* browser_test.mjs: the page in a real browser, as people use it. Prints TAP; screenshots are left in the folder.
 *
 *   node tests/web/browser_test.mjs FOLDER [--only WORDS] [--weir WEIR | --url URL [--token TOKEN] [--code OFFSET,MODULO]]
 *
 * By itself a mock server is used that can do what real cameras cannot be made to. With --weir or --url those tests are run
 * that a real server can pass: --weir runs a pipeline with films whose pixels say which frame they are; --url takes one that
 * runs already, and --code says how the number in the pixels follows from the frame's: (number + OFFSET) % MODULO.
 */
import { join } from 'node:path';
import { Harness } from './harness.mjs';
import { codedFilms, fourStreams, startMock } from './mock-server.mjs';
import { interaction } from './browser_interaction.mjs';
import { looks } from './browser_looks.mjs';
import { boxes } from './browser_boxes.mjs';
import { real } from './browser_real.mjs';
import { trouble } from './browser_trouble.mjs';
import { exactness } from './browser_exactness.mjs';
import { runWeir } from './weir-run.mjs';

function option(args, name) {
    const at = args.indexOf(name);
    return at < 0 ? null : args[at + 1];
}

/* Three films as cameras, the results of two detectors: {url, stop}. Frames of a source count from 1. */
async function startWeir(weir, films) {
    const { gate, yard, dock } = await codedFilms(films);
    const camera = (name, file) => `video name=${name} url=${file} pace=live loop=true ! @page`;
    const line = ['dashboard name=page listen=127.0.0.1:0', camera('gate', gate), camera('yard', yard), camera('dock', dock),
        '@gate ! detect name=people take=latest ! @page', '@yard ! detect name=cars take=latest ! @page'].join(' ; ');
    return runWeir(weir, line);
}

async function main(args) {
    const folder = args[0] ?? 'build/web-test', weir = option(args, '--weir');
    const running = weir ? await startWeir(weir, join(folder, '..', 'web-films')) : null, url = running?.url ?? option(args, '--url');
    const harness = new Harness(folder, option(args, '--only'));
    const [offset, modulo] = (option(args, '--code') ?? (running ? '-1,1500' : url ? '' : '0,1500')).split(',').map(Number);
    const films = join(folder, '..', 'web-films');
    const mock = url ? null : await startMock(await fourStreams(films));
    const world = {
        harness, mock, weir, films, folder, token: option(args, '--token'), url: url ?? mock.url, offset, modulo: modulo || 0, hasCode: Number.isFinite(modulo),
        /* Waits until every stream has shown so many frames. */
        playing: (page, frames = 10) => page.waitForFunction(n => globalThis.weir?.streams().length > 0
            && weir.streams().every(s => weir.shown(s).length >= n), frames, { timeout: 60000 }),
    };
    await harness.start();
    for (const part of [exactness, interaction, trouble, looks])
        await part(world);
    await running?.stop();
    for (const part of [boxes, real])
        await part(world);
    const status = await harness.finish();
    await mock?.close();
    process.exit(status);
}

await main(process.argv.slice(2));
