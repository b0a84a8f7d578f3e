/* browser_interaction.mjs: layers, filters, keys, zoom, the graph. */
import { openStream, stepOnce } from './browser_exactness.mjs';

const CAR = [255, 209, 102], PERSON = [76, 201, 240];

/* Waits until the car's box, or the person's, is or is not drawn on the stream's frames. */
async function drawn(page, name, what, is) {
    await page.waitForFunction(([name, what, is, colour]) => {
        const entry = weir.shown(name, 1)[0];
        if (!entry || entry.overlayNumber === null)
            return false;
        const p = weir.pixels(name), scale = p.picture.width / p.width, step = (entry.overlayNumber % 1500) % 60;
        const at = what === 'car'
            ? [Math.round(p.width * 0.1 + step * p.width * 0.0125), Math.round(p.height * 0.45) + 60]
            : [p.width * 0.8, p.height * 0.3 + 70];
        return nearColour(p.image, p.picture.x + at[0] * scale, p.picture.y + at[1] * scale, colour) === is;
    }, [name, what, is, what === 'car' ? CAR : PERSON], { polling: 'raf', timeout: 30000 });
}

export async function interaction({ harness, mock, url, playing }) {
    await harness.test('keys: grid, large view, pause, steps, help, and back', async open => {
        const page = await open({ url });
        await playing(page, 50);
        const names = await page.evaluate(() => weir.streams());
        await page.locator('.tile-open').first().focus();
        await page.keyboard.press('ArrowRight');
        const focused = await page.evaluate(() => document.activeElement.closest('.tile').dataset.stream);
        if (focused !== names[Math.min(1, names.length - 1)])
            throw new Error(`the arrow led to ${focused}`);
        await page.keyboard.press('Enter');
        await page.waitForFunction(n => document.body.dataset.view === 'stream' && weir.about(n).held > 30 && weir.shown(n).length, focused);
        await page.keyboard.press('Space');
        await page.waitForFunction(n => weir.about(n).paused, focused);
        const at = await page.evaluate(n => weir.pixels(n).number, focused);
        await stepOnce(page, focused, ',');
        await stepOnce(page, focused, '.');
        if (await page.evaluate(n => weir.pixels(n).number, focused) !== at)
            throw new Error('back and forward do not lead to the same frame');
        await page.keyboard.press('End');
        await page.waitForFunction(n => !weir.about(n).past, focused);
        await page.keyboard.press('?');
        await page.waitForSelector('#help[open]');
        await page.keyboard.press('Escape');
        await page.waitForSelector('#help:not([open])', { state: 'attached' });
        await page.keyboard.press('Escape');
        await page.waitForFunction(n => document.body.dataset.view === 'live' && document.activeElement.closest('.tile')?.dataset.stream === n, focused);
        await page.keyboard.press('h');
        await page.waitForSelector('#view-health:not([hidden])');
    });
    await harness.test('zoom and pan: by keys, by wheel, by drag', async open => {
        const page = await open({ url });
        await playing(page);
        const name = (await page.evaluate(() => weir.streams()))[0];
        await openStream(page, url, name);
        await page.keyboard.press('+');
        await page.waitForFunction(n => weir.about(n).view.scale > 1.3, name);
        await page.keyboard.press('d');
        await page.waitForFunction(n => weir.about(n).view.x > 0.5, name);
        await page.keyboard.press('0');
        await page.waitForFunction(n => weir.about(n).view.scale === 1, name);
        const box = await page.locator('.stage-picture').boundingBox();
        await page.mouse.move(box.x + box.width * 0.3, box.y + box.height * 0.3);
        await page.mouse.wheel(0, -600);
        await page.waitForFunction(n => weir.about(n).view.scale > 1.5 && weir.about(n).view.x < 0.5, name);
        const before = await page.evaluate(n => weir.about(n).view.x, name);
        await page.mouse.down();
        await page.mouse.move(box.x + box.width * 0.25, box.y + box.height * 0.3, { steps: 4 });
        await page.mouse.up();
        await page.waitForFunction(([n, x]) => weir.about(n).view.x > x, [name, before]);
    });
    await harness.test('the timeline: a slider that leads into the last minute', async open => {
        const page = await open({ url });
        await playing(page, 60);
        const name = (await page.evaluate(() => weir.streams()))[0];
        await openStream(page, url, name, 60);
        const box = await page.locator('.timeline').boundingBox();
        await page.mouse.click(box.x + box.width - 20, box.y + 30);
        await page.waitForFunction(n => weir.about(n).paused && weir.shown(n, 1)[0].past, name);
        const text = await page.getAttribute('.timeline', 'aria-valuetext');
        if (!/ago, frame \d+/.test(text))
            throw new Error(`it says ${text}`);
        await page.click('.live-button');
        await page.waitForFunction(n => !weir.about(n).past, name);
        return text;
    });
    await harness.test('the graph shows nodes and links; a click tells more', async open => {
        const page = await open({ url: `${url}#health` });
        await page.waitForSelector('.node');
        const nodes = await page.locator('.node').count(), links = await page.locator('.link-label').count();
        await page.locator('.node').last().click();
        await page.waitForSelector('.details .facts dt');
        await page.waitForSelector('.details .uplot');
        await page.locator('.links .row-button').first().click();
        await page.waitForFunction(() => document.querySelector('.details h2').textContent.includes('→'));
        return `${nodes} nodes, ${links} links`;
    });
    if (!mock)
        return;
    await harness.test('layers go and come', async open => {
        const page = await open({ url });
        await playing(page);
        for (const key of ['2', '3', '4', '5', '6'])
            await page.keyboard.press(key);
        await drawn(page, 'gate', 'car', true);
        await page.keyboard.press('1');
        await page.waitForFunction(() => weir.shown('gate', 3).every(e => e.overlayNumber === null));
        await page.keyboard.press('1');
        await drawn(page, 'gate', 'car', true);
        await page.keyboard.press('l');
        await page.uncheck('#layers input[name=boxes]');
        await page.waitForFunction(() => weir.shown('gate', 3).every(e => e.overlayNumber === null));
    });
    await harness.test('filters: by label, and by score', async open => {
        const page = await open({ url });
        await playing(page);
        for (const key of ['2', '3', '4', '5', '6'])
            await page.keyboard.press(key);
        await page.keyboard.press('l');
        await page.click('.chip[data-key=car]');
        await drawn(page, 'gate', 'car', false);
        await drawn(page, 'gate', 'person', true);
        await page.click('.chip[data-key=car]');
        await page.locator('#score').fill('70');
        await drawn(page, 'gate', 'person', false);
        await drawn(page, 'gate', 'car', true);
        await page.reload();
        await page.waitForFunction(() => globalThis.weir?.shown('gate').length > 5);
        if (await page.evaluate(() => JSON.parse(localStorage.getItem('weir.settings')).score) !== 0.7)
            throw new Error('it is not kept');
    });
    await harness.test('links say how they are: losing, standing still', async open => {
        const { behaviour } = mock.account;
        behaviour.set('gate record', 'losing').set('detect events', 'stalled');
        const page = await open({ url: `${url}#health` });
        await page.waitForSelector('.link-label[data-state=losing]', { timeout: 30000 });
        await page.waitForSelector('.link-label[data-state=stalled]', { timeout: 30000 });
        await page.waitForSelector('.link-label[data-state=policy]', { timeout: 30000 });
        mock.account.failed.set('record', 'cannot write to recordings: No space left on device');
        await page.waitForSelector('.node[data-state=failed]', { timeout: 30000 });
        await page.waitForSelector('#nav-mark:not([hidden])');
        await harness.shot(page, 'health-trouble');
        await page.click('.node[data-state=failed]');
        await page.waitForFunction(() => document.querySelector('.details-error').textContent.includes('No space left'));
        behaviour.delete('gate record');
        behaviour.delete('detect events');
        mock.account.failed.clear();
    });
}
