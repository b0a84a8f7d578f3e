/* What pipelines of benchmarks have in common: ports for a frame to come in and go out, and a node that passes it on. */
#ifndef BENCH_RELAY_H
#define BENCH_RELAY_H

#include <weir/component.h>

static const weir_port one_in[] = {{.name = "in"}, {0}}, one_out[] = {{.name = "out"}, {0}};

static weir_status relay_process(weir_node *node, int input, const weir_frame *frame)
{
    (void)input;
    weir_frame copy = weir_frame_fork(frame);
    weir_send(node, 0, &copy);
    return WEIR_OK;
}

static const weir_component_class relay = {
    .name = "b-relay", .summary = "passes on", .inputs = one_in, .outputs = one_out, .process = relay_process};

#endif
