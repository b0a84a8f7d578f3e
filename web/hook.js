/* hook.js: window.weir, for tests and the curious: what was shown, read only. It changes nothing. */

export function addHook(session) {
    const get = name => session.players.get(name);
    const hook = {
        get status() {
            return session.status.kind;
        },
        streams: () => [...session.players.keys()],
        /* The last records that were drawn: [{number, overlayNumber, mode, pts, past, boxes, at}]. */
        shown: (name, last = 2000) => (get(name)?.log ?? []).slice(-last).map(entry => ({ ...entry })),
        /* What is on the canvas: its pixels, and where in it the picture lies. */
        pixels: name => {
            const { canvas, picture, record } = get(name);
            const g = canvas.getContext('2d');
            return { image: g.getImageData(0, 0, canvas.width, canvas.height), picture: { ...picture }, width: record.width, height: record.height,
                number: record.number };
        },
        /* Calls back right after each drawing, before anything else can be drawn. Gives a function that ends it. */
        onShown: (name, react) => {
            const listener = event => react(event.detail);
            get(name).addEventListener('shown', listener);
            return () => get(name).removeEventListener('shown', listener);
        },
        about: name => {
            const { way, past, history, sequence, results, view, signal } = get(name);
            return { way, past: past.on, paused: past.paused, held: history.length, bytes: history.bytes,
                waiting: sequence.length, delay: sequence.playout.delay,
                results: results.size, view: { ...view }, signal: signal.read(performance.now()) };
        },
    };
    Object.defineProperty(globalThis, 'weir', { value: Object.freeze(hook) });
}
