/* draw.js: draws one record: its picture, then the overlay of the same record. Nothing else draws on a stream's canvas,
 * so picture and overlay cannot diverge.
 *
 * A record: {number, captured, image, width, height, rotation, age_ms, overlay, note}. `width` and `height` are those of
 * the coded picture, in whose pixels boxes are; a JPEG may be smaller. `overlay` is null or {number, exact, behind_ms,
 * parts: [{node, number, boxes, trails}]}.
 */
import { fit, apply, applyBox } from './zoom.js';
import { labelColour, inkOn } from './colours.js';
import { duration, count } from './format.js';

const FONT = 'system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';
const BONES = [[5, 7], [7, 9], [6, 8], [8, 10], [5, 6], [5, 11], [6, 12], [11, 12], [11, 13], [13, 15], [12, 14], [14, 16]];
const POINT_SCORE_MIN = 0.3;

/* Draws it; gives the upright picture's place on the canvas. `ratio`: canvas pixels for a CSS pixel. */
export function drawRecord(canvas, record, settings, view, ratio) {
    const g = canvas.getContext('2d', { alpha: false });
    const place = fit(record.width, record.height, record.rotation, canvas.width, canvas.height, view);
    g.resetTransform();
    g.fillStyle = '#05080b';
    g.fillRect(0, 0, canvas.width, canvas.height);
    g.setTransform(...place.matrix);
    g.imageSmoothingQuality = 'high';
    g.drawImage(record.image, 0, 0, record.width, record.height);
    g.resetTransform();
    if (record.overlay)
        drawOverlay(g, record.overlay, settings, place, ratio);
    if (settings.layers.frame)
        drawInfo(g, record, ratio);
    return place.picture;
}

function drawOverlay(g, overlay, settings, place, ratio) {
    const { layers } = settings;
    const taken = [];
    g.save();
    g.globalAlpha = overlay.exact ? 1 : 0.62;
    for (const part of overlay.parts) {
        const boxes = part.boxes.filter(box => settings.shows(box));
        if (layers.tracks)
            for (const trail of part.trails)
                if (settings.shows(trail.box))
                    drawTrail(g, trail, place, ratio);
        if (layers.boxes)
            for (const box of boxes)
                drawBox(g, box, place, ratio, overlay.exact);
        if (layers.points)
            for (const box of boxes)
                if (box.points)
                    drawPoints(g, box, place, ratio);
        if (layers.labels || layers.scores || layers.tracks)
            for (const box of [...boxes].sort((a, b) => (b.score ?? 1) - (a.score ?? 1)))
                drawLabel(g, box, layers, place, ratio, taken);
    }
    g.restore();
    if (!overlay.exact)
        drawPill(g, g.canvas.width - 8 * ratio, 8 * ratio, ratio, 'right', 'top',
            `results of #${overlay.number}, ${overlay.behind_ms >= 0 ? `${duration(overlay.behind_ms)} older` : 'newer'}`, '#ffd166');
}

function drawBox(g, box, place, ratio, exact) {
    const r = applyBox(place.matrix, box);
    const trace = () => {
        g.beginPath();
        g.roundRect(r.x, r.y, r.w, r.h, Math.min(4 * ratio, r.w / 4, r.h / 4));
        g.stroke();
    };
    g.setLineDash(exact ? [] : [7 * ratio, 5 * ratio]);
    g.lineWidth = 4 * ratio;
    g.strokeStyle = 'rgba(5, 8, 11, 0.45)';
    trace();
    g.lineWidth = 2 * ratio;
    g.strokeStyle = labelColour(box.label);
    trace();
    g.setLineDash([]);
}

function labelText(box, layers) {
    const words = [];
    if (layers.labels)
        words.push(box.label);
    if (layers.tracks && box.track !== undefined)
        words.push(`#${box.track}`);
    if (layers.scores && box.score !== undefined)
        words.push(`${Math.round(box.score * 100)} %`);
    return words.join(' ');
}

function labelSize(g, ratio) {
    return Math.min(17, Math.max(11, g.canvas.height / ratio / 34)) * ratio;
}

