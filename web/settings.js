/* settings.js: what the viewer chose, kept in the browser. One object, and those who want to know of changes. */
const KEY = 'weir.settings';

export const DEFAULTS = Object.freeze({
    theme: 'auto',           // auto, dark, light
    mode: 'exact',           // exact: a picture waits for its results; newest: newest picture, newest results
    wait_ms: 2000,           // no longer than that
    score: 0,                // at least
    layers: { boxes: true, labels: true, scores: true, tracks: true, points: true, frame: true },
    nodesOff: [],            // nodes whose results are not drawn
    labelsOff: [],
});

class Settings extends EventTarget {
    constructor() {
        super();
        Object.assign(this, structuredClone(DEFAULTS));
        try {
            const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}');
            for (const key of Object.keys(DEFAULTS))
                if (typeof kept[key] === typeof DEFAULTS[key])
                    this[key] = key === 'layers' ? { ...DEFAULTS.layers, ...kept.layers } : kept[key];
        } catch { /* nothing kept, or nothing can be: the defaults serve */ }
    }

    set(change) {
        Object.assign(this, change);
        try {
            localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(Object.keys(DEFAULTS).map(k => [k, this[k]]))));
        } catch { /* not kept */ }
        this.dispatchEvent(new Event('change'));
    }

    toggleLayer(name) {
        this.set({ layers: { ...this.layers, [name]: !this.layers[name] } });
    }

    toggleIn(list, item) {
        this.set({ [list]: this[list].includes(item) ? this[list].filter(i => i !== item) : [...this[list], item] });
    }

    /* May this box be drawn? */
    shows(box) {
        return !this.labelsOff.includes(box.label) && (box.score ?? 1) >= this.score;
    }
}

export const settings = new Settings();
