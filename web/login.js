/* login.js: asks for the token when the server wants one. `weir` may give out an address that ends in #token=...: then
 * nobody needs to type it; what stands behind # is not sent to any server.
 */
import { h, setText } from './dom.js';

async function logIn(token) {
    const answer = await fetch('login', { method: 'POST', headers: { Authorization: `Bearer ${token}` } }).catch(() => null);
    if (!answer)
        return 'The server does not answer.';
    return answer.ok ? null : answer.status === 429 ? 'Too many tries: wait a little.' : 'That is not the token.';
}

/* Takes a token out of the address, and uses it. */
export async function useTokenOfAddress() {
    const found = location.hash.match(/^#token=(.+)$/);
    if (!found)
        return;
    history.replaceState(null, '', `${location.pathname}#live`);
    await logIn(decodeURIComponent(found[1]));
}

export class LoginView {
    constructor(element, done) {
        this.element = element;
        this.input = h('input', { type: 'password', name: 'token', id: 'token', autocomplete: 'current-password', required: true,
            'aria-describedby': 'login-error' });
        this.error = h('p', { class: 'login-error', id: 'login-error', role: 'alert' });
        this.button = h('button', { type: 'submit', class: 'primary wide' }, 'Log in');
        element.append(h('form', { class: 'login', onsubmit: event => this.#submit(event, done) },
            h('h1', {}, 'This dashboard is private'),
            h('p', {}, 'weir showed the token when it made it. It is in the file that the option ', h('code', {}, 'token='),
                ' names: ', h('code', {}, 'weir-token'), ' if it is not given.'),
            h('label', { for: 'token' }, 'Token'), this.input, this.error, this.button));
    }

    show() {
        this.element.hidden = false;
        this.input.focus();
    }

    hide() {
        this.element.hidden = true;
    }

    async #submit(event, done) {
        event.preventDefault();
        this.button.disabled = true;
        const error = await logIn(this.input.value.trim());
        this.button.disabled = false;
        setText(this.error, error ?? '');
        if (error)
            return this.input.select();
        this.input.value = '';
        done();
    }
}
