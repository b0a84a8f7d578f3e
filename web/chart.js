/* chart.js: a chart over time, with uPlot, in the page's colours. */
import { h } from './dom.js';

const HEIGHT_PX = 150;
const SPAN_S = 60;             // at least

function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/* series: [{label, colour: '--name', of: metrics key}]; value: number -> text; least: the axis goes at least that far up. */
export class Chart {
    #plot = null;
    #data = null;

    constructor(title, series, value, least = 1) {
        Object.assign(this, { title, series, value, least });
        this.place = h('div', { class: 'chart-place' });
        this.element = h('figure', { class: 'chart' }, h('figcaption', {}, title), this.place);
        this.restyle = () => this.#make();
        addEventListener('themechange', this.restyle);
        this.resized = new ResizeObserver(() => this.#plot?.setSize(this.#size()));
        this.resized.observe(this.place);
    }

    update(metrics) {
        const data = [metrics.t, ...this.series.map(s => metrics[s.of])];
        const first = !this.#data;
        this.#data = data;
        if (first || !this.#plot)
            this.#make();
        else
            this.#plot.setData(data);
        this.#tell();
    }

    /* The legend says the newest values unless somebody points at others. */
    #tell() {
        if (this.#plot && this.#plot.cursor.idx == null)
            this.#plot.setLegend({ idx: this.#data[0].length - 1 });
    }

    remove() {
        removeEventListener('themechange', this.restyle);
        this.resized.disconnect();
        this.#plot?.destroy();
        this.element.remove();
    }

    #size() {
        return { width: Math.max(200, this.place.clientWidth), height: HEIGHT_PX };
    }

    #make() {
        this.#plot?.destroy();
        if (!this.#data || !globalThis.uPlot || !this.place.isConnected)
            return this.#plot = null;
        const text = colour('--muted'), line = colour('--line');
        const axis = { stroke: text, font: '11px system-ui, "DejaVu Sans", sans-serif', grid: { stroke: line, width: 1 },
            ticks: { show: false }, size: 30 };
        this.#plot = new globalThis.uPlot({
            ...this.#size(),
            padding: [8, 8, 0, 0],
            cursor: { points: { size: 6 }, y: false },
            legend: { live: true },
            scales: { x: { range: (plot, low, high) => [Math.min(low, high - SPAN_S), high] }, y: { range: (plot, low, high) => [0, Math.max(this.least, (high ?? 0) * 1.15)] } },
            axes: [
                { ...axis, values: (plot, ticks) => ticks.map(t => new Date(t * 1000).toTimeString().slice(0, 8)), space: 90 },
                { ...axis, size: 56, space: 34, values: (plot, ticks) => ticks.map(this.value) },
            ],
            series: [
                { label: 'at', value: (plot, t) => t === null ? '' : new Date(t * 1000).toTimeString().slice(0, 8) },
                ...this.series.map(s => ({ label: s.label, stroke: colour(s.colour), width: 1.75, spanGaps: false, points: { show: false },
                    value: (plot, v) => v === null ? '–' : this.value(v) })),
            ],
        }, this.#data, this.place);
        this.#tell();
    }
}
