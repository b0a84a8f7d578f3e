/* main.js: puts the page together: which view is shown (it stands behind # in the address), the bar, and the keys. */
import { Session } from './session.js';
import { LiveView } from './live-view.js';
import { StreamView } from './stream-view.js';
import { HealthView } from './health-view.js';
import { LayersPanel, LAYERS } from './layers-panel.js';
import { LoginView, useTokenOfAddress } from './login.js';
import { Help } from './help.js';
import { addHook } from './hook.js';
import { settings } from './settings.js';
import { icon } from './icons.js';
import { byId, setText, takesKeys } from './dom.js';

const THEMES = { auto: 'as the system', dark: 'dark', light: 'light' };
const THEME_ICONS = { auto: 'auto', dark: 'moon', light: 'sun' };

const session = new Session();
const go = hash => location.hash = hash;
const views = {
    live: new LiveView(byId('view-live'), session, player => go(`stream/${encodeURIComponent(player.name)}`)),
    stream: new StreamView(byId('view-stream'), session, () => go('live')),
    health: new HealthView(byId('view-health'), session),
    login: new LoginView(byId('view-login'), () => {
        route();
        session.open();
    }),
};
const layers = new LayersPanel(byId('layers'), byId('layers-button'), session);
const help = new Help(byId('help'));
let current = null, lastStream = null;

// ---- views

function show(name, ...rest) {
    for (const [other, view] of Object.entries(views))
        if (other !== name)
            view.hide();
    current = name;
    document.body.dataset.view = name;
    const tab = name === 'stream' ? 'live' : name;
    for (const other of ['live', 'health'])
        byId(`nav-${other}`).setAttribute('aria-current', other === tab ? 'page' : 'false');
    views[name].show(...rest);
}

function route() {
    const [view, name] = location.hash.slice(1).split('/').map(decodeURIComponent);
    const player = view === 'stream' ? session.players.get(name) : null;
    if (view === 'health') {
        layers.toggle(false);
        show('health', name);
    } else if (player) {
        lastStream = name;
        show('stream', player);
    } else {
        show('live');
        if (lastStream)
            views.live.focus(lastStream);
        lastStream = null;
    }
    document.title = `${player ? `${name} · ` : view === 'health' ? 'Health · ' : ''}${session.pipeline ? `${session.pipeline} · ` : ''}weir`;
}

function neighbour(by) {
    const names = [...session.players.keys()], at = names.indexOf(views.stream.player.name);
    go(`stream/${encodeURIComponent(names[(at + by + names.length) % names.length])}`);
}

// ---- the bar

function showStatus() {
    const { kind, retry_at } = session.status, now = performance.now();
    const streams = session.players.size;
    const wait = Math.max(0, Math.ceil((retry_at - now) / 1000));
    byId('connection').dataset.state = kind;
    const text = {
        connecting: 'connecting',
        offline: wait > 0 ? `no connection; again in ${wait} s` : 'no connection; trying',
        live: `${streams} ${streams === 1 ? 'stream' : 'streams'}`,
    }[kind];
    setText(byId('connection-text'), text);
    setText(byId('pipeline'), session.pipeline);
    document.body.dataset.connection = kind;
}

function showMark() {
    const worst = session.metrics.worst(), mark = byId('nav-mark');
    mark.hidden = !worst;
    if (!worst)
        return;
    mark.dataset.state = worst;
    mark.setAttribute('role', 'img');
    mark.setAttribute('aria-label', { failed: 'a node has failed', losing: 'a link loses frames', stalled: 'a link stands still' }[worst]);
}

function showTheme() {
    const { theme } = settings;
    if (theme === 'auto')
        delete document.documentElement.dataset.theme;
    else
        document.documentElement.dataset.theme = theme;
    const button = byId('theme-button');
    button.replaceChildren(icon(THEME_ICONS[theme]));
    button.title = `Colours: ${THEMES[theme]} (t)`;
    button.setAttribute('aria-label', `Colours: ${THEMES[theme]}`);
    dispatchEvent(new Event('themechange'));
}

function nextTheme() {
    const names = Object.keys(THEMES);
    settings.set({ theme: names[(names.indexOf(settings.theme) + 1) % names.length] });
}

// ---- keys

const everywhere = {
    g: () => go('live'),
    h: () => go('health'),
    l: () => layers.toggle(),
    m: () => settings.set({ mode: settings.mode === 'exact' ? 'newest' : 'exact' }),
    t: nextTheme,
    '?': () => help.toggle(),
    ...Object.fromEntries(LAYERS.map(([name], i) => [String(i + 1), () => settings.toggleLayer(name)])),
};

const inStream = {
    ' ': view => view.togglePlay(),
    ArrowLeft: (view, shift) => shift ? view.jump(-1000) : view.player.past.step(-1),
    ArrowRight: (view, shift) => shift ? view.jump(1000) : view.player.past.step(1),
    ',': view => view.player.past.step(-1),
    '.': view => view.player.past.step(1),
    Home: view => view.player.past.seekTime(-Infinity),
    End: view => view.player.past.leave(),
    '+': view => view.zoom(1.4),
    '=': view => view.zoom(1.4),
    '-': view => view.zoom(1 / 1.4),
    0: view => view.whole(),
    w: view => view.pan(0, 0.1),
    a: view => view.pan(0.1, 0),
    s: view => view.pan(0, -0.1),
    d: view => view.pan(-0.1, 0),
    f: view => view.fullScreen(),
    '[': () => neighbour(-1),
    ']': () => neighbour(1),
    Escape: () => go('live'),
};

function pressed(event) {
    const { key, target, shiftKey } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || takesKeys(target) || current === 'login')
        return;
    if (byId('help').open && key !== '?')
        return;
    const isControl = target.closest?.('button, a, label, input, summary, [role=tab]');
    const own = current === 'stream' && !byId('layers').contains(target) && !(isControl && (key === ' ' || key === 'Enter')) ? inStream[key] : null;
    const act = own ?? everywhere[key];
    if (!act || (key.startsWith('Arrow') && target.matches?.('input')))
        return;
    event.preventDefault();
    act(views.stream, shiftKey);
}

// ---- begin

byId('layers-button').append(icon('layers'));
byId('layers-button').title = 'Layers and filters (l)';
byId('layers-button').setAttribute('aria-label', 'Layers and filters');
byId('help-button').append(icon('help'));
byId('help-button').title = 'Keys (?)';
byId('help-button').setAttribute('aria-label', 'Keys');
byId('help-button').addEventListener('click', () => help.toggle());
byId('theme-button').addEventListener('click', nextTheme);
settings.addEventListener('change', showTheme);
matchMedia('(prefers-color-scheme: light)').addEventListener('change', showTheme);
addEventListener('keydown', pressed);
addEventListener('hashchange', route);
session.addEventListener('status', showStatus);
session.addEventListener('beat', showStatus);
session.addEventListener('state', showMark);
session.addEventListener('unauthorised', () => show('login'));
session.addEventListener('streams', () => {
    const [view, name] = location.hash.slice(1).split('/').map(decodeURIComponent);
    if (current === 'login' || (view === 'stream' && views.stream.player?.name !== name))
        route();
});
showTheme();
addHook(session);
await useTokenOfAddress();
route();
session.start();
