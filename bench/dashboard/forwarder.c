/* What forwarding costs at least: `forwarder FILM [apart]` reads the packets of a film again and again, each when it is due, and
 * sends it with four bytes of length before it to everybody who is connected. One thread; says where on standard error. A
 * client that falls a hundred packets behind goes on with the newest.
 *
 * With `apart` the film is read by a process of its own, which sends the packets over TCP: what reading costs is not in the
 * account of this process, as it is not in that of weir's server.
 */
#include "../stopwatch.h"
#include <arpa/inet.h>
#include <errno.h>
#include <libavformat/avformat.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { KEPT = 100, CLIENTS = 1024 };

typedef struct packet {
    unsigned char *data; /* the length, the packet */
    size_t bytes, room;
} packet;

typedef struct client {
    int fd;
    bool waits;    /* for room */
    uint64_t next; /* packet */
    size_t sent;   /* of it */
} client;

static packet kept[KEPT];
static uint64_t packets; /* that there were */
static client clients[CLIENTS];
static int count, events, listener;
static int timer = -1, source = -1; /* by which packets come: the one or the other */

static _Noreturn void give_up(const char *why)
{
    fprintf(stderr, "forwarder: %s\n", why);
    exit(1);
}

/* --- the film --- */

typedef struct film {
    AVFormatContext *format;
    AVPacket *packet;
    int stream;
    int64_t began_ns, first_pts; /* of this round */
    int64_t due_ns;
} film;

