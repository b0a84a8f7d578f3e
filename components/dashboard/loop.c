#include "loop.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { TURN_NS = 1000000, CLOSING_ROUNDS = 10000 };

struct wr_loop {
    weir_node *node;
    uv_loop_t uv;
    pthread_t thread;
    bool has_thread;
    int quit;           /* readable: its thread is to end */
    sem_t turned;       /* since its thread asked for it */
    _Atomic bool asked; /* set before the node is woken; who clears it posts `turned`, once */
};

wr_loop *wr_loop_new(weir_node *node)
{
    wr_loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return NULL;
    loop->node = node;
    loop->quit = eventfd(0, EFD_CLOEXEC);
    if (loop->quit >= 0 && uv_loop_init(&loop->uv) == 0) {
        sem_init(&loop->turned, 0, 0);
        return loop;
    }
    if (loop->quit >= 0)
        close(loop->quit);
    free(loop);
    return NULL;
}

uv_loop_t *wr_loop_uv(wr_loop *loop)
{
    return &loop->uv;
}

/* --- its thread --- */

static void *watch(void *user)
{
    wr_loop *loop = user;
    struct pollfd waits[] = {{.fd = uv_backend_fd(&loop->uv), .events = POLLIN}, {.fd = loop->quit, .events = POLLIN}};
    for (;;) {
        if (poll(waits, 2, -1) < 0)
            continue;
        if (waits[1].revents)
            return NULL;
        atomic_store(&loop->asked, true);
        weir_wake(loop->node);
        while (sem_wait(&loop->turned) != 0)
            ;
    }
}

bool wr_loop_watch(wr_loop *loop)
{
    loop->has_thread = pthread_create(&loop->thread, NULL, watch, loop) == 0;
    return loop->has_thread;
}

void wr_loop_unwatch(wr_loop *loop)
{
    if (!loop || !loop->has_thread)
        return;
    eventfd_write(loop->quit, 1);
    sem_post(&loop->turned);
    pthread_join(loop->thread, NULL);
    loop->has_thread = false;
}

/* --- the node's thread --- */

/* What a round asks to be watched for, the next one hands to the kernel; and libwebsockets wants one after each event. */
static bool has_more(const wr_loop *loop)
{
    return uv_backend_timeout(&loop->uv) == 0 && uv_loop_alive(&loop->uv);
}

bool wr_loop_turn(wr_loop *loop)
{
    const bool asked = atomic_exchange(&loop->asked, false);
    const uint64_t until_ns = uv_hrtime() + TURN_NS;
    do
        uv_run(&loop->uv, UV_RUN_NOWAIT);
    while (has_more(loop) && uv_hrtime() < until_ns);
    if (asked)
        sem_post(&loop->turned);
    return has_more(loop);
}

void wr_loop_settle(wr_loop *loop)
{
    for (int rounds = 0; rounds < CLOSING_ROUNDS && uv_run(&loop->uv, UV_RUN_NOWAIT); rounds++)
        ;
}

void wr_loop_free(wr_loop *loop)
{
    if (!loop)
        return;
    uv_loop_close(&loop->uv);
    sem_destroy(&loop->turned);
    close(loop->quit);
    free(loop);
}
