/* browser_exactness.mjs: the overlay of a frame is drawn on that frame, always. */
const CAR = [255, 209, 102];

function say({ frames, overlays, placed, wrong }) {
    if (wrong.length)
        throw new Error(`${wrong.length} of ${frames} are wrong: ${wrong.slice(0, 5).join('; ')}`);
    return `${frames} of ${frames} frames right, ${overlays} with an overlay${placed ? `, ${placed} boxes at their place` : ''}`;
}

export async function exactness({ harness, mock, url, offset, modulo, hasCode, playing }) {
    const check = async (page, count, overlays = 1, names = null, more = {}) => page.evaluate(
        ([names, options]) => checkFrames(names ?? weir.streams(), options), [names, { count, overlays, offset, modulo, box: mock ? CAR : null, ...more }]);

    await harness.test('the page loads without errors, and all streams play', async open => {
        const page = await open({ url });
        await playing(page, 25);
        const streams = await page.evaluate(() => weir.streams().map(s => `${s} by ${weir.about(s).way}`));
        return streams.join(', ');
    });
    if (!hasCode) {
        harness.skip('frames are exact', 'the films of this server carry no numbers');
        return;
    }
    await harness.test('live: picture, record and overlay are of one frame', async open => {
        const page = await open({ url });
        await playing(page);
        return say(await check(page, 1000, 300));
    });
    await harness.test('paused and stepped back: still one frame', async open => {
        const page = await open({ url });
        await playing(page, 80);
        const names = (await page.evaluate(() => weir.streams()));
        let frames = 0, overlays = 0;
        for (const name of names) {
            await openStream(page, url, name, 60);
            const seen = check(page, 60, 0, [name]);
            await page.keyboard.press('Space');
            await page.waitForFunction(n => weir.about(n).paused, name);
            for (let i = 0; i < 40; i++)
                await stepOnce(page, name, i < 32 ? 'ArrowLeft' : 'ArrowRight');
            await page.keyboard.press('Home');
            await page.keyboard.press('Space');
            const found = await seen;
            say(found);
            frames += found.frames;
            overlays += found.overlays;
        }
        return `${frames} of ${frames} frames right, ${overlays} with an overlay`;
    });
    await harness.test('played from the past until it is live again: still one frame', async open => {
        const page = await open({ url });
        await playing(page, 60);
        const name = (await page.evaluate(() => weir.streams()))[1] ?? (await page.evaluate(() => weir.streams()))[0];
        await openStream(page, url, name, 80);
        const seen = check(page, 150, 1, [name]);
        await page.keyboard.press('Space');
        await page.keyboard.press('Home');
        await page.waitForFunction(n => weir.about(n).past, name);
        await page.keyboard.press('Space');
        const said = say(await seen);
        await page.keyboard.press('End');
        await page.waitForFunction(n => !weir.about(n).past, name);
        return said;
    });
    if (!mock)
        return;
    await harness.test('a detector ten times slower than the stream: still one frame', async open => {
        mock.streams.forEach(s => s.detect_ms = 400);
        const page = await open({ url });
        await playing(page, 40);
        const seen = await check(page, 1000, 40);
        mock.streams.forEach(s => s.detect_ms = 60);
        return say(seen);
    });
    await harness.test('packets are dropped: still one frame', async open => {
        const page = await open({ url });
        await playing(page);
        const timer = setInterval(() => mock.streams.forEach((s, i) => s.dropping = Math.floor(Date.now() / 700) % 4 === i), 200);
        const seen = await check(page, 1000, 100);
        clearInterval(timer);
        mock.streams.forEach(s => s.dropping = false);
        return say(seen);
    });
    await harness.test('newest: pictures do not wait, and older results are marked with their frame', async open => {
        mock.streams.forEach(s => s.detect_ms = 300);
        const page = await open({ url });
        await playing(page);
        await page.keyboard.press('m');
        await page.waitForFunction(() => weir.streams().every(s => weir.shown(s, 5).every(e => e.mode === 'newest')));
        const seen = await check(page, 300, 1, null, { box: null });
        const gaps = await page.evaluate(() => weir.streams().flatMap(s => weir.shown(s, 40)).filter(e => e.overlayNumber !== null)
            .map(e => e.number - e.overlayNumber));
        mock.streams.forEach(s => s.detect_ms = 60);
        if (!gaps.some(g => g > 3))
            throw new Error(`results were not older: ${gaps}`);
        return `${say(seen)}, up to ${Math.max(...gaps)} frames older than the picture`;
    });
    await harness.test('without WebCodecs: JPEG, and still one frame', async open => {
        const page = await open({ url, before: () => delete globalThis.VideoDecoder });
        await page.waitForFunction(() => weir.shown('gate').length > 10 && weir.shown('mast').length > 10);
        const way = await page.evaluate(() => weir.about('gate').way);
        if (way !== 'jpeg')
            throw new Error(`it comes as ${way}`);
        await page.waitForFunction(() => document.querySelector('[data-stream=yard]').dataset.kind === 'blind');
        return say(await check(page, 200, 50, ['gate', 'mast']));
    });
    await harness.test('one who joins sees a picture at once, and packets from the next key frame on', async open => {
        mock.stream('gate').joinBurst = false;
        const page = await open({ url });
        await page.waitForFunction(() => globalThis.weir?.shown('gate').length > 0);
        const seen = await check(page, 60, 1, ['gate']);
        mock.stream('gate').joinBurst = true;
        return say(seen);
    });
}

/* The large view of a stream, with so many frames of its past. */
export async function openStream(page, url, name, held = 0) {
    await page.goto(`${url}#stream/${name}`);
    await page.waitForFunction(([n, held]) => document.body.dataset.view === 'stream' && weir.about(n).held > held
        && weir.shown(n).length > 5, [name, held]);
}

/* One key, and the record that it leads to. */
export async function stepOnce(page, name, key) {
    const before = await page.evaluate(n => weir.pixels(n).number, name);
    await page.keyboard.press(key);
    await page.waitForFunction(([n, b]) => weir.pixels(n).number !== b, [name, before], { timeout: 20000 });
}
