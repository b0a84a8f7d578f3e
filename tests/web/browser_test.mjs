/* browser_test.mjs: the page in a real browser, as people use it. Prints TAP; screenshots are left in the folder.
 *
 *   node tests/web/browser_test.mjs FOLDER [--only WORDS] [--url URL [--token TOKEN] [--code OFFSET,MODULO]]
 *
 * Without --url a mock server is used that can do what real cameras cannot be made to. With it those tests are run that a
 * real server can pass; --code says how the number in the pixels follows from the frame's: (number + OFFSET) % MODULO.
 */
import { join } from 'node:path';
import { Harness } from './harness.mjs';
import { fourStreams, startMock } from './mock-server.mjs';
import { interaction } from './browser_interaction.mjs';
import { looks } from './browser_looks.mjs';
import { trouble } from './browser_trouble.mjs';
import { exactness } from './browser_exactness.mjs';

function option(args, name) {
    const at = args.indexOf(name);
    return at < 0 ? null : args[at + 1];
}

async function main(args) {
    const folder = args[0] ?? 'build/web-test', url = option(args, '--url');
    const harness = new Harness(folder, option(args, '--only'));
    const [offset, modulo] = (option(args, '--code') ?? (url ? '' : '0,1500')).split(',').map(Number);
    const films = join(folder, 'films');
    const mock = url ? null : await startMock(await fourStreams(films));
    const world = {
        harness, mock, films, token: option(args, '--token'), url: url ?? mock.url, offset, modulo: modulo || 0, hasCode: Number.isFinite(modulo),
        /* Waits until every stream has shown so many frames. */
        playing: (page, frames = 10) => page.waitForFunction(n => globalThis.weir?.streams().length > 0
            && weir.streams().every(s => weir.shown(s).length >= n), frames, { timeout: 60000 }),
    };
    await harness.start();
    for (const part of [exactness, interaction, trouble, looks])
        await part(world);
    const status = await harness.finish();
    await mock?.close();
    process.exit(status);
}

await main(process.argv.slice(2));
