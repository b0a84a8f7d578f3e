/* format.js: numbers as people read them. Pure. */

/* 41 ms, 1.2 s, 14 s, 3 min */
export function duration(ms) {
    if (ms === null || ms === undefined || Number.isNaN(ms))
        return '–';
    const size = Math.abs(ms);
    if (size < 10 && size >= 0.05)
        return `${ms.toFixed(1)} ms`;
    if (size < 999.5)
        return `${Math.round(ms)} ms`;
    if (size < 9950)
        return `${(ms / 1000).toFixed(1)} s`;
    if (size < 99500)
        return `${Math.round(ms / 1000)} s`;
    if (size < 5970000)
        return `${Math.round(ms / 60000)} min`;
    return `${(ms / 3600000).toFixed(1)} h`;
}

export function rate(per_s) {
    if (per_s === null || per_s === undefined || Number.isNaN(per_s))
        return '–';
    return per_s === 0 ? '0' : per_s < 9.95 ? per_s.toFixed(1) : count(Math.round(per_s));
}

/* 950, 12 400, 1.3 M */
export function count(n) {
    if (n === null || n === undefined)
        return '–';
    if (n >= 1e7)
        return `${(n / 1e6).toFixed(1)} M`;
    return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

export function bytes(n) {
    const units = ['B', 'KiB', 'MiB', 'GiB'];
    let i = 0;
    while (n >= 1024 && i < units.length - 1) {
        n /= 1024;
        i++;
    }
    return `${n >= 100 || i === 0 ? Math.round(n) : n.toFixed(1)} ${units[i]}`;
}

export function clock(ms) {
    const d = new Date(ms), two = n => String(n).padStart(2, '0');
    return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${Math.floor(d.getMilliseconds() / 100)}`;
}
