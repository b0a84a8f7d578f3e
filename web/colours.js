/* colours.js: a colour for each label, the same in every session, and ink that can be read on it. Pure. */
const PALETTE = ['#4cc9f0', '#ffd166', '#f78fb3', '#7bd88f', '#ff9f5a', '#b79cff', '#5ee0c8', '#f4f06a', '#ff7d7d', '#9ab8ff',
    '#d6a2e8', '#c3d96b'];
const USUAL = ['person', 'car', 'bicycle', 'bus', 'motorcycle', 'truck', 'boat', 'train', 'dog', 'cat', 'bird', 'backpack'];

export function labelColour(label) {
    const usual = USUAL.indexOf(label);
    if (usual >= 0)
        return PALETTE[usual];
    let hash = 2166136261;
    for (const c of label)
        hash = Math.imul(hash ^ c.codePointAt(0), 16777619) >>> 0;
    return PALETTE[hash % PALETTE.length];
}

export function parseColour(hex) {
    const n = parseInt(hex.slice(1), 16);
    return [n >> 16 & 255, n >> 8 & 255, n & 255];
}

/* Relative luminance as WCAG has it, 0 to 1. */
export function luminance(hex) {
    const [r, g, b] = parseColour(hex).map(v => {
        const s = v / 255;
        return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(a, b) {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
}

export function inkOn(hex) {
    return contrast(hex, '#0b1117') >= contrast(hex, '#ffffff') ? '#0b1117' : '#ffffff';
}
