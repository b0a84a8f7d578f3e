/* `paced FRAMES CONSUMERS`: a live source that sends a frame every two milliseconds to consumers that do nothing, a
 * thread each. For counting the system calls of it; says how many frames were taken. */
#include <stdio.h>
#include <stdlib.h>
#include <weir/component.h>
#include <weir/pipeline.h>

enum { INTERVAL_NS = 2000000 };
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
    self->due_ns = (self->frames++ ? self->due_ns : weir_now(node)) + INTERVAL_NS;
    weir_wake_at(node, self->due_ns);
    weir_frame frame = weir_frame_new(node, weir_now(node));
    weir_send(node, 0, &frame);
    return WEIR_OK;
}

static weir_status take(weir_node *node, int input, const weir_frame *frame)
{
    (void)node, (void)input, (void)frame;
    return WEIR_OK;
}

static const weir_port in[] = {{.name = "in"}, {0}}, out[] = {{.name = "out"}, {0}};
static const weir_component_class source = {.name = "t-paced",
                                            .summary = "sends at its pace",
                                            .outputs = out,
                                            .state_bytes = sizeof(paced),
                                            .plan = plan,
                                            .produce = produce};
static const weir_component_class sink = {.name = "t-sink", .summary = "takes", .inputs = in, .process = take};

static void print_taken(weir_pipeline *p)
{
    weir_stats *stats = weir_pipeline_stats(p);
    uint64_t taken = 0;
    for (int i = 0; i < stats->links; i++)
        taken += stats->link[i].taken;
    printf("%llu\n", (unsigned long long)taken);
    weir_stats_free(stats);
}

int main(int argc, char **argv)
{
    char name[16];
    if (argc != 3) {
        fprintf(stderr, "usage: paced FRAMES CONSUMERS\n");
        return 2;
    }
    frames_wanted = atoi(argv[1]);
    weir_register(&source);
    weir_register(&sink);
    weir_pipeline *p = weir_pipeline_new("paced");
    weir_pipeline_runner(p, "thread");
    weir_pipeline_add(p, "source", "t-paced", NULL);
    for (int i = 0; i < atoi(argv[2]); i++) {
        snprintf(name, sizeof name, "sink%d", i);
        weir_pipeline_add(p, name, "t-sink", NULL);
        weir_pipeline_link(p, "source", name, &(weir_policy){.depth = 1024});
    }
    weir_status status = weir_pipeline_run(p);
    if (status < 0)
        fprintf(stderr, "%s\n", weir_pipeline_error(p));
    else
        print_taken(p);
    weir_pipeline_free(p);
    return status < 0;
}
