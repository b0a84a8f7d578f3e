/* One link, one thread: each frame is offered, then taken. `link-steps FRAMES every|latest`. For counting instructions: it
 * prints nothing. */
#include "core/link.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static weir_frame frame_number(int64_t number)
{
    return (weir_frame){
        .number = number, .order = number, .captured_ns = number, .pts_ns = WEIR_NO_TIME, .utc_ns = WEIR_NO_TIME};
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: link-steps FRAMES every|latest\n");
        return 2;
    }
    wr_bell producer = {0}, consumer = {0};
    bool every = strcmp(argv[2], "every") == 0;
    wr_link_config config = {.policy = {.take = every ? WEIR_EVERY : WEIR_LATEST, .depth = every ? 64 : 1},
                             .burst = 1,
                             .streams = 1,
                             .waits = every};
    wr_link link;
    if (!wr_link_open(&link, &config))
        return 1;
    link.producer_bell = &producer;
    link.consumer_bell = &consumer;
    bool good = true;
    for (int64_t i = 1, frames = atoll(argv[1]); i <= frames; i++) {
        weir_frame frame = frame_number(i), taken;
        if (wr_link_publish(&link, &frame, i + 50)) {
            wr_bell_fence();
            wr_link_ring(&link);
        }
        good &= wr_link_take(&link, &taken, i + 100) == WR_TAKEN && taken.number == i;
    }
    wr_link_close(&link);
    return good ? 0 : 1;
}
