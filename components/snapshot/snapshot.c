/* snapshot: pictures as JPEG files, every so often or when something appears. */
#include "../lib/folder.h"
#include "../lib/jpeg.h"
#include "../lib/name.h"
#include "../lib/shelf.h"
#include "../lib/timeline.h"
#include "trigger.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <weir/component.h>

typedef struct snapshot_options {
    weir_path path;
    weir_duration every;
    weir_list label;
    weir_duration holdoff;
    double min_score;
    int quality;
    int keep;
} snapshot_options;

typedef struct snapshot_state {
    char pattern[PATH_MAX], temporary[PATH_MAX], latest[PATH_MAX];
    wr_trigger trigger;
    wr_timeline timeline;
    wr_jpeg *jpeg;
    wr_shelf shelf;
    bool shelved;  /* what earlier runs left is on the shelf */
    bool analysed; /* a frame with boxes came */
    bool failing;  /* said so already */
    uint64_t lost; /* since it began to fail */
} snapshot_state;

static const int64_t every_ns = 10 * INT64_C(1000000000);

static bool set_names(weir_node *node)
{
    char literal[PATH_MAX];
    snapshot_state *state = weir_state(node);
    const char *folder = ((const snapshot_options *)weir_options(node))->path.text;
    int room = PATH_MAX;
    return wr_name_literal(folder, literal, sizeof literal) &&
           snprintf(state->pattern, PATH_MAX, "%s/%%N-%%Y%%m%%dT%%H%%M%%S.%%fZ-%%n.jpg", literal) < room &&
           snprintf(state->temporary, PATH_MAX, "%s/.%s.part", folder, weir_name(node)) < room &&
           snprintf(state->latest, PATH_MAX, "%s/latest.jpg", folder) < room;
}

static weir_status plan(weir_node *node)
{
    char why[PATH_MAX + 128];
    snapshot_state *state = weir_state(node);
    const snapshot_options *options = weir_options(node);
    weir_plan_memory(node, wr_jpeg_cost(weir_inputs(node) ? weir_input_item_bytes(node, 0, WEIR_KIND_PICTURE) : 0));
    state->trigger = (wr_trigger){
        .every_ns = options->every.ns, .holdoff_ns = options->holdoff.ns, .min_score = (float)options->min_score};
    if (!wr_trigger_labels(&state->trigger, options->label.text))
        return weir_fail(node, WEIR_BAD_OPTION, "label= has more than %d labels", WR_TRIGGER_LABELS);
    if (!state->trigger.every_ns && !state->trigger.labels)
        state->trigger.every_ns = every_ns;
    if (!set_names(node))
        return weir_fail(node, WEIR_BAD_OPTION, "path= is too long");
    weir_status status = wr_folder_check(options->path.text, why, sizeof why);
    return status < 0 ? weir_fail(node, status, "%s", why) : WEIR_OK;
}

static weir_status prepare(weir_node *node)
{
    char why[PATH_MAX + 128];
    const snapshot_options *options = weir_options(node);
    weir_status status = wr_folder_make(options->path.text, why, sizeof why);
    return status < 0 ? weir_fail(node, status, "%s", why) : WEIR_OK;
}

static weir_status open_snapshot(weir_node *node)
{
    snapshot_state *state = weir_state(node);
    state->jpeg = wr_jpeg_new();
    return state->jpeg ? WEIR_OK : weir_fail(node, WEIR_NO_MEMORY, "there is no memory left for pictures");
}

