/* decoder.js: turns frames into images, in whatever way they come: a VideoDecoder for packets, the browser's own for JPEG.
 *
 * Both have configure(config), decode(frame), busy, reset() and close(), and call onImage(number, image) and onError().
 * A chunk's timestamp is the number of its frame and nothing else, so an image says itself which frame it is.
 */
export class PacketDecoder {
    #decoder = null;
    #config = null;

    constructor(onImage, onError) {
        this.onImage = onImage;
        this.onError = onError;
    }

    get busy() {
        return this.#decoder ? this.#decoder.decodeQueueSize : 0;
    }

    configure(config) {
        this.#config = config;
        this.reset();
    }

    decode(frame) {
        if (this.#decoder?.state !== 'configured')
            this.reset();
        try {
            this.#decoder.decode(new EncodedVideoChunk({
                type: frame.key ? 'key' : 'delta',
                timestamp: frame.number,
                data: frame.data,
            }));
        } catch (error) {
            this.onError(error);
        }
    }

    /* Everything that was fed comes out; the next frame has to be a key frame. */
    flush() {
        return this.#decoder.flush();
    }

    reset() {
        this.close();
        const decoder = new VideoDecoder({
            output: image => {
                if (this.#decoder === decoder)
                    this.onImage(image.timestamp, image);
                else
                    image.close();
            },
            error: error => {
                if (this.#decoder === decoder)
                    this.onError(error);
            },
        });
        this.#decoder = decoder;
        decoder.configure(this.#config);
    }

    close() {
        const decoder = this.#decoder;
        this.#decoder = null;
        if (decoder && decoder.state !== 'closed')
            decoder.close();
    }
}

export class PictureDecoder {
    busy = 0;
    #epoch = 0;

    constructor(onImage, onError) {
        this.onImage = onImage;
        this.onError = onError;
    }

    configure() {}

    decode(frame) {
        const epoch = this.#epoch;
        this.busy++;
        createImageBitmap(new Blob([frame.data], { type: 'image/jpeg' })).then(image => {
            if (epoch !== this.#epoch)
                return image.close();
            this.busy--;
            this.onImage(frame.number, image);
        }, error => {
            if (epoch !== this.#epoch)
                return;
            this.busy--;
            this.onError(error);
        });
    }

    async flush() {}

    reset() {
        this.#epoch++;
        this.busy = 0;
    }

    close() {
        this.reset();
    }
}
