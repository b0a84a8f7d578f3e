#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "run/bulletin.h"
#include <cmocka.h>

static weir_node_stats nodes[] = {
    {.name = "camera",
     .component = "video",
     .runner = "process",
     .state = "running",
     .options = "url=a.mp4\nloop=true\n",
     .sandbox = "full",
     .frames_out = 7},
    {.name = "show", .component = "null", .runner = "thread", .state = "done", .error = "went away", .frames_in = 6}};
static weir_link_stats links[] = {{.from = "camera", .to = "show", .offered = 7, .taken = 6, .waiting = 1}};
static const weir_stats account = {
    .pipeline = "street", .end = "running", .duration_s = 1.5, .nodes = 2, .links = 1, .node = nodes, .link = links};

static void test_what_is_written_is_read(void **state)
{
    (void)state;
    size_t bytes = wr_bulletin_bytes(2, 1);
    wr_bulletin *page = calloc(1, bytes);
    assert_null(wr_bulletin_read(page, bytes));
    for (int times = 0; times < 3; times++) {
        assert_true(wr_bulletin_write(page, bytes, &account));
        weir_stats *stats = wr_bulletin_read(page, bytes);
        assert_non_null(stats);
        assert_string_equal(stats->pipeline, "street");
        assert_string_equal(stats->end, "running");
        assert_int_equal(stats->nodes, 2);
        assert_string_equal(stats->node[0].name, "camera");
        assert_string_equal(stats->node[0].options, "url=a.mp4\nloop=true\n");
        assert_string_equal(stats->node[0].sandbox, "full");
        assert_int_equal(stats->node[0].frames_out, 7);
        assert_null(stats->node[1].options);
        assert_string_equal(stats->node[1].state, "done");
        assert_string_equal(stats->node[1].error, "went away");
        assert_string_equal(stats->link[0].from, "camera");
        assert_string_equal(stats->link[0].to, "show");
        assert_int_equal(stats->link[0].taken, 6);
        weir_stats_free(stats);
    }
    free(page);
}

static void test_what_does_not_fit_is_not_written(void **state)
{
    (void)state;
    size_t bytes = sizeof(wr_bulletin) + sizeof(weir_stats) + 300;
    wr_bulletin *page = calloc(1, bytes);
    assert_false(wr_bulletin_write(page, bytes, &account));
    assert_null(wr_bulletin_read(page, bytes));
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_what_does_not_fit_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
