/* zoom.js: from pixels of the picture to pixels of the canvas and back: rotation, fit, zoom and pan. Pure.
 *
 * A view is {scale, x, y}: how much larger than fitting, and the point of the fitted picture (0 to 1 each way) that is in
 * the middle.
 */
export const WHOLE = Object.freeze({ scale: 1, x: 0.5, y: 0.5 });
export const SCALE_MAX = 16;

function clamp(v, low, high) {
    return Math.min(high, Math.max(low, v));
}

export function clampView({ scale, x, y }) {
    scale = clamp(scale, 1, SCALE_MAX);
    const half = 0.5 / scale;
    return { scale, x: clamp(x, half, 1 - half), y: clamp(y, half, 1 - half) };
}

/* The matrix [a b c d e f], as canvas contexts take it, from pixels of a coded picture of width x height that is to be
 * turned by `rotation` degrees clockwise, into a canvas; and the upright picture's place there. */
export function fit(width, height, rotation, canvasWidth, canvasHeight, view = WHOLE) {
    const turned = rotation % 180 !== 0;
    const upWidth = turned ? height : width, upHeight = turned ? width : height;
    const s = Math.min(canvasWidth / upWidth, canvasHeight / upHeight) * view.scale;
    const left = canvasWidth / 2 - view.x * upWidth * s, top = canvasHeight / 2 - view.y * upHeight * s;
    const matrix = {
        0: [s, 0, 0, s, left, top],
        90: [0, s, -s, 0, left + upWidth * s, top],
        180: [-s, 0, 0, -s, left + upWidth * s, top + upHeight * s],
        270: [0, -s, s, 0, left, top + upHeight * s],
    }[((rotation % 360) + 360) % 360];
    return { matrix, scale: s, picture: { x: left, y: top, width: upWidth * s, height: upHeight * s } };
}

export function apply([a, b, c, d, e, f], x, y) {
    return [a * x + c * y + e, b * x + d * y + f];
}

/* A box of the coded picture as an upright rectangle of the canvas. */
export function applyBox(matrix, box) {
    const [x1, y1] = apply(matrix, box.x, box.y), [x2, y2] = apply(matrix, box.x + box.w, box.y + box.h);
    return { x: Math.min(x1, x2), y: Math.min(y1, y2), w: Math.abs(x2 - x1), h: Math.abs(y2 - y1) };
}

/* Zooms by a factor so that what is under the pointer stays there. px and py: 0 to 1 over the picture's own place at
 * scale 1; pointers outside of it are taken to its edge. */
export function zoomAt(view, px, py, factor) {
    const scale = clamp(view.scale * factor, 1, SCALE_MAX);
    const dx = px - 0.5, dy = py - 0.5;
    return clampView({
        scale,
        x: view.x + dx / view.scale - dx / scale,
        y: view.y + dy / view.scale - dy / scale,
    });
}

/* Moves the picture by that much of its own place. */
export function pan(view, dx, dy) {
    return clampView({ ...view, x: view.x - dx / view.scale, y: view.y - dy / view.scale });
}
