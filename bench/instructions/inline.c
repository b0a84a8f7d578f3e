/* A pipeline on one thread: `inline-steps FRAMES LINKS`, a source, relays and a sink one after the other, runner inline.
 * For counting instructions: it prints nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <weir/component.h>
#include <weir/pipeline.h>

static int64_t frames_wanted;

typedef struct counted {
    int64_t frames;
} counted;

static weir_status produce(weir_node *node)
{
    counted *self = weir_state(node);
    if (self->frames++ == frames_wanted)
        return WEIR_END;
    weir_frame frame = weir_frame_new(node, weir_now(node));
    weir_send(node, 0, &frame);
    return WEIR_MORE;
}

static weir_status pass_on(weir_node *node, int input, const weir_frame *frame)
{
    (void)input;
    weir_frame copy = weir_frame_fork(frame);
    weir_send(node, 0, &copy);
    return WEIR_OK;
}

static weir_status swallow(weir_node *node, int input, const weir_frame *frame)
{
    counted *self = weir_state(node);
    (void)input, (void)frame;
    self->frames++;
    return WEIR_OK;
}

static const weir_port in[] = {{.name = "in"}, {0}}, out[] = {{.name = "out"}, {0}};
static const weir_component_class source = {
    .name = "b-source", .summary = "sends", .outputs = out, .state_bytes = sizeof(counted), .produce = produce};
static const weir_component_class relay = {
    .name = "b-relay", .summary = "passes on", .inputs = in, .outputs = out, .process = pass_on};
static const weir_component_class sink = {
    .name = "b-sink", .summary = "counts", .inputs = in, .state_bytes = sizeof(counted), .process = swallow};

int main(int argc, char **argv)
{
    char name[16], before[16] = "source";
    if (argc != 3) {
        fprintf(stderr, "usage: inline-steps FRAMES LINKS\n");
        return 2;
    }
    frames_wanted = atoll(argv[1]);
    weir_register(&source);
    weir_register(&relay);
    weir_register(&sink);
    weir_pipeline *p = weir_pipeline_new("inline");
    weir_pipeline_runner(p, "inline");
    weir_pipeline_add(p, "source", "b-source", NULL);
    for (int i = 1, links = atoi(argv[2]); i <= links; i++) {
        snprintf(name, sizeof name, "node%d", i);
        weir_pipeline_add(p, name, i == links ? "b-sink" : "b-relay", NULL);
        weir_pipeline_link(p, before, name, NULL);
        snprintf(before, sizeof before, "%s", name);
    }
    weir_status status = weir_pipeline_run(p);
    if (status < 0)
        fprintf(stderr, "%s\n", weir_pipeline_error(p));
    weir_pipeline_free(p);
    return status < 0;
}
