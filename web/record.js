/* record.js: what is drawn together: a picture, and the results that belong to it. Pure. draw.js says what it holds. */

/* A record of a frame and its image. `size`: {width, height, rotation} of the coded picture. */
export function makeRecord(frame, image, size, age_ms, joining) {
    return {
        number: frame.number, pts: frame.pts, time: frame.time, captured: frame.captured, image,
        ...size, age_ms, joining, mode: 'exact', overlay: null, note: '', warn: false,
    };
}

/* Gives the record the results of exactly its frame, or in the mode `newest` the newest there are, marked as such. */
export function addOverlay(record, results, nodes, mode) {
    const found = mode === 'exact'
        ? results.of(record.number, nodes)
        : nodes.map(node => results.newest(node)).filter(Boolean);
    record.mode = mode;
    record.overlay = found.length ? overlayOf(found, record, results) : null;
    record.note = '';
    record.warn = false;
    if (mode !== 'exact' || !nodes.length)
        return;
    const missing = results.undecided(nodes, record.number, record.pts);
    if (missing.length) {
        record.note = record.joining ? 'results to come' : `no result yet: ${missing.join(', ')}`;
        record.warn = !record.joining;
    } else if (!found.length) {
        record.note = 'not analysed';
    }
}

function overlayOf(found, record, results) {
    return {
        number: Math.max(...found.map(r => r.frame)),
        exact: found.every(r => r.frame === record.number),
        behind_ms: record.captured - Math.min(...found.map(r => r.captured_ms)),
        parts: found.map(r => ({
            node: r.from,
            number: r.frame,
            boxes: r.boxes,
            trails: r.boxes.filter(box => box.track !== undefined)
                .map(box => ({ box, points: results.trail(r.from, r.frame, box.track) })),
        })),
    };
}

/* What a test or a curious person may know of it. */
export function noteOf(record, past) {
    return {
        number: record.number,
        overlayNumber: record.overlay?.number ?? null,
        mode: record.mode,
        pts: record.pts,
        past,
        boxes: record.overlay?.parts.reduce((n, part) => n + part.boxes.length, 0) ?? 0,
        at: performance.now(),
    };
}
