/* code.mjs: the number that is written into pictures as black and white squares; the same code as in
 * components/test-source/code.c. It runs in Node and, as text, in the page under test.
 */
export const COLUMNS = 18, BITS = 36;

export function squareOf(width) {
    return Math.min(16, Math.floor(width / COLUMNS));
}

function checkOf(number) {
    let sum = 0;
    for (let i = 0; i < 32; i += 4)
        sum = sum * 5 + (number >>> i & 15) + 3;
    return (sum ^ sum >>> 4 ^ sum >>> 8) & 15;
}

export function codeBits(number) {
    const bits = [];
    for (let i = 0; i < 32; i++)
        bits.push(number >>> i & 1);
    for (let i = 0; i < 4; i++)
        bits.push(checkOf(number) >>> i & 1);
    return bits;
}

/* Reads the number out of RGBA pixels, in which the picture of `width` coded pixels lies at `place`; -1 if there is none. */
export function readCode(pixels, place, width) {
    const scale = place.width / width, side = squareOf(width);
    const { data, width: across } = pixels;
    let number = 0, check = 0;
    for (let i = 0; i < BITS; i++) {
        const x0 = place.x + ((i % COLUMNS) + 0.3) * side * scale, x1 = place.x + ((i % COLUMNS) + 0.7) * side * scale;
        const row = Math.floor(i / COLUMNS);
        const y0 = place.y + (row + 0.3) * side * scale, y1 = place.y + (row + 0.7) * side * scale;
        let sum = 0, count = 0;
        for (let y = Math.floor(y0); y <= Math.floor(y1); y++)
            for (let x = Math.floor(x0); x <= Math.floor(x1); x++) {
                sum += data[(y * across + x) * 4 + 1];
                count++;
            }
        const bit = sum / count > 127 ? 1 : 0;
        if (i < 32)
            number += bit * 2 ** i;
        else
            check |= bit << (i - 32);
    }
    return check === checkOf(number) ? number : -1;
}
