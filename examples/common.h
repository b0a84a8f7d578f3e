/* Common: what the four programs share, written with libweir's public headers alone. */
#ifndef WEIR_EXAMPLES_COMMON_H
#define WEIR_EXAMPLES_COMMON_H

#include <weir/weir.h>

/* Adds the node "camera": PROGRAM [PICTURE [FRAMES]], with 0 frames until Ctrl-C. */
void add_camera(weir_pipeline *pipeline, int argc, char **argv, double fps, int frames);
/* Runs it to its end, prints what each link did, frees the pipeline, and returns the exit status. Ctrl-C ends the camera
 * and finishes what is under way; a second Ctrl-C stops at once. */
int run(WEIR_OWNED weir_pipeline *pipeline);

#endif
