/* Many who watch: `viewers PORT websocket|lengths|multipart VIEWERS STREAMS WARM_S SECONDS`.
 *
 * Each opens a connection, asks for what the page asks for where there is somebody to ask (the others are answered with one byte:
 * TCP acknowledges at once to a client that never says anything, at the client's cost), and reads whatever comes. They look
 * every few milliseconds instead of being woken: on one machine waking them would be done in the server's time. After WARM_S it
 * prints a line "begin", and SECONDS later the frames that each viewer had meanwhile of each stream, as JSON.
 */
#include "../stopwatch.h"
#include "stream.h"
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { VIEWERS = 1024, STREAMS = 64, READ_BYTES = 256 << 10, LOOK_NS = 5000000, REQUEST_BYTES = 8192 };

typedef struct viewer {
    int fd;
    stream in;
    bool asked;               /* for what it wants to see */
    uint64_t frames[STREAMS]; /* since it began to count */
    int64_t last[STREAMS];    /* number of the frame; 0: none came */
    uint64_t missing;         /* numbers that were left out */
} viewer;

static viewer viewers[VIEWERS];
static int count, streams, port;
static stream_form form;

static _Noreturn void give_up(const char *why)
{
    fprintf(stderr, "viewers: %s\n", why);
    exit(1);
}

/* --- what is said to the server --- */

static void say_all(int fd, const void *data, size_t bytes)
{
    if (send(fd, data, bytes, MSG_NOSIGNAL) != (ssize_t)bytes)
        give_up("the server does not listen");
}

/* A frame of a WebSocket's client, masked with zeros. */
static void say_frame(int fd, int opcode, const void *data, size_t bytes)
{
    unsigned char frame[REQUEST_BYTES + 8] = {(unsigned char)(0x80 | opcode), 0x80 | 126, (unsigned char)(bytes >> 8),
                                              (unsigned char)bytes};
    if (bytes < 126) {
        frame[1] = (unsigned char)(0x80 | bytes);
        memset(frame + 2, 0, 2);
    }
    size_t head = bytes < 126 ? 6 : 8;
    memcpy(frame + head, data, bytes);
    say_all(fd, frame, head + bytes);
}

static void say_text(int fd, const char *text)
{
    say_frame(fd, 1, text, strlen(text));
}

static void ask_to_talk(int fd)
{
    char request[REQUEST_BYTES];
    int bytes = snprintf(request, sizeof request,
                         "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nOrigin: http://127.0.0.1:%d\r\n"
                         "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                         "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: weir.1\r\n\r\n",
                         port, port);
    say_all(fd, request, (size_t)bytes);
}

/* As the page does. */
static void ask_for_streams(int fd)
{
    char request[REQUEST_BYTES], *end = request + sizeof request;
    say_text(fd, "{\"type\":\"state\",\"every_ms\":1000}");
    char *at = request + snprintf(request, sizeof request, "{\"type\":\"watch\",\"streams\":[");
    for (int s = 0; s < streams; s++)
        at += snprintf(at, (size_t)(end - at), "%s{\"id\":%d,\"as\":\"packets\"}", s ? "," : "", s);
    snprintf(at, (size_t)(end - at), "]}");
    say_text(fd, request);
}

static void join(viewer *self)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    *self = (viewer){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .in.form = form};
    if (self->fd < 0 || connect(self->fd, (const struct sockaddr *)&address, sizeof address) != 0)
        give_up(strerror(errno));
    if (form == STREAM_WEBSOCKET)
        ask_to_talk(self->fd);
}

/* --- what comes from it --- */

static void count_frame(viewer *self, unsigned s, int64_t number)
{
    if (s >= STREAMS)
        return;
    if (self->last[s] && number > self->last[s] + 1)
        self->missing += (uint64_t)(number - self->last[s] - 1);
    self->last[s] = number;
    self->frames[s]++;
}

static void heard(void *user, const stream_message *message)
{
    enum { BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };
    viewer *self = user;
    uint16_t of_stream;
    int64_t number;
    if (form != STREAM_WEBSOCKET)
        count_frame(self, 0, self->last[0] + 1);
    else if (message->opcode == PING)
        say_frame(self->fd, PONG, message->beginning, message->beginning_bytes);
    else if (message->opcode == CLOSE)
        give_up("the server let a viewer go");
    if (message->opcode != BINARY || message->beginning_bytes < STREAM_BEGINNING)
        return;
    memcpy(&of_stream, message->beginning + 2, sizeof of_stream);
    memcpy(&number, message->beginning + 8, sizeof number);
    count_frame(self, of_stream, number);
}

/* False: there is nothing left. */
static bool read_some(viewer *self)
{
    static unsigned char buffer[READ_BYTES];
    ssize_t bytes = recv(self->fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (bytes < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (bytes <= 0)
        give_up("the server closed a connection");
    if (!stream_feed(&self->in, buffer, (size_t)bytes, heard, self))
        give_up("the server says what was not expected");
    if (!self->asked && form == STREAM_LENGTHS)
        say_all(self->fd, "", 1);
    else if (!self->asked && self->in.upgraded)
        ask_for_streams(self->fd);
    self->asked = form == STREAM_LENGTHS || self->in.upgraded;
    return true;
}

static void read_until(int64_t until_ns)
{
    static const struct timespec look = {.tv_nsec = LOOK_NS};
    while (now_ns() < until_ns) {
        for (int v = 0; v < count; v++)
            while (read_some(&viewers[v]))
                ;
        nanosleep(&look, NULL);
    }
}

/* --- */

static void forget_counts(void)
{
    for (int v = 0; v < count; v++) {
        memset(viewers[v].frames, 0, sizeof viewers[v].frames);
        viewers[v].missing = 0;
    }
}

static void print_counts(double seconds)
{
    uint64_t least = UINT64_MAX, most = 0, all = 0, missing = 0;
    for (int v = 0; v < count; v++) {
        missing += viewers[v].missing;
        for (int s = 0; s < streams; s++) {
            uint64_t frames = viewers[v].frames[s];
            least = frames < least ? frames : least;
            most = frames > most ? frames : most;
            all += frames;
        }
    }
    printf("{\"seconds\": %.3f, \"frames\": %" PRIu64 ", \"least\": %" PRIu64 ", \"most\": %" PRIu64
           ", \"missing\": %" PRIu64 "}\n",
           seconds, all, least, most, missing);
}

int main(int argc, char **argv)
{
    if (argc != 7)
        give_up("usage: viewers PORT websocket|lengths|multipart VIEWERS STREAMS WARM_S SECONDS");
    port = atoi(argv[1]);
    form = argv[2][0] == 'w' ? STREAM_WEBSOCKET : argv[2][0] == 'l' ? STREAM_LENGTHS : STREAM_MULTIPART;
    count = atoi(argv[3]);
    streams = atoi(argv[4]);
    if (count < 1 || count > VIEWERS || streams < 1 || streams > STREAMS)
        give_up("too many, or too few");
    for (int v = 0; v < count; v++)
        join(&viewers[v]);
    read_until(now_ns() + (int64_t)(atof(argv[5]) * 1e9));
    forget_counts();
    int64_t began_ns = now_ns();
    puts("begin");
    fflush(stdout);
    read_until(began_ns + (int64_t)(atof(argv[6]) * 1e9));
    print_counts((double)(now_ns() - began_ns) / 1e9);
    return 0;
}
