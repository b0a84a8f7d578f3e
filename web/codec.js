/* codec.js: how a stream is best had here: its packets, if this browser can decode them, else pictures as JPEG. */
import { fromBase64 } from './protocol.js';

/* What a VideoDecoder is configured with, from a `codec` message; null where there is no name for the codec. */
export function decoderConfig(message) {
    if (!message.codec)
        return null;
    const config = { codec: message.codec, optimizeForLatency: true };
    // A camera need not say its size beforehand: then it is 0 here, and the decoder finds it in the stream.
    if (message.width && message.height)
        Object.assign(config, { codedWidth: message.width, codedHeight: message.height });
    if (message.format === 'avcc' && message.description)
        config.description = fromBase64(message.description);
    return config;
}

/* Can this browser decode it? `Decoder` is VideoDecoder, undefined where the page is not in a secure context. */
export async function canDecode(config, Decoder = globalThis.VideoDecoder) {
    if (!config || !Decoder)
        return false;
    try {
        return (await Decoder.isConfigSupported(config)).supported === true;
    } catch {
        return false;
    }
}

/* How to ask for a stream: 'packets', 'jpeg', or null if it has nothing to look at. `packetsFail`: packets were tried,
 * or its codec was looked at, and they are of no use here. */
export function wayOf(stream, packetsFail, Decoder = globalThis.VideoDecoder) {
    if (stream.packets && Decoder && !packetsFail)
        return 'packets';
    return stream.pictures ? 'jpeg' : null;
}

/* Why there are no packets, for people. */
export function whyNot(stream, codec, Decoder = globalThis.VideoDecoder) {
    if (!stream.packets)
        return 'this stream has no compressed video';
    if (!Decoder)
        return 'browsers decode video only on https and on this machine itself';
    return `this browser does not decode ${codec?.codec || 'this codec'}`;
}

/* The width of JPEG worth asking for: steps, so that small changes of a tile ask for nothing. */
export function jpegWidth(cssPx, ratio) {
    return [320, 480, 640, 960, 1280, 1920].find(w => w >= cssPx * ratio * 0.95) ?? 1920;
}
