/* protocol.js: what server and page say to each other (weir.1). Pure: bytes and objects in, objects out.
 *
 * A frame that comes in is {kind, stream, number, pts, captured, key, gap, discardable, flush, data}; `pts` is null
 * where the media's own time is not known. Times are milliseconds.
 */
export const SUBPROTOCOL = 'weir.1';
export const HEADER_BYTES = 32;

const KINDS = { 1: 'packet', 2: 'picture' };
const GAP = 1, KEY = 2, DISCARDABLE = 4, FLUSH = 8;

/* Reads one binary message; null if it is not one that this page knows. */
export function readFrame(buffer) {
    if (buffer.byteLength < HEADER_BYTES)
        return null;
    const view = new DataView(buffer);
    const kind = KINDS[view.getUint8(0)];
    const bytes = view.getUint32(4, true);
    if (!kind || buffer.byteLength < HEADER_BYTES + bytes)
        return null;
    const flags = view.getUint8(1), pts = view.getFloat64(16, true);
    return {
        kind,
        stream: view.getUint16(2, true),
        number: Number(view.getBigInt64(8, true)),
        pts: Number.isNaN(pts) ? null : pts,
        captured: view.getFloat64(24, true),
        gap: (flags & GAP) !== 0,
        key: kind === 'picture' || (flags & KEY) !== 0,
        discardable: (flags & DISCARDABLE) !== 0,
        flush: (flags & FLUSH) !== 0,
        data: new Uint8Array(buffer, HEADER_BYTES, bytes),
    };
}

/* Reads one text message; null if it is none. */
export function readMessage(text) {
    try {
        const message = JSON.parse(text);
        return message && typeof message.type === 'string' ? message : null;
    } catch {
        return null;
    }
}

export function watchMessage(streams) {
    return { type: 'watch', streams };
}

export function stateMessage(every_ms) {
    return { type: 'state', every_ms };
}

/* base64 to bytes: what `codec` messages carry as `description`. */
export function fromBase64(text) {
    return Uint8Array.from(atob(text), c => c.charCodeAt(0));
}

/* How much the server's clock is ahead of ours. A message is late by its way, never early, so the largest difference
 * of the last minutes is the truest. */
export class ServerClock {
    #samples = [];
    ahead = 0;

    note(server_ms, local_ms) {
        this.#samples.push({ at: local_ms, ahead: server_ms - local_ms });
        while (this.#samples.length > 300)
            this.#samples.shift();
        this.ahead = Math.max(...this.#samples.map(s => s.ahead));
    }

    forget() {
        this.#samples = [];
    }

    now(local_ms) {
        return local_ms + this.ahead;
    }
}
