/* connection.js: the WebSocket to the server. It connects again by itself, says so, and finds out when a token is wanted.
 *
 * Events: open; closed (detail: retry_at); unauthorised; message (detail: object); frame (detail: a frame).
 */
import { SUBPROTOCOL, readFrame, readMessage } from './protocol.js';

const RETRY_MS = [300, 700, 1500, 3000, 6000, 10000];
const SILENCE_MS = 15000;

function emit(target, type, detail) {
    target.dispatchEvent(new CustomEvent(type, { detail }));
}

export class Connection extends EventTarget {
    #socket = null;
    #tries = 0;
    #timer = 0;
    #heard = 0;

    constructor() {
        super();
        addEventListener('online', () => this.#timer && this.open());
        setInterval(() => this.#listen(), 3000);
    }

    get connected() {
        return this.#socket?.readyState === WebSocket.OPEN;
    }

    open() {
        clearTimeout(this.#timer);
        this.#timer = 0;
        if (this.#socket)
            return;
        const url = new URL('ws', location.href);
        url.protocol = url.protocol.replace('http', 'ws');
        url.hash = '';
        const socket = new WebSocket(url, SUBPROTOCOL);
        socket.binaryType = 'arraybuffer';
        socket.onopen = () => {
            this.#heard = performance.now();
            emit(this, 'open');
        };
        socket.onmessage = event => this.#receive(event.data);
        socket.onclose = () => this.#closed(socket);
        this.#socket = socket;
    }

    send(message) {
        if (this.connected)
            this.#socket.send(JSON.stringify(message));
    }

    #receive(data) {
        this.#heard = performance.now();
        if (typeof data === 'string') {
            const message = readMessage(data);
            if (message?.type === 'hello')
                this.#tries = 0;
            if (message)
                emit(this, 'message', message);
            return;
        }
        const frame = readFrame(data);
        if (frame)
            emit(this, 'frame', frame);
    }

    /* State comes every second: a connection that says nothing for long is dead, whatever the network says. */
    #listen() {
        if (this.connected && performance.now() - this.#heard > SILENCE_MS)
            this.#closed(this.#socket);
    }

    async #closed(socket) {
        if (socket !== this.#socket)
            return;
        this.#socket = null;
        socket.onclose = socket.onmessage = null;
        socket.close();
        const wait = RETRY_MS[Math.min(this.#tries++, RETRY_MS.length - 1)] * (0.8 + 0.4 * Math.random());
        emit(this, 'closed', { retry_at: performance.now() + wait });
        // A refused WebSocket does not say why: ask for something that does.
        const asked = await fetch('api/streams', { cache: 'no-store' }).catch(() => null);
        if (asked?.status === 401)
            return emit(this, 'unauthorised');
        if (!this.#timer && !this.#socket)
            this.#timer = setTimeout(() => this.open(), wait);
    }
}
