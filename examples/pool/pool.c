/* pool: nobody blocks at first, and the queue in front of the slow consumer is bounded and seen. */
#include "../common.h"

int main(int argc, char **argv)
{
    weir_pipeline *p = weir_pipeline_new("pool");
    weir_pipeline_runner(p, "pool");
    weir_pipeline_workers(p, 2);
    add_camera(p, argc, argv, 10, 10);
    weir_pipeline_add(p, "debugger", "debugger", "detail=yes");
    weir_pipeline_add(p, "slow", "slow-consumer", "delay=1s detail=yes");
    weir_pipeline_link(p, "camera", "debugger", NULL);
    weir_pipeline_link(p, "camera", "slow", &(weir_policy){.take = WEIR_EVERY, .depth = 5});
    return run(p);
}
