/* grid.js: how many columns of tiles make the largest pictures. Pure. */
const TILE_MIN_PX = 280, CAPTION_PX = 38, GAP_PX = 12;

/* The number of columns for so many tiles in that room: as large as possible without scrolling, else as many as are
 * still readable. `aspect` is width / height of most pictures. */
export function columns(tiles, width, height, aspect = 16 / 9) {
    let best = { columns: 1, area: 0 };
    const most = Math.max(1, Math.min(tiles, Math.floor((width + GAP_PX) / (TILE_MIN_PX + GAP_PX))));
    for (let n = 1; n <= most; n++) {
        const rows = Math.ceil(tiles / n);
        const fitWidth = (width - GAP_PX * (n - 1)) / n;
        const fitHeight = ((height - GAP_PX * (rows - 1)) / rows - CAPTION_PX) * aspect;
        const tile = Math.min(fitWidth, fitHeight);
        if (tile > best.area)
            best = { columns: n, area: tile };
    }
    return best.area >= TILE_MIN_PX || most === 1 ? best.columns : most;
}

/* The widest tile with which all rows are in sight, or the width of the column where they cannot be. */
export function tileWidth(tiles, n, width, height, aspect = 16 / 9) {
    const rows = Math.ceil(tiles / n);
    const fitWidth = (width - GAP_PX * (n - 1)) / n;
    const fitHeight = ((height - GAP_PX * (rows - 1)) / rows - CAPTION_PX) * aspect;
    return Math.floor(fitHeight >= Math.min(TILE_MIN_PX, fitWidth) ? Math.min(fitWidth, fitHeight) : fitWidth);
}