static film film_open(const char *path)
{
    film self = {.packet = av_packet_alloc()};
    if (!self.packet || avformat_open_input(&self.format, path, NULL, NULL) != 0)
        give_up("the film cannot be opened");
    self.stream = av_find_best_stream(self.format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (self.stream < 0)
        give_up("that is no film");
    self.began_ns = now_ns();
    return self;
}

/* The next packet, which is due at due_ns. At the end the film begins again. */
static void film_next(film *self)
{
    do {
        av_packet_unref(self->packet);
        if (av_read_frame(self->format, self->packet) == 0)
            continue;
        if (av_seek_frame(self->format, self->stream, 0, AVSEEK_FLAG_BACKWARD) < 0)
            give_up("the film cannot begin again");
        self->began_ns = self->due_ns + 40000000;
    } while (!self->packet->data || self->packet->stream_index != self->stream);
    const AVRational base = self->format->streams[self->stream]->time_base;
    self->due_ns = self->began_ns + av_rescale_q(self->packet->dts, base, (AVRational){1, 1000000000});
}

static void set_timer(int64_t due_ns)
{
    const struct itimerspec at = {.it_value = {.tv_sec = due_ns / 1000000000, .tv_nsec = due_ns % 1000000000}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
}

/* --- sending --- */

/* Of the film that this process reads. */
static void keep(const AVPacket *from)
{
    packet *to = &kept[packets++ % KEPT];
    const uint32_t length = (uint32_t)from->size;
    to->bytes = sizeof length + length;
    if (to->bytes > to->room && !(to->data = realloc(to->data, to->room = to->bytes)))
        give_up("there is no memory");
    memcpy(to->data, &length, sizeof length);
    memcpy(to->data + sizeof length, from->data, length);
}

static void wait_for_room(client *self, bool waits)
{
    struct epoll_event event = {.events = waits ? EPOLLOUT : EPOLLRDHUP, .data.ptr = self};
    if (self->waits != waits)
        epoll_ctl(events, EPOLL_CTL_MOD, self->fd, &event);
    self->waits = waits;
}

static void push(client *self)
{
    while (self->fd >= 0 && self->next < packets) {
        if (self->sent == 0 && packets - self->next > KEPT - 1)
            self->next = packets - 1;
        const packet *one = &kept[self->next % KEPT];
        ssize_t bytes = send(self->fd, one->data + self->sent, one->bytes - self->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (bytes < 0 && errno != EAGAIN) {
            close(self->fd);
            self->fd = -1;
            return;
        }
        self->sent += bytes > 0 ? (size_t)bytes : 0;
        if (self->sent < one->bytes) {
            wait_for_room(self, true);
            return;
        }
        self->sent = 0;
        self->next++;
    }
    wait_for_room(self, false);
}

static void accept_one(void)
{
    const int yes = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 || count == CLIENTS)
        give_up("too many clients");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    client *self = &clients[count++];
    *self = (client){.fd = fd, .next = packets};
    struct epoll_event event = {.events = EPOLLRDHUP, .data.ptr = self};
    epoll_ctl(events, EPOLL_CTL_ADD, fd, &event);
}

static void to_all(void)
{
    for (int i = 0; i < count; i++)
        if (!clients[i].waits)
            push(&clients[i]);
}

static void packet_is_due(film *self)
{
    uint64_t expired;
    if (read(timer, &expired, sizeof expired) < 0)
        return;
    keep(self->packet);
    to_all();
    film_next(self);
    set_timer(self->due_ns);
}

/* --- a film that is read apart --- */

/* Reads it, for as long as the process that began it lives. */
static _Noreturn void play(const char *path, int to)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (film played = film_open(path);;) {
        film_next(&played);
        const struct timespec due = {.tv_sec = played.due_ns / 1000000000, .tv_nsec = played.due_ns % 1000000000};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
            ;
        const uint32_t length = (uint32_t)played.packet->size;
        if (send(to, &length, sizeof length, MSG_MORE | MSG_NOSIGNAL) != sizeof length ||
            send(to, played.packet->data, length, MSG_NOSIGNAL) != (ssize_t)length)
            exit(0);
    }
}

static void begin_apart(const char *path, const struct sockaddr_in *address)
{
    const int to = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (to < 0 || connect(to, (const struct sockaddr *)address, sizeof *address) != 0)
        give_up(strerror(errno));
    source = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    const pid_t player = fork();
    if (source < 0 || player < 0)
        give_up(strerror(errno));
    if (player == 0)
        play(path, to);
    close(to);
}

static void make_room(packet *self, size_t bytes)
{
    self->bytes = bytes;
    if (bytes > self->room && !(self->data = realloc(self->data, self->room = bytes)))
        give_up("there is no memory");
}

/* More of the packet that is coming; true when all of it is there. */
static bool receive(void)
{
    static size_t have;
    uint32_t length = 0;
    packet *to = &kept[packets % KEPT];
    make_room(to, sizeof length);
    if (have >= sizeof length) {
        memcpy(&length, to->data, sizeof length);
        make_room(to, sizeof length + length);
    }
    const ssize_t bytes = recv(source, to->data + have, to->bytes - have, MSG_DONTWAIT);
    if (bytes == 0 || (bytes < 0 && errno != EAGAIN))
        give_up("the film is over");
    have += bytes > 0 ? (size_t)bytes : 0;
    if (bytes < 0 || have < to->bytes || have == sizeof length)
        return bytes > 0 && have == sizeof length ? receive() : false;
    have = 0;
    packets++;
    return true;
}

/* --- */

static struct sockaddr_in listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, bytes) != 0 || listen(listener, CLIENTS) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &bytes) != 0)
        give_up(strerror(errno));
    return address;
}

static void watch(int fd, void *as)
{
    if (fd >= 0)
        epoll_ctl(events, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.ptr = as});
}

static void happened(void *what, film *played)
{
    if (what == &timer)
        packet_is_due(played);
    else if (what == &listener)
        accept_one();
    else if (what != &source)
        push(what);
    else if (receive())
        to_all();
}

int main(int argc, char **argv)
{
    if (argc < 2)
        give_up("usage: forwarder FILM [apart]");
    film played = {0};
    events = epoll_create1(EPOLL_CLOEXEC);
    const struct sockaddr_in address = listen_somewhere();
    if (argc > 2) {
        begin_apart(argv[1], &address);
    } else {
        played = film_open(argv[1]);
        timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
        film_next(&played);
        set_timer(played.due_ns);
    }
    watch(timer, &timer);
    watch(source, &source);
    watch(listener, &listener);
    fprintf(stderr, "tcp://127.0.0.1:%d/\n", ntohs(address.sin_port));
    for (struct epoll_event ready[64];;) {
        int some = epoll_wait(events, ready, 64, -1);
        for (int i = 0; i < some; i++)
            happened(ready[i].data.ptr, &played);
    }
}
