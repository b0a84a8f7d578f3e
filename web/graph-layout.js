/* graph-layout.js: where the nodes and links of a pipeline are drawn: in layers along the flow, each node one layer behind
 * its last producer, ordered so that few links cross. Pure.
 *
 * layout(graph, {width, height, gap, layerGap, down}) gives {width, height, nodes: Map of name -> {x, y, layer},
 * links: [{link, path, label: {x, y}}]}; x and y are a node's upper left corner.
 */
export function layers(names, links) {
    const next = new Map(names.map(n => [n, []]));
    for (const { from, to } of links)
        if (next.has(from) && next.has(to) && from !== to)
            next.get(from).push(to);
    // A link that closes a circle does not count.
    const layer = new Map(), onPath = new Set(), order = [], back = new Set();
    const visit = name => {
        onPath.add(name);
        for (const to of next.get(name))
            if (onPath.has(to))
                back.add(`${name} ${to}`);
            else if (!layer.has(to))
                visit(to);
        onPath.delete(name);
        layer.set(name, 0);
        order.unshift(name);
    };
    names.forEach(name => layer.has(name) || visit(name));
    for (const name of order)
        for (const to of next.get(name))
            if (!back.has(`${name} ${to}`))
                layer.set(to, Math.max(layer.get(to), layer.get(name) + 1));
    return layer;
}

export function layout({ nodes, links }, { width = 176, height = 74, gap = 26, layerGap = 132, down = false } = {}) {
    const names = nodes.map(n => n.name), layer = layers(names, links);
    const rows = [];
    const put = item => (rows[item.layer] ??= []).push(item);
    const items = new Map();
    for (const name of names) {
        const item = { name, layer: layer.get(name), before: [], after: [] };
        items.set(name, item);
        put(item);
    }
    const routes = links.filter(l => items.has(l.from) && items.has(l.to)).map(link => route(link, items, put));
    for (let i = 0; i < rows.length; i++)
        rows[i] ??= [];
    order(rows);
    const across = down ? width : height, along = down ? height : width;
    place(rows, across, gap);
    const size = Math.max(0, ...rows.flat().map(i => i.at + (i.name ? across : 0)));
    const at = item => ({ along: item.layer * (along + layerGap), across: item.at });
    const ports = placePorts(routes, across);
    const point = (a, c) => down ? { x: c, y: a } : { x: a, y: c };
    return {
        width: down ? size : rows.length * (along + layerGap) - layerGap,
        height: down ? rows.length * (along + layerGap) - layerGap : size,
        nodes: new Map([...items].map(([name, item]) => [name, { ...point(at(item).along, at(item).across), layer: item.layer }])),
        links: routes.map(r => ({ link: r.link, ...draw(r.via, ports.get(r), along, across, point, at) })),
    };
}

/* A link over several layers passes a place of its own in each, so that it does not run through nodes. */
function route(link, items, put) {
    const from = items.get(link.from), to = items.get(link.to), via = [from];
    for (let l = from.layer + 1; l < to.layer; l++) {
        const item = { name: null, layer: l, before: [], after: [] };
        put(item);
        via.push(item);
    }
    via.push(to);
    for (let i = 1; i < via.length; i++) {
        via[i - 1].after.push(via[i]);
        via[i].before.push(via[i - 1]);
    }
    return { link, via };
}

function order(rows) {
    const number = () => rows.forEach(row => row.forEach((item, i) => item.order = i));
    const mean = list => list.reduce((s, i) => s + i.order, 0) / list.length;
    number();
    for (let sweep = 0; sweep < 8; sweep++) {
        const forward = sweep % 2 === 0;
        for (const row of forward ? rows.slice(1) : rows.slice(0, -1).reverse()) {
            for (const item of row) {
                const near = forward ? item.before : item.after;
                item.wish = near.length ? mean(near) : item.order;
            }
            row.sort((a, b) => a.wish - b.wish || a.order - b.order);
            row.forEach((item, i) => item.order = i);
        }
    }
}

