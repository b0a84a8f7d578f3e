#include "table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static weir_node_stats node[] = {
    {.name = "camera", .component = "video", .state = "running", .frames_out = 100},
    {.name = "detect",
     .component = "detect",
     .state = "running",
     .frames_in = 50,
     .errors = 2,
     .lost = 1,
     .busy = {.count = 50, .p50_ns = 38000000, .p99_ns = 51000000}},
};

static weir_link_stats link_stats[8] = {
    {.from = "camera",
     .to = "detect",
     .policy = {.take = WEIR_LATEST},
     .offered = 100,
     .taken = 50,
     .waiting = 1,
     .dropped = {[WEIR_SUPERSEDED] = 48, [WEIR_EXPIRED] = 1},
     .age = {.count = 50, .p50_ns = 1500000, .p99_ns = 12345000000}},
};

static weir_stats now(int links)
{
    return (weir_stats){.pipeline = "street",
                        .duration_s = 3725.4,
                        .end = "running",
                        .nodes = 2,
                        .links = links,
                        .node = node,
                        .link = link_stats,
                        .bound_bytes = 3 << 20,
                        .pool_peak_bytes = 1 << 20};
}

static void the_table_says_what_happens(void **state)
{
    (void)state;
    weir_node_stats old_node[] = {node[0], node[1]};
    weir_link_stats old_link = link_stats[0];
    weir_stats stats = now(1), before = now(1);
    before.node = old_node;
    before.link = &old_link;
    before.duration_s -= 2;
    old_node[0].frames_out = 50;
    old_link.taken = 30;
    int lines;
    char *text = wr_table_text(&stats, &before, 0, 0, &lines);
    assert_string_equal(text,
                        "street  1:02:05  running  frames in memory at most 1.0 of 3.0 MiB\n"
                        "NODE     COMPONENT  STATE     ERRORS     IN/s    OUT/s  BUSY p50      p99\n"
                        "camera   video      running        0        -     25.0         -        -\n"
                        "detect   detect     running        3      0.0        -     38 ms    51 ms\n"
                        "LINK             TAKE          /s  AGE p50      p99  WAITING  LET GO\n"
                        "camera > detect  latest      10.0   1.5 ms   12.3 s        1  48 superseded, 1 expired\n");
    assert_int_equal(lines, 6);
    free(text);
}

static void the_table_fits_the_screen(void **state)
{
    (void)state;
    weir_stats stats = now(1);
    int lines;
    char *text = wr_table_text(&stats, NULL, 20, 3, &lines);
    assert_string_equal(text, "street  1:02:05  run\nNODE     COMPONENT  \ncamera   video      \n");
    assert_int_equal(lines, 3);
    free(text);
}

static void a_line_says_it_shortly(void **state)
{
    (void)state;
    weir_stats stats = now(1);
    stats.duration_s = 5;
    char *line = wr_table_line(&stats, NULL);
    assert_string_equal(line, "5 s: camera > detect 10.0/s, age 1.5 ms (p99 12.3 s), 49 let go");
    free(line);
    stats.links = 0;
    line = wr_table_line(&stats, NULL);
    assert_string_equal(line, "5 s: camera 100 frames, detect 0 frames");
    free(line);
}

static void a_line_has_an_end(void **state)
{
    (void)state;
    for (int i = 1; i < 8; i++)
        link_stats[i] = link_stats[0];
    weir_stats stats = now(8);
    char *line = wr_table_line(&stats, NULL);
    assert_non_null(strstr(line, "; and 2 more links"));
    free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_says_what_happens),
        cmocka_unit_test(the_table_fits_the_screen),
        cmocka_unit_test(a_line_says_it_shortly),
        cmocka_unit_test(a_line_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
