#include "describe/summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

static weir_node_stats node = {
    .name = "detect",
    .component = "detect",
    .runner = "thread",
    .state = "failed",
    .error = "cannot open rtsp://me:hunter2@host/x: refused; check url= \xff",
    .frames_in = 480,
    .frames_out = 479,
    .errors = 1,
    .lost = 2,
    .busy = {.count = 480, .p50_ns = 38123456, .p99_ns = 51000000, .max_ns = 60200000},
    .cpu_s = 18.43219,
    .hidden_ns = 1500000,
};

static weir_link_stats link_stats = {
    .from = "camera",
    .to = "detect",
    .policy = {.take = WEIR_NEWEST, .depth = 4, .max_age_ns = 200000000},
    .live = true,
    .offered = 960,
    .taken = 480,
    .waiting_max = 1,
    .dropped = {[WEIR_SUPERSEDED] = 479, [WEIR_EXPIRED] = 1},
    .age = {.count = 480, .p50_ns = 21000000, .p99_ns = 43000000, .max_ns = 61000000},
};

static json_t *summary(void)
{
    weir_stats stats = {.pipeline = "stra\xc3\x9f"
                                    "e",
                        .duration_s = 40.0,
                        .end = "failed",
                        .nodes = 1,
                        .links = 1,
                        .node = &node,
                        .link = &link_stats,
                        .bound_bytes = 25165824,
                        .pool_peak_bytes = 9437184,
                        .rss_peak_bytes = 73400320};
    char *text = wr_summary_json(&stats, true);
    assert_non_null(text);
    assert_null(strstr(text, "hunter2"));
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    free(text);
    return root;
}

static void the_keys_of_the_contract_are_there(void **state)
{
    (void)state;
    json_t *root = summary();
    const char *weir, *pipeline, *end, *name, *component, *runner, *from, *to, *take;
    double duration, p50, p99, max, cpu, age50, age99, age_max;
    int in, out, errors, restarts, lost, offered, taken, waiting, waiting_max;
    int superseded, overflow, expired, undecodable, lost_in_link, bound, pool, rss;
    int bad = json_unpack(
        root,
        "{s:s, s:s, s:F, s:s, s:[{s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:{s:F, s:F, s:F}, s:F}],"
        " s:[{s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:{s:i, s:i, s:i, s:i, s:i}, s:{s:F, s:F, s:F}}], s:{s:i, s:i, s:i}}",
        "weir", &weir, "pipeline", &pipeline, "duration_s", &duration, "end", &end, "nodes", "name", &name, "component",
        &component, "runner", &runner, "frames_in", &in, "frames_out", &out, "errors", &errors, "restarts", &restarts,
        "lost", &lost, "busy_ms", "p50", &p50, "p99", &p99, "max", &max, "cpu_s", &cpu, "links", "from", &from, "to",
        &to, "take", &take, "offered", &offered, "taken", &taken, "waiting", &waiting, "waiting_max", &waiting_max,
        "dropped", "superseded", &superseded, "overflow", &overflow, "expired", &expired, "undecodable", &undecodable,
        "lost", &lost_in_link, "age_ms", "p50", &age50, "p99", &age99, "max", &age_max, "memory", "bound_bytes", &bound,
        "pool_peak_bytes", &pool, "rss_peak_bytes", &rss);
    assert_int_equal(bad, 0);
    assert_string_equal(pipeline, "stra\xc3\x9f"
                                  "e");
    assert_string_equal(end, "failed");
    assert_string_equal(take, "newest=4");
    assert_true(duration == 40.0 && p50 == 38.123 && cpu == 18.432 && age99 == 43.0);
    assert_int_equal(in, 480);
    assert_int_equal(lost, 2);
    assert_int_equal(offered, 960);
    assert_int_equal(superseded + overflow + expired + undecodable + lost_in_link, 480);
    assert_int_equal(bound, 25165824);
    json_decref(root);
}

static void a_failure_is_told_without_its_password(void **state)
{
    (void)state;
    json_t *root = summary();
    const char *error;
    assert_int_equal(json_unpack(root, "{s:[{s:s}]}", "nodes", "error", &error), 0);
    assert_non_null(strstr(error, "cannot open rtsp://"));
    assert_non_null(strstr(error, "check url= ?"));
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_keys_of_the_contract_are_there),
        cmocka_unit_test(a_failure_is_told_without_its_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
