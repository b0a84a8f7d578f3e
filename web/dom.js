/* dom.js: makes elements. h('button', {class: 'x', onclick: f, 'aria-label': 'y'}, 'text', child) */
const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes ?? {})) {
        if (value === null || value === undefined || value === false)
            continue;
        if (name.startsWith('on'))
            element.addEventListener(name.slice(2), value);
        else
            element.setAttribute(name, value === true ? '' : value);
    }
    element.append(...children.flat().filter(c => c !== null && c !== undefined && c !== false));
    return element;
}

export function h(tag, attributes, ...children) {
    return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes, ...children) {
    return fill(document.createElementNS(SVG, tag), attributes, children);
}

export function byId(id) {
    return document.getElementById(id);
}

/* Sets text only where it differs, so that screen readers are told of changes only. */
export function setText(element, text) {
    if (element.textContent !== text)
        element.textContent = text;
}

/* Is somebody typing there? Then keys are not shortcuts. */
export function takesKeys(element) {
    return !!element?.closest('input:not([type=checkbox]):not([type=range]):not([type=radio]), textarea, select');
}
