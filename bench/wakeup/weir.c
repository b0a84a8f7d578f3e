/* Frames a millisecond apart through weir, to a consumer that sleeps in between: from just before the send to the
 * consumer's call. `weir-wakeup FRAMES`. */
#include "latencies.h"
#include <weir/component.h>
#include <weir/pipeline.h>

static latencies all;
static int frames_wanted;

typedef struct paced {
    int frames;
    int64_t due_ns;
} paced;

static weir_status plan(weir_node *node)
{
    weir_plan_live(node);
    return WEIR_OK;
}

static weir_status produce(weir_node *node)
{
    paced *self = weir_state(node);
    if (self->frames == frames_wanted)
        return WEIR_END;
    self->due_ns = (self->frames++ ? self->due_ns : now_ns()) + INTERVAL_NS;
    weir_wake_at(node, self->due_ns);
    weir_frame frame = weir_frame_new(node, now_ns());
    weir_send(node, 0, &frame);
    return WEIR_OK;
}

static weir_status take(weir_node *node, int input, const weir_frame *frame)
{
    (void)node, (void)input;
    latencies_add(&all, now_ns() - frame->captured_ns);
    return WEIR_OK;
}

static const weir_port in[] = {{.name = "in"}, {0}}, out[] = {{.name = "out"}, {0}};
static const weir_component_class source = {.name = "b-paced",
                                            .summary = "sends a frame each millisecond",
                                            .outputs = out,
                                            .state_bytes = sizeof(paced),
                                            .plan = plan,
                                            .produce = produce};
static const weir_component_class sink = {.name = "b-taker", .summary = "notes ages", .inputs = in, .process = take};

int main(int argc, char **argv)
{
    if (!(frames_wanted = frames_asked(argc, argv)))
        return 2;
    weir_register(&source);
    weir_register(&sink);
    weir_pipeline *p = weir_pipeline_new("wakeup");
    weir_pipeline_add(p, "source", "b-paced", NULL);
    weir_pipeline_add(p, "sink", "b-taker", NULL);
    /* Room for seconds: where the machine stands still for a while, what comes late is late, not let go. */
    weir_pipeline_link(p, "source", "sink", &(weir_policy){.depth = 4096});
    weir_status status = weir_pipeline_run(p);
    if (status < 0)
        fprintf(stderr, "%s\n", weir_pipeline_error(p));
    weir_pipeline_free(p);
    return status >= 0 && latencies_print(&all, frames_wanted) ? 0 : 1;
}