static bool write_all(int fd, const unsigned char *data, size_t bytes)
{
    while (bytes) {
        ssize_t n = write(fd, data, bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        bytes -= (size_t)n;
    }
    return true;
}

static bool put_in_place(const char *temporary, const char *path)
{
    if (rename(temporary, path) == 0)
        return true;
    int error = errno;
    unlink(temporary);
    errno = error;
    return false;
}

/* Nobody ever sees half a picture under its name. */
static bool write_file(const char *temporary, const char *path, const unsigned char *data, size_t bytes)
{
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return false;
    bool written = write_all(fd, data, bytes);
    int error = errno;
    if (close(fd) == 0 && written)
        return put_in_place(temporary, path);
    error = written ? errno : error;
    unlink(temporary);
    errno = error;
    return false;
}

/* A second name for the same picture; a copy where the disk knows no second names. */
static bool point_latest(const snapshot_state *state, const char *path, const unsigned char *data, size_t bytes)
{
    unlink(state->temporary);
    if (link(path, state->temporary) == 0)
        return put_in_place(state->temporary, state->latest);
    return write_file(state->temporary, state->latest, data, bytes);
}

static void find_earlier(weir_node *node, const char *stream)
{
    char glob[PATH_MAX * 2];
    snapshot_state *state = weir_state(node);
    const snapshot_options *options = weir_options(node);
    if (state->shelved || !options->keep)
        return;
    state->shelved = true;
    if (!wr_name_glob(state->pattern, stream, glob, sizeof glob) || !wr_shelf_find(&state->shelf, glob))
        weir_error(node, "earlier pictures cannot be listed, so they stay");
}

static void lose(weir_node *node, const char *what, int error)
{
    snapshot_state *state = weir_state(node);
    if (!state->failing)
        weir_error(node, "cannot write %s: %s; %s", what, strerror(error), wr_remedy(error));
    state->failing = true;
    state->lost++;
    weir_count_lost(node, 1);
}

static void keep_newest(weir_node *node, const char *path, bool is_new)
{
    int failed = 0;
    snapshot_state *state = weir_state(node);
    const snapshot_options *options = weir_options(node);
    if (state->failing)
        weir_note(node, WEIR_LOG_INFO, "writes pictures again; %llu were lost", (unsigned long long)state->lost);
    state->failing = false;
    state->lost = 0;
    if (!options->keep || !is_new)
        return;
    if (!wr_shelf_add(&state->shelf, path, 0))
        weir_error(node, "%s will not be removed as it grows old: there is no memory left", path);
    wr_shelf_prune(&state->shelf, (size_t)options->keep, 0, &failed);
    if (failed)
        weir_error(node, "cannot remove an old picture: %s; check path=", strerror(failed));
}

static void take_picture(weir_node *node, const weir_frame *frame)
{
    char path[PATH_MAX];
    size_t bytes;
    snapshot_state *state = weir_state(node);
    const snapshot_options *options = weir_options(node);
    wr_name name = {weir_stream_name(node, frame->stream), wr_utc_of(frame, weir_now(node)), frame->number};
    const unsigned char *data = wr_jpeg_encode(state->jpeg, weir_frame_picture(frame), options->quality, &bytes);
    if (!data || !wr_name_path(state->pattern, &name, path, sizeof path)) {
        lose(node, "a picture", data ? ENAMETOOLONG : ENOMEM);
        return;
    }
    find_earlier(node, name.stream);
    bool is_new = access(path, F_OK) != 0;
    if (!write_file(state->temporary, path, data, bytes)) {
        lose(node, path, errno);
        return;
    }
    keep_newest(node, path, is_new);
    if (!point_latest(state, path, data, bytes))
        weir_error(node, "cannot write %s: %s; %s", state->latest, strerror(errno), wr_remedy(errno));
}

static weir_status process(weir_node *node, int input, const weir_frame *frame)
{
    (void)input;
    snapshot_state *state = weir_state(node);
    size_t bytes = 0;
    const weir_boxes *boxes = weir_frame_find(frame, WEIR_KIND_BOXES, &bytes);
    wr_stamp stamp = wr_timeline_next(&state->timeline, frame->pts_ns, frame->pts_ns, frame->captured_ns);
    state->analysed = state->analysed || boxes;
    if (weir_frame_picture(frame) && wr_trigger_fires(&state->trigger, stamp.dts_ns, boxes, bytes))
        take_picture(node, frame);
    return WEIR_OK;
}

static weir_status finish(weir_node *node, int input)
{
    (void)input;
    snapshot_state *state = weir_state(node);
    if (state->trigger.labels && !state->analysed)
        weir_error(node, "label= never applied, as no frame carried boxes; put snapshot behind a detector");
    return WEIR_OK;
}

static void close_snapshot(weir_node *node)
{
    snapshot_state *state = weir_state(node);
    wr_jpeg_free(state->jpeg);
    wr_shelf_clear(&state->shelf);
}

static const weir_option options[] = {
    WEIR_OPTION(snapshot_options, path, "folder for the pictures, made if it is not there", .required = true),
    WEIR_OPTION(snapshot_options, every, "a picture this often, on the video's own time; 0: 10s, or never with label=",
                .text = "0s", .min = 0, .max = 86400),
    WEIR_OPTION(snapshot_options, label, "labels, with commas between: a picture when one of them appears"),
    WEIR_OPTION(snapshot_options, holdoff, "how long a label must have been away to appear again", .text = "5s",
                .min = 0, .max = 86400),
    WEIR_OPTION(snapshot_options, min_score, "least score of a box that counts for label=", .text = "0", .min = 0,
                .max = 1),
    WEIR_OPTION(snapshot_options, quality, "quality of the JPEG", .text = "85", .min = 1, .max = 100),
    WEIR_OPTION(snapshot_options, keep, "pictures of a stream that stay, the oldest go; 0 for all", .text = "0",
                .min = 0, .max = 1e6),
    {0},
};

static const weir_port inputs[] = {
    {.name = "in", .needs = {"weir.picture/1"}, .wants = {"weir.boxes/1"}},
    {0},
};

static const weir_component_class snapshot = {
    .name = "snapshot",
    .summary = "keeps pictures as JPEG files, every so often or when something appears",
    .inputs = inputs,
    .options = options,
    .options_bytes = sizeof(snapshot_options),
    .state_bytes = sizeof(snapshot_state),
    .flags = WEIR_WRITES,
    .plan = plan,
    .prepare = prepare,
    .open = open_snapshot,
    .process = process,
    .finish = finish,
    .close = close_snapshot,
};

WEIR_PLUGIN(&snapshot);
