#include "../lib/testing.h"

#include "external.h"

static void test_weights_elsewhere_are_found_at_any_depth(void **state)
{
    (void)state;
    /* model.graph(7).initializer(5).data_location(14) = 1; then in graph.node(1).attribute(5).t(5).external_data(13) */
    static const uint8_t plain[] = {0x3a, 4, 0x2a, 2, 0x10, 1}, location[] = {0x3a, 4, 0x2a, 2, 0x70, 1},
                         here[] = {0x3a, 4, 0x2a, 2, 0x70, 0},
                         attribute[] = {0x3a, 8, 0x0a, 6, 0x2a, 4, 0x2a, 2, 0x6a, 0}, torn[] = {0x3a, 9, 0x2a},
                         subgraph[] = {0x3a, 12, 0x0a, 10, 0x2a, 8, 0x32, 6, 0x2a, 4, 0x70, 1, 0x10, 1};
    assert_false(wr_external_data(plain, sizeof plain));
    assert_true(wr_external_data(location, sizeof location));
    assert_false(wr_external_data(here, sizeof here));
    assert_true(wr_external_data(attribute, sizeof attribute));
    assert_true(wr_external_data(subgraph, sizeof subgraph));
    assert_false(wr_external_data(torn, sizeof torn));
    assert_false(wr_external_data(torn, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights_elsewhere_are_found_at_any_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
