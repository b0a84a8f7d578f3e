/* icons.js: small drawings of our own, 20 by 20, in the colour of the text. */
import { svg } from './dom.js';

const PATHS = {
    play: ['M6 4l10 6-10 6z', true],
    pause: ['M6 4h3v12H6zM11 4h3v12h-3z', true],
    back: ['M13 5l-6 5 6 5z M5 5h1.6v10H5z', true],
    forth: ['M7 5l6 5-6 5z M13.4 5H15v10h-1.6z', true],
    layers: ['M10 3l7 4-7 4-7-4z M3.5 10.5L10 14l6.5-3.5 M3.5 13.5L10 17l6.5-3.5'],
    full: ['M3 7V3h4 M13 3h4v4 M17 13v4h-4 M7 17H3v-4'],
    zoomIn: ['M8.5 14a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11z M12.5 12.5L17 17 M8.5 6v5 M6 8.5h5'],
    zoomOut: ['M8.5 14a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11z M12.5 12.5L17 17 M6 8.5h5'],
    whole: ['M3 5h14v10H3z M7 8.5h6v3H7z'],
    close: ['M5 5l10 10 M15 5L5 15'],
    help: ['M10 17.2a7.2 7.2 0 1 0 0-14.4 7.2 7.2 0 0 0 0 14.4z M7.8 8a2.2 2.2 0 1 1 3.3 1.9c-.8.5-1.1.9-1.1 1.8 M10 14v.1'],
    sun: ['M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z M10 2v1.6 M10 16.4V18 M2 10h1.6 M16.4 10H18 M4.3 4.3l1.2 1.2 M14.5 14.5l1.2 1.2 M15.7 4.3l-1.2 1.2 M5.5 14.5l-1.2 1.2'],
    moon: ['M16.5 11.8A7 7 0 0 1 8.2 3.5a7 7 0 1 0 8.3 8.3z'],
    auto: ['M10 17.2a7.2 7.2 0 1 0 0-14.4 7.2 7.2 0 0 0 0 14.4z M10 3v14a7 7 0 0 0 0-14z'],
    away: ['M3 3l14 14 M4 8.5a9 9 0 0 1 3.4-2 M10.5 5.9A9 9 0 0 1 16 8.5 M6.5 11.5a5 5 0 0 1 3-1.5 M10 15v.1'],
    left: ['M12.5 4.5L7 10l5.5 5.5'],
    right: ['M7.5 4.5L13 10l-5.5 5.5'],
};

export function icon(name) {
    const [d, filled] = PATHS[name];
    const look = filled
        ? { fill: 'currentColor' }
        : { fill: 'none', stroke: 'currentColor', 'stroke-width': 1.6, 'stroke-linecap': 'round', 'stroke-linejoin': 'round' };
    return svg('svg', { viewBox: '0 0 20 20', class: 'icon', 'aria-hidden': 'true', focusable: 'false' }, svg('path', { d, ...look }));
}
