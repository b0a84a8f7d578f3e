/* stream-view.js: one stream, large: zoom and pan, pause, steps through the last minute, and what was found in the frame. */
import { h, setText } from './dom.js';
import { icon } from './icons.js';
import { addGestures } from './gestures.js';
import { Timeline } from './timeline.js';
import { condition, fitCanvas } from './tile.js';
import { fit, zoomAt, pan, WHOLE } from './zoom.js';
import { labelColour } from './colours.js';
import { clock, count, duration, rate } from './format.js';
import { settings } from './settings.js';

export class StreamView {
    player = null;

    constructor(element, session, leave) {
        this.element = element;
        this.session = session;
        this.timeline = new Timeline();
        this.#build(leave);
        addGestures({ element: this.canvas, getView: () => this.player.view, setView: view => this.#setView(view), place: () => this.#place() });
        new ResizeObserver(() => this.player && fitCanvas(this.canvas, this.player)).observe(this.canvas);
        session.addEventListener('beat', () => this.player && this.beat());
        this.shown = () => this.#recordShown();
        this.changed = () => this.#buttons();
    }

    #build(leave) {
        const button = (name, label, act, more = {}) => h('button', { type: 'button', 'aria-label': label, title: label, onclick: act, ...more }, icon(name));
        this.canvas = h('canvas', { class: 'stage-picture', tabindex: '0', role: 'img' });
        this.veil = h('div', { class: 'veil' }, this.title = h('strong'), this.detail = h('span'));
        this.badge = h('span', { class: 'badge' });
        this.toggle = button('pause', 'Pause (space)', () => this.togglePlay(), { class: 'primary' });
        this.liveButton = h('button', { type: 'button', class: 'live-button', onclick: () => this.player.past.leave() }, h('span', { class: 'dot' }), 'Live');
        this.when = h('output', { class: 'when' });
        this.zoomText = h('span', { class: 'zoom-text' });
        this.heading = h('h1', { class: 'stream-name', tabindex: '-1' });
        this.facts = h('span', { class: 'stream-facts' });
        this.found = h('ul', { class: 'found-list' });
        this.foundTitle = h('h2', {}, 'In this frame');
        this.foundNote = h('p', { class: 'found-note' });
        this.stage = h('div', { class: 'stage', 'data-kind': 'waiting' },
            h('div', { class: 'stage-head' }, button('left', 'All streams (Esc)', leave), h('span', { class: 'dot', 'aria-hidden': 'true' }),
                this.heading, this.facts),
            h('div', { class: 'stage-frame' }, this.canvas, this.veil, this.badge),
            h('div', { class: 'controls', role: 'toolbar', 'aria-label': 'Playing' },
                h('div', { class: 'group' }, button('back', 'One frame back (←)', () => this.player.past.step(-1)), this.toggle,
                    button('forth', 'One frame forward (→)', () => this.player.past.step(1)), this.liveButton),
                this.when,
                h('div', { class: 'group' }, this.zoomText, button('zoomOut', 'Zoom out (−)', () => this.zoom(1 / 1.4), { class: 'zoom-button' }),
                    button('zoomIn', 'Zoom in (+)', () => this.zoom(1.4), { class: 'zoom-button' }), button('whole', 'The whole picture (0)', () => this.#setView(WHOLE)),
                    button('full', 'Full screen (f)', () => this.fullScreen()))),
            this.timeline.element);
        this.element.append(h('div', { class: 'stream-layout' }, this.stage,
            h('section', { class: 'found', 'aria-label': 'What was found' }, this.foundTitle, this.foundNote, this.found)));
    }

    show(player) {
        this.hide();
        this.player = player;
        this.element.hidden = false;
        this.element.dataset.stream = player.name;
        setText(this.heading, player.name);
        this.canvas.setAttribute('aria-label', `picture of ${player.name}`);
        player.attach(this.canvas, player.view);
        this.session.setVisible(player, true);
        fitCanvas(this.canvas, player);
        player.addEventListener('shown', this.shown);
        player.addEventListener('change', this.changed);
        this.timeline.follow(player);
        this.#buttons();
        this.#recordShown();
        this.beat();
        this.heading.focus({ preventScroll: true });
    }

    hide() {
        if (!this.player)
            return;
        this.player.removeEventListener('shown', this.shown);
        this.player.removeEventListener('change', this.changed);
        this.player.past.leave();
        this.player.setView(WHOLE);
        this.session.setVisible(this.player, false);
        this.player = null;
        this.element.hidden = true;
    }

    beat() {
        const { kind, title, detail } = condition(this.player, this.session), { player } = this;
        const shown = player.past.on ? 'past' : kind, covered = !player.past.on && kind !== 'live' && kind !== 'back';
        this.stage.dataset.kind = shown;
        setText(this.title, covered ? title : '');
        setText(this.detail, covered ? detail : '');
        setText(this.badge, kind === 'back' ? title : '');
        const codec = player.way === 'jpeg' ? 'JPEG' : player.codec?.codec ?? '';
        const size = player.record ? `${player.record.width} × ${player.record.height}` : '';
        const age = player.record?.age_ms != null ? `${duration(player.record.age_ms)} old` : '';
        const live = player.past.on ? [] : [`${rate(player.rate(performance.now()))} /s`, age];
        setText(this.facts, [size, codec, ...live].filter(Boolean).join(' · '));
        this.timeline.draw();
    }

    // ---- what can be done

    togglePlay() {
        const { past } = this.player;
        if (past.paused)
            past.play();
        else
            past.pause();
    }

    jump(ms) {
        if (this.player.record)
            this.player.past.seekTime(this.player.record.time + ms);
    }

    zoom(factor) {
        this.#setView(zoomAt(this.player.view, 0.5, 0.5, factor));
    }

    pan(dx, dy) {
        this.#setView(pan(this.player.view, dx, dy));
    }

    whole() {
        this.#setView(WHOLE);
    }

    fullScreen() {
        if (document.fullscreenElement)
            document.exitFullscreen();
        else
            this.stage.requestFullscreen?.().catch(() => {});
    }

    #setView(view) {
        this.player.setView(view);
        setText(this.zoomText, view.scale > 1.005 ? `${view.scale.toFixed(1)}×` : '');
        this.canvas.classList.toggle('is-zoomed', view.scale > 1);
    }

    #place() {
        const { record } = this.player, ratio = globalThis.devicePixelRatio || 1;
        const { width = 16, height = 9, rotation = 0 } = record ?? {};
        const { picture } = fit(width, height, rotation, this.canvas.width, this.canvas.height);
        return { x: picture.x / ratio, y: picture.y / ratio, width: picture.width / ratio, height: picture.height / ratio };
    }

