/* browser_trouble.mjs: cameras and servers that go and come back, tokens, and pages that nobody looks at. */
import { startMock, fourStreams } from './mock-server.mjs';

export async function trouble({ harness, mock, films, url, token, playing }) {
    if (token)
        await harness.test('the token is asked for', async open => login(await open({ url, expect401: true }), token, playing));
    if (!mock)
        return;
    await harness.test('a dead camera says so within 5 s, and comes back by itself', async open => {
        const page = await open({ url });
        await playing(page);
        mock.stream('gate').kill();
        const began = Date.now();
        await page.waitForSelector('.tile[data-stream=gate][data-kind=lost]', { timeout: 20000 });
        const took = Date.now() - began;
        await page.waitForFunction(() => /no signal since \d/.test(document.querySelector('.tile[data-stream=gate] .veil').textContent));
        await harness.shot(page, 'no-signal');
        const others = await page.evaluate(() => weir.shown('dock').length);
        await page.waitForFunction(n => weir.shown('dock').length > n + 5, others);
        mock.stream('gate').revive();
        await page.waitForSelector('.tile[data-stream=gate][data-kind=back]', { timeout: 20000 });
        await page.waitForFunction(() => /camera back after/.test(document.querySelector('.tile[data-stream=gate] .badge').textContent));
        await harness.shot(page, 'camera-back');
        const seen = await page.evaluate(() => checkFrames(['gate'], { count: 50, modulo: 1500 }));
        if (seen.wrong.length)
            throw new Error(seen.wrong.join('; '));
        if (took > 5000)
            throw new Error(`it took ${took} ms`);
        return `after ${took} ms`;
    });
    await harness.test('a stream that has ended says why, and goes on if it comes again', async open => {
        const page = await open({ url }), tile = '.tile[data-stream=gate]';
        await playing(page);
        mock.stream('gate').end('failed: the camera was unplugged');
        await page.waitForSelector(`${tile}[data-kind=ended]`);
        await page.waitForFunction(tile => /this stream has ended.*the camera was unplugged/.test(document.querySelector(`${tile} .veil`).textContent), tile);
        await harness.shot(page, 'ended');
        mock.stream('gate').revive();
        await page.waitForSelector(`${tile}:is([data-kind=live], [data-kind=back])`, { timeout: 20000 });
    });
    await harness.test('a lost connection says so, and comes back by itself', async open => {
        const page = await open({ url });
        await playing(page);
        page.serverGoes = true;
        mock.refusing = true;
        mock.disconnect();
        await page.waitForSelector('.connection[data-state=offline]');
        await page.waitForSelector('.tile[data-kind=offline]');
        await page.waitForFunction(() => /no signal since \d/.test(document.querySelector('.tile .veil').textContent));
        await harness.shot(page, 'no-connection');
        mock.refusing = false;
        await page.waitForSelector('.connection[data-state=live]', { timeout: 30000 });
        await page.waitForFunction(() => document.querySelectorAll('.tile:is([data-kind=live], [data-kind=back])').length === 4, null, { timeout: 30000 });
        const seen = await page.evaluate(() => checkFrames(weir.streams(), { count: 100, modulo: 1500 }));
        if (seen.wrong.length)
            throw new Error(seen.wrong.join('; '));
    });
    await harness.test('a token: asked for, refused, accepted', async open => {
        const locked = await startMock(await fourStreams(films), { token: 'let-me-in' });
        try {
            const page = await open({ url: locked.url, expect401: true });
            await page.waitForSelector('#view-login:not([hidden])');
            await page.fill('#token', 'wrong');
            await page.keyboard.press('Enter');
            await page.waitForFunction(() => /not the token/.test(document.querySelector('.login-error').textContent));
            await harness.shot(page, 'login');
            await login(page, 'let-me-in', playing);
            const other = await open({ url: `${locked.url}#token=let-me-in`, expect401: true });
            await playing(other, 3);
            if (other.url().includes('token'))
                throw new Error('the token stays in the address');
        } finally {
            await locked.close();
        }
    });
    await harness.test('a page that nobody looks at watches nothing after a while', async open => {
        const page = await open({ url });
        await playing(page, 5);
        const hide = hidden => page.evaluate(hidden => {
            Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
            document.dispatchEvent(new Event('visibilitychange'));
        }, hidden);
        const until = async (what, limit) => {
            for (const end = Date.now() + limit; !what();)
                if (Date.now() > end)
                    throw new Error(`it watches ${JSON.stringify(mock.watched)}`);
                else
                    await page.waitForFunction(() => true);
        };
        await hide(true);
        await until(() => mock.watched.every(list => list.length === 0), 20000);
        const shown = await page.evaluate(() => weir.shown('gate').length);
        await hide(false);
        await until(() => mock.watched.some(list => list.length === 4), 5000);
        await page.waitForFunction(n => weir.shown('gate').length > n + 5, shown);
    });
    await harness.test('no stream at all: the page says what to do', async open => {
        const empty = await startMock([], { graph: { pipeline: 'empty', nodes: [], links: [] } });
        try {
            const page = await open({ url: empty.url });
            await page.waitForFunction(() => /No stream leads/.test(document.querySelector('.empty').textContent));
            await harness.shot(page, 'empty');
        } finally {
            await empty.close();
        }
    });
}

async function login(page, token, playing) {
    await page.waitForSelector('#view-login:not([hidden])');
    await page.fill('#token', token);
    await page.keyboard.press('Enter');
    await playing(page, 3);
}