/* Places across the flow: each as near to the middle of its neighbours as the ones beside it allow. */
function place(rows, across, gap) {
    const size = item => item.name ? across : 0;
    for (const row of rows) {
        let at = 0;
        for (const item of row) {
            item.at = at;
            at += size(item) + gap;
        }
    }
    const middle = item => item.at + size(item) / 2;
    for (let sweep = 0; sweep < 12; sweep++)
        for (const row of sweep % 2 ? [...rows].reverse() : rows) {
            for (const item of row) {
                const near = [...item.before, ...item.after];
                item.wish = near.length ? near.reduce((s, i) => s + middle(i), 0) / near.length - size(item) / 2 : item.at;
            }
            separate(row, size, gap);
        }
    const top = Math.min(0, ...rows.flat().map(i => i.at));
    rows.flat().forEach(i => i.at -= top);
    const left = Math.min(...rows.flat().map(i => i.at));
    rows.flat().forEach(i => i.at -= left);
}

/* Moves wishes apart until nothing overlaps: neighbours that touch become a block around their mean wish. */
function separate(row, size, gap) {
    const blocks = [];
    for (const item of row) {
        let block = { items: [item], wish: item.wish, length: size(item) };
        while (blocks.length && blocks.at(-1).wish + blocks.at(-1).length + gap > block.wish) {
            const before = blocks.pop(), shift = before.length + gap, n = before.items.length, m = block.items.length;
            block = {
                items: [...before.items, ...block.items],
                wish: (before.wish * n + (block.wish - shift) * m) / (n + m),
                length: shift + block.length,
            };
        }
        blocks.push(block);
    }
    for (const block of blocks) {
        let at = block.wish;
        for (const item of block.items) {
            item.at = at;
            at += size(item) + gap;
        }
    }
}

/* Links leave and enter a node beside each other, in the order of where they come from and lead to: Map of route ->
 * [offset at its start, offset at its end] from the middle of the node. */
function placePorts(routes, across) {
    const ports = new Map(routes.map(r => [r, [0, 0]]));
    const spread = (group, which, towards) => {
        const room = Math.min(14, across * 0.62 / Math.max(1, group.length - 1));
        group.sort((a, b) => towards(a).at - towards(b).at);
        group.forEach((r, i) => ports.get(r)[which] = (i - (group.length - 1) / 2) * room);
    };
    const by = key => routes.reduce((map, r) => map.set(key(r), [...(map.get(key(r)) ?? []), r]), new Map());
    for (const group of by(r => r.via[0]).values())
        spread(group, 0, r => r.via[1]);
    for (const group of by(r => r.via.at(-1)).values())
        spread(group, 1, r => r.via.at(-2));
    return ports;
}

function draw(via, [leaves, enters], along, across, point, at) {
    const ends = via.map((item, i) => {
        const { along: a, across: c } = at(item), middle = c + (item.name ? across / 2 : 0);
        if (!item.name)
            return [[a, middle], [a + along, middle]];
        return i === 0 ? [[a + along, middle + leaves]] : [[a, middle + enters]];
    }).flat();
    const text = ([a, c]) => Object.values(point(Math.round(a * 10) / 10, Math.round(c * 10) / 10)).join(' ');
    let path = `M${text(ends[0])}`, label = null;
    for (let i = 1; i < ends.length; i++) {
        const [a0, c0] = ends[i - 1], [a1, c1] = ends[i], half = Math.max(24, Math.abs(a1 - a0) / 2);
        const isLane = via.length > 2 && i % 2 === 0;
        path += isLane ? `L${text(ends[i])}` : `C${text([a0 + half, c0])} ${text([a1 - half, c1])} ${text(ends[i])}`;
        if (isLane || !label)
            label = point((a0 + a1) / 2, (c0 + c1) / 2);
    }
    return { path, label };
}