/* A label above its box, else below, else inside; where others are in the way it is left out. Zoom in to read it. */
function drawLabel(g, box, layers, place, ratio, taken) {
    const text = labelText(box, layers);
    if (!text)
        return;
    const r = applyBox(place.matrix, box), size = labelSize(g, ratio), height = Math.round(size * 1.5);
    g.font = `600 ${size}px ${FONT}`;
    const width = g.measureText(text).width + size * 0.9;
    const x = Math.max(0, Math.min(r.x - ratio, g.canvas.width - width));
    const above = r.y - height, below = r.y + r.h;
    const free = y => y >= 0 && y + height <= g.canvas.height
        && !taken.some(t => x < t.x + t.w && t.x < x + width && y < t.y + height && t.y < y + height);
    const y = [above, below, r.y].find(free);
    if (y === undefined)
        return;
    taken.push({ x, y, w: width });
    const colour = labelColour(box.label);
    g.fillStyle = colour;
    g.beginPath();
    g.roundRect(x, y, width, height, 3 * ratio);
    g.fill();
    g.fillStyle = inkOn(colour);
    g.textBaseline = 'middle';
    g.textAlign = 'left';
    g.fillText(text, x + size * 0.45, y + height / 2 + ratio * 0.5);
}

function drawTrail(g, { box, points }, place, ratio) {
    const colour = labelColour(box.label), on = points.map(([x, y]) => apply(place.matrix, x, y));
    const alpha = g.globalAlpha;
    g.strokeStyle = colour;
    g.lineWidth = 2.5 * ratio;
    g.lineCap = 'round';
    for (let i = 1; i < on.length; i++) {
        g.globalAlpha = alpha * 0.9 * i / on.length;
        g.beginPath();
        g.moveTo(...on[i - 1]);
        g.lineTo(...on[i]);
        g.stroke();
    }
    g.globalAlpha = alpha;
}

function drawPoints(g, box, place, ratio) {
    const colour = labelColour(box.label);
    const on = box.points.map(([x, y, score]) => (score ?? 1) >= POINT_SCORE_MIN ? apply(place.matrix, x, y) : null);
    g.strokeStyle = colour;
    g.lineWidth = 2 * ratio;
    if (on.length === 17)
        for (const [a, b] of BONES)
            if (on[a] && on[b]) {
                g.beginPath();
                g.moveTo(...on[a]);
                g.lineTo(...on[b]);
                g.stroke();
            }
    for (const point of on) {
        if (!point)
            continue;
        g.beginPath();
        g.arc(...point, 3 * ratio, 0, 2 * Math.PI);
        g.fillStyle = colour;
        g.fill();
        g.lineWidth = ratio;
        g.strokeStyle = 'rgba(5, 8, 11, 0.7)';
        g.stroke();
    }
}

function drawInfo(g, record, ratio) {
    const words = [`#${count(record.number)}`];
    if (record.age_ms !== null)
        words.push(duration(record.age_ms));
    if (record.note)
        words.push(record.note);
    drawPill(g, 8 * ratio, g.canvas.height - 8 * ratio, ratio, 'left', 'bottom', words.join('  ·  '),
        record.warn ? '#ffd166' : '#e8eef3');
}

function drawPill(g, x, y, ratio, side, edge, text, ink) {
    const size = Math.min(14, Math.max(11, g.canvas.height / ratio / 40)) * ratio, height = size * 1.75;
    g.font = `500 ${size}px ${FONT}`;
    const width = g.measureText(text).width + size * 1.3;
    const left = side === 'right' ? x - width : x, top = edge === 'bottom' ? y - height : y;
    g.fillStyle = 'rgba(5, 8, 11, 0.66)';
    g.beginPath();
    g.roundRect(left, top, width, height, height / 2);
    g.fill();
    g.fillStyle = ink;
    g.textAlign = 'left';
    g.textBaseline = 'middle';
    g.fillText(text, left + size * 0.65, top + height / 2 + ratio * 0.5);
}
