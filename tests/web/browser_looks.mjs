/* browser_looks.mjs: sizes, colours and names; the screenshots are to be looked at. */
import { openStream } from './browser_exactness.mjs';

/* What a screen reader could not name, and what sticks out of the page. */
async function faults(page) {
    return page.evaluate(() => {
        const seen = e => e.getClientRects().length > 0;
        const nameless = [...document.querySelectorAll('button, a, input, [role=slider]')].filter(seen)
            .filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length || e.title)).map(e => e.outerHTML.slice(0, 80));
        const wide = document.documentElement.scrollWidth > innerWidth ? [`the page is ${document.documentElement.scrollWidth} wide of ${innerWidth}`] : [];
        return [...nameless, ...wide];
    });
}

export async function looks({ harness, url, playing }) {
    const sizes = { desktop: [1440, 900, false], wall: [1920, 1080, false], phone: [390, 844, true] };
    for (const [size, [width, height, touch]] of Object.entries(sizes))
        for (const scheme of ['dark', 'light'])
            await harness.test(`looks: ${size}, ${scheme}`, async open => {
                const page = await open({ url, width, height, scheme, touch }), bad = [];
                const shot = async name => {
                    bad.push(...(await faults(page)).map(fault => `${name}: ${fault}`));
                    await harness.shot(page, `${size}-${scheme}-${name}`);
                };
                await page.waitForFunction(() => weir.streams().length > 0 && weir.streams().some(s => weir.shown(s).length > 30), null, { timeout: 60000 });
                await shot('live');
                await page.click('#layers-button');
                await shot('layers');
                await page.click('#layers .panel-head button');
                const name = (await page.evaluate(() => weir.streams()))[0];
                await openStream(page, url, name, 50);
                await shot('stream');
                await page.click('.controls .primary');
                await page.waitForFunction(n => weir.about(n).paused, name);
                await shot('paused');
                await page.goto(`${url}#health`);
                await page.waitForSelector('.node');
                await page.waitForFunction(() => document.querySelectorAll('.spark-line').length > 0 && /\d/.test(document.querySelector('.links .number')?.textContent ?? ''));
                await shot('health');
                await page.locator('.node').nth(1).click();
                await page.waitForSelector('.uplot');
                await shot('node');
                await page.click('#help-button');
                await shot('help');
                const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number)[0]);
                if ((background > 128) !== (scheme === 'light'))
                    bad.push(`the background is ${background}`);
                if (bad.length)
                    throw new Error(bad.join('\n'));
            });
    await harness.test('the switch of colours: light in a dark system, and kept', async open => {
        const page = await open({ url, scheme: 'dark' });
        await playing(page, 1);
        await page.keyboard.press('t');
        await page.keyboard.press('t');
        await page.waitForFunction(() => document.documentElement.dataset.theme === 'light');
        await page.reload();
        await page.waitForFunction(() => document.documentElement.dataset.theme === 'light'
            && getComputedStyle(document.body).backgroundColor === 'rgb(238, 242, 245)');
    });
}
