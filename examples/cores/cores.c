/* cores: consumers that work rather than wait, each on a thread of its own: two cores do twice as much as one. */
#include "../common.h"

int main(int argc, char **argv)
{
    weir_pipeline *p = weir_pipeline_new("cores");
    add_camera(p, argc, argv, 100, 10);
    weir_pipeline_add(p, "left", "slow-consumer", "burn=yes delay=100ms label=Left");
    weir_pipeline_add(p, "right", "slow-consumer", "burn=yes delay=100ms label=Right");
    weir_pipeline_link(p, "camera", "left", NULL);
    weir_pipeline_link(p, "camera", "right", NULL);
    return run(p);
}
