/* The loop's two threads, in a node: whatever happens, its own wakes the node, again after each turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include <cmocka.h>
#include <unistd.h>
#include <weir/weir.h>

enum { EVENTS = 1000 };

/* A source that never asks for a time. Each byte that comes has it write the next. */
typedef struct chain {
    wr_loop *loop;
    uv_poll_t handle;
    int fd[2];
    unsigned come;
} chain;

static unsigned came; /* of the last that ended */

static void take_byte(uv_poll_t *handle, int status, int events)
{
    char byte;
    chain *self = handle->data;
    if (status == 0 && events & UV_READABLE && read(self->fd[0], &byte, 1) == 1 && write(self->fd[1], "", 1) == 1)
        self->come++;
}

static weir_status open_chain(weir_node *node)
{
    chain *self = weir_state(node);
    self->loop = wr_loop_new(node);
    if (!self->loop || pipe(self->fd) != 0 || write(self->fd[1], "", 1) != 1)
        return weir_fail(node, WEIR_IO, "no pipe");
    uv_poll_init(wr_loop_uv(self->loop), &self->handle, self->fd[0]);
    self->handle.data = self;
    uv_poll_start(&self->handle, UV_READABLE, take_byte);
    wr_loop_turn(self->loop); /* the kernel is told */
    return wr_loop_watch(self->loop) ? WEIR_OK : weir_fail(node, WEIR_IO, "no thread");
}

static weir_status produce(weir_node *node)
{
    chain *self = weir_state(node);
    wr_loop_turn(self->loop);
    return self->come >= EVENTS ? WEIR_END : WEIR_OK;
}

static void close_chain(weir_node *node)
{
    chain *self = weir_state(node);
    wr_loop_unwatch(self->loop);
    uv_close((uv_handle_t *)&self->handle, NULL);
    wr_loop_settle(self->loop);
    wr_loop_free(self->loop);
    close(self->fd[0]);
    close(self->fd[1]);
    came = self->come;
}

static const weir_port out[] = {{.name = "out"}, {0}};
static const weir_component_class chain_class = {.name = "t-chain",
                                                 .summary = "goes on only when its loop wakes it",
                                                 .outputs = out,
                                                 .state_bytes = sizeof(chain),
                                                 .open = open_chain,
                                                 .produce = produce,
                                                 .close = close_chain};

static void test_each_event_wakes_the_node(void **state)
{
    static const char *const runners[] = {"thread", "pool"};
    (void)state;
    assert_int_equal(weir_register(&chain_class), WEIR_OK);
    for (int r = 0; r < 2; r++) {
        weir_pipeline *p = weir_pipeline_new("test");
        assert_int_equal(weir_pipeline_runner(p, runners[r]), WEIR_OK);
        assert_int_equal(weir_pipeline_line(p, "t-chain name=a ! null"), WEIR_OK);
        came = 0;
        assert_int_equal(weir_pipeline_run(p), WEIR_OK);
        assert_true(came >= EVENTS);
        weir_pipeline_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_event_wakes_the_node)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
