/* latest: the slow consumer always gets the newest frame; the ones in between are let go on purpose, and counted. */
#include "../common.h"

int main(int argc, char **argv)
{
    weir_pipeline *p = weir_pipeline_new("latest");
    add_camera(p, argc, argv, 10, 10);
    weir_pipeline_add(p, "debugger", "debugger", NULL);
    weir_pipeline_add(p, "slow", "slow-consumer", "delay=1s");
    weir_pipeline_link(p, "camera", "debugger", NULL);
    weir_pipeline_link(p, "camera", "slow", &(weir_policy){.take = WEIR_LATEST});
    return run(p);
}
