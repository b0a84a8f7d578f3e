/* weir-run.mjs: weir with a dashboard, for pages to look at; and a real RTSP server, to be killed. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const rtspServer = join(dirname(fileURLToPath(import.meta.url)), '..', 'rtsp', 'gst_server.py');

/* {url, said, stop}; url is where its dashboard says it is. */
export async function runWeir(weir, line) {
    const child = spawn(weir, ['run', line, '--duration', '15m'], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    const ended = new Promise(resolve => child.on('exit', resolve));
    const url = await new Promise((resolve, reject) => {
        child.stderr.on('data', data => {
            const found = (said += data).match(/page: (https?:\S+)/);
            if (found)
                resolve(found[1]);
        });
        ended.then(code => reject(new Error(`weir ended with ${code}: ${said}`)));
    });
    return { url, get said() { return said; }, stop: () => {
        child.kill('SIGINT');
        return ended;
    } };
}

export async function freePort() {
    const server = createServer();
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    await new Promise(resolve => server.close(resolve));
    return port;
}

/* A camera that sends a moving ball: {url, kill}; null where the server's packages are missing. */
export async function startCamera(port) {
    for (const python of ['python3', '/usr/bin/python3']) {
        const child = spawn(python, [rtspServer, String(port)], { stdio: ['pipe', 'pipe', 'ignore'] });
        const ended = new Promise(resolve => child.on('exit', resolve).on('error', resolve));
        const ready = await Promise.race([new Promise(resolve => child.stdout.once('data', () => resolve(true))), ended.then(() => false)]);
        if (ready)
            return { url: `rtsp://127.0.0.1:${port}/ball`, kill: () => {
                child.kill('SIGKILL');
                return ended;
            } };
    }
    return null;
}
