/* slow-consumer: takes its time over every frame, asleep or at work; and misbehaves on request. */
#include <weir/component.h>

#include "../lib/say.h"
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

typedef struct slow_options {
    weir_duration delay;
    bool burn, detail;
    weir_string label;
    int64_t stuck, fail;
} slow_options;

static int64_t thread_cpu_ns(void)
{
    struct timespec cpu;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    return (int64_t)cpu.tv_sec * 1000000000 + cpu.tv_nsec;
}

static void burn(weir_node *node, int64_t duration_ns)
{
    int64_t until_ns = thread_cpu_ns() + duration_ns;
    while (!weir_interrupted(node) && thread_cpu_ns() < until_ns)
        for (volatile int i = 0; i < 10000; i = i + 1)
            ;
}

static void take_time(weir_node *node, const slow_options *options)
{
    if (options->burn)
        burn(node, options->delay.ns);
    else
        weir_sleep(node, options->delay.ns);
}

/* Says which frame it has before it takes its time over it: that is the moment at which it should be the newest. */
static weir_status process(weir_node *node, int input, const weir_frame *frame)
{
    const slow_options *options = weir_options(node);
    weir_status status = WEIR_OK;
    (void)input;
    if (options->fail && frame->number >= options->fail)
        return weir_fail(node, WEIR_FAILED, "failed at frame %" PRId64 ", as fail= asked", frame->number);
    if (*options->label.text)
        status = wr_say(node, frame, options->label.text, options->detail);
    while (options->stuck && frame->number >= options->stuck)
        pause(); /* never to return: what stall= and the end of a run must cope with */
    take_time(node, options);
    return status;
}

static const weir_option options[] = {
    WEIR_OPTION(slow_options, delay, "time that each frame takes", .text = "1s", .min = 0, .max = 3600),
    WEIR_OPTION(slow_options, burn, "work for that time (of one core) instead of sleeping", .text = "false"),
    WEIR_OPTION(slow_options, label, "word before the number; empty: print nothing", .text = "Slow Consumer"),
    WEIR_OPTION(slow_options, detail, "also stream, age, order and gaps", .text = "false"),
    WEIR_OPTION(slow_options, stuck, "never return from this frame number on (for tests)", .text = "0", .min = 0,
                .max = 1e15),
    WEIR_OPTION(slow_options, fail, "fail at this frame number (for tests)", .text = "0", .min = 0, .max = 1e15),
    {0},
};
static const weir_port inputs[] = {{.name = "in", .flags = WEIR_PORT_MANY}, {0}};

extern const weir_component_class wr_class_slow_consumer;
const weir_component_class wr_class_slow_consumer = {
    .name = "slow-consumer",
    .summary = "takes its time over every frame",
    .inputs = inputs,
    .options = options,
    .options_bytes = sizeof(slow_options),
    .process = process,
};
