/* direct: both consumers run in the camera's own thread, and the slow one holds up everybody. */
#include "../common.h"

int main(int argc, char **argv)
{
    weir_pipeline *p = weir_pipeline_new("direct");
    weir_pipeline_runner(p, "inline");
    add_camera(p, argc, argv, 10, 4);
    weir_pipeline_add(p, "slow", "slow-consumer", "delay=1s detail=yes");
    weir_pipeline_add(p, "debugger", "debugger", "detail=yes");
    weir_pipeline_link(p, "camera", "slow", NULL);
    weir_pipeline_link(p, "camera", "debugger", NULL);
    return run(p);
}
