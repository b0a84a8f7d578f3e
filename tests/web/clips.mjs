/* clips.mjs: films whose pixels say which frame they are, in the squares that components/test-source/code.h describes, and
 * with an object whose place follows from the number too; as packets, and as JPEG. Made once with ffmpeg, then kept.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeBits, squareOf, COLUMNS } from './code.mjs';

const BLACK = 16, WHITE = 235;

/* Where the object of a frame is: every number in 0..59 has a place of its own, 8 pixels from the next. */
export function objectOf(number, width, height) {
    const step = number % 60;
    return { x: Math.round(width * 0.1 + step * width * 0.0125), y: Math.round(height * 0.45), w: 64, h: 80 };
}

function paint(luma, width, height, number, tone) {
    for (let y = 0; y < height; y++)
        luma.fill(tone + Math.round(40 * y / height), y * width, (y + 1) * width);
    const object = objectOf(number, width, height);
    for (let y = object.y; y < object.y + object.h; y++)
        luma.fill(190, y * width + object.x, y * width + object.x + object.w);
    const side = squareOf(width), bits = codeBits(number);
    for (let i = 0; i < bits.length; i++) {
        const left = (i % COLUMNS) * side, top = Math.floor(i / COLUMNS) * side;
        for (let y = top; y < top + side; y++)
            luma.fill(bits[i] ? WHITE : BLACK, y * width + left, y * width + left + side);
    }
}

async function encode(output, clip, numberAt) {
    const { width, height, fps, frames, gop, bframes } = clip;
    const args = ['-v', 'error', '-y', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${width}x${height}`, '-r', String(fps), '-i', '-',
        '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'fastdecode', '-profile:v', 'main', '-crf', '24', '-g', String(gop),
        '-keyint_min', String(gop), '-sc_threshold', '0', '-bf', String(bframes), '-x264-params', 'b-adapt=0:b-pyramid=none',
        '-f', 'mp4', output];
    const ffmpeg = spawn('ffmpeg', args, { stdio: ['pipe', 'inherit', 'inherit'] });
    const chroma = Buffer.alloc(width * height / 2);
    chroma.fill(clip.cb, 0, chroma.length / 2).fill(clip.cr, chroma.length / 2);
    for (let i = 0; i < frames; i++) {
        const luma = Buffer.alloc(width * height);
        paint(luma, width, height, numberAt(i), clip.tone);
        for (const part of [luma, chroma])
            if (!ffmpeg.stdin.write(part))
                await new Promise(resolve => ffmpeg.stdin.once('drain', resolve));
    }
    ffmpeg.stdin.end();
    const status = await new Promise(resolve => ffmpeg.on('close', resolve));
    if (status !== 0)
        throw new Error(`ffmpeg ended with ${status}`);
}

function probe(file) {
    const { stdout } = spawnSync('ffprobe', ['-v', 'error', '-select_streams', 'v:0', '-of', 'json', '-show_entries',
        'packet=pts_time,size,pos,flags:stream=width,height,r_frame_rate', file], { encoding: 'utf8', maxBuffer: 1 << 28 });
    return JSON.parse(stdout);
}

/* Reads an MP4 file: {width, height, fps, codec, description, packets: [{data, key, pts, order}]} in coding order. */
export function readFilm(file) {
    const bytes = readFileSync(file), { packets, streams: [stream] } = probe(file);
    const [over, under] = stream.r_frame_rate.split('/').map(Number);
    const at = bytes.indexOf('avcC'), size = bytes.readUInt32BE(at - 4);
    const description = bytes.subarray(at + 4, at - 4 + size);
    const first = Math.min(...packets.map(p => Number(p.pts_time)));
    const list = packets.map(p => ({
        data: bytes.subarray(Number(p.pos), Number(p.pos) + Number(p.size)),
        key: p.flags.startsWith('K'),
        pts: (Number(p.pts_time) - first) * 1000,
    }));
    [...list].sort((a, b) => a.pts - b.pts).forEach((p, order) => p.order = order);
    return {
        width: stream.width, height: stream.height, fps: over / under, packets: list, description,
        codec: `avc1.${description.subarray(1, 4).toString('hex')}`,
    };
}

/* Length prefixes to start codes; key frames get the parameter sets. */
export function annexB(packet, description) {
    const start = Buffer.from([0, 0, 0, 1]), parts = [];
    if (packet.key)
        for (let at = 6, sets = description[5] & 31, kind = 0; kind < 2; kind++, sets = description[at++])
            for (let i = 0; i < sets; i++) {
                const size = description.readUInt16BE(at);
                parts.push(start, description.subarray(at + 2, at + 2 + size));
                at += 2 + size;
            }
    for (let at = 0; at < packet.data.length;) {
        const size = packet.data.readUInt32BE(at);
        parts.push(start, packet.data.subarray(at + 4, at + 4 + size));
        at += 4 + size;
    }
    return Buffer.concat(parts);
}

/* The pictures of a film in order of display, as JPEG of that width. */
export function readPictures(file, width) {
    const { stdout } = spawnSync('ffmpeg', ['-v', 'error', '-i', file, '-vf', `scale=${width}:-2`, '-q:v', '4', '-f', 'image2pipe',
        '-c:v', 'mjpeg', '-'], { maxBuffer: 1 << 30 });
    const pictures = [], begin = Buffer.from([0xff, 0xd8, 0xff]);
    for (let at = 0; at >= 0 && at < stdout.length;) {
        const next = stdout.indexOf(begin, at + 3);
        pictures.push(stdout.subarray(at, next < 0 ? stdout.length : next));
        at = next;
    }
    return pictures;
}

/* A film with these properties in that folder; made if it is not there. */
export async function codedFilm(folder, name, wanted = {}) {
    const clip = { width: 640, height: 360, fps: 25, frames: 1500, gop: 25, bframes: 0, tone: 40, cb: 128, cr: 128, ...wanted };
    const file = join(folder, `${name}.mp4`), recipe = JSON.stringify({ ...clip, version: 3 });
    mkdirSync(folder, { recursive: true });
    if (!existsSync(file) || !existsSync(`${file}.recipe`) || readFileSync(`${file}.recipe`, 'utf8') !== recipe) {
        let numberAt = order => order;
        if (clip.bframes > 0) {
            // Which place in coding order a picture gets follows from the encoder: it is asked with a small film first.
            const small = join(folder, `${name}.small.mp4`);
            await encode(small, { ...clip, width: 288, height: 160 }, order => order);
            const numbers = [];
            readFilm(small).packets.forEach((packet, number) => numbers[packet.order] = number);
            numberAt = order => numbers[order];
        }
        await encode(`${file}.part`, clip, numberAt);
        renameSync(`${file}.part`, file);
        writeFileSync(`${file}.recipe`, recipe);
    }
    return file;
}
