/* layers-panel.js: what is drawn over pictures, and what is not: layers, nodes, labels, scores, and when. */
import { h, setText } from './dom.js';
import { icon } from './icons.js';
import { labelColour } from './colours.js';
import { settings } from './settings.js';

export const LAYERS = [
    ['boxes', 'Boxes'],
    ['labels', 'Labels'],
    ['scores', 'Scores'],
    ['tracks', 'Tracks'],
    ['points', 'Keypoints'],
    ['frame', 'Frame and age'],
];

export class LayersPanel {
    constructor(element, button, session) {
        this.element = element;
        this.button = button;
        this.session = session;
        button.addEventListener('click', () => this.toggle());
        this.#build();
        settings.addEventListener('change', () => this.#fill());
        session.addEventListener('streams', () => this.#fill());
        session.addEventListener('beat', () => !element.hidden && this.#fill());
        element.addEventListener('keydown', event => {
            if (event.key === 'Escape') {
                event.stopPropagation();
                this.toggle(false);
            }
        });
    }

    toggle(open = this.element.hidden) {
        if (open === !this.element.hidden)
            return;
        this.element.hidden = !open;
        this.button.setAttribute('aria-expanded', String(open));
        document.body.classList.toggle('has-panel', open);
        if (open) {
            this.#fill();
            this.element.querySelector('input')?.focus();
        } else {
            if (this.element.contains(document.activeElement) || document.activeElement === document.body)
                this.button.focus();
        }
    }

    #build() {
        const layer = ([name, text], i) => h('label', { class: 'check' },
            h('input', { type: 'checkbox', name, onchange: () => settings.toggleLayer(name) }), h('span', {}, text),
            h('kbd', { 'aria-hidden': 'true' }, String(i + 1)));
        const mode = (value, title, text) => h('label', { class: 'choice' },
            h('input', { type: 'radio', name: 'mode', value, onchange: () => settings.set({ mode: value }) }),
            h('span', {}, h('strong', {}, title), h('small', {}, text)));
        this.score = h('input', { type: 'range', min: '0', max: '100', step: '1', id: 'score', 'aria-label': 'Score of at least',
            oninput: () => settings.set({ score: this.score.value / 100 }) });
        this.scoreText = h('output', { for: 'score' });
        this.nodes = h('div', { class: 'checks' });
        this.nodesPart = h('fieldset', {}, h('legend', {}, 'Results of'), this.nodes);
        this.labels = h('div', { class: 'chips' });
        this.noLabels = h('p', { class: 'hint' }, 'Labels appear here as they are found.');
        this.element.append(
            h('header', { class: 'panel-head' }, h('h2', {}, 'Layers'),
                h('button', { type: 'button', 'aria-label': 'Close', onclick: () => this.toggle(false) }, icon('close'))),
            h('fieldset', {}, h('legend', {}, 'Pictures and results'),
                mode('exact', 'Exact', 'A picture waits for its own results'),
                mode('newest', 'Newest', 'No waiting; older results are dashed, with their age')),
            h('fieldset', {}, h('legend', {}, 'Draw'),
                h('div', { class: 'checks two' }, LAYERS.map(layer))),
            this.nodesPart,
            h('fieldset', {}, h('legend', {}, 'Score of at least'), h('div', { class: 'slider' }, this.score, this.scoreText)),
            h('fieldset', {}, h('legend', {}, 'Labels'), this.labels, this.noLabels));
        this.#fill();
    }

    #fill() {
        for (const input of this.element.querySelectorAll('input[name=mode]'))
            input.checked = input.value === settings.mode;
        for (const [name] of LAYERS)
            this.element.querySelector(`input[name=${name}]`).checked = settings.layers[name];
        this.score.value = Math.round(settings.score * 100);
        setText(this.scoreText, `${Math.round(settings.score * 100)} %`);
        const players = [...this.session.players.values()];
        this.#fillNodes([...new Set(players.flatMap(p => p.info?.results ?? []))]);
        this.#fillLabels([...new Set([...players.flatMap(p => [...p.labels.keys()]), ...settings.labelsOff])].sort());
    }

    #fillNodes(names) {
        this.nodesPart.hidden = names.length < 1;
        sync(this.nodes, names, name => h('label', { class: 'check', 'data-key': name },
            h('input', { type: 'checkbox', onchange: () => settings.toggleIn('nodesOff', name) }), h('span', {}, name)),
        (element, name) => element.querySelector('input').checked = !settings.nodesOff.includes(name));
    }

    #fillLabels(names) {
        this.noLabels.hidden = names.length > 0;
        sync(this.labels, names, name => {
            const swatch = h('span', { class: 'swatch', 'aria-hidden': 'true' });
            swatch.style.backgroundColor = labelColour(name);
            return h('button', { type: 'button', class: 'chip', 'data-key': name, onclick: () => settings.toggleIn('labelsOff', name) }, swatch, name);
        }, (element, name) => element.setAttribute('aria-pressed', String(!settings.labelsOff.includes(name))));
    }
}

/* Makes the children of an element those that the names call for, and leaves those that are there already. */
function sync(parent, names, make, update) {
    const there = new Map([...parent.children].map(child => [child.dataset.key, child]));
    names.forEach((name, i) => {
        const child = there.get(name) ?? make(name);
        there.delete(name);
        if (parent.children[i] !== child)
            parent.insertBefore(child, parent.children[i] ?? null);
        update(child, name);
    });
    there.forEach(child => child.remove());
}
