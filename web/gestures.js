/* gestures.js: wheel, pinch, drag and double click on a picture, turned into zoom and pan. */
import { zoomAt, pan, WHOLE } from './zoom.js';

/* target: {element, getView(), setView(view), place()}; place() is the picture's place at scale 1, in CSS pixels. */
export function addGestures({ element, getView, setView, place }) {
    const pointers = new Map();
    let pinch = null;

    const relative = event => {
        const at = element.getBoundingClientRect(), p = place();
        return [(event.clientX - at.left - p.x) / p.width, (event.clientY - at.top - p.y) / p.height];
    };
    const between = () => {
        const [a, b] = [...pointers.values()];
        return { distance: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY),
            middle: { clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 } };
    };

    element.addEventListener('wheel', event => {
        event.preventDefault();
        setView(zoomAt(getView(), ...relative(event), Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0016))));
    }, { passive: false });

    element.addEventListener('dblclick', event => setView(getView().scale > 1 ? WHOLE : zoomAt(WHOLE, ...relative(event), 2.5)));

    element.addEventListener('pointerdown', event => {
        if (event.button !== 0)
            return;
        pointers.set(event.pointerId, event);
        element.setPointerCapture(event.pointerId);
        pinch = pointers.size === 2 ? between() : null;
    });

    element.addEventListener('pointermove', event => {
        const before = pointers.get(event.pointerId);
        if (!before)
            return;
        pointers.set(event.pointerId, event);
        const p = place();
        if (pointers.size === 1 && getView().scale > 1) {
            setView(pan(getView(), (event.clientX - before.clientX) / p.width, (event.clientY - before.clientY) / p.height));
        } else if (pinch && pointers.size === 2) {
            const now = between();
            const moved = pan(getView(), (now.middle.clientX - pinch.middle.clientX) / p.width,
                (now.middle.clientY - pinch.middle.clientY) / p.height);
            setView(zoomAt(moved, ...relative(now.middle), now.distance / Math.max(1, pinch.distance)));
            pinch = now;
        }
    });

    const end = event => {
        pointers.delete(event.pointerId);
        pinch = null;
    };
    element.addEventListener('pointerup', end);
    element.addEventListener('pointercancel', end);
}