    #buttons() {
        if (!this.player)
            return;
        const { past } = this.player, pauses = !past.paused;
        this.toggle.replaceChildren(icon(pauses ? 'pause' : 'play'));
        const label = pauses ? 'Pause (space)' : 'Play from here (space)';
        this.toggle.setAttribute('aria-label', label);
        this.toggle.title = label;
        this.liveButton.setAttribute('aria-pressed', String(!past.on));
        this.#setView(this.player.view);
        this.beat();
    }

    #recordShown() {
        const { record, history } = this.player, past = this.player.past.on;
        if (!record)
            return;
        const turned = record.rotation % 180 !== 0;
        this.stage.style.setProperty('--shape', String(turned ? record.height / record.width : record.width / record.height));
        const behind = past && history.last ? history.last.time - record.time : 0;
        setText(this.when, past ? `−${duration(Math.max(0, behind))}  ·  ${clock(record.captured)}` : clock(record.captured));
        const now = performance.now();
        if (past || now - (this.foundAt ?? 0) > 200) {
            this.foundAt = now;
            this.#list(record);
        }
        if (past)
            this.timeline.draw();
    }

    #list(record) {
        const boxes = (record.overlay?.parts ?? []).flatMap(part => part.boxes.filter(box => settings.shows(box)));
        const mark = record.overlay && !record.overlay.exact ? `of frame ${record.overlay.number}, older than the picture` : record.note;
        setText(this.foundTitle, record.overlay?.exact === false ? 'Newest results' : `In frame ${count(record.number)}`);
        setText(this.foundNote, boxes.length ? mark : mark || 'nothing found');
        boxes.sort((a, b) => (b.score ?? 1) - (a.score ?? 1));
        this.found.replaceChildren(...boxes.slice(0, 40).map(box => {
            const swatch = h('span', { class: 'swatch', 'aria-hidden': 'true' });
            swatch.style.backgroundColor = labelColour(box.label);
            return h('li', {}, swatch, h('span', { class: 'found-label' }, box.label),
                box.track === undefined ? null : h('span', { class: 'found-track' }, `#${box.track}`),
                box.score === undefined ? null : h('span', { class: 'found-score' }, `${Math.round(box.score * 100)} %`));
        }));
    }
}
