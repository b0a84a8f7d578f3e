#include "wish.h"

#include <jansson.h>
#include <string.h>

enum { STATE_LEAST_MS = 200, STATE_MOST_MS = 60000, WATCH_MOST = 1024, WIDTH_USUAL = 640, WIDTH_MOST = 100000 };

static wr_as as_of(const char *text)
{
    return !text                          ? WR_AS_NOTHING
           : strcmp(text, "packets") == 0 ? WR_AS_PACKETS
           : strcmp(text, "jpeg") == 0    ? WR_AS_JPEG
           : strcmp(text, "results") == 0 ? WR_AS_RESULTS
                                          : WR_AS_NOTHING;
}

static void read_watch(const json_t *list, wr_wish *wish, uint32_t streams)
{
    const json_t *wanted;
    size_t i;
    memset(wish, 0, streams * sizeof *wish);
    json_array_foreach(list, i, wanted)
    {
        const json_t *id = json_object_get(wanted, "id");
        const json_int_t stream = json_integer_value(id), width = json_integer_value(json_object_get(wanted, "width"));
        if (i >= WATCH_MOST)
            break;
        if (!json_is_integer(id) || stream < 0 || stream >= (json_int_t)streams)
            continue;
        wish[stream].as = as_of(json_string_value(json_object_get(wanted, "as")));
        wish[stream].width_px = width > 0 && width < WIDTH_MOST ? (unsigned)width : WIDTH_USUAL;
    }
}

static int64_t read_state(const json_t *every)
{
    json_int_t every_ms = json_integer_value(every);
    every_ms = every_ms <= 0               ? 0
               : every_ms < STATE_LEAST_MS ? STATE_LEAST_MS
               : every_ms > STATE_MOST_MS  ? STATE_MOST_MS
                                           : every_ms;
    return every_ms * 1000000;
}

wr_says wr_wish_read(const char *text, size_t bytes, wr_wish *wish, uint32_t streams, int64_t *state_every_ns)
{
    wr_says says = WR_SAYS_NOTHING;
    json_t *said = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, NULL);
    const char *type = json_string_value(json_object_get(said, "type"));
    const json_t *list = json_object_get(said, "streams");
    if (type && strcmp(type, "watch") == 0 && json_is_array(list)) {
        read_watch(list, wish, streams);
        says = WR_SAYS_WATCH;
    } else if (type && strcmp(type, "state") == 0) {
        *state_every_ns = read_state(json_object_get(said, "every_ms"));
        says = WR_SAYS_STATE;
    }
    json_decref(said);
    return says;
}
