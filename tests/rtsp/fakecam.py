"""A scripted RTSP camera: H.264 over RTP within the RTSP connection, on a free port of the loopback.

    with FakeCam(units, script) as camera:
        ... camera.url() ...

`units` are access units, each a list of NAL units. `script(stream)` runs for every client that plays and sends what
and when it wants with stream.send(unit), in a thread of its own; when it returns the connection is closed. All
requests are kept in camera.requests.
"""

import base64
import socket
import struct
import threading

CLOCK_HZ = 90000


def access_units(data):
    """Cuts an Annex B stream with delimiters into access units without them."""
    units = []
    for piece in data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")[1:]:
        kind = piece[0] & 31
        if kind == 9:
            units.append([])
        elif kind != 6:
            units[-1].append(piece)
    return units


class Stream:
    """What a script sees of one client."""

    def __init__(self, camera, client):
        self.camera, self.client = camera, client
        self.sequence, self.time, self.sent = 0, 1000, 0

    def send(self, unit, frames_later=1):
        """One access unit, by the stream's own clock so many 25ths of a second after the one before."""
        self.time += frames_later * CLOCK_HZ // 25
        for at, nal in enumerate(unit):
            marker = 0x80 if at == len(unit) - 1 else 0
            packet = struct.pack(">BBHII", 0x80, marker | 96, self.sequence & 0xFFFF, self.time & 0xFFFFFFFF, 7) + nal
            self.sequence += 1
            self.client.sendall(struct.pack(">BBH", 0x24, 0, len(packet)) + packet)
        self.sent += 1

    def wait_until_gone(self):
        """Says nothing until the client leaves or the camera is switched off."""
        try:
            while self.client.recv(4096):
                pass
        except OSError:
            pass


class FakeCam:
    def __init__(self, units, script, port=0, user=None, mute=False):
        self.units, self.script, self.user, self.mute = units, script, user, mute
        self.requests, self.clients, self.threads, self.streams = [], [], [], []
        self.connected = threading.Event()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.listener.listen()
        self.start(self.accept)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.switch_off()

    def url(self, user=""):
        return f"rtsp://{user}127.0.0.1:{self.port}/live"

    def start(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def switch_off(self):
        for end in [self.listener, *self.clients]:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
        for thread in self.threads:
            if thread is not threading.current_thread():
                thread.join()

    def accept(self):
        try:
            while True:
                client = self.listener.accept()[0]
                self.clients.append(client)
                self.connected.set()
                self.start(self.serve, client)
        except OSError:
            pass

    def serve(self, client):
        try:
            if self.mute:
                Stream(self, client).wait_until_gone()
                return
            lines = client.makefile("rb")
            while self.answer(client, lines):
                pass
        except OSError:
            pass
        finally:
            client.close()

    def request(self, lines):
        first, header = lines.readline().decode().split(), {}
        for line in iter(lines.readline, b"\r\n"):
            if not line:
                break
            name, _, value = line.decode().partition(":")
            header[name.strip().lower()] = value.strip()
        return (first + ["", ""])[0], header

    def sdp(self):
        sets = [nal for nal in self.units[0] if nal[0] & 31 in (7, 8)]
        parameters = ",".join(base64.b64encode(nal).decode() for nal in sets)
        return ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=fake\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track\r\n"
                f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={parameters}\r\n")

    def answer(self, client, lines):
        method, header = self.request(lines)
        if not method:
            return False
        self.requests.append((method, header))
        more, body, status = "", "", "200 OK"
        wanted = self.user and "Basic " + base64.b64encode(self.user.encode()).decode()
        if wanted and method != "OPTIONS" and header.get("authorization") != wanted:
            status, more = "401 Unauthorized", 'WWW-Authenticate: Basic realm="fake"\r\n'
        elif method == "DESCRIBE":
            body, more = self.sdp(), "Content-Type: application/sdp\r\n"
        elif method == "SETUP" and "TCP" not in header.get("transport", ""):
            status = "461 Unsupported Transport"
        elif method == "SETUP":
            more = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
        elif method == "OPTIONS":
            more = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
        client.sendall(f"RTSP/1.0 {status}\r\nCSeq: {header.get('cseq', '0')}\r\n{more}"
                       f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        if method != "PLAY":
            return method != "TEARDOWN"
        stream = Stream(self, client)
        self.streams.append(stream)
        self.script(stream)
        return False
