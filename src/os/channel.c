#include "os/channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 5000 };

bool wr_channel_pair(int ends[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0;
}

typedef union control {
    struct cmsghdr align;
    char space[CMSG_SPACE(WR_CHANNEL_FDS * sizeof(int))];
} control;

static bool becomes_ready(int end)
{
    struct pollfd room = {.fd = end, .events = POLLOUT};
    if (poll(&room, 1, WAIT_MS) > 0)
        return true;
    errno = EAGAIN;
    return false;
}

bool wr_channel_say(int end, const void *message, size_t bytes, const int *fds, int count, bool wait)
{
    control with = {0};
    struct iovec part = {.iov_base = (void *)message, .iov_len = bytes};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    if (count > 0) {
        header.msg_control = with.space;
        header.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
        struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
        *rights = (struct cmsghdr){
            .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN((size_t)count * sizeof(int))};
        memcpy(CMSG_DATA(rights), fds, (size_t)count * sizeof(int));
    }
    ssize_t sent;
    do {
        sent = sendmsg(end, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && (errno == EINTR || (errno == EAGAIN && wait && becomes_ready(end))));
    return sent == (ssize_t)bytes;
}

static void unpack(struct msghdr *header, int fds[WR_CHANNEL_FDS])
{
    int count = 0;
    for (struct cmsghdr *at = CMSG_FIRSTHDR(header); at; at = CMSG_NXTHDR(header, at)) {
        if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS)
            continue;
        size_t bytes = at->cmsg_len - CMSG_LEN(0);
        for (size_t i = 0; i < bytes / sizeof(int); i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(at) + i * sizeof fd, sizeof fd);
            if (count < WR_CHANNEL_FDS)
                fds[count++] = fd;
            else
                close(fd);
        }
    }
}

long wr_channel_hear(int end, void *message, size_t room, int fds[WR_CHANNEL_FDS], bool wait)
{
    control with;
    struct iovec part = {.iov_base = message, .iov_len = room};
    struct msghdr header = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = with.space, .msg_controllen = sizeof with.space};
    ssize_t bytes;
    for (int i = 0; i < WR_CHANNEL_FDS; i++)
        fds[i] = -1;
    do {
        bytes = recvmsg(end, &header, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    } while (bytes < 0 && errno == EINTR);
    if (bytes < 0)
        return -1;
    unpack(&header, fds);
    if (!(header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
        return bytes;
    for (int i = 0; i < WR_CHANNEL_FDS; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    errno = EMSGSIZE;
    return -1;
}
