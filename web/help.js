/* help.js: the keys, as a dialog. The table is the truth: main.js acts on what is listed here. */
import { h } from './dom.js';
import { icon } from './icons.js';

export const SECTIONS = [
    ['Everywhere', [
        [['g'], 'all streams'], [['h'], 'health of the pipeline'], [['l'], 'layers and filters'], [['1', '…', '6'], 'a layer on or off'],
        [['m'], 'exact, or newest'], [['t'], 'dark, light, or as the system'], [['?'], 'these keys'],
    ]],
    ['In the grid', [[['←', '→', '↑', '↓'], 'from stream to stream'], [['Enter'], 'open it']]],
    ['One stream', [
        [['Space'], 'pause; play from here'], [['←', '→'], 'a frame back, forward'], [[',', '.'], 'the same'], [['Shift', '←'], 'a second back'],
        [['Home'], 'the oldest that is held'], [['End'], 'live'], [['+', '−', '0'], 'zoom in, out, whole picture'], [['w', 'a', 's', 'd'], 'move the picture'],
        [['f'], 'full screen'], [['['], 'stream before'], [[']'], 'stream after'], [['Esc'], 'back'],
    ]],
];

export class Help {
    constructor(dialog) {
        this.dialog = dialog;
        const keys = list => h('dt', {}, list.map(key => key === '…' ? '…' : h('kbd', {}, key)));
        dialog.append(
            h('header', { class: 'panel-head' }, h('h2', { id: 'help-title' }, 'Keys'),
                h('button', { type: 'button', 'aria-label': 'Close', onclick: () => dialog.close() }, icon('close'))),
            h('div', { class: 'help-columns' }, SECTIONS.map(([title, rows]) =>
                h('section', {}, h('h3', {}, title), h('dl', {}, rows.map(([list, text]) => h('div', {}, keys(list), h('dd', {}, text))))))),
            h('p', { class: 'hint' }, 'On pictures: wheel or pinch to zoom, drag to move, double click to zoom in and out.'));
        dialog.addEventListener('click', event => event.target === dialog && dialog.close());
    }

    toggle() {
        if (this.dialog.open)
            this.dialog.close();
        else
            this.dialog.showModal();
    }
}
